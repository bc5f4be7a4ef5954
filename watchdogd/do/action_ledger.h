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

/* What is under way on that unit, or NULL: what is only owed to systemd is not. */
struct action *action_of_unit(struct actions *actions, uint32_t unit);

/* host.available in bytes; -1: unknown. */
int64_t action_available(const struct actions *actions);

/* Begin what no ladder waits for. like: its verb, phase, unit and rule, and of what gives back the rest of that; all
 * else is zero. NULL: no room for it now. */
struct action *action_begin_alone(struct actions *actions, const struct action *like, mono_ms now);

/* A row not in use, or NULL. */
struct action *action_free_row(struct actions *actions);

/* The name of a unit, "" for CONFIG_NONE. Borrowed from the config. */
const char *action_unit_name(const struct actions *actions, uint32_t unit);

/* Begin its phase; it is not done when that cannot be. */
void action_enter(struct actions *actions, struct action *action, mono_ms now);

/* The phase that follows; ACTION_PHASES: none. */
enum action_phase action_following(const struct action *action);

/* It is to start its unit, and has not asked for that yet. */
bool action_owes_start(const struct action *action);

/* Say on the state page what is under way on its unit: of a restart, from where it starts it, a start. */
void action_set_busy(struct actions *actions, const struct action *action);

/* Copy a text into a field of `size` bytes, cut where it does not fit. */
void action_copy(char *to, size_t size, const char *text);

#endif
