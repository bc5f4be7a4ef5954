#include "do/action.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "decide/step.h"
#include "do/action_gate.h"
#include "do/action_ledger.h"
#include "do/action_mark.h"
#include "do/action_phase.h"
#include "do/backoff.h"
#include "do/debt.h"
#include "do/swap.h"

/* Of each verb: its first phase. */
static const enum action_phase action_first_phases[VERBS] = {
	[VERB_STOP] = ACTION_STOP,     [VERB_KILL] = ACTION_KILL,     [VERB_START] = ACTION_ROOM,
	[VERB_RESTART] = ACTION_STOP,  [VERB_SIGNAL] = ACTION_SIGNAL, [VERB_FREEZE] = ACTION_FREEZE,
	[VERB_THAW] = ACTION_THAW,     [VERB_RUN] = ACTION_RUN,       [VERB_CAP] = ACTION_CAP,
	[VERB_UNCAP] = ACTION_UNCAP,   [VERB_RECLAIM] = ACTION_RECLAIM, [VERB_SNAPSHOT] = ACTION_SNAPSHOT,
	[VERB_SWAP] = ACTION_SWAP_ON,
};

struct action *action_of_unit(struct actions *actions, uint32_t unit)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (action->used && action->unit == unit && action->phase != ACTION_OWED)
			return action;
	}
	return NULL;
}

int64_t action_available(const struct actions *actions)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];

	return available->known == STATE_KNOWN ? available->value : -1;
}

static void action_fill(struct actions *actions, struct action *action, const struct order *order, mono_ms now)
{
	const struct state_unit *unit = order->unit != CONFIG_NONE ? &actions->state->unit[order->unit] : NULL;

	memset(action, 0, sizeof(*action));
	action->verb = order->verb;
	action->phase = action_first_phases[order->verb];
	action->unit = order->unit;
	action->instance[0] = order->instance;
	action->instances = 1;
	action->began = now;
	action->available_before = action_available(actions);
	action->anon_before = -1;
	action->swap_before = -1;
	action->thread = order->thread;
	action_copy(action->rule, sizeof(action->rule), config_rule_at(actions->config, order->rule)->name);
	if (unit != NULL) {
		action->cgroup_id = unit->cgroup_id;
		if (unit->readings[UNIT_ANON].known == STATE_KNOWN)
			action->anon_before = unit->readings[UNIT_ANON].value;
	}
}

void action_enter(struct actions *actions, struct action *action, mono_ms now)
{
	int error = action_phase_enter(actions, action, now);

	if (error == 0)
		return;
	action_saw(action, "%s", error == -EOPNOTSUPP ? "there is no way to do that to it on this host"
						       : diag_errno(error));
	action->progress = ACTION_NOT_DONE;
}

void action_set_busy(struct actions *actions, const struct action *action)
{
	bool starts = action->phase == ACTION_START || action->phase == ACTION_LIVES;

	if (action->unit != CONFIG_NONE)
		actions->state->unit[action->unit].busy = (uint8_t)(1 + (starts ? VERB_START : action->verb));
}

/* From now on it is a stop or a kill, also for whoever comes after a crash; the start stays owed. That is
 * noted before the entry says no more that the unit is to be started. */
static void action_take_over(struct actions *actions, struct action *action, const struct order *order, mono_ms now)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	bool is_down = action->phase == ACTION_ROOM;

	action_saw(action, "its start stays owed");
	debt_note(actions, action->unit, config_rule_at(actions->config, order->rule)->name);
	action->verb = order->verb;
	action->phase = order->verb == VERB_KILL && !is_down ? ACTION_KILL : ACTION_STOP;
	if (entry != NULL) {
		entry->step_verb = order->verb;
		entry->verb = VERB_STOP;
		entry->phase = (uint16_t)action->phase;
	}
	action_set_busy(actions, action);
	if (is_down) {
		action->worker_asked = action->killed = false;
		action->phase_began = now;
	} else if (action->phase == ACTION_KILL) {
		action_enter(actions, action, now);
	}
}

/* `signal`: of which signal; `cap` and `reclaim`: as much, or more, is under way. */
static bool action_is_same(struct actions *actions, const struct action *action, const struct order *order)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	const struct config_rule *rule = config_rule_at(actions->config, order->rule);
	const struct config_step *step = config_step_at(actions->config, rule, order->step);
	int64_t bytes = -1;

	if (action->verb != order->verb)
		return false;
	if (order->unit != CONFIG_NONE)
		bytes = step_bytes(step, &actions->state->unit[order->unit]);
	if (action->verb == VERB_CAP)
		return bytes >= 0 && action->bytes <= (uint64_t)bytes;
	if (action->verb == VERB_RECLAIM)
		return bytes >= 0 && action->bytes + 65536 > (uint64_t)bytes;
	return action->verb != VERB_SIGNAL || entry == NULL || verb_signal_find(entry->target) == step->signal;
}

/* A second rule that wants the same joins; a stop or kill takes over a restart that has not started the
 * unit yet; anything else waits. */
