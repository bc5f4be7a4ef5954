/* A start that is owed: a stop or kill took over a restart that had not started its unit yet. The unit carries a
 * stopped mark with the names of those rules, and LEDGER_UNIT_OWED; when none of them is firing, and there is
 * room, it is started, as the end of that restart. A start by another, or the end of the mark (a person's stop),
 * ends the debt. */
#ifndef WD_DO_DEBT_H
#define WD_DO_DEBT_H

#include "do/action.h"

/* From now on the unit's start is owed, by this rule; before the restart is given up for its stop. */
void debt_note(struct actions *actions, uint32_t unit, const char *rule);

/* The unit runs again: nothing is owed. */
void debt_end(struct actions *actions, uint32_t unit);

/* A config is in force: say what is owed to a unit that it gives no way to start. It waits for the next. */
void debt_config(const struct actions *actions);

/* Begin what is owed and may be started now. */
void debt_look(struct actions *actions, mono_ms now);

#endif
