#include "config/config_rule.h"

#include <string.h>

#include "config/condition_bound.h"
#include "config/condition_parse.h"
#include "config/step_parse.h"

void config_rule_event(struct config_field *field, const char *text)
{
	const struct config_names *names = &field->draft->names;
	struct config_rule *rule = field->base;
	size_t len = strcspn(text, " \t");
	const char *scope = text + len + strspn(text + len, " \t");
	int event = event_find(text, len);
	char right[TEXT_BYTES / 2];
	struct buffer b;
	struct suggest s;

	rule->is_event = true;
	BUFFER_OVER(&b, right);
	suggest_init(&s, text, len);
	if (event < 0) {
		for (int i = 0; i < EVENT_KINDS; i++)
			suggest_offer(&s, event_words[i].name);
		suggest_say(&s, &b);
		config_field_error(field, "no event \"%.*s\"%s", (int)len, text, right);
		return;
	}
	rule->event = (uint32_t)event;
	rule->scope_group = config_names_group(names, scope, strlen(scope));
	rule->scope_unit = config_names_unit(names, scope, strlen(scope));
	if (*scope == '\0' || rule->scope_group != CONFIG_NONE || rule->scope_unit != CONFIG_NONE)
		return;
	suggest_init(&s, scope, strlen(scope));
	config_names_suggest_units(names, &s);
	config_names_suggest_groups(names, &s);
	suggest_say(&s, &b);
	config_field_error(field, "no unit or group \"%s\"%s", scope, right);
}

/* The line of the key that byte `at` of its joined text stands in. */
static void config_rule_tell(void *arg, size_t at, const char *what)
{
	const struct config_field *field = arg;
	struct config_place place = field->place;

	if (config_type_lines(field->key->type) == KEY_JOINED)
		for (uint32_t i = 0; i < field->entry->count; i++) {
			size_t len = strlen(field->entry->items[i].text);

			place.line = field->entry->items[i].line;
			if (at <= len)
				break;
			at -= len + 1;
		}
	config_findings_error(&field->draft->findings, &place, "%s", what);
}

static struct config_expression config_rule_expression(struct config_field *field, const char *text)
{
	return (struct config_expression){
		.text = text,
		.names = &field->draft->names,
		.has_unit = config_tree_find(field->section, "each") != NULL ||
			    config_tree_find(field->section, "on") != NULL,
		.tell = config_rule_tell,
		.arg = field,
	};
}

void config_rule_step(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	struct config_rule *rule = field->base;
	struct config_expression in = config_rule_expression(field, text);
	struct step_parsed parsed;

	if (step_parse(&in, &parsed) != 0)
		return;
	if (rule->steps.count == RULE_STEPS_MAX || draft->step_count == STEPS_MAX) {
		config_field_error(
			field, "one step too many; a rule has at most %d, all rules together %d",
			RULE_STEPS_MAX, STEPS_MAX);
		return;
	}
	parsed.step.line = field->place.line;
	if (parsed.command != NULL)
		parsed.step.command = config_draft_text(draft, parsed.command);
	if (rule->steps.count == 0)
		rule->steps.at = draft->step_count;
	rule->steps.count++;
	draft->steps[draft->step_count++] = parsed.step;
}

void config_rule_condition(struct config_field *field, const char *text)
{
	struct config_draft *draft = field->draft;
	struct config_rule *rule = field->base;
	struct config_table *table =
		(struct config_table *)(void *)((char *)rule + field->key->field);
	struct config_expression in = config_rule_expression(field, text);
	struct condition_parsed condition;
	struct config_node *nodes = &draft->nodes[draft->node_count];

	if (condition_parse(&in, nodes, NODES_MAX - draft->node_count, rule->holds, &condition) !=
	    0)
		return;
	*table = (struct config_table){draft->node_count, condition.nodes};
	draft->node_count += condition.nodes;
	rule->holds += condition.holds;
}

/* FNV-1a, 64 bits (Fowler, Noll, Vo), of the text with its NUL, so that "a" "b" is not "ab". */
static uint64_t config_rule_hash_text(uint64_t hash, const char *text)
{
	do {
		hash ^= (unsigned char)*text;
		hash *= 0x100000001b3u;
	} while (*text++ != '\0');
	return hash;
}

