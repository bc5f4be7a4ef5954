#include "do/action.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/direct.h"

/* Of each verb: its first phase, the one that follows when it is proved, how its plugin is called. */
static const struct {
	enum action_phase first, then; /* then == first: no second phase */
	enum state_mark mark;          /* put on the unit before it is done */
	bool ends_mark;                /* taken off when it is done */
} action_verbs[VERBS] = {
	[VERB_STOP] = {ACTION_STOP, ACTION_STOP, STATE_MARK_STOPPED, false},
	[VERB_KILL] = {ACTION_KILL, ACTION_KILL, STATE_MARK_NONE, false},
	[VERB_START] = {ACTION_START, ACTION_START, STATE_MARK_NONE, true},
	[VERB_RESTART] = {ACTION_STOP, ACTION_ROOM, STATE_MARK_NONE, true},
	[VERB_SIGNAL] = {ACTION_SIGNAL, ACTION_SIGNAL, STATE_MARK_NONE, false},
	[VERB_FREEZE] = {ACTION_FREEZE, ACTION_FREEZE, STATE_MARK_FROZEN, false},
	[VERB_THAW] = {ACTION_THAW, ACTION_THAW, STATE_MARK_NONE, true},
	[VERB_RUN] = {ACTION_RUN, ACTION_RUN, STATE_MARK_NONE, false},
};

enum action_phase action_first_phase(enum verb verb)
{
	return action_verbs[verb].first;
}

static struct action *action_of_unit(struct actions *actions, uint32_t unit)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (action->used && action->unit == unit && action->phase != ACTION_OWED)
			return action;
	}
	return NULL;
}

static int64_t action_available(const struct actions *actions)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];

	return available->known == STATE_KNOWN ? available->value : -1;
}

static void action_fill(struct actions *actions, struct action *action, const struct order *order, mono_ms now)
{
	const struct state_unit *unit = order->unit != CONFIG_NONE ? &actions->state->unit[order->unit] : NULL;

	memset(action, 0, sizeof(*action));
	action->verb = order->verb;
	action->phase = action_verbs[order->verb].first;
	action->unit = order->unit;
	action->instance[0] = order->instance;
	action->instances = 1;
	action->began = now;
	action->available_before = action_available(actions);
	action->anon_before = -1;
	action_copy(action->rule, sizeof(action->rule), config_rule_at(actions->config, order->rule)->name);
	if (unit != NULL) {
		action->cgroup_id = unit->cgroup_id;
		if (unit->readings[UNIT_ANON].known == STATE_KNOWN)
			action->anon_before = unit->readings[UNIT_ANON].value;
	}
}


static bool action_is_done_already(struct actions *actions, const struct order *order, mono_ms now, char *why)
{
	const struct state_unit *unit;
	enum verb verb = order->verb;
	const char *is = NULL;

	if (order->unit == CONFIG_NONE)
		return false;
	if ((verb == VERB_START || verb == VERB_RESTART) &&
	    config_unit_at(actions->config, order->unit)->kind != CONFIG_SYSTEMD) {
		/* Stopped first, it would stay so. */
		action_copy(why, TEXT_BYTES, "to start it by its command is not active yet");
		return true;
	}
	see_unit_refresh(actions->see, order->unit, now);
	unit = &actions->state->unit[order->unit];
	if (unit->status == STATE_UNIT_INACTIVE && verb != VERB_START && verb != VERB_RESTART)
		is = "it is not running";
	else if (unit->status == STATE_UNIT_RUNNING && (verb == VERB_START || verb == VERB_THAW))
		is = "it is running already";
	else if (unit->status == STATE_UNIT_FROZEN && verb == VERB_FREEZE)
		is = "it is frozen already";
	if (is != NULL)
		action_copy(why, TEXT_BYTES, is);
	return is != NULL;
}

void action_put_mark(struct actions *actions, const struct action *action)
{
	enum state_mark mark = action_verbs[action->verb].mark;
	const char *name = action_unit_name(actions, action->unit);

	if (mark == STATE_MARK_NONE || action->phase == ACTION_OWED)
		return;
	if (ledger_mark(actions->ledger, name, (char)mark, action->rule) == NULL)
		diag_warning("no room in the ledger to remember that %s is %s", name,
			     mark == STATE_MARK_FROZEN ? "frozen" : "stopped");
}

/* `signal`: of which signal. */
static bool action_is_same(struct actions *actions, const struct action *action, const struct order *order)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	const struct config_rule *rule = config_rule_at(actions->config, order->rule);
	int signal = config_step_at(actions->config, rule, order->step)->signal;

	return action->verb == order->verb &&
	       (action->verb != VERB_SIGNAL || entry == NULL || verb_signal_find(entry->target) == signal);
}

