/* see/forecast.h: the slope, when it is unknown, and over hundreds of made-up series and some recorded ones what a rule
 * `host.exhausted-in < 20s for 2s` says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/condition.h"
#include "make_series.h"
#include "see/forecast.h"
#include "see/source_meminfo.h"

#define MIB INT64_C(1048576)

enum { START = 1000000, SERIES = 250, LIMIT_S = 20, HOLD_MS = 2000 };

/* --- one slope --- */

static struct forecast forecast;
static struct state_reading growth, exhausted;

static int begin(void **state)
{
	(void)state;
	memset(&forecast, 0, sizeof(forecast));
	return 0;
}

static void look(mono_ms at, int64_t used, int64_t left)
{
	forecast_add(&forecast, (uint64_t)used, at);
	forecast_growth(&forecast, &growth);
	forecast_exhausted(&forecast, (uint64_t)left, &exhausted);
}

/* From START on, each step_ms, of all bytes: per_s more each second. */
static mono_ms grow(mono_ms from, uint32_t for_ms, uint32_t step_ms, int64_t used, int64_t per_s, int64_t all)
{
	mono_ms at = from;

	for (; at <= from + for_ms; at += step_ms) {
		int64_t now = used + per_s * (int64_t)(at - from) / 1000;

		look(at, now, all > now ? all - now : 0);
	}
	return at - step_ms;
}

static void nothing_is_known_before_there_are_enough_samples(void **state)
{
	(void)state;
	for (mono_ms at = START; at < START + 7900; at += 100) {
		look(at, 100 * MIB, 100 * MIB);
		assert_int_equal(growth.known, STATE_UNKNOWN);
		assert_int_equal(exhausted.known, STATE_UNKNOWN);
	}
	look(START + 8000, 100 * MIB, 100 * MIB);
	assert_int_equal(growth.known, STATE_KNOWN);
	assert_int_equal(growth.value, 0);
	assert_int_equal(exhausted.known, STATE_NEVER);
}

static void a_straight_line_has_its_slope_and_its_end(void **state)
{
	static const uint32_t steps[] = {10, 33, 100, 499, 500, 501, 999, 1000, 1003, 3500};

	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		(void)begin(state);
		(void)grow(START, 60000, steps[i], 1000 * MIB, 10 * MIB, 4096 * MIB);
		assert_int_equal(growth.known, STATE_KNOWN);
		assert_in_range(growth.value, 599 * MIB, 601 * MIB);
		assert_int_equal(exhausted.known, STATE_KNOWN);
		assert_in_range(exhausted.value, 249000, 253500); /* 4096 - 1000 - 600 MiB at 10 a second */
	}
}

static void what_shrinks_has_a_growth_below_0_and_no_end(void **state)
{
	(void)state;
	(void)grow(START, 60000, 1000, 1000 * MIB, -10 * MIB, 4096 * MIB);
	assert_int_equal(growth.known, STATE_KNOWN);
	assert_true(growth.value < -599 * MIB && growth.value > -601 * MIB);
	assert_int_equal(exhausted.known, STATE_NEVER);
}

static void a_gap_begins_anew_and_a_short_one_does_not(void **state)
{
	mono_ms at = grow(START, 60000, 1000, 0, MIB, 4096 * MIB);

	(void)state;
	at += FORECAST_GAP_MS;
	look(at, 64 * MIB, 4000 * MIB);
	assert_int_equal(growth.known, STATE_KNOWN);
	look(at + FORECAST_GAP_MS + 1, 64 * MIB, 4000 * MIB);
	assert_int_equal(growth.known, STATE_UNKNOWN);
	assert_int_equal(exhausted.known, STATE_UNKNOWN);
	(void)grow(at + FORECAST_GAP_MS + 1, 9000, 1000, 64 * MIB, 0, 4000 * MIB);
	assert_int_equal(exhausted.known, STATE_NEVER);
}

static void what_was_forgotten_is_unknown(void **state)
{
	(void)state;
	(void)grow(START, 60000, 1000, 0, MIB, 4096 * MIB);
	forecast_forget(&forecast);
	look(START + 61000, 64 * MIB, 4000 * MIB);
	assert_int_equal(growth.known, STATE_UNKNOWN);
}

