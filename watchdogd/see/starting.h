/* What units that have just started take, up to the most that they ever took: it is known to end there, and no slope says
 * so. The host's forecast leaves it out of what grows, and counts what is still to come as taken. */
#ifndef WD_SEE_STARTING_H
#define WD_SEE_STARTING_H

#include <stdint.h>

#include "base/clock.h"

struct see;

struct starting {
	uint64_t taken_bytes;   /* by units that run, within the grace after their last start */
	uint64_t to_come_bytes; /* until those that are in their grace have what they took before */
};

/* As of the last look at each unit. */
struct starting starting_look(struct see *see, mono_ms now);

#endif
