#include "do/action_ledger.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "do/action_mark.h"
#include "do/action_phase.h"

enum { ACTION_SYSTEMD_MS = 30000, ACTION_RUN_MS = 30000 };

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

static void action_entry_target(const struct actions *actions, const struct action *action,
				const struct config_step *step, struct ledger_entry *entry)
{
	const char *target = "";

	if (action->phase == ACTION_RUN && step != NULL)
		target = config_string(actions->config, step->command);
	else if (action->phase == ACTION_SIGNAL && step != NULL)
		target = verb_signal_name(step->signal);
	else if (action->unit != CONFIG_NONE)
		target = config_string(actions->config, config_unit_at(actions->config, action->unit)->target);
	action_copy(entry->target, sizeof(entry->target), target);
	action_copy(entry->plugin, sizeof(entry->plugin), action->phase == ACTION_RUN ? "exec" : "systemd");
}

/* How long the worker may take: a stop of systemd's goes on after our kill, until the unit has ended. */
static uint32_t action_timeout_ms(const struct actions *actions, const struct action *action)
{
	if (action->unit == CONFIG_NONE)
		return ACTION_RUN_MS;
	return config_unit_at(actions->config, action->unit)->stop_timeout_ms + ACTION_SYSTEMD_MS;
}

/* Write the phase into the ledger, before it is asked. -EAGAIN when there is no room. */
int action_write_entry(struct actions *actions, struct action *action, const struct order *order)
{
	struct ledger_entry *entry = ledger_add(actions->ledger, LEDGER_STEP);
	const struct config_step *step = NULL;
	uint32_t about = CONFIG_NONE; /* a command acts on no unit, but is told which its rule is about */

	if (entry == NULL)
		return -EAGAIN;
	if (order != NULL) {
		const struct config_rule *rule = config_rule_at(actions->config, order->rule);

		step = config_step_at(actions->config, rule, order->step);
		about = config_instance_at(actions->config, order->instance)->unit;
		entry->ladder_key = ledger_key(rule->name, action_unit_name(actions, about));
		entry->severity = rule->severity;
		action_copy(entry->event, sizeof(entry->event), rule->is_event ? event_words[rule->event].name : "");
		action_copy(entry->text, sizeof(entry->text), order->text);
	}
	entry->verb = action_phase_verb(action->phase);
	entry->step_verb = action->verb;
	entry->cgroup_id = action->cgroup_id;
	entry->timeout_ms = action_timeout_ms(actions, action);
	action_copy(entry->rule, sizeof(entry->rule), action->rule);
	action_copy(entry->unit, sizeof(entry->unit),
		    action_unit_name(actions, action->unit != CONFIG_NONE ? action->unit : about));
	action_entry_target(actions, action, step, entry);
	ledger_commit(entry);
	action->entry = entry->id;
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

/* Units and ladders have other numbers now. What is under way goes on to its end, told under its rule's
 * name, also when no ladder waits for it any more. */
void actions_config(struct actions *actions, const struct config *config)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		struct action *action = &actions->action[i];
		struct ledger_entry *entry = action->used ? ledger_find(actions->ledger, action->entry) : NULL;
		uint32_t kept = 0;

		if (entry == NULL) {
			action->used = false;
			continue;
		}
		if (action->unit != CONFIG_NONE)
			action->unit = config_find_unit(config, entry->unit);
		if (action->verb != VERB_RUN && action->unit == CONFIG_NONE) {
			diag_warning("%s of %s goes on unwatched: the unit left the config",
				     verb_words[action->verb].name, entry->unit);
			action_end_entry(actions, action);
			action->used = false;
			continue;
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
}

/* The phase that an entry stands for. One that no ladder waits for was told: only systemd is still owed it. */
static enum action_phase action_entry_phase(const struct ledger_entry *entry)
{
	if (entry->step_verb == VERB_RESTART && entry->verb == VERB_START)
		return ACTION_START;
	if (entry->step_verb == VERB_STOP && entry->ladder_key == 0)
		return ACTION_OWED;
	return action_first_phase(entry->step_verb);
}

/* The proof first; only what it does not show is asked again. */
static void action_resume(struct actions *actions, struct action *action, mono_ms now)
{
	if (action->phase == ACTION_SIGNAL) {
		action_saw(action, "not known whether it was sent");
		action->progress = ACTION_NOT_DONE;
		return;
	}
	if (action->phase != ACTION_RUN)
		action->progress = action_phase_look(actions, action, now);
	if (action->progress == ACTION_WAITS && !action->killed)
		action_enter(actions, action, now);
	if (action->progress == ACTION_PROVED && action->verb == VERB_RESTART && action->phase == ACTION_STOP)
		action->progress = ACTION_WAITS; /* the next look sees it again, and goes on to the start */
	if (action->progress != ACTION_PROVED || actions->state->unit[action->unit].status != STATE_UNIT_RUNNING)
		action_put_mark(actions, action); /* the crash may have come before it */
}

/* One entry that an earlier sentinel left open. */
static void action_recover(struct actions *actions, struct ledger_entry *entry, mono_ms now)
{
	struct action *action = action_free_row(actions);
	bool on_unit = entry->step_verb != VERB_RUN;
	uint32_t unit = on_unit ? config_find_unit(actions->config, entry->unit) : CONFIG_NONE;
	uint32_t instance = action_find_instance(actions->config, entry->ladder_key);

	if (action == NULL || (on_unit && unit == CONFIG_NONE)) {
		diag_warning("%s of %s, begun before, is not looked after any more", verb_words[entry->step_verb].name,
			     entry->unit[0] != '\0' ? entry->unit : entry->target);
		ledger_free(entry);
		return;
	}
	memset(action, 0, sizeof(*action));
	action->used = true;
	action->verb = entry->step_verb;
	action->phase = action_entry_phase(entry);
	action->unit = unit;
	action->instance[0] = instance;
	action->instances = instance != CONFIG_NONE;
	action->entry = entry->id;
	action->cgroup_id = entry->cgroup_id;
	action->began = entry->at_mono < now ? entry->at_mono : now;
	entry->at_mono = now; /* the worker's time begins anew */
	action->available_before = -1;
	action->anon_before = -1;
	action->phase_began = now;
	action_copy(action->rule, sizeof(action->rule), entry->rule);
	action_saw(action, "taken up again");
	if (unit != CONFIG_NONE) {
		see_unit_refresh(actions->see, unit, now);
		if (action->phase != ACTION_OWED)
			actions->state->unit[unit].busy = (uint8_t)(1 + action->verb);
	}
	action_resume(actions, action, now);
}

void actions_init(struct actions *actions, mono_ms now)
{
	for (int i = 0; i < ENTRIES_MAX; i++) {
		struct ledger_entry *entry = &actions->ledger->entries[i];

		if (entry->state == LEDGER_OPEN && entry->kind == LEDGER_STEP && entry->step_verb < VERBS)
			action_recover(actions, entry, now);
		else if (entry->state == LEDGER_OPEN && entry->kind == LEDGER_STEP)
			ledger_free(entry);
	}
}

