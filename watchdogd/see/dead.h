/* When a unit is dead: what must be alive is missing for `grace`, or it failed, or its `alive` command did; and
 * nobody is at it. And the event that tells it. */
#ifndef WD_SEE_DEAD_H
#define WD_SEE_DEAD_H

#include <stdbool.h>

#include "base/clock.h"

struct see;
struct unit;

/* It is dead now. Asks systemd before it says so. */
bool dead_is(struct see *see, struct unit *unit, mono_ms now);

/* The event's begin and end, by liveness.alive; tried again at the next look where the queue is full. */
void dead_tell(struct see *see, struct unit *unit, mono_ms now);

#endif