static bool config_rule_uses(const struct config_draft *draft, const struct config_rule *rule,
			     uint32_t unit)
{
	const struct config_table conditions[] = {rule->when, rule->clear, rule->restore};

	if ((rule->is_event || rule->scope_group != CONFIG_NONE) &&
	    config_draft_scope_has(draft, rule, unit))
		return true;
	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = &draft->steps[rule->steps.at + i];

		if (step->unit == unit ||
		    (step->group != CONFIG_NONE && step->group == draft->units[unit].group))
			return true;
	}
	for (size_t c = 0; c < ARRAY_LEN(conditions); c++)
		for (uint32_t i = 0; i < conditions[c].count; i++)
			if (draft->nodes[conditions[c].at + i].kind == CONFIG_COMPARE &&
			    draft->nodes[conditions[c].at + i].unit == unit)
				return true;
	return false;
}

uint64_t config_rule_hash_unit(const struct config_draft *draft, const struct config_unit *unit, uint64_t hash)
{
	hash = config_rule_hash_text(hash, unit->name);
	hash = config_rule_hash_text(hash, config_draft_string(draft, unit->target));
	hash = config_rule_hash_text(hash, config_draft_string(draft, unit->user));
	hash = config_rule_hash_text(hash, config_draft_string(draft, unit->process));
	return (hash ^ unit->kind) * 0x100000001b3u;
}

/* All that the file says of the rule, and which processes the units it names are. */
static uint64_t config_rule_hash(const struct config_draft *draft, const struct config_rule *rule,
				 const struct config_section *section)
{
	uint64_t hash = config_rule_hash_text(0xcbf29ce484222325u, section->name);

	for (uint32_t i = 0; i < section->count; i++) {
		hash = config_rule_hash_text(hash, section->entries[i].key);
		for (uint32_t j = 0; j < section->entries[i].count; j++)
			hash = config_rule_hash_text(hash, section->entries[i].items[j].text);
	}
	for (uint32_t i = 0; i < draft->names.unit_count; i++)
		if (config_rule_uses(draft, rule, i))
			hash = config_rule_hash_unit(draft, &draft->units[i], hash);
	return hash;
}

static bool config_rule_instance(struct config_draft *draft, struct config_rule *rule,
				 uint32_t unit)
{
	if (draft->instance_count == INSTANCES_MAX || draft->hold_count + rule->holds > HOLDS_MAX)
		return false;
	draft->instances[draft->instance_count++] =
		(struct config_instance){.rule = (uint32_t)(rule - draft->rules),
					 .unit = unit,
					 .first_hold = draft->hold_count};
	draft->hold_count += rule->holds;
	rule->instances++;
	return true;
}

static bool config_rule_instances(struct config_draft *draft, struct config_rule *rule)
{
	bool each = rule->is_event || rule->scope_group != CONFIG_NONE;
	bool nobody =
		!each || (rule->scope_group == CONFIG_NONE && rule->scope_unit == CONFIG_NONE);

	rule->first_instance = draft->instance_count;
	for (uint32_t i = 0; each && i < draft->names.unit_count; i++)
		if (config_draft_scope_has(draft, rule, i) && !config_rule_instance(draft, rule, i))
			return false;
	return !nobody || config_rule_instance(draft, rule, CONFIG_NONE);
}

void config_rule_finish(struct config_draft *draft, const struct config_section *section)
{
	struct config_rule *rule = &draft->rules[section->row];
	struct config_place place = config_tree_place(section, NULL);

	rule->severity = SEVERITY_INFO;
	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = &draft->steps[rule->steps.at + i];

		if (step->verb == VERB_ALERT && step->severity > rule->severity)
			rule->severity = step->severity;
	}
	rule->text_hash = config_rule_hash(draft, rule, section);
	if (!config_rule_instances(draft, rule))
		config_findings_error(
			&draft->findings, &place,
			"too many rules for units; all together can be %d rules and units that "
			"fire, with %d \"for\"",
			INSTANCES_MAX, HOLDS_MAX);
}
