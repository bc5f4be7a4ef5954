/* No slope over one window can tell a ramp from a step: half a window after a step it looks like one. So a window
 * counts only when it grows steadily: each quarter of it, by its median, at least half as fast as the whole. A wave
 * that is over within the window has quarters that shrink, a burst that has ended has one that stands still. And what
 * has grown for so long is believed to go on for twice that, and no further: the window is long where the end is far,
 * short where it is near, and a burst that ends before it has taken a quarter of what was left is never taken for a
 * ramp. Only the largest window, 32 s, is believed as far as it goes. */
#include "see/forecast.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
	FORECAST_PAGE_BYTES = 4096,
	FORECAST_QUARTERS = 4,
	FORECAST_REACH = 2, /* so many times itself a window sees ahead */
	FORECAST_MINUTE_STEPS = 60000 / FORECAST_STEP_MS,
};

/* Samples, in the order of trial; of four quarters each. */
static const uint32_t forecast_windows[] = {FORECAST_SAMPLES, 48, 32, 24, 16, 12, 8, 4};

void forecast_forget(struct forecast *forecast)
{
	forecast->at = 0;
	forecast->count = forecast->still = 0;
}

static void forecast_push(struct forecast *f, uint32_t pages)
{
	bool same = f->count > 0 && f->sample[f->newest] == pages;

	f->still = !same ? 1 : f->still < FORECAST_SAMPLES ? f->still + 1 : FORECAST_SAMPLES;
	f->newest = (f->newest + 1) % FORECAST_SAMPLES;
	f->sample[f->newest] = pages;
	if (f->count < FORECAST_SAMPLES)
		f->count++;
}

/* 16 TiB at most. */
static int64_t forecast_pages(uint64_t bytes)
{
	uint64_t pages = bytes / FORECAST_PAGE_BYTES;

	return pages < UINT32_MAX ? (int64_t)pages : UINT32_MAX;
}

void forecast_add(struct forecast *f, uint64_t used_bytes, mono_ms now)
{
	int64_t before = f->pages, grown = forecast_pages(used_bytes) - before;

	if (now < f->at)
		return;
	if (f->at == 0 || now - f->at > FORECAST_GAP_MS) {
		forecast_forget(f);
	} else if (now > f->at) {
		mono_ms step = (f->at / FORECAST_STEP_MS + 1) * FORECAST_STEP_MS;

		for (; step <= now; step += FORECAST_STEP_MS)
			forecast_push(f, (uint32_t)(before + grown * (int64_t)(step - f->at) / (int64_t)(now - f->at)));
	}
	f->at = now;
	f->pages = before + grown;
}

/* The sample so many steps before the newest. */
static int64_t forecast_back(const struct forecast *f, uint32_t steps)
{
	return f->sample[(f->newest + FORECAST_SAMPLES - steps) % FORECAST_SAMPLES];
}

/* The one with as many below as above it, of an even number the upper one; by Hoare's FIND, which turns the values
 * round until it stands in the middle. n > 0 */
static int64_t forecast_median(int64_t *values, int32_t n)
{
	int32_t middle = n / 2, low = 0, high = n - 1;

	while (low < high) {
		int64_t pivot = values[middle];
		int32_t i = low, k = high;

		while (i <= k) {
			while (values[i] < pivot)
				i++;
			while (values[k] > pivot)
				k--;
			if (i <= k) {
				int64_t other = values[i];

				values[i++] = values[k];
				values[k--] = other;
			}
		}
		if (k < middle)
			low = i;
		if (middle < i)
			high = k;
	}
	return values[middle];
}

/* Growth within half of a window, in pages. */
static int64_t forecast_slope(const struct forecast *f, uint32_t window)
{
	int64_t grown[FORECAST_SAMPLES / 2];
	uint32_t half = window / 2;

	for (uint32_t i = 0; i < half; i++)
		grown[i] = forecast_back(f, i) - forecast_back(f, i + half);
	return forecast_median(grown, (int32_t)half);
}

/* Each quarter at least half as fast as the whole? */
static bool forecast_is_steady(const struct forecast *f, uint32_t window, int64_t slope)
{
	int64_t values[FORECAST_SAMPLES / FORECAST_QUARTERS], later = 0;
	uint32_t n = window / FORECAST_QUARTERS;

	for (uint32_t quarter = 0; quarter < FORECAST_QUARTERS; quarter++) {
		int64_t median;

		for (uint32_t i = 0; i < n; i++)
			values[i] = forecast_back(f, quarter * n + i);
		median = forecast_median(values, (int32_t)n);
		if (quarter > 0 && 4 * (later - median) < slope)
			return false;
		later = median;
	}
	return true;
}

static mono_ms forecast_from(const struct forecast *f, uint32_t window)
{
	return f->at / FORECAST_STEP_MS * FORECAST_STEP_MS - (mono_ms)(window - 1) * FORECAST_STEP_MS;
}

void forecast_growth(const struct forecast *f, struct state_reading *reading)
{
	uint32_t window = f->count / 2 * 2;
	int64_t slope;

	reading->known = STATE_UNKNOWN;
	if (f->count < FORECAST_ENOUGH)
		return;
	slope = f->still < f->count ? forecast_slope(f, window) : 0;
	state_set(reading, slope * FORECAST_PAGE_BYTES * FORECAST_MINUTE_STEPS / (window / 2), 0,
		  forecast_from(f, window));
}

/* Whether that window grows so that this is used up; then *ms is when. */
static bool forecast_ends(const struct forecast *f, uint32_t window, int64_t left, int64_t *ms)
{
	int64_t slope = forecast_slope(f, window), reach = (int64_t)window * FORECAST_STEP_MS * FORECAST_REACH;

	if (slope <= 0)
		return false;
	*ms = left * (window / 2) * FORECAST_STEP_MS / slope;
	return (*ms <= reach || window == FORECAST_SAMPLES) && forecast_is_steady(f, window, slope);
}

void forecast_exhausted(const struct forecast *f, uint64_t left_bytes, struct state_reading *reading)
{
	int64_t left = forecast_pages(left_bytes), ms;

	reading->known = STATE_UNKNOWN;
	if (f->count < FORECAST_ENOUGH)
		return;
	for (size_t i = 0; f->still < f->count && i < ARRAY_LEN(forecast_windows); i++)
		if (forecast_windows[i] <= f->count && forecast_ends(f, forecast_windows[i], left, &ms)) {
			state_set(reading, ms, 0, forecast_from(f, forecast_windows[i]));
			return;
		}
	state_set(reading, 0, 0, forecast_from(f, FORECAST_ENOUGH));
	reading->known = STATE_NEVER;
}
