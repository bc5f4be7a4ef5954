/* What the sentinel itself costs, on the state page: its wake-ups, its time on a processor, its memory. */
#ifndef WD_START_COST_H
#define WD_START_COST_H

#include <stdint.h>

#include "base/clock.h"
#include "share/state.h"

struct cost {
	int statm;        /* /proc/self/statm, kept open; -1: none */
	uint64_t wakes[STATE_WAKES];
	mono_ms read_at;  /* not before: once a minute is enough */
};

/* At start, before memory is locked. */
void cost_open(struct cost *cost);

/* What woke it: so many descriptors were ready (loop_wait); none: its time was up. */
void cost_count_wake(struct cost *cost, int ready);

/* At each look: onto the page. */
void cost_look(struct cost *cost, struct state *state, mono_ms now);

#endif
