/* The state page as a message shows it: a copy, made once for each message, as the page goes on changing. Only the
 * rows in use are copied, so it costs no memory that it does not need. */
#ifndef WD_DELIVER_REPORT_STATE_H
#define WD_DELIVER_REPORT_STATE_H

#include "share/state.h"

/* The caller's (report_state_free). Counts are within their bounds, and all texts end. NULL: no memory, or no page. */
struct state *report_state_new(const struct state *page);
void report_state_free(struct state *state);

/* The row of that name; NULL: none, or no state. */
const struct state_unit *report_state_unit(const struct state *state, const char *name);
/* Of a rule for that unit, else of the rule alone. */
const struct state_rule *report_state_rule(const struct state *state, const char *rule, const char *unit);

#endif