/* From now on it is a stop, also for whoever comes after a crash: the mark before the entry, as the entry
 * says no more that the unit is to be started. */
static void action_take_over(struct actions *actions, struct action *action, enum verb verb)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	action->verb = verb;
	action->phase = ACTION_STOP;
	action_put_mark(actions, action);
	if (entry != NULL)
		entry->step_verb = verb;
	actions->state->unit[action->unit].busy = (uint8_t)(1 + verb);
}

/* A second rule that wants the same joins; a stop or kill takes over a restart that has not started the
 * unit yet; anything else waits. */
static enum outcome action_join(struct actions *actions, struct action *action, const struct order *order)
{
	bool takes_over = (order->verb == VERB_STOP || order->verb == VERB_KILL) &&
			  action->verb == VERB_RESTART && action->phase != ACTION_START;

	if ((!takes_over && !action_is_same(actions, action, order)) || action->instances == ACTION_JOIN_MAX ||
	    action->progress == ACTION_NOT_DONE)
		return OUTCOME_BUSY;
	if (takes_over)
		action_take_over(actions, action, order->verb);
	action->instance[action->instances++] = order->instance;
	return OUTCOME_BEGUN;
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

enum outcome action_begin(struct actions *actions, const struct order *order, mono_ms now, char *why)
{
	struct action *action = order->unit != CONFIG_NONE ? action_of_unit(actions, order->unit) : NULL;

	why[0] = '\0';
	if (action != NULL)
		return action_join(actions, action, order);
	if (action_is_done_already(actions, order, now, why))
		return OUTCOME_SKIPPED;
	action = action_free_row(actions);
	if (action == NULL)
		return OUTCOME_BUSY;
	action_fill(actions, action, order, now);
	if (action_write_entry(actions, action, order) < 0)
		return OUTCOME_BUSY;
	action_put_mark(actions, action);
	action->used = true;
	if (order->unit != CONFIG_NONE)
		actions->state->unit[order->unit].busy = (uint8_t)(1 + order->verb);
	action_enter(actions, action, now);
	return OUTCOME_BEGUN;
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

/* The next phase of what has several; true when there is one and it has begun. */
static bool action_next_phase(struct actions *actions, struct action *action, mono_ms now)
{
	uint64_t old = action->entry;
	struct ledger_entry *entry;

	if (action->verb != VERB_RESTART || action->phase == ACTION_START)
		return false;
	action->phase = action->phase == ACTION_ROOM ? ACTION_START : ACTION_ROOM;
	if (action->phase == ACTION_ROOM)
		return action_phase_enter(actions, action, now) == 0;
	/* The new entry first: a crash between the two leaves both, and the start is looked into. */
	entry = ledger_find(actions->ledger, old);
	if (action_write_entry(actions, action, NULL) < 0) {
		action->phase = ACTION_ROOM; /* tried again at the next look */
		return true;
	}
	if (entry != NULL) {
		ledger_find(actions->ledger, action->entry)->ladder_key = entry->ladder_key;
		ledger_free(entry);
	}
	action->killed = false;
	action_enter(actions, action, now);
	return true;
}

void actions_look(struct actions *actions, mono_ms now)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];

		if (!action->used || action->progress != ACTION_WAITS)
			continue;
		action->progress = action_phase_look(actions, action, now);
		if (action->progress == ACTION_PROVED && action_next_phase(actions, action, now) &&
		    action->progress == ACTION_PROVED)
			action->progress = ACTION_WAITS;
	}
}

static void action_add_size(struct buffer *b, const char *before, int64_t bytes)
{
	if (bytes >= 0)
		buffer_addf(b, "%s%lld MiB", before, (long long)(bytes / (1024 * 1024)));
}

/* "stopped xtts in 1.2 s: inactive (dead); it held 232 MiB; host.available 84 MiB -> 310 MiB" */
static void action_format(struct actions *actions, const struct action *action, mono_ms now, char *text)
{
	const struct verb_word *verb = &verb_words[action->verb];
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	char span[32];
	struct buffer b;

	buffer_init(&b, text, TEXT_BYTES);
	if (action->progress == ACTION_PROVED)
		buffer_addf(&b, "%s", verb->done);
	else
		buffer_addf(&b, "%s not done:", verb->name);
	buffer_addf(&b, " %s", action->unit != CONFIG_NONE ? action_unit_name(actions, action->unit)
		    : entry != NULL	     ? entry->target
					     : "a command");
	buffer_addf(&b, " %s %s", action->progress == ACTION_PROVED ? "in" : "after",
		    clock_format_span(now - action->began, span));
	if (action->saw[0] != '\0')
		buffer_addf(&b, ": %s", action->saw);
	if (verb->frees && action->unit != CONFIG_NONE)
		action_add_size(&b, "; it held ", action->anon_before);
	action_add_size(&b, "; host.available ", action->available_before);
	action_add_size(&b, " -> ", action_available(actions));
}

