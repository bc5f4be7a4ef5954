#include "config/config_check.h"

#include <string.h>

#include "config/condition_bound.h"
#include "config/config_idle.h"
#include "config/config_keys.h"

static void config_check_add(struct config_draft *draft, enum config_finding finding,
			     const struct config_place *place, const char *format, va_list args)
	__attribute__((format(printf, 4, 0)));
static void config_check_add(struct config_draft *draft, enum config_finding finding,
			     const struct config_place *place, const char *format, va_list args)
{
	char what[TEXT_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, what);
	buffer_vaddf(&b, format, args);
	config_findings_add(&draft->findings, finding, place, "%s", what);
}

static struct config_place config_check_place(const struct config_section *section, const char *key)
{
	return config_tree_place(section, key != NULL ? config_tree_find(section, key) : NULL);
}

void config_check_tell(struct config_draft *draft, const struct config_section *section,
		       const char *key, const char *format, ...)
{
	struct config_place place = config_check_place(section, key);
	va_list args;

	va_start(args, format);
	config_check_add(draft, CONFIG_ERROR, &place, format, args);
	va_end(args);
}

void config_check_warn(struct config_draft *draft, const struct config_section *section,
		       const char *key, const char *format, ...)
{
	struct config_place place = config_check_place(section, key);
	va_list args;

	va_start(args, format);
	config_check_add(draft, CONFIG_WARNING, &place, format, args);
	va_end(args);
}

bool config_check_has(const struct config_section *section, const char *key)
{
	return config_tree_find(section, key) != NULL;
}

const char *config_check_value(const struct config_section *section, const char *key)
{
	const struct config_entry *entry = config_tree_find(section, key);

	return entry != NULL && entry->count > 0 ? entry->items[0].text : "";
}

void config_check_missing(struct config_draft *draft, const struct config_section *section,
			  const char *what)
{
	if (section->broken || (section->row == CONFIG_NONE && config_kind_words[section->what].named))
		return;
	for (uint32_t i = 0; i < section->count; i++)
		if (config_key_find((enum config_kind)section->what, section->entries[i].key) ==
		    NULL)
			return;
	config_check_tell(draft, section, NULL, "%s", what);
}

void config_check_name(struct config_draft *draft, const struct config_section *section,
		       const char *key, const char *name)
{
	if (!config_names_is_name(name))
		config_check_tell(draft, section, key,
				  "\"%s\" is no name; expected small letters, digits, _ "
				  "and -, a letter first",
				  name);
	else if (section->what == CONFIG_UNIT_SECTION && config_names_is_word(name))
		config_check_tell(draft, section, key,
				  "\"%s\" is a word of conditions and steps; choose "
				  "another name",
				  name);
}

bool config_check_aims(const struct config_draft *draft, const struct config_rule *rule,
		       const struct config_step *step, uint32_t unit)
{
	if (step->target != CONFIG_UNIT)
		return draft->units[unit].group == step->group;
	return step->unit == unit ||
	       (step->unit == CONFIG_EACH && config_draft_scope_has(draft, rule, unit));
}

bool config_check_does(const struct config_draft *draft, const struct config_rule *rule, uint32_t verbs,
		       uint32_t unit)
{
	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = &draft->steps[rule->steps.at + i];

		if ((verbs >> step->verb & 1) != 0 && config_check_aims(draft, rule, step, unit))
			return true;
	}
	return false;
}

/* A step that starts a unit, or whose work a `restore` gives back, needs somebody who can start it.
 */
static void config_check_starts(struct config_draft *draft, const struct config_section *section,
				const struct config_rule *rule, const struct config_step *step)
{
	bool starts = step->verb == VERB_START || step->verb == VERB_RESTART;
	struct config_place place = config_tree_place(section, config_tree_find(section, "then"));

	if (!starts && !(step->verb == VERB_STOP && config_check_has(section, "restore")))
		return;
	place.line = step->line;
	for (uint32_t i = 0; i < draft->names.unit_count; i++) {
		if (draft->units[i].kind == CONFIG_SYSTEMD || draft->unit_has_start[i] ||
		    !config_check_aims(draft, rule, step, i))
			continue;
		config_findings_error(
			&draft->findings, &place,
			"nobody can start the unit \"%s\" %s; give "
			"it \"start = /path/of/command\", or \"systemd = NAME.service\"",
			draft->units[i].name, starts ? "again" : "for restore");
		return;
	}
}

static void config_check_clear(struct config_draft *draft, const struct config_section *section,
			       const struct config_rule *rule)
{
	const struct config_node *clear = &draft->nodes[rule->clear.at];
	uint32_t i = condition_bound_overlap(&draft->nodes[rule->when.at], rule->when.count, clear,
					     rule->clear.count);

	if (i < rule->clear.count)
		config_check_tell(
			draft, section, "clear",
			"both \"when\" and \"clear\" can be true of %s; move the bound of \"clear\" beyond that of \"when\"",
			condition_bound_reading(&clear[i])->name);
}

static void config_check_rule(struct config_draft *draft, const struct config_section *section)
{
	const struct config_rule *rule =
		section->row == CONFIG_NONE ? NULL : &draft->rules[section->row];
	bool on = config_check_has(section, "on"), when = config_check_has(section, "when");

	if (on && when)
		config_check_tell(draft, section, "on",
				  "the rule has \"when\" already; expected one of when, on");
	if (!on && !when)
		config_check_missing(draft, section,
				     "nothing says when the rule fires; expected one of "
				     "when, on");
	if (on && config_check_has(section, "clear"))
		config_check_tell(draft, section, "clear",
				  "an event has no clear; leave it out, or use "
				  "\"when\"");
	if (on && config_check_has(section, "each"))
		config_check_tell(draft, section, "each",
				  "an event is of one unit already; write \"on = EVENT "
				  "GROUP\"");
	if (!on && config_check_has(section, "after"))
		config_check_tell(draft, section, "after",
				  "counts events, but the rule has no \"on\"; use "
				  "\"for\" in \"when\"");
	if (!config_check_has(section, "then"))
		config_check_missing(draft, section,
				     "nothing says what the rule does; expected \"then\"");
	if (rule == NULL)
		return;
	config_check_clear(draft, section, rule);
	config_check_event(draft, section, rule);
	config_idle_check_rule(draft, section, rule);
	for (uint32_t i = 0; i < rule->steps.count; i++)
		config_check_starts(draft, section, rule, &draft->steps[rule->steps.at + i]);
	config_check_swap_on(draft, section, rule);
	config_check_restore(draft, section, rule);
}

void config_check_section(struct config_draft *draft, const struct config_section *section)
{
	static void (*const checks[CONFIG_KINDS])(struct config_draft * draft,
						  const struct config_section *section) = {
		[CONFIG_UNIT_SECTION] = config_check_unit,
		[CONFIG_RULE] = config_check_rule,
		[CONFIG_CHANNEL] = config_check_channel,
		[CONFIG_HEARTBEAT] = config_check_heartbeat,
		[CONFIG_PROMETHEUS] = config_check_prometheus,
		[CONFIG_SWAPFILE] = config_check_swapfile,
	};

	if (section->name[0] != '\0')
		config_check_name(draft, section, NULL, section->name);
	if (checks[section->what] != NULL)
		checks[section->what](draft, section);
}
