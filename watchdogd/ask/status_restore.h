/* What we shed and have not given back, and why not yet: a part of status. */
#ifndef WD_ASK_STATUS_RESTORE_H
#define WD_ASK_STATUS_RESTORE_H

#include <stdio.h>

#include "share/state.h"

/* A list of those units; nothing where there is none. */
void status_restore_print(const struct state *state, FILE *out);

/* "peak_bytes":...,"restore":..., with a comma behind each. */
void status_restore_json(const struct state_unit *unit, FILE *out);

#endif
