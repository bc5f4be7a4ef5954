/* A database that is broken is no use to us, but may be to who looks for what was in it: renamed, not
 * removed. The newest few are kept. */
#ifndef WD_PLUGINS_SPOOL_ASIDE_H
#define WD_PLUGINS_SPOOL_ASIDE_H

#include <stddef.h>

#include "base/clock.h"

enum { SPOOL_ASIDE_MAX = 3 };

/* Rename the closed database at path, and what is written ahead of it, to PATH.corrupt-TIME (in `aside`). 0 or
 * -errno. */
int spool_aside(const char *path, wall_ms wall, char *aside, size_t size);

#endif
