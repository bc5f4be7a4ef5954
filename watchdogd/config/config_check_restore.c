/* What a rule sheds, and whether anything ever gives that back: a `restore` that cannot, a freeze for good. */
#include "config/config_check.h"

enum {
	CHECK_SHEDS = 1u << VERB_STOP | 1u << VERB_FREEZE | 1u << VERB_CAP, /* what leaves a mark */
	/* what adds its rule to the mark of another */
	CHECK_REACHES = CHECK_SHEDS | 1u << VERB_RESTART | 1u << VERB_SIGNAL | 1u << VERB_KILL | 1u << VERB_RECLAIM,
};

/* What a condition can be. */
enum { CHECK_FALSE = 1, CHECK_TRUE = 2, CHECK_BOTH = CHECK_FALSE | CHECK_TRUE };

/* Some rule sheds the unit. */
static bool config_check_is_shed(const struct config_draft *draft, uint32_t unit)
{
	for (uint32_t i = 0; i < draft->rule_count; i++)
		if (config_check_does(draft, &draft->rules[i], CHECK_SHEDS, unit))
			return true;
	return false;
}

/* A step of the rule sheds something, or reaches what another rule has shed. */
static bool config_check_gives_back(const struct config_draft *draft, const struct config_rule *rule)
{
	for (uint32_t i = 0; i < rule->steps.count; i++)
		if (draft->steps[rule->steps.at + i].verb == VERB_SWAP)
			return true;
	for (uint32_t i = 0; i < draft->names.unit_count; i++)
		if (config_check_does(draft, rule, CHECK_REACHES, i) && config_check_is_shed(draft, i))
			return true;
	return false;
}

/* Of a unit that is down no reading is known; only an empty cgroup that is kept still has some. */
static bool config_check_asks(const struct config_draft *draft, const struct config_rule *rule,
			      const struct config_node *node, uint32_t unit)
{
	return draft->units[unit].kind != CONFIG_CGROUP &&
	       (node->unit == unit || (node->unit == CONFIG_EACH && config_draft_scope_has(draft, rule, unit)));
}

/* What `restore` can be while the unit is down; 0: nothing but unknown. */
static unsigned config_check_can_be(const struct config_draft *draft, const struct config_rule *rule, uint32_t unit)
{
	unsigned stack[CONDITION_DEPTH + 1] = {0}, depth = 0;

	for (uint32_t i = 0; i < rule->restore.count && depth <= CONDITION_DEPTH; i++) {
		const struct config_node *node = &draft->nodes[rule->restore.at + i];
		unsigned top = depth > 0 ? stack[depth - 1] : 0, below = depth > 1 ? stack[depth - 2] : 0;

		if (node->kind == CONFIG_COMPARE) {
			stack[depth++] = config_check_asks(draft, rule, node, unit) ? 0 : CHECK_BOTH;
		} else if (node->kind == CONFIG_NOT && depth > 0) {
			stack[depth - 1] = ((top & CHECK_TRUE) >> 1) | ((top & CHECK_FALSE) << 1);
		} else if (node->kind == CONFIG_AND && depth > 1) {
			stack[--depth - 1] = (top & below & CHECK_TRUE) | ((top | below) & CHECK_FALSE);
		} else if (node->kind == CONFIG_OR && depth > 1) {
			stack[--depth - 1] = ((top | below) & CHECK_TRUE) | (top & below & CHECK_FALSE);
		}
	}
	return stack[0];
}

static void config_check_restore_of_stopped(struct config_draft *draft, const struct config_section *section,
					    const struct config_rule *rule)
{
	for (uint32_t i = 0; i < draft->names.unit_count; i++) {
		if (!config_check_does(draft, rule, 1u << VERB_STOP, i) ||
		    (config_check_can_be(draft, rule, i) & CHECK_TRUE) != 0)
			continue;
		config_check_warn(draft, section, "restore",
				  "never holds while this rule has the unit \"%s\" stopped, as its readings are unknown then; "
				  "ask the host, as in \"host.available > 20%% for 1m\"", draft->units[i].name);
		return;
	}
}

/* Some step thaws the unit, or some `restore` whose rule reaches it. */
static bool config_check_is_thawed(const struct config_draft *draft, uint32_t unit)
{
	for (uint32_t i = 0; i < draft->rule_count; i++) {
		const struct config_rule *rule = &draft->rules[i];

		if (config_check_does(draft, rule, 1u << VERB_THAW, unit) ||
		    (rule->restore.count > 0 && config_check_does(draft, rule, CHECK_REACHES, unit)))
			return true;
	}
	return false;
}

/* Which of its units no thaw is for; CONFIG_NONE: none. */
static uint32_t config_check_frozen(const struct config_draft *draft, const struct config_rule *rule,
				    const struct config_step *step)
{
	for (uint32_t i = 0; i < draft->names.unit_count; i++)
		if (draft->units[i].protect == 0 && config_check_aims(draft, rule, step, i) &&
		    !config_check_is_thawed(draft, i))
			return i;
	return CONFIG_NONE;
}

static void config_check_freeze(struct config_draft *draft, const struct config_section *section,
				const struct config_rule *rule)
{
	struct config_place place = config_tree_place(section, config_tree_find(section, "then"));

	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = &draft->steps[rule->steps.at + i];
		uint32_t unit = step->verb == VERB_FREEZE ? config_check_frozen(draft, rule, step) : CONFIG_NONE;

		if (unit == CONFIG_NONE)
			continue;
		place.line = step->line;
		config_findings_add(&draft->findings, CONFIG_WARNING, &place,
				    "nothing thaws the unit \"%s\" again while watchdogd runs; give the rule "
				    "\"restore = CONDITION\", or a rule the step \"thaw %s\"",
				    draft->units[unit].name, draft->units[unit].name);
	}
}

void config_check_restore(struct config_draft *draft, const struct config_section *section,
			  const struct config_rule *rule)
{
	if (!config_check_has(section, "restore"))
		config_check_freeze(draft, section, rule);
	if (rule->restore.count == 0) /* none, or it could not be read */
		return;
	if (!config_check_gives_back(draft, rule))
		config_check_warn(draft, section, "restore",
				  "no step of this rule is given back by it; expected a step stop, freeze, cap or "
				  "\"swap on\", or leave it out");
	config_check_restore_of_stopped(draft, section, rule);
}
