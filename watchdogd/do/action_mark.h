/* Marks: what we stopped, froze or capped and have not given back, in the ledger, from before it is done
 * (actions_check_marks, actions_thaw and actions_thaw_all of action.h are here). */
#ifndef WD_DO_ACTION_MARK_H
#define WD_DO_ACTION_MARK_H

#include "do/action.h"

/* Put the mark of its verb on the unit, before it is done. */
void action_put_mark(struct actions *actions, struct action *action, mono_ms now);

/* At its end: a unit that came back by our doing, or that could not be stopped or frozen, carries our mark
 * no more. */
void action_end_mark(struct actions *actions, const struct action *action);

/* What a unit is, as ledger_mark has it: two that have but the name in common differ. Never 0. */
uint32_t action_target(const struct actions *actions, uint32_t unit);

#endif
