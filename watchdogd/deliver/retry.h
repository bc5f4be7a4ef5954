/* When an attempt that failed is made again, and when no more. Pure. */
#ifndef WD_DELIVER_RETRY_H
#define WD_DELIVER_RETRY_H

#include <stdint.h>

#include "base/clock.h"
#include "share/delivery.h"

enum { RETRY_SERVER_MAX_MS = 86400000 }; /* of a server's word: one that says more is wrong, or wants to be rid of us */

/* How long to wait after the attempt of that number (1: the first): 1 s, then twice as long each time, up to
 * 10 min, +- 20 %, the same for the same alert, channel and attempt. again_ms: the server's word, which comes
 * first where there is one; 0: none. */
uint32_t retry_wait(uint64_t id, const char *channel, uint32_t attempt, uint32_t again_ms);

/* How old an alert is that came when it was age_ms old, so that no step of the wall clock expires it: the
 * shorter of what both clocks say. */
uint64_t retry_age(wall_ms at, wall_ms wall, uint64_t age_ms, uint64_t here_for_ms);

/* How long until an instant that someone noted as wall time, at most max_ms: the clock may have been set. */
uint64_t retry_until(wall_ms then, wall_ms wall, uint64_t max_ms);

/* A number that depends on both alone (splitmix64), for what has to look random and be the same each time. */
uint64_t retry_mix(uint64_t a, uint64_t b);

#endif
