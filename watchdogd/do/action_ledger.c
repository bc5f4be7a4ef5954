#include "do/action_ledger.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "do/action_mark.h"
#include "do/action_phase.h"
#include "do/debt.h"
#include "do/swap.h"

enum {
	ACTION_SYSTEMD_MS = 30000,
	ACTION_RUN_MS = 30000,
	ACTION_PRESS_MS = 8000, /* a cap, a reclaim: what is not given back by then is needed; the next step is due */
	ACTION_TELL_MS = 8000,  /* ... and to tell systemd of it */
};

const char *action_unit_name(const struct actions *actions, uint32_t unit)
{
	return unit == CONFIG_NONE ? "" : config_unit_at(actions->config, unit)->name;
}

void action_copy(char *to, size_t size, const char *text)
{
	struct buffer b;

	buffer_init(&b, to, size);
	buffer_add(&b, text);
}

struct action *action_free_row(struct actions *actions)
{
	for (int i = 0; i < ACTIONS_MAX; i++)
		if (!actions->action[i].used)
			return &actions->action[i];
	return NULL;
}

/* It makes the kernel take memory from a unit, or no more. */
static bool action_presses(const struct action *action)
{
	return action->phase == ACTION_CAP || action->phase == ACTION_UNCAP || action->phase == ACTION_RECLAIM;
}

/* Who carries the phase out, and what it acts on: systemd the unit, `exec` a command, `reclaim` a cgroup. */
static void action_entry_target(const struct actions *actions, const struct action *action,
				const struct config_step *step, struct ledger_entry *entry)
{
	const struct config_unit *unit =
		action->unit != CONFIG_NONE ? config_unit_at(actions->config, action->unit) : NULL;
	bool by_command = unit != NULL && unit->kind != CONFIG_SYSTEMD &&
			  (action->phase == ACTION_STOP || action->phase == ACTION_START);
	const char *target = "", *plugin = action->phase == ACTION_RUN || by_command ? "exec" : "systemd";

	if (action->verb == VERB_SWAP) {
		swap_fill_entry(actions, action, entry);
		return;
	}
	if (action->phase == ACTION_SNAPSHOT)
		plugin = "snapshot";
	else if (action_presses(action) && unit != NULL)
		plugin = action->phase != ACTION_RECLAIM && unit->kind == CONFIG_SYSTEMD ? "systemd" : "reclaim";
	if (strcmp(plugin, "reclaim") == 0)
		target = see_unit_path(actions->see, action->unit);
	else if (action->phase == ACTION_RUN && step != NULL)
		target = config_string(actions->config, step->command);
	else if (action->phase == ACTION_SIGNAL && step != NULL)
		target = verb_signal_name(step->signal);
	else if (by_command)
		target = config_string(actions->config, action->phase == ACTION_STOP ? unit->stop : unit->start);
	else if (unit != NULL)
		target = config_string(actions->config, unit->target);
	action_copy(entry->target, sizeof(entry->target), target);
	action_copy(entry->plugin, sizeof(entry->plugin), plugin);
	if (unit != NULL && unit->user != 0)
		entry->uid = unit->uid;
}

/* How long the worker may take: a stop of systemd's goes on after our kill, until the unit has ended. */
static uint32_t action_timeout_ms(const struct actions *actions, const struct action *action)
{
	const struct config_unit *unit;

	if (action->unit == CONFIG_NONE)
		return ACTION_RUN_MS;
	unit = config_unit_at(actions->config, action->unit);
	if (action_presses(action))
		return ACTION_PRESS_MS +
		       (unit->kind == CONFIG_SYSTEMD && action->phase != ACTION_RECLAIM ? ACTION_TELL_MS : 0);
	if (unit->kind != CONFIG_SYSTEMD)
		return action->phase == ACTION_START ? ACTION_RUN_MS : unit->stop_timeout_ms;
	return unit->stop_timeout_ms + ACTION_SYSTEMD_MS;
}

/* Who asked for it, and what was seen; of a later phase as in the entry before. */
static void action_entry_cause(struct actions *actions, const struct action *action, const struct order *order,
			       struct ledger_entry *entry)
{
	const struct ledger_entry *before = ledger_find(actions->ledger, action->entry);
	const struct config_instance *instance;
	const struct config_rule *rule;

	if (order != NULL) {
		rule = config_rule_at(actions->config, order->rule);
		instance = config_instance_at(actions->config, order->instance);
		entry->ladder_key = ledger_key(rule->name, action_unit_name(actions, instance->unit));
		entry->severity = rule->severity;
		action_copy(entry->event, sizeof(entry->event), rule->is_event ? event_words[rule->event].name : "");
		action_copy(entry->text, sizeof(entry->text), order->text);
	} else if (action->gives_back) {
		entry->gives_back = true;
		entry->thread = action->thread;
		entry->severity = action->severity;
	} else if (before != NULL) {
		entry->ladder_key = before->ladder_key;
		entry->severity = before->severity;
		memcpy(entry->event, before->event, sizeof(entry->event));
		memcpy(entry->text, before->text, sizeof(entry->text));
	}
}