static void a_clock_that_stands_or_goes_back_changes_nothing(void **state)
{
	mono_ms at = grow(START, 60000, 1000, 0, MIB, 4096 * MIB);
	struct forecast before = forecast;

	(void)state;
	look(at - 5000, 4000 * MIB, 0);
	assert_memory_equal(&forecast, &before, sizeof(before));
	look(at, 60 * MIB, 4036 * MIB);
	assert_int_equal(growth.known, STATE_KNOWN);
	assert_in_range(growth.value, 59 * MIB, 61 * MIB);
}

static void a_quarter_of_the_samples_may_lie(void **state)
{
	(void)state;
	for (mono_ms at = START; at <= START + 60000; at += 500) {
		int64_t used = 1000 * MIB + 10 * MIB * (int64_t)(at - START) / 1000;

		look(at, at % 4500 == 0 || at % 4000 == 500 ? 50 * MIB : used, 4096 * MIB - used);
	}
	assert_in_range(growth.value, 560 * MIB, 640 * MIB);
	assert_int_equal(exhausted.known, STATE_KNOWN);
	assert_in_range(exhausted.value, 230000, 270000);
}

static void numbers_beyond_all_reason_are_no_crash(void **state)
{
	static const uint64_t rows[] = {0, 1, UINT32_MAX, UINT64_C(1) << 44, INT64_MAX, UINT64_MAX};

	(void)state;
	for (int round = 0; round < 200; round++)
		for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
			forecast_add(&forecast, rows[(i * 7 + (size_t)round) % ARRAY_LEN(rows)],
				     START + (mono_ms)round * 700 + i * 100);
			forecast_growth(&forecast, &growth);
			forecast_exhausted(&forecast, rows[i], &exhausted);
			assert_true(exhausted.known != STATE_KNOWN || exhausted.value >= 0);
		}
	(void)grow(UINT64_MAX / 2, 60000, 1000, 0, INT64_C(1) << 45, INT64_MAX);
	forecast_exhausted(&forecast, 0, &exhausted);
}

static void a_value_says_how_far_back_it_reaches(void **state)
{
	mono_ms at = grow(START, 60000, 1000, 0, 10 * MIB, 100000 * MIB);

	(void)state;
	assert_int_equal(growth.from, at - 31500);
	assert_int_equal(exhausted.from, at - 31500);
	/* Something was given back: the window lies behind that. */
	at = grow(at + 500, 12000, 500, 100 * MIB, 100 * MIB, 2000 * MIB);
	assert_int_equal(exhausted.known, STATE_KNOWN);
	assert_true(exhausted.from >= at - 12500);
}

/* --- a rule over a series --- */

enum looks { LOOKS_HOST, LOOKS_UNIT };

struct rule {
	struct forecast forecast;
	struct condition_hold hold;
};

/* At that instant, with so much used and left; what it says. */
static enum condition_truth rule_look(struct rule *rule, mono_ms now, double used, double left)
{
	struct state_reading reading;
	enum condition_truth truth = CONDITION_UNKNOWN;

	forecast_add(&rule->forecast, (uint64_t)used, now);
	forecast_exhausted(&rule->forecast, (uint64_t)left, &reading);
	if (reading.known != STATE_UNKNOWN)
		truth = reading.known == STATE_KNOWN && reading.value < LIMIT_S * 1000 ? CONDITION_TRUE
										       : CONDITION_FALSE;
	return condition_hold_step(&rule->hold, truth, HOLD_MS, now);
}

/* When the next look is: as the host asks, or once a second for a unit; sooner at the end of a hold, or as events come. */
static mono_ms next_look(struct series *s, const struct rule *rule, enum looks looks, mono_ms now, double left,
			 double shrink)
{
	double ms = looks == LOOKS_UNIT ? 1000 : source_meminfo_wait_ms((uint64_t)s->all, (uint64_t)left, shrink);
	double event = 10 + 990 * series_random(s);

	ms += 5 * series_random(s);
	if (s->busy && event < ms)
		ms = event;
	if (rule->hold.since != 0 && rule->hold.since + HOLD_MS > now &&
	    (double)(rule->hold.since + HOLD_MS - now) < ms)
		ms = (double)(rule->hold.since + HOLD_MS - now);
	return now + (ms < 1 ? 1 : (mono_ms)ms);
}

