/* `status`: the alerts that are open: told, and what they tell of is not over. */
#ifndef WD_ASK_STATUS_ALERTS_H
#define WD_ASK_STATUS_ALERTS_H

#include <stdio.h>

#include "ask/status.h"

/* A table of them; nothing where there is none. */
void status_alerts_print(const struct status *status, FILE *out);

/* Of one rule, as keys of its object, each with a comma behind it. */
void status_alerts_json(const struct state_rule *rule, mono_ms now, FILE *out);

#endif
