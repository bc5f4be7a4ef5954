/* What `watchdogctl check` shows of a good file: the processes that each `match` and `process` finds now. */
#ifndef WD_ASK_CHECK_FIND_H
#define WD_ASK_CHECK_FIND_H

#include <stdio.h>

#include "config/config.h"

/* A line for each process, or "nothing now", for each of those keys; nothing for a config without them. */
void check_find(const struct config *config, FILE *out);

#endif
