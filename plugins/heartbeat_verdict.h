/* Is all well? What the state page says of it. */
#ifndef WD_PLUGINS_HEARTBEAT_VERDICT_H
#define WD_PLUGINS_HEARTBEAT_VERDICT_H

#include "base/buffer.h"
#include "base/clock.h"
#include "share/state.h"

enum { HEARTBEAT_STALE_MS = 10000 }; /* the sentinel looks once a second at the least */

enum heartbeat_verdict { HEARTBEAT_WELL, HEARTBEAT_ILL, HEARTBEAT_NOT_YET };

/* state: a copy. since: when this worker began, as the sentinel may not have looked yet. why: in words, hostile. */
enum heartbeat_verdict heartbeat_verdict(const struct state *state, mono_ms since, mono_ms now, struct buffer *why);

#endif
