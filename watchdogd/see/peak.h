/* What a unit took at most, in the ledger: the room that is asked for before it is given back, and what `watchdogctl
 * budget` counts. memory.peak is not it: that counts page cache, which nobody needs room for, and no swap, which a unit
 * that starts anew takes as memory; and it ends with the cgroup.
 * A leak must not count for ever: with each start the peak falls by a quarter, but not below what the life before took.
 * How much that was is not in the ledger: of a life that a restart of the sentinel cut in two the peak falls at the next. */
#ifndef WD_SEE_PEAK_H
#define WD_SEE_PEAK_H

#include "see/source.h"

/* The row has the unit's name now: another config, or the first. */
void peak_find(struct see *see, struct unit *unit, const char *name);

/* It was started. */
void peak_begin_life(struct unit *unit);

/* Its anon was read. */
void peak_take(struct see *see, struct unit *unit, const struct state_reading *anon);

#endif