/* When it fires, in seconds of the series; less than 0: it does not. */
static double fires_at(struct series s, enum looks looks)
{
	struct rule rule = {0};
	double end = series_end_s(&s), before = 0;
	mono_ms now = START + (mono_ms)(1000 * series_random(&s)), begun = now, at = 0;

	while ((double)(now - begun) / 1000 <= end) {
		double used = series_used(&s, (double)(now - begun) / 1000), left = s.all - used;
		double shrink = at != 0 && left < before ? (before - left) / (double)(now - at) : 0;

		if (rule_look(&rule, now, used, left) == CONDITION_TRUE)
			return (double)(now - begun) / 1000;
		before = left;
		at = now;
		now = next_look(&s, &rule, looks, now, left, shrink);
	}
	return -1;
}

struct ramps {
	int all, missed, long_ones, late, early;
	double least_s; /* warning of those that last for 20 s */
};

static void count_ramp(struct ramps *count, uint32_t n, enum looks looks)
{
	struct series s = series_make(SERIES_RAMP, n, 0);
	double at = fires_at(s, looks), lasts = (s.all - s.base) / s.rate, warning = series_end_s(&s) - at;

	count->all++;
	count->missed += at < 0;
	count->early += at >= 0 && at < s.begin_s;
	if (lasts < 20)
		return;
	count->long_ones++;
	if (at < 0)
		warning = 0;
	count->late += warning < 10;
	if (warning < count->least_s)
		count->least_s = warning;
}

/* At most one in twenty is missed, or told with less than ten seconds to go where there were twenty: where memory
 * breathes by a part of what is left, a ramp of twenty seconds begins in the dark. */
static void expect_ramps(enum looks looks)
{
	struct ramps count = {.least_s = 1000};

	for (uint32_t n = 0; n < SERIES; n++)
		count_ramp(&count, n, looks);
	print_message("%d ramps: %d missed; of %d that last for 20 s %d told late, the latest %.1f s before the end\n",
		      count.all, count.missed, count.long_ones, count.late, count.least_s);
	assert_true(count.missed * 20 <= count.all);
	assert_true(count.late * 20 <= count.long_ones); /* the missed ones among them */
	assert_true(count.least_s > 4);
	assert_int_equal(count.early, 0);
}

static void a_ramp_is_told_in_time(void **state)
{
	(void)state;
	expect_ramps(LOOKS_HOST);
}

static void a_ramp_of_a_unit_is_told_in_time(void **state)
{
	(void)state;
	expect_ramps(LOOKS_UNIT);
}

/* On a quiet host: no noise, memory for 20 to 21 seconds. */
static void a_ramp_without_noise_is_told_ten_seconds_before(void **state)
{
	(void)state;
	for (uint32_t n = 0; n < SERIES; n++) {
		struct series s = series_make(SERIES_RAMP, n, 0);
		double at;

		s.noise = s.breath = 0;
		s.rate = (s.all - s.base) / (20 + series_random(&s));
		at = fires_at(s, n % 2 == 0 ? LOOKS_HOST : LOOKS_UNIT);
		assert_true(at >= s.begin_s);
		assert_true(series_end_s(&s) - at >= 10);
	}
}

/* The largest part of what is left that goes by unnoticed. */
#define QUIET_PART 0.25

static void expect_quiet(enum series_kind kind)
{
	int alarms = 0;

	for (uint32_t n = 0; n < SERIES; n++)
		for (int looks = LOOKS_HOST; looks <= LOOKS_UNIT; looks++) {
			struct series s = series_make(kind, n, QUIET_PART);
			double at = fires_at(s, (enum looks)looks);

			if (at < 0)
				continue;
			print_error("%s %u: told at %.1f s (begins at %.1f, takes %.0f %% in %.1f s)\n",
				    series_name(kind), n, at, s.begin_s, 100 * s.size / (s.all - s.base), s.rise_s);
			alarms++;
		}
	assert_int_equal(alarms, 0);
}