/* Write the phase into the ledger, before it is asked. -EAGAIN when there is no room. */
int action_write_entry(struct actions *actions, struct action *action, const struct order *order)
{
	struct ledger_entry *entry = ledger_add(actions->ledger, LEDGER_STEP);
	const struct config_step *step = NULL;
	struct ledger_unit *row = NULL;
	uint32_t about = CONFIG_NONE; /* a command acts on no unit, but is told which its rule is about */

	if (entry == NULL)
		return -EAGAIN;
	if (order != NULL) {
		const struct config_rule *rule = config_rule_at(actions->config, order->rule);

		step = config_step_at(actions->config, rule, order->step);
		about = config_instance_at(actions->config, order->instance)->unit;
	}
	action_entry_cause(actions, action, order, entry);
	entry->phase = (uint16_t)action->phase;
	entry->verb = action_phase_verb(action->phase);
	entry->step_verb = action->verb;
	entry->cgroup_id = action->cgroup_id;
	entry->bytes = action->bytes;
	entry->timeout_ms = action_timeout_ms(actions, action);
	action_copy(entry->rule, sizeof(entry->rule), action->rule);
	action_copy(entry->unit, sizeof(entry->unit),
		    action_unit_name(actions, action->unit != CONFIG_NONE ? action->unit : about));
	action_entry_target(actions, action, step, entry);
	if (action->phase == ACTION_START) {
		row = ledger_unit(actions->ledger, entry->unit);
		entry->reset = (row->flags & LEDGER_UNIT_RESET) != 0;
	}
	ledger_commit(entry);
	action->entry = entry->id;
	if (row != NULL) /* used up, when the entry is there for whoever comes after a crash */
		row->flags &= (uint16_t)~LEDGER_UNIT_RESET;
	return 0;
}

void action_end_entry(struct actions *actions, struct action *action)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	if (entry != NULL)
		ledger_free(entry);
	action->entry = 0;
}

static uint32_t action_find_instance(const struct config *config, uint64_t key)
{
	for (uint32_t i = 0; i < config->instances.count; i++) {
		const struct config_instance *instance = config_instance_at(config, i);
		const char *unit = instance->unit == CONFIG_NONE ? "" : config_unit_at(config, instance->unit)->name;

		if (ledger_key(config_rule_at(config, instance->rule)->name, unit) == key)
			return i;
	}
	return CONFIG_NONE;
}

/* It needs its unit, which is not in the config (any more). What gives back goes on without. */
static bool action_is_lost(enum verb verb, uint32_t unit)
{
	return verb_takes_unit(verb) && verb != VERB_UNCAP && unit == CONFIG_NONE;
}

/* Units and ladders have other numbers now. What is under way goes on to its end, told under its rule's
 * name, also when no ladder waits for it any more. */
void actions_config(struct actions *actions, const struct config *config)
{
	swap_config(actions, config);
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];
		struct ledger_entry *entry = action->used ? ledger_find(actions->ledger, action->entry) : NULL;
		uint32_t kept = 0;

		if (entry == NULL) {
			action->used = false;
			continue;
		}
		if (action->unit != CONFIG_NONE)
			action->unit = config_find_same_unit(config, actions->config, action->unit);
		if (action_is_lost(action->verb, action->unit)) {
			diag_warning("%s of %s %s: the unit left the config", verb_words[action->verb].name, entry->unit,
				     action_owes_start(action) ? "ends before its start" : "goes on unwatched");
			action_end_entry(actions, action);
			action->used = false;
			continue;
		}
		if (action->unit == CONFIG_NONE && verb_takes_unit(action->verb)) { /* told in the log alone */
			action->gives_back = false;
			entry->gives_back = false;
		}
		for (uint32_t k = 0; k < action->instances; k++) {
			const struct config_instance *old = config_instance_at(actions->config, action->instance[k]);
			uint32_t found = action_find_instance(
				config, ledger_key(config_rule_at(actions->config, old->rule)->name,
						   action_unit_name(actions, old->unit)));

			if (found != CONFIG_NONE)
				action->instance[kept++] = found;
		}
		action->instances = kept;
	}
	actions->config = config;
	debt_config(actions);
	actions->backoff_published = false; /* the page's rows begin anew */
}

