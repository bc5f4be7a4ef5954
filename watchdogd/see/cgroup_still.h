/* What of a unit's cgroup need not be read again, since something cheaper tells that it says the same: its
 * memory.current, the host's pressure and OOM kills, or that its file wakes the loop when it changes. */
#ifndef WD_SEE_CGROUP_STILL_H
#define WD_SEE_CGROUP_STILL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "see/unit.h"

enum { CGROUP_STILL_MS = 5000 }; /* it is read again after that, whatever is told */

/* What was read at that time is due again, by the time alone. */
bool cgroup_still_is_due(const struct see *see, const struct unit *unit, mono_ms at, uint32_t every_ms);

/* What was read at that time, of a cgroup that has the same memory.current to the byte since: what is in it has moved by
 * no more than the kernel's stock of each CPU (256 KiB), nobody was killed. A made-up cgroup says nothing by that. */
bool cgroup_still(const struct see *see, const struct unit *unit, mono_ms at, uint32_t every_ms);

/* Its memory.current as read in this look. */
void cgroup_still_keep_current(struct unit *unit, uint64_t bytes);

/* Who stalls in a unit stalls on the host, whose pressure was read before: while that counter stands still, so does the
 * unit's. Only its averages may still fall. */
bool cgroup_still_is_unpressed(const struct see *see, const struct unit *unit);

/* Whether a file that wakes the loop is to be read; others are, at each look. */
bool cgroup_still_is_news(const struct unit *unit, enum unit_file id);

/* Whether its memory.events is to be read. */
bool cgroup_still_has_new_events(const struct see *see, const struct unit *unit);

/* Read the host's count of OOM kills, where that spares something. Before the units of a look. */
void cgroup_still_look_for_kills(struct see *see, mono_ms now);

#endif
