/* What is wrong across the keys of a unit, and events that no unit can tell. */
#include <string.h>

#include "config/config_check.h"
#include "config/config_idle.h"
#include "config/value.h"

/* Exactly one of systemd, cgroup, match. */
static void config_check_unit_kind(struct config_draft *draft, const struct config_section *section)
{
	static const char *const kinds[] = {
		[CONFIG_SYSTEMD] = "systemd", [CONFIG_CGROUP] = "cgroup", [CONFIG_MATCH] = "match"};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!config_check_has(section, kinds[i]))
			continue;
		if (first != NULL)
			config_check_tell(draft, section, kinds[i],
					  "the unit has \"%s\" already; expected one "
					  "of systemd, cgroup, match",
					  first);
		first = kinds[i];
	}
	if (first == NULL)
		config_check_missing(draft, section,
				     "nothing says what the unit is; expected one of "
				     "systemd, cgroup, match");
}

static void config_check_unit_group(struct config_draft *draft,
				    const struct config_section *section)
{
	const struct config_entry *group = config_tree_find(section, "group");
	const char *name = group != NULL && group->count > 0 ? group->items[0].text : NULL;

	if (name == NULL)
		return;
	config_check_name(draft, section, "group", name);
	if (config_names_unit(&draft->names, name, strlen(name)) != CONFIG_NONE)
		config_check_tell(draft, section, "group",
				  "\"%s\" is a unit; a group needs a name of its own", name);
}

/* Who runs it starts and stops it. */
static void config_check_unit_systemd(struct config_draft *draft,
				      const struct config_section *section)
{
	static const struct {
		const char *key, *what;
	} others[] = {{"start", "systemd starts this unit; put the command into its ExecStart=, and leave it out here"},
		      {"stop", "systemd stops this unit; put the command into its ExecStop=, and leave it out here"}};
	bool systemd = config_check_has(section, "systemd");

	for (size_t i = 0; i < ARRAY_LEN(others); i++)
		if (systemd && config_check_has(section, others[i].key))
			config_check_tell(draft, section, others[i].key, "%s", others[i].what);
	if (!systemd && config_check_has(section, "user"))
		config_check_tell(draft, section, "user",
				  "is whose systemd the unit is of, but the unit has no \"systemd\"; leave it out");
}

static bool config_check_unit_is_journal(const struct config_section *section)
{
	const struct config_entry *journal = config_tree_find(section, "journal");
	bool yes;

	return journal != NULL && journal->count > 0 &&
	       value_parse_bool(journal->items[0].text, &yes) && yes;
}

static void config_check_unit_log(struct config_draft *draft, const struct config_section *section)
{
	static const char *const of_log[] = {"log-match", "log-silence"};
	bool journal = config_check_unit_is_journal(section), log = config_check_has(section, "log");

	if (journal && !config_check_has(section, "systemd"))
		config_check_tell(draft, section, "journal",
				  "is of a systemd unit, but the unit has no \"systemd\"; give it \"log = /path\"");
	if (journal && log)
		config_check_tell(draft, section, "journal",
				  "the unit has \"log\" already; expected one of log, journal");
	for (size_t i = 0; i < ARRAY_LEN(of_log); i++)
		if (!journal && !log && config_check_has(section, of_log[i]))
			config_check_tell(draft, section, of_log[i],
					  "the unit has no log; give it \"log = /path\", or \"journal = yes\"");
}

static void config_check_unit_alive(struct config_draft *draft,
				    const struct config_section *section)
{
	static const char *const of_alive[] = {"alive-every", "alive-timeout", "alive-failures"};

	for (size_t i = 0; i < ARRAY_LEN(of_alive); i++)
		if (!config_check_has(section, "alive") && config_check_has(section, of_alive[i]))
			config_check_tell(draft, section, of_alive[i],
					  "the unit has no \"alive\"; give it \"alive = /path/of/command\"");
}

void config_check_unit(struct config_draft *draft, const struct config_section *section)
{
	config_check_unit_kind(draft, section);
	config_check_unit_group(draft, section);
	config_check_unit_systemd(draft, section);
	config_check_unit_log(draft, section);
	config_check_unit_alive(draft, section);
	config_idle_check_unit(draft, section);
}

/* What the unit would need to tell the event; NULL: nothing more. By what the file says, right or
 * wrong: what is wrong is told there. */
static const char *config_check_event_needs(enum event_kind event,
					    const struct config_section *section)
{
	switch (event) {
	case EVENT_SILENCE:
		return config_check_has(section, "log-silence") ? NULL : "log-silence = DURATION";
	case EVENT_LOG_MATCH:
		return config_check_has(section, "log-match") ? NULL : "log-match = TEXT";
	case EVENT_IDLE:
		return config_check_has(section, "idle") ? NULL : "idle = DURATION";
	default: /* deaths are told of any unit: without `process`, of the root of its tree */
		return NULL;
	}
}

void config_check_event(struct config_draft *draft, const struct config_section *section,
			const struct config_rule *rule)
{
	const char *needs = NULL;

	if (!rule->is_event || (rule->scope_unit == CONFIG_NONE && rule->scope_group == CONFIG_NONE))
		return;
	for (uint32_t i = 0; i < draft->tree.section_count; i++) {
		const struct config_section *unit = &draft->tree.sections[i];

		if (unit->what != CONFIG_UNIT_SECTION || unit->row == CONFIG_NONE ||
		    !config_draft_scope_has(draft, rule, unit->row))
			continue;
		needs = config_check_event_needs((enum event_kind)rule->event, unit);
		if (needs == NULL || unit->broken)
			return; /* one that can is enough */
	}
	if (needs == NULL)
		return;
	if (rule->scope_unit != CONFIG_NONE)
		config_check_tell(draft, section, "on", "the unit \"%s\" never tells \"%s\"; give it \"%s\"",
				  draft->units[rule->scope_unit].name, event_words[rule->event].name, needs);
	else
		config_check_tell(draft, section, "on",
				  "no unit of the group \"%s\" ever tells \"%s\"; give one of them \"%s\"",
				  draft->groups[rule->scope_group].name, event_words[rule->event].name, needs);
}
