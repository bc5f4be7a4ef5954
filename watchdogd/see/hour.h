/* The last hour of the host's memory on the state page: the highest host.used of each minute. */
#ifndef WD_SEE_HOUR_H
#define WD_SEE_HOUR_H

#include "base/clock.h"
#include "share/state.h"

/* After the readings of a look. A minute in which none was known, or that nobody looked in, is unknown. */
void hour_look(struct state *state, mono_ms now);

#endif
