/* Caps: a unit's memory.high, lowered by a step and given back. What it was before stands in the unit's mark, in the
 * ledger, from before it is changed (actions_let_go and actions_end of action.h are here). */
#ifndef WD_DO_CAP_H
#define WD_DO_CAP_H

#include <stdbool.h>

#include "base/buffer.h"
#include "do/action.h"

/* `cap`, `uncap` and `reclaim` can be done to the order's unit, and there is something to do. False: why says why
 * not. bytes: gets what the action's are. */
bool cap_may_begin(struct actions *actions, const struct order *order, uint64_t *bytes, struct buffer *why);

/* What the action needs that gives the unit of that mark back what it had. */
void cap_fill_uncap(const struct actions *actions, const struct ledger_mark *mark, struct action *action);

/* Put the mark of a cap on its unit, before it is done; what its memory.high was is read now, where it has none.
 * NULL: there is no room. */
struct ledger_mark *cap_put_mark(struct actions *actions, struct action *action);

/* At the end of a cap or uncap: what is not done is capped no more, what is given back neither. */
void cap_end_mark(struct actions *actions, const struct action *action);

/* Caps that are gone: of a cgroup that was made anew. */
void cap_check_marks(struct actions *actions);

#endif