/* A unit that came back by our doing, or that could not be stopped or frozen, carries our mark no more. */
static void action_end_mark(struct actions *actions, const struct action *action)
{
	bool done = action->progress == ACTION_PROVED;

	if (action->unit == CONFIG_NONE)
		return;
	if ((done && action_verbs[action->verb].ends_mark) || (!done && action_verbs[action->verb].mark != STATE_MARK_NONE))
		ledger_unmark(actions->ledger, action_unit_name(actions, action->unit));
	actions->state->unit[action->unit].busy = 0;
}

static void action_result(struct actions *actions, struct action *action, struct action_result *result, mono_ms now)
{
	bool done = action->progress == ACTION_PROVED;

	result->outcome = done ? OUTCOME_DONE : OUTCOME_FAILED;
	result->severity = done ? SEVERITY_WARNING : SEVERITY_CRITICAL;
	result->unit = action->unit;
	result->instances = action->instances;
	memcpy(result->instance, action->instance, sizeof(result->instance));
	action_copy(result->rule, sizeof(result->rule), action->rule);
	action_format(actions, action, now, result->text);
}

/* Told, and over for its ladders: so that none hears of it again after a crash, the entry names none. */
static void action_owe(struct actions *actions, struct action *action)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	if (entry != NULL)
		entry->ladder_key = 0;
	action->phase = ACTION_OWED;
	action->progress = ACTION_WAITS;
}

bool actions_next(struct actions *actions, struct action_result *result, mono_ms now)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];
		bool owed;

		if (!action->used || action->progress == ACTION_WAITS)
			continue;
		if (action->phase == ACTION_OWED) {
			action_end_entry(actions, action);
			action->used = false;
			continue;
		}
		action_result(actions, action, result, now);
		action_end_mark(actions, action);
		owed = action->phase == ACTION_STOP && action->worker_asked && !action->worker_done;
		if (owed) {
			action_owe(actions, action);
		} else {
			action_end_entry(actions, action);
			action->used = false;
		}
		return true;
	}
	return false;
}

bool actions_open(const struct actions *actions)
{
	for (int i = 0; i < ACTIONS_MAX; i++)
		if (actions->action[i].used && actions->action[i].phase != ACTION_OWED)
			return true;
	return false;
}

static bool action_runs_unasked(const struct actions *actions, uint32_t unit)
{
	const struct state_unit *at = &actions->state->unit[unit];

	return at->status == STATE_UNIT_RUNNING && at->busy == 0;
}

void actions_check_marks(struct actions *actions, mono_ms now)
{
	for (int i = 0; i < MARKS_MAX; i++) {
		const struct ledger_mark *mark = &actions->ledger->marks[i];
		uint32_t unit = mark->unit[0] != '\0' ? config_find_unit(actions->config, mark->unit) : CONFIG_NONE;

		if (unit == CONFIG_NONE || !action_runs_unasked(actions, unit))
			continue;
		/* A mark that is lost is a unit that nobody thaws or starts again: read it anew. */
		see_unit_refresh(actions->see, unit, now);
		if (!action_runs_unasked(actions, unit))
			continue;
		diag_event(SEVERITY_INFO, NULL, mark->unit, "it runs again, and not by our doing: it is %s",
			   mark->kind == STATE_MARK_FROZEN ? "frozen by us no more" : "stopped by us no more");
		ledger_unmark(actions->ledger, config_unit_at(actions->config, unit)->name);
	}
}

void actions_thaw(struct actions *actions, uint32_t unit)
{
	const char *name = config_unit_at(actions->config, unit)->name;
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, name);
	struct action *action = action_of_unit(actions, unit);
	int error;

	if (mark == NULL || mark->kind != STATE_MARK_FROZEN)
		return;
	if (action != NULL && action->phase == ACTION_FREEZE) { /* or the next sentinel would go on with it */
		action_end_entry(actions, action);
		action->used = false;
		actions->state->unit[unit].busy = 0;
	}
	error = direct_freeze(actions->see, unit, false);
	if (error < 0) {
		diag_event(SEVERITY_WARNING, NULL, name, "cannot be thawed: %s", diag_errno(error));
		return;
	}
	ledger_unmark(actions->ledger, name);
	diag_event(SEVERITY_INFO, NULL, name, "thawed: watchdogd lets go of it");
}

void actions_thaw_all(struct actions *actions)
{
	for (uint32_t i = 0; i < actions->config->units.count; i++)
		actions_thaw(actions, i);
}
