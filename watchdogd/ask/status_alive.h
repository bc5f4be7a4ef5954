/* The part of status that answers "does the bot live?": of each unit its watched process and that one's
 * parent, since when, how one died last, and the restarts. */
#ifndef WD_ASK_STATUS_ALIVE_H
#define WD_ASK_STATUS_ALIVE_H

#include "ask/status.h"

/* The table; of a unit that had a death a second line says how. */
void status_alive_print(const struct status *status, FILE *out);

/* The same of one unit as keys of its JSON object, each with a comma behind it. */
void status_alive_json(const struct state_unit *unit, mono_ms now, FILE *out);

/* "alive", "missing", "dead", "stopped"; "-" when it is not known yet. */
const char *status_alive_word(unsigned alive);

#endif
