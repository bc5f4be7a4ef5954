/* An action's entry in the ledger: written before it is asked, taken up again by the next sentinel, found
 * again by name after a reload (actions_init and actions_config of action.h are here). */
#ifndef WD_DO_ACTION_LEDGER_H
#define WD_DO_ACTION_LEDGER_H

#include "do/action.h"

/* Write the action's phase as a new entry; order: what asked for it, NULL for a later phase of the same.
 * 0, or -EAGAIN when there is no room. */
int action_write_entry(struct actions *actions, struct action *action, const struct order *order);

/* Its entry is free again. */
void action_end_entry(struct actions *actions, struct action *action);

/* A row not in use, or NULL. */
struct action *action_free_row(struct actions *actions);

/* The name of a unit, "" for CONFIG_NONE. Borrowed from the config. */
const char *action_unit_name(const struct actions *actions, uint32_t unit);

/* Put the mark of its verb on the unit, before it is done. */
void action_put_mark(struct actions *actions, const struct action *action);

/* Begin its phase; it is not done when that cannot be. */
void action_enter(struct actions *actions, struct action *action, mono_ms now);

/* The first phase of a verb. */
enum action_phase action_first_phase(enum verb verb);

/* Copy a text into a field of `size` bytes, cut where it does not fit. */
void action_copy(char *to, size_t size, const char *text);

#endif
