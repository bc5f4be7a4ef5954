/* Whether a step has anything to do on its unit now, before it gets a row and an entry. */
#ifndef WD_DO_ACTION_GATE_H
#define WD_DO_ACTION_GATE_H

#include "do/action.h"

/* OUTCOME_BEGUN: it may begin; SKIPPED: there is nothing to do, or no way to; BUSY: systemd may be at it, so that
 * it would happen twice. bytes: gets those of the action. why: TEXT_BYTES, set when it is SKIPPED. */
enum outcome action_gate(struct actions *actions, const struct order *order, mono_ms now, uint64_t *bytes, char *why);

/* Nobody could start it: stopped first, it would stay so. NULL: it can be started. */
const char *action_gate_why_not_start(const struct config_unit *unit);

#endif
