#include "do/debt.h"

#include "base/diag.h"
#include "do/action_gate.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"

void debt_note(struct actions *actions, uint32_t unit, const char *rule)
{
	const char *name = action_unit_name(actions, unit);

	/* The mark first: a debt without one is none. */
	if (ledger_mark(actions->ledger, name, STATE_MARK_STOPPED, rule) == NULL) {
		diag_warning("no room in the ledger to remember that %s is stopped, and its start owed", name);
		return;
	}
	ledger_unit(actions->ledger, name)->flags |= LEDGER_UNIT_OWED;
}

void debt_end(struct actions *actions, uint32_t unit)
{
	struct ledger_unit *row = ledger_unit(actions->ledger, action_unit_name(actions, unit));

	row->flags &= (uint16_t)~LEDGER_UNIT_OWED;
}

static uint32_t debt_find_unit(const struct config *config, uint32_t hash)
{
	for (uint32_t i = 0; i < config->units.count; i++) {
		uint32_t of = (uint32_t)ledger_hash(config_unit_at(config, i)->name);

		if ((of != 0 ? of : 1) == hash)
			return i;
	}
	return CONFIG_NONE;
}

/* An event of the unit itself (dead) does not keep it down: only its start ends that. */
static bool debt_rule_fires(const struct actions *actions, const struct config_rule *rule, uint32_t unit)
{
	for (uint32_t i = rule->first_instance; i < rule->first_instance + rule->instances; i++) {
		const struct state_rule *row = &actions->state->rule[i];

		if (rule->is_event && config_instance_at(actions->config, i)->unit == unit)
			continue;
		if (row->phase >= STATE_RULE_FIRING || row->since == 0) /* 0: not looked at yet */
			return true;
	}
	return false;
}

/* Some rule of the mark fires. name: gets one of them, "" when none is in the config any more. */
static bool debt_is_held(const struct actions *actions, const struct ledger_mark *mark, uint32_t unit,
			 const char **name)
{
	*name = "";
	for (uint32_t i = 0; i < actions->config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(actions->config, i);

		if (!ledger_mark_has(mark, rule->name))
			continue;
		*name = rule->name;
		if (debt_rule_fires(actions, rule, unit))
			return true;
	}
	return false;
}

static void debt_pay(struct actions *actions, uint32_t unit, const char *rule, mono_ms now)
{
	struct action like = {.verb = VERB_RESTART, .phase = ACTION_ROOM, .unit = unit};

	action_copy(like.rule, sizeof(like.rule), rule);
	action_saw(&like, "its start was owed since it was stopped on the way of a restart");
	(void)action_begin_alone(actions, &like, now);
}

static void debt_look_at(struct actions *actions, struct ledger_unit *row, mono_ms now)
{
	uint32_t unit = debt_find_unit(actions->config, row->hash);
	const struct ledger_mark *mark;
	const char *rule;

	/* What left the config may come back with the next one. */
	if (unit == CONFIG_NONE || action_of_unit(actions, unit) != NULL)
		return;
	mark = ledger_mark_find(actions->ledger, action_unit_name(actions, unit));
	if (mark == NULL || mark->kind != STATE_MARK_STOPPED ||
	    actions->state->unit[unit].status == STATE_UNIT_RUNNING)
		row->flags &= (uint16_t)~LEDGER_UNIT_OWED;
	else if (action_gate_why_not_start(config_unit_at(actions->config, unit)) == NULL &&
		 !debt_is_held(actions, mark, unit, &rule))
		debt_pay(actions, unit, rule, now);
}

void debt_config(const struct actions *actions)
{
	for (int i = 0; i < UNITS_MAX; i++) {
		const struct ledger_unit *row = &actions->ledger->units[i];
		uint32_t unit = row->hash != 0 && (row->flags & LEDGER_UNIT_OWED) != 0
					? debt_find_unit(actions->config, row->hash)
					: CONFIG_NONE;
		const char *why =
			unit != CONFIG_NONE ? action_gate_why_not_start(config_unit_at(actions->config, unit)) : NULL;

		if (why != NULL)
			diag_event(SEVERITY_WARNING, NULL, action_unit_name(actions, unit),
				   "its start is owed, but %s: it stays stopped", why);
	}
}

void debt_look(struct actions *actions, mono_ms now)
{
	for (int i = 0; i < UNITS_MAX; i++) {
		struct ledger_unit *row = &actions->ledger->units[i];

		if (row->hash != 0 && (row->flags & LEDGER_UNIT_OWED) != 0)
			debt_look_at(actions, row, now);
	}
}