static void a_steady_state_is_no_alarm(void **state)
{
	(void)state;
	expect_quiet(SERIES_STEADY);
}

static void a_burst_that_ends_is_no_alarm(void **state)
{
	(void)state;
	expect_quiet(SERIES_BURST);
}

static void a_start_up_is_no_alarm(void **state)
{
	(void)state;
	expect_quiet(SERIES_START);
}

static void waves_are_no_alarm(void **state)
{
	(void)state;
	expect_quiet(SERIES_WAVES);
	expect_quiet(SERIES_SINE);
}

static void a_garbage_collector_is_no_alarm(void **state)
{
	(void)state;
	expect_quiet(SERIES_SAWTOOTH);
}

static void a_restart_is_no_alarm(void **state)
{
	(void)state;
	expect_quiet(SERIES_RESTART);
}

/* For how many seconds what is left would last as fast as it goes, at the worst moment of what goes by. */
static double least_left_s(const struct series *s)
{
	double left = s->all - s->base, least = 1e9;

	for (double t = 0; t <= s->rise_s; t += s->rise_s / 1000) {
		bool start = s->kind == SERIES_START;
		double part = start ? 1 - exp(-3 * t / s->rise_s) : t / s->rise_s;
		double rate = s->size / s->rise_s * (start ? 3 * (1 - part) : 1);

		if ((left - s->size * part) / rate < least)
			least = (left - s->size * part) / rate;
	}
	return least;
}

/* Of what is left, up to four fifths: as long as it never goes so fast that memory would be used up within half as long
 * again as the rule says. */
static void one_that_ends_well_before_is_no_alarm_however_large_it_is(void **state)
{
	static const enum series_kind kinds[] = {SERIES_START, SERIES_BURST};
	int tried = 0;

	(void)state;
	for (size_t k = 0; k < ARRAY_LEN(kinds); k++)
		for (uint32_t n = 0; n < 4 * SERIES; n++) {
			struct series s = series_make(kinds[k], n, 0.8);
			double at;

			s.rise_s *= 4;
			if (s.size < (s.all - s.base) * QUIET_PART || least_left_s(&s) < 1.5 * LIMIT_S)
				continue;
			tried++;
			at = fires_at(s, n % 2 == 0 ? LOOKS_HOST : LOOKS_UNIT);
			if (at >= 0)
				fail_msg("%s %u: told at %.1f s (begins at %.1f, takes %.0f %% in %.1f s)",
					 series_name(s.kind), n, at, s.begin_s, 100 * s.size / (s.all - s.base), s.rise_s);
		}
	print_message("%d that end well before\n", tried);
	assert_true(tried >= 100);
}

/* Swap that is switched on or off is no growth, whichever way headroom jumps: what is used stays. */
static void swap_that_comes_and_goes_is_no_alarm(void **state)
{
	struct rule rule = {0};

	(void)state;
	for (mono_ms at = START; at < START + 120000; at += 500)
		assert_int_not_equal(rule_look(&rule, at, 2000. * MIB, at / 20000 % 2 == 0 ? 400. * MIB : 2400. * MIB),
				     CONDITION_TRUE);
}

/* --- recorded series (test/record-series) --- */

struct recorded {
	double at_s[1024], used[1024], left[1024];
	size_t n;
};

static struct recorded recorded;

static void read_series(const char *name)
{
	char path[128];
	long long ms, used, left;
	FILE *file;

	(void)snprintf(path, sizeof(path), "test/data/series/%s.series", name);
	file = fopen(path, "r");
	assert_non_null(file);
	recorded.n = 0;
	while (recorded.n < ARRAY_LEN(recorded.at_s) && fscanf(file, "%lld %lld %lld", &ms, &used, &left) == 3) {
		recorded.at_s[recorded.n] = (double)ms / 1000;
		recorded.used[recorded.n] = (double)used;
		recorded.left[recorded.n++] = (double)left;
	}
	(void)fclose(file);
	assert_true(recorded.n > 50);
}

