/* When memory is used up: of what was used in the last half minute, how fast it grows, and when nothing is left.
 * The slope is Theil's incomplete one: the median over the pairs of samples half a window apart. A quarter of the samples
 * may lie, where Theil-Sen, which takes all pairs, stands 29 %; that would be 2016 pairs in place of 32, and a thousand
 * units are looked at each second. Least squares would follow each spike. Which slope is believed, and how far, is in
 * forecast.c.
 * Pure: reads no clock and no file. One ring for the host, one for each unit. */
#ifndef WD_SEE_FORECAST_H
#define WD_SEE_FORECAST_H

#include <stdint.h>

#include "base/clock.h"
#include "share/state.h"

enum {
	FORECAST_STEP_MS = 500,
	FORECAST_SAMPLES = 64,  /* 32 s */
	FORECAST_ENOUGH = 16,   /* 8 s: with fewer nothing is known */
	FORECAST_GAP_MS = 4000, /* not looked at for longer: begun anew */
};

/* All 0: empty. */
struct forecast {
	mono_ms at;      /* of the last look; 0: none */
	int64_t pages;   /* used then */
	uint32_t newest; /* index of the newest sample */
	uint32_t count;  /* of samples */
	uint32_t still;  /* so many of the newest are the same */
	uint32_t sample[FORECAST_SAMPLES]; /* used at each multiple of the step, in pages of 4 KiB */
};

/* Another unit of that name, or nothing is known of it: begin anew. */
void forecast_forget(struct forecast *forecast);

/* So much was used now. Looks come when they come: the samples between this and the last one lie on the line
 * between both. */
void forecast_add(struct forecast *forecast, uint64_t used_bytes, mono_ms now);

/* How fast it grows, bytes a minute, less than 0 where it shrinks. */
void forecast_growth(const struct forecast *forecast, struct state_reading *reading);

/* In how many ms left_bytes, as of the last look, are used too; STATE_NEVER: it does not grow steadily. */
void forecast_exhausted(const struct forecast *forecast, uint64_t left_bytes, struct state_reading *reading);

#endif
