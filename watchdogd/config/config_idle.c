#include "config/config_idle.h"

#include <string.h>

#include "config/config_check.h"
#include "config/config_rule.h"

/* As the defaults of a rule are. `limit` holds back no stop. */
enum { IDLE_SETTLE_MS = 3000, IDLE_LIMIT_N = 5, IDLE_LIMIT_MS = 3600 * 1000 };

/* Some step starts it, as a `restart` does not: that is for what has died. */
static bool config_idle_has_start(const struct config_draft *draft, uint32_t unit)
{
	for (uint32_t i = 0; i < draft->rule_count; i++)
		if (config_check_does(draft, &draft->rules[i], 1u << VERB_START, unit))
			return true;
	return false;
}

static bool config_idle_stops(const struct config_draft *draft, const struct config_section *section)
{
	return section->row != CONFIG_NONE && draft->units[section->row].stop_when_idle != 0;
}

void config_idle_check_unit(struct config_draft *draft, const struct config_section *section)
{
	const struct config_unit *unit;

	if (!config_idle_stops(draft, section))
		return;
	unit = &draft->units[section->row];
	if (!config_check_has(section, "idle"))
		config_check_tell(draft, section, CONFIG_IDLE_RULE,
				  "nothing says when the unit is idle; give it \"idle = DURATION\"");
	if (unit->protect != 0)
		config_check_tell(draft, section, CONFIG_IDLE_RULE,
				  "the unit has \"protect = yes\", so nothing stops it; leave one of them out");
	if (unit->kind != CONFIG_SYSTEMD && !draft->unit_has_start[section->row])
		config_check_warn(draft, section, CONFIG_IDLE_RULE,
				  "nobody can start the unit again; give it \"start = /path/of/command\", unless "
				  "something else starts it when it is needed");
	else if (unit->process != 0 && !config_idle_has_start(draft, section->row))
		config_check_warn(draft, section, CONFIG_IDLE_RULE,
				  "the unit has a \"process\" that must be alive, but once it was idle nothing starts it "
				  "again, unless a client does (a socket of systemd) or a person; leave one of them out");
}

static bool config_idle_group_has_some(const struct config_draft *draft, uint32_t group)
{
	for (uint32_t i = 0; i < draft->names.unit_count; i++)
		if (draft->units[i].group == group && draft->units[i].idle_ms != 0)
			return true;
	return false;
}

void config_idle_check_rule(struct config_draft *draft, const struct config_section *section,
			    const struct config_rule *rule)
{
	struct config_place place = config_tree_place(section, config_tree_find(section, "then"));

	if (strcmp(section->name, CONFIG_IDLE_RULE) == 0)
		config_check_tell(draft, section, NULL,
				  "is the name of the rule that \"stop-when-idle\" of a unit makes; choose another name");
	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = &draft->steps[rule->steps.at + i];

		place.line = step->line;
		if (step->target == CONFIG_IDLE && !config_idle_group_has_some(draft, step->group))
			config_findings_add(&draft->findings, CONFIG_WARNING, &place,
					    "no unit of the group \"%s\" has \"idle\", so none is ever found",
					    draft->groups[step->group].name);
	}
}

static void config_idle_add_unit(struct config_draft *draft, struct config_rule *rule, uint32_t unit)
{
	struct config_place place = {draft->units[unit].line, "unit", draft->units[unit].name, CONFIG_IDLE_RULE};

	if (draft->instance_count == INSTANCES_MAX) {
		config_findings_error(&draft->findings, &place,
				      "too many rules for units; all together can be %d rules and units that fire",
				      INSTANCES_MAX);
		return;
	}
	draft->instances[draft->instance_count++] = (struct config_instance){
		.rule = (uint32_t)(rule - draft->rules), .unit = unit, .first_hold = draft->hold_count};
	rule->instances++;
	rule->text_hash = config_rule_hash_unit(draft, &draft->units[unit], rule->text_hash);
}

/* Its row with its step, without units yet. NULL: there is no room, which is told. */
static struct config_rule *config_idle_add_rule(struct config_draft *draft, const struct config_unit *first)
{
	struct config_place place = {first->line, "unit", first->name, CONFIG_IDLE_RULE};
	struct config_rule *rule = &draft->rules[draft->rule_count];

	if (draft->rule_count == RULES_MAX || draft->step_count == STEPS_MAX) {
		config_findings_error(&draft->findings, &place,
				      "makes one rule too many; at most %d, with %d steps all together", RULES_MAX,
				      STEPS_MAX);
		return NULL;
	}
	*rule = (struct config_rule){.name = CONFIG_IDLE_RULE,
				     .line = first->line,
				     .is_event = true,
				     .event = EVENT_IDLE,
				     .scope_unit = CONFIG_NONE,
				     .scope_group = CONFIG_NONE,
				     .steps = {draft->step_count, 1},
				     .first_instance = draft->instance_count,
				     .settle_ms = IDLE_SETTLE_MS,
				     .limit_n = IDLE_LIMIT_N,
				     .limit_for_ms = IDLE_LIMIT_MS,
				     .severity = SEVERITY_INFO};
	draft->steps[draft->step_count++] = (struct config_step){.verb = VERB_STOP,
								 .line = first->line,
								 .target = CONFIG_UNIT,
								 .unit = CONFIG_EACH,
								 .group = CONFIG_NONE};
	draft->rule_count++;
	return rule;
}

void config_idle_finish(struct config_draft *draft)
{
	struct config_rule *rule = NULL;

	for (uint32_t i = 0; i < draft->names.unit_count; i++) {
		if (draft->units[i].stop_when_idle == 0)
			continue;
		if (rule == NULL)
			rule = config_idle_add_rule(draft, &draft->units[i]);
		if (rule == NULL)
			return;
		config_idle_add_unit(draft, rule, i);
	}
}
