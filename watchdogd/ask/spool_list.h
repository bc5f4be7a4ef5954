/* What waits and why, for a person at a terminal or as one JSON object. */
#ifndef WD_ASK_SPOOL_LIST_H
#define WD_ASK_SPOOL_LIST_H

#include <stdbool.h>
#include <stdio.h>

#include "base/clock.h"

/* Show spool.db at that path, as of now. 0; 1: it cannot be read, which is told on err. */
int spool_list(const char *path, bool json, wall_ms now, FILE *out, FILE *err);

#endif
