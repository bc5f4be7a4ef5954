/* watchdogctl retry: what was given up for a unit begins anew. */
#ifndef WD_ASK_RETRY_H
#define WD_ASK_RETRY_H

#include <stdbool.h>
#include <stdio.h>

/* Ask the daemon at the control socket. As client_run; 2: that is no name of a unit. */
int retry_run(const char *control, const char *unit, FILE *out, FILE *err);

/* As the config writes names, of units and channels: nothing in it ends the line or begins another word. */
bool retry_is_name(const char *name);

#endif
