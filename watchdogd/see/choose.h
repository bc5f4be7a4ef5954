/* Who is to be watched, of those that are what must be alive in a unit: the topmost. One that a watched one started
 * is not watched beside it, be it a worker or another program of that name: its end is its parent's affair. In a
 * unit that names no process it is the root of the tree (the oldest process whose parent is not of the unit). */
#ifndef WD_SEE_CHOOSE_H
#define WD_SEE_CHOOSE_H

#include <stdbool.h>

#include "base/clock.h"

struct see;
struct watched;

/* Decide anew, of those that changed. */
void choose_settle(struct see *see, mono_ms now);

/* One that ended by itself left its place to another: to a copy that it made without exec, or to the next root.
 * True: that is watched from now on. */
bool choose_hand_over(struct see *see, const struct watched *ended, mono_ms now);

#endif
