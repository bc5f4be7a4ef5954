/* Following the proc connector: what it tells goes to tree.c and watched.c; it wakes the loop a few times a second
 * at most, and is drained before its buffer is full. Of source process. */
#ifndef WD_SEE_FOLLOW_H
#define WD_SEE_FOLLOW_H

#include <stdint.h>

#include "base/clock.h"

struct see;

/* Take what it has told since the last time. */
void follow_drain(struct see *see, mono_ms now);

/* The same between two of its turns: how many there were. */
uint32_t follow_take_all(struct see *see, mono_ms now);

/* How long that may wait until the next time. */
uint32_t follow_next_ms(const struct see *see);

#endif
