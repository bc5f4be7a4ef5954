/* Where the daemon keeps its spool: its state directory, for who reads spool.db beside it. */
#ifndef WD_ASK_SPOOL_PLACE_H
#define WD_ASK_SPOOL_PLACE_H

#include "base/bounds.h"

/* The path of spool.db: in `given` (--state) where that is not NULL; else in `state` of the config that the page
 * beside the control socket names, as long as it can be read; else in $STATE_DIRECTORY, that of an ordinary user's
 * daemon, or /var/lib/watchdogd. 0 or -ENAMETOOLONG. */
int spool_place_find(const char *control, const char *given, char path[PATH_BYTES]);

#endif