/* As on a host, or in a unit, that had left_mib at the first line; index of the line at which it fires, or -1. */
static int recorded_fires_at(double left_mib)
{
	struct rule rule = {0};
	double less = recorded.left[0] - left_mib * (double)MIB;

	for (size_t i = 0; i < recorded.n; i++) {
		double left = recorded.left[i] - less;

		if (rule_look(&rule, START + (mono_ms)(recorded.at_s[i] * 1000), recorded.used[i], left > 0 ? left : 0) ==
		    CONDITION_TRUE)
			return (int)i;
	}
	return -1;
}

static void recorded_quiet_ones_are_no_alarm(void **state)
{
	static const struct {
		const char *name;
		double left_mib; /* what it had when it was recorded, and less */
	} rows[] = {
		{"unit-waves", 600}, {"unit-waves", 450}, /* 110 MiB in 4 s, given back after 6 s */
		{"unit-start", 600}, {"unit-start", 400}, /* 90 MiB at once, 30 within 5 s, 5 more */
		{"host-cache", 24000}, {"host-cache", 1000}, /* 2.4 GB of page cache, twice */
		{"host-ramp", 24000},  /* 120 MiB/s for 28 s: memory would have lasted for 200 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		read_series(rows[i].name);
		if (recorded_fires_at(rows[i].left_mib) >= 0)
			fail_msg("%s with %.0f MiB left", rows[i].name, rows[i].left_mib);
	}
}

static void recorded_ramps_are_told_ten_seconds_before_the_end(void **state)
{
	static const struct {
		const char *name;
		double begins_s, mib_s, left_mib;
	} rows[] = {
		{"unit-ramp", 12.5, 23, 600}, {"unit-ramp", 12.5, 23, 480}, {"host-ramp", 15, 120, 2400},
		{"host-ramp", 15, 120, 3100}, {"host-ramp", 15, 120, 3600},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		double left_s;
		int at;

		read_series(rows[i].name);
		at = recorded_fires_at(rows[i].left_mib);
		if (at < 0)
			fail_msg("%s with %.0f MiB left is missed", rows[i].name, rows[i].left_mib);
		left_s = (rows[i].left_mib - (recorded.left[0] - recorded.left[at]) / (double)MIB) / rows[i].mib_s;
		if (recorded.at_s[at] < rows[i].begins_s || left_s < 10)
			fail_msg("%s with %.0f MiB left: told at %.1f s, %.1f s before the end", rows[i].name,
				 rows[i].left_mib, recorded.at_s[at], left_s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(nothing_is_known_before_there_are_enough_samples, begin),
		cmocka_unit_test_setup(a_straight_line_has_its_slope_and_its_end, begin),
		cmocka_unit_test_setup(what_shrinks_has_a_growth_below_0_and_no_end, begin),
		cmocka_unit_test_setup(a_gap_begins_anew_and_a_short_one_does_not, begin),
		cmocka_unit_test_setup(what_was_forgotten_is_unknown, begin),
		cmocka_unit_test_setup(a_clock_that_stands_or_goes_back_changes_nothing, begin),
		cmocka_unit_test_setup(a_quarter_of_the_samples_may_lie, begin),
		cmocka_unit_test_setup(numbers_beyond_all_reason_are_no_crash, begin),
		cmocka_unit_test_setup(a_value_says_how_far_back_it_reaches, begin),
		cmocka_unit_test(a_ramp_is_told_in_time),
		cmocka_unit_test(a_ramp_of_a_unit_is_told_in_time),
		cmocka_unit_test(a_ramp_without_noise_is_told_ten_seconds_before),
		cmocka_unit_test(a_steady_state_is_no_alarm),
		cmocka_unit_test(a_burst_that_ends_is_no_alarm),
		cmocka_unit_test(a_start_up_is_no_alarm),
		cmocka_unit_test(waves_are_no_alarm),
		cmocka_unit_test(a_garbage_collector_is_no_alarm),
		cmocka_unit_test(a_restart_is_no_alarm),
		cmocka_unit_test(one_that_ends_well_before_is_no_alarm_however_large_it_is),
		cmocka_unit_test(swap_that_comes_and_goes_is_no_alarm),
		cmocka_unit_test(recorded_quiet_ones_are_no_alarm),
		cmocka_unit_test(recorded_ramps_are_told_ten_seconds_before_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
