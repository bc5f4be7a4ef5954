/* Whether a step has anything to do on its unit now, before it gets a row and an entry. */
#ifndef WD_DO_ACTION_GATE_H
#define WD_DO_ACTION_GATE_H

#include "do/action.h"

/* OUTCOME_BEGUN: it may begin; SKIPPED: there is nothing to do, or no way to; BUSY: systemd may be at it, so that
 * it would happen twice. why: TEXT_BYTES, set when it is SKIPPED. */
enum outcome action_gate(struct actions *actions, const struct order *order, mono_ms now, char *why);

#endif
