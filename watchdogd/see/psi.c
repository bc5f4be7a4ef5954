#include "see/psi.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "see/flat.h"

#define PSI_CONTIGUOUS(some, full)                                                                 \
	((full) - (some) == PSI_READINGS && some##_AVG300 - (some) == PSI_AVG300)
_Static_assert(PSI_CONTIGUOUS(HOST_PRESSURE_SOME, HOST_PRESSURE_FULL),
	       "order of enum reading_host");
_Static_assert(PSI_CONTIGUOUS(UNIT_PRESSURE_SOME, UNIT_PRESSURE_FULL),
	       "order of enum reading_unit");

static bool psi_skip(const char **at, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(*at, word, n) != 0)
		return false;
	*at += n;
	return true;
}

/* "12.34" in %, as 1/1000 %. */
static bool psi_percent(const char **at, uint32_t *mpct)
{
	uint64_t whole;
	const char *p = flat_number(*at, &whole);

	if (p == NULL || whole > 100 || p[0] != '.' || p[1] < '0' || p[1] > '9' || p[2] < '0' ||
	    p[2] > '9')
		return false;
	*mpct = (uint32_t)whole * 1000 + (uint32_t)(p[1] - '0') * 100 + (uint32_t)(p[2] - '0') * 10;
	*at = p + 3;
	return true;
}

static bool psi_line(const char **at, uint32_t avg_mpct[PSI_READINGS], uint64_t *total_us)
{
	if (!psi_skip(at, " avg10=") || !psi_percent(at, &avg_mpct[PSI_AVG10]) ||
	    !psi_skip(at, " avg60=") || !psi_percent(at, &avg_mpct[PSI_AVG60]) ||
	    !psi_skip(at, " avg300=") || !psi_percent(at, &avg_mpct[PSI_AVG300]) ||
	    !psi_skip(at, " total="))
		return false;
	*at = flat_number(*at, total_us);
	return *at != NULL && psi_skip(at, "\n");
}

bool psi_parse(const char *text, struct psi *out)
{
	return psi_skip(&text, "some") &&
	       psi_line(&text, out->avg_mpct[PSI_SOME], &out->total_us[PSI_SOME]) &&
	       psi_skip(&text, "full") &&
	       psi_line(&text, out->avg_mpct[PSI_FULL], &out->total_us[PSI_FULL]);
}

static const struct psi_sample *psi_back(const struct psi_window *window, uint32_t back)
{
	return &window->sample[(window->next + PSI_SAMPLES - back) % PSI_SAMPLES];
}

/* The youngest sample that is at least a window old; NULL: none, or too old to speak of now. */
static const struct psi_sample *psi_begin(const struct psi_window *window, mono_ms now)
{
	for (uint32_t back = 1; back <= window->count; back++) {
		const struct psi_sample *sample = psi_back(window, back);

		if (now - sample->at >= PSI_WINDOW_MS)
			return now - sample->at <= PSI_WINDOW_MAX_MS ? sample : NULL;
	}
	return NULL;
}

static void psi_keep(struct psi_window *window, const struct psi *psi, mono_ms now)
{
	struct psi_sample *sample = &window->sample[window->next];

	if (window->count > 0 && now - psi_back(window, 1)->at < PSI_SPACING_MS)
		return;
	sample->at = now;
	memcpy(sample->total_us, psi->total_us, sizeof(sample->total_us));
	window->next = (window->next + 1) % PSI_SAMPLES;
	window->count += window->count < PSI_SAMPLES;
}

static void psi_set_now(struct state_reading *reading, uint64_t growth_us, mono_ms from,
			mono_ms now)
{
	uint64_t mpct = growth_us * 100 / (now - from);

	state_set(reading, mpct < 100000 ? (int64_t)mpct : 100000, 0, from);
}

void psi_set(struct psi_window *window, const struct psi *psi, mono_ms now,
	     struct state_reading *readings)
{
	static const uint32_t reaches_ms[PSI_READINGS] = {PSI_WINDOW_MS, 10000, 60000, 300000};
	const struct psi_sample *begin;

	/* A total that fell is another counter: what stood in the ring is none of its own. */
	if (window->count > 0 &&
	    (psi->total_us[PSI_SOME] < psi_back(window, 1)->total_us[PSI_SOME] ||
	     psi->total_us[PSI_FULL] < psi_back(window, 1)->total_us[PSI_FULL]))
		window->count = 0;
	begin = psi_begin(window, now);
	for (int kind = 0; kind < PSI_KINDS; kind++) {
		struct state_reading *row = readings + kind * PSI_READINGS;

		row[PSI_NOW].known = STATE_UNKNOWN;
		if (begin != NULL)
			psi_set_now(&row[PSI_NOW], psi->total_us[kind] - begin->total_us[kind],
				    begin->at, now);
		for (int avg = PSI_AVG10; avg < PSI_READINGS; avg++)
			state_set(&row[avg], psi->avg_mpct[kind][avg], 0,
				  now > reaches_ms[avg] ? now - reaches_ms[avg] : 1);
	}
	psi_keep(window, psi, now);
}

void psi_clear(struct psi_window *window, struct state_reading *readings)
{
	window->count = 0;
	for (int i = 0; i < PSI_KINDS * PSI_READINGS; i++)
		readings[i].known = STATE_UNKNOWN;
}

/* With its NUL: the kernel overwrites the last byte before it parses. */
int psi_write_trigger(int fd, const char *trigger)
{
	return write(fd, trigger, strlen(trigger) + 1) < 0 ? -errno : 0;
}
