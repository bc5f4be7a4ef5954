/* Is what must be alive in a unit there now? */
#ifndef WD_SEE_THERE_H
#define WD_SEE_THERE_H

#include <stdbool.h>

struct unit;

/* Something runs in it. */
bool there_runs(const struct unit *unit);

/* A process that matches `process`. Without that: what runs in it, but not what it leaves behind when systemd
 * calls it down. */
bool there_is(const struct unit *unit);

/* By systemd's word: neither active nor failed, and nothing is pending. */
bool there_is_inactive(const struct unit *unit);

/* Its `alive` command failed too often. */
bool there_is_hung(const struct unit *unit);

#endif