static enum outcome action_join(struct actions *actions, struct action *action, const struct order *order,
				mono_ms now)
{
	bool takes_over = (order->verb == VERB_STOP || order->verb == VERB_KILL) &&
			  action_following(action) != ACTION_PHASES &&
			  (action->phase == ACTION_STOP || action->phase == ACTION_ROOM);

	/* What is up again may be what eats the memory: it is not watched to its end first. */
	if ((order->verb == VERB_STOP || order->verb == VERB_KILL) && action->phase == ACTION_LIVES &&
	    action->progress == ACTION_WAITS) {
		action_saw(action, "a %s is wanted before it has lived for its grace", verb_words[order->verb].name);
		action->progress = ACTION_NOT_DONE;
	}
	if ((!takes_over && !action_is_same(actions, action, order)) || action->instances == ACTION_JOIN_MAX ||
	    action->progress == ACTION_NOT_DONE)
		return OUTCOME_BUSY;
	if (takes_over)
		action_take_over(actions, action, order, now);
	action->instance[action->instances++] = order->instance;
	return OUTCOME_BEGUN;
}

enum outcome action_begin(struct actions *actions, const struct order *order, mono_ms now, char *why)
{
	struct action *action = order->unit != CONFIG_NONE	? action_of_unit(actions, order->unit)
				: order->verb == VERB_SWAP ? swap_under_way(actions, now)
							   : NULL;
	uint64_t bytes = 0;
	enum outcome may;

	why[0] = '\0';
	if (action != NULL)
		return action_join(actions, action, order, now);
	may = action_gate(actions, order, now, &bytes, why);
	if (may != OUTCOME_BEGUN)
		return may;
	action = action_free_row(actions);
	if (action == NULL)
		return OUTCOME_BUSY;
	action_fill(actions, action, order, now);
	action->bytes = bytes;
	if (action_write_entry(actions, action, order) < 0)
		return OUTCOME_BUSY;
	action_put_mark(actions, action, now);
	action->used = true;
	action_set_busy(actions, action);
	action_enter(actions, action, now);
	return OUTCOME_BEGUN;
}

struct action *action_begin_alone(struct actions *actions, const struct action *like, mono_ms now)
{
	struct action *action = action_free_row(actions);

	if (action == NULL)
		return NULL;
	*action = *like;
	action->began = now;
	action->available_before = action_available(actions);
	action->anon_before = -1;
	if (action_write_entry(actions, action, NULL) < 0)
		return NULL;
	action->used = true;
	action_set_busy(actions, action);
	action_enter(actions, action, now);
	return action;
}

bool actions_owe_start(struct actions *actions, uint32_t unit)
{
	const struct action *action = action_of_unit(actions, unit);

	return action != NULL && action_owes_start(action);
}

void actions_answer(struct actions *actions, const struct message *message)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || action->entry != message->id || action->entry == 0)
			continue;
		action->worker_done = true;
		action->worker_result = message->type == MESSAGE_DONE ? 0 : message->result < 0 ? message->result : -EIO;
		if (strstr(action->saw, message->text) == NULL) /* said again and again while it is busy */
			action_saw(action, "%s", message->text);
	}
}

void actions_worker_up(struct actions *actions)
{
	mono_ms now = clock_mono();

	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];
		struct ledger_entry *entry;

		if (!action->used || !action->worker_asked || action->worker_done)
			continue;
		if (action->phase == ACTION_ROOM) { /* its stop is proved: asked again, it would be of a new start */
			action->worker_asked = false;
			continue;
		}
		entry = ledger_find(actions->ledger, action->entry);
		if (entry == NULL)
			continue;
		entry->at_mono = now; /* its time begins anew; `taken` stays: a command runs once */
		if (action->phase == ACTION_OWED)
			action->progress = action_phase_look(actions, action, now);
		if (action->progress == ACTION_WAITS)
			action->worker_asked = worker_ask(actions->actor, entry->id) == 0;
	}
}

enum action_phase action_following(const struct action *action)
{
	if (action->verb != VERB_RESTART && action->verb != VERB_START)
		return ACTION_PHASES;
	switch (action->phase) {
	case ACTION_STOP:
		return ACTION_ROOM;
	case ACTION_ROOM:
		return ACTION_START;
	case ACTION_START:
		return ACTION_LIVES;
	default:
		return ACTION_PHASES;
	}
}

bool action_owes_start(const struct action *action)
{
	return (action->phase == ACTION_STOP || action->phase == ACTION_ROOM) &&
	       action_following(action) != ACTION_PHASES;
}

/* The start is another request, with an entry of its own. The new one first: a crash between the two leaves
 * both, and the old one gives way (actions_init). */
static bool action_change_entry(struct actions *actions, struct action *action)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	if (action_write_entry(actions, action, NULL) < 0)
		return false;
	if (entry != NULL)
		ledger_free(entry);
	action->killed = action->worker_asked = action->worker_done = false;
	return true;
}

/* Into the phase that follows, if there is one. */
static void action_next_phase(struct actions *actions, struct action *action, mono_ms now)
{
	enum action_phase before = action->phase, next = action_following(action);

	if (next == ACTION_PHASES)
		return;
	action->phase = next;
	action->progress = ACTION_WAITS;
	if (next == ACTION_START && !action_change_entry(actions, action))
		action->phase = before; /* no room in the ledger: tried again at the next look */
	else
		action_enter(actions, action, now);
	action_set_busy(actions, action);
}

void actions_look(struct actions *actions, mono_ms now)
{
	backoff_look(actions, now);
	debt_look(actions, now);
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || action->progress != ACTION_WAITS)
			continue;
		action->progress = action_phase_look(actions, action, now);
		if (action->progress == ACTION_PROVED)
			action_next_phase(actions, action, now);
	}
	swap_look(actions, now);
}

bool actions_open(const struct actions *actions)
{
	for (int i = 0; i < ACTIONS_MAX; i++)
		if (actions->action[i].used && actions->action[i].phase != ACTION_OWED &&
		    !swap_prepares(&actions->action[i]))
			return true;
	return false;
}
