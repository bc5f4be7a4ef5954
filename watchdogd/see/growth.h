/* How much counters grew within the last minute. The kernel's counts are for the life of a cgroup,
 * and a lifetime count is no state: only its growth is. It is summed over a unit's cgroups, one
 * after another, in buckets of a second. */
#ifndef WD_SEE_GROWTH_H
#define WD_SEE_GROWTH_H

#include <stdint.h>

#include "base/clock.h"

enum { GROWTH_WINDOW_S = 60, GROWTH_KEYS = 6 };

struct growth {
	uint64_t at_s; /* the second of the newest bucket */
	uint64_t sum[GROWTH_KEYS];
	uint32_t bucket[GROWTH_WINDOW_S][GROWTH_KEYS];
};

/* Let go of what is older than the window. */
void growth_advance(struct growth *growth, mono_ms now);

/* A counter grew by n; after growth_advance of the same instant. */
void growth_add(struct growth *growth, uint32_t key, uint64_t n);

#endif