/* The proof first; only what it does not show is asked again. */
static void action_resume(struct actions *actions, struct action *action, mono_ms now)
{
	if (action->phase == ACTION_SIGNAL) {
		action_saw(action, "not known whether it was sent");
		action->progress = ACTION_NOT_DONE;
		return;
	}
	if (action->phase == ACTION_SWAP_ON) /* the crash may have come before it */
		action_put_mark(actions, action, now);
	if (action->phase == ACTION_CAP) /* what it was is read before the actor may change it */
		action_put_mark(actions, action, now);
	if (action->phase != ACTION_RUN && action->phase != ACTION_SNAPSHOT)
		action->progress = action_phase_look(actions, action, now);
	if (action->progress == ACTION_WAITS && !action->killed)
		action_enter(actions, action, now);
	if (action->progress == ACTION_PROVED && action_following(action) != ACTION_PHASES)
		action->progress = ACTION_WAITS; /* the next look sees it again, and goes on */
	if (action->unit == CONFIG_NONE || action->phase == ACTION_CAP)
		return;
	if (action->progress != ACTION_PROVED || actions->state->unit[action->unit].status != STATE_UNIT_RUNNING)
		action_put_mark(actions, action, now); /* the crash may have come before it */
}

static void action_recover_given(const struct actions *actions, struct action *action,
				 const struct ledger_entry *entry)
{
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, entry->unit);

	action->gives_back = entry->gives_back && (action->unit != CONFIG_NONE || action->verb == VERB_SWAP);
	action->severity = entry->severity < SEVERITIES ? (enum severity)entry->severity : SEVERITY_CRITICAL;
	action->thread = entry->thread;
	action->shed_at = action->gives_back && mark != NULL ? mark->at : 0;
}

/* One entry that an earlier sentinel left open. */
static void action_recover(struct actions *actions, struct ledger_entry *entry, mono_ms now)
{
	struct action *action = action_free_row(actions);
	bool on_unit = verb_takes_unit((enum verb)entry->step_verb);
	uint32_t unit = on_unit ? config_find_unit(actions->config, entry->unit) : CONFIG_NONE;
	uint32_t instance = action_find_instance(actions->config, entry->ladder_key);

	if (action == NULL || action_is_lost((enum verb)entry->step_verb, unit)) {
		diag_warning("%s of %s, begun before, is not looked after any more", verb_words[entry->step_verb].name,
			     entry->unit[0] != '\0' ? entry->unit : entry->target);
		ledger_free(entry);
		return;
	}
	memset(action, 0, sizeof(*action));
	action->used = true;
	action->verb = entry->step_verb;
	action->phase = (enum action_phase)entry->phase;
	if (action->phase == ACTION_ROOM && action_following(action) == ACTION_PHASES)
		action->phase = ACTION_STOP; /* killed while a stop took it over */
	action->unit = unit;
	action->instance[0] = instance;
	action->instances = instance != CONFIG_NONE;
	action->entry = entry->id;
	action->cgroup_id = entry->cgroup_id;
	action_recover_given(actions, action, entry);
	action->bytes = entry->bytes;
	action->began = entry->at_mono < now ? entry->at_mono : now;
	entry->at_mono = now; /* the worker's time begins anew */
	action->available_before = -1;
	action->anon_before = -1;
	action->swap_before = -1;
	action->phase_began = now;
	action->stop_ours_at = now; /* or at any time before */
	action_copy(action->rule, sizeof(action->rule), entry->rule);
	action_saw(action, "taken up again");
	if (unit != CONFIG_NONE) {
		see_unit_refresh(actions->see, unit, now);
		if (action->phase != ACTION_OWED)
			action_set_busy(actions, action);
	}
	action_resume(actions, action, now);
}

/* Killed while a start got its own entry: that one is later, and says all that this one does. Or when the swap file was
 * wanted again, before that it is not switched off any more was told. */
static bool action_is_followed_by(const struct ledger_entry *entry, const struct ledger_entry *later)
{
	return (entry->phase == ACTION_ROOM && later->phase == ACTION_START && strcmp(later->unit, entry->unit) == 0) ||
	       (entry->phase == ACTION_SWAP_OFF && later->phase == ACTION_SWAP_ON);
}

static bool action_is_superseded(const struct ledger *ledger, const struct ledger_entry *entry)
{
	for (int i = 0; i < ENTRIES_MAX; i++) {
		const struct ledger_entry *other = &ledger->entries[i];

		if (other->state == LEDGER_OPEN && other->kind == LEDGER_STEP && other->id > entry->id &&
		    action_is_followed_by(entry, other))
			return true;
	}
	return false;
}

void actions_init(struct actions *actions, mono_ms now)
{
	debt_config(actions);
	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *entry = &actions->ledger->entries[i];

		if (entry->state != LEDGER_OPEN || entry->kind != LEDGER_STEP)
			continue;
		if (entry->step_verb >= VERBS || entry->phase >= ACTION_PHASES ||
		    action_is_superseded(actions->ledger, entry) || swap_is_stale(actions, entry))
			ledger_free(entry);
		else
			action_recover(actions, entry, now);
	}
}

