/* The passes over a file: its tree (config_tree), the names of its sections, the fields of each
 * (config_field), what is wrong across them (config_check), and what follows from the whole. */
#include "config/config_parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config_channel.h"
#include "config/config_check.h"
#include "config/config_field.h"
#include "config/config_idle.h"
#include "config/config_rule.h"

enum { CONFIG_FILE_BYTES_MAX = 1 << 20 /* a thousand units with every key are 300 KB */ };

/* The rows of a kind of section. */
struct config_rows {
	char *rows; /* each begins with its name */
	size_t row_bytes;
	uint32_t *count, most;
};

static struct config_rows config_parse_rows(struct config_draft *draft, enum config_kind kind)
{
	switch (kind) {
	case CONFIG_UNIT_SECTION:
		return (struct config_rows){(char *)draft->units, sizeof(draft->units[0]),
					    &draft->names.unit_count, UNITS_MAX};
	case CONFIG_RULE:
		return (struct config_rows){(char *)draft->rules, sizeof(draft->rules[0]),
					    &draft->rule_count, RULES_MAX};
	case CONFIG_CHANNEL:
		return (struct config_rows){(char *)draft->channels, sizeof(draft->channels[0]),
					    &draft->channel_count, CHANNELS_MAX};
	default:
		return (struct config_rows){NULL, 0, NULL, 0};
	}
}

static void config_parse_unknown(struct config_draft *draft, const struct config_section *section)
{
	struct config_place place = config_tree_place(section, NULL);
	char right[TEXT_BYTES / 2];
	struct buffer b;
	struct suggest s;

	suggest_init(&s, section->kind, strlen(section->kind));
	config_kinds_suggest(&s);
	BUFFER_OVER(&b, right);
	suggest_say(&s, &b);
	config_findings_error(&draft->findings, &place, "no such section%s", right);
}

static void config_parse_row(struct config_draft *draft, struct config_section *section)
{
	struct config_rows rows = config_parse_rows(draft, (enum config_kind)section->what);
	struct config_place place = config_tree_place(section, NULL);
	char *row;

	for (uint32_t i = 0; i < *rows.count; i++)
		if (strcmp(rows.rows + i * rows.row_bytes, section->name) == 0) {
			config_findings_error(
				&draft->findings, &place,
				"this section is there already; put its keys together");
			return;
		}
	if (*rows.count == rows.most) {
		config_findings_error(&draft->findings, &place, "one %s too many; at most %u",
				      section->kind, rows.most);
		return;
	}
	row = rows.rows + *rows.count * rows.row_bytes;
	memcpy(row, section->name, strlen(section->name) + 1);
	section->row = (*rows.count)++;
}

/* Which kind of section it is, and its row. */
static void config_parse_section(struct config_draft *draft, struct config_section *section)
{
	struct config_place place = config_tree_place(section, NULL);

	section->row = CONFIG_NONE;
	section->what = config_kind_find(section->kind);
	if (section->what < 0) {
		config_parse_unknown(draft, section);
	} else if (config_kind_words[section->what].named) {
		if (section->name[0] == '\0')
			config_findings_error(&draft->findings, &place,
					      "has no name; expected [%s NAME]", section->kind);
		else
			config_parse_row(draft, section);
	} else {
		if (section->name[0] != '\0')
			config_findings_error(&draft->findings, &place,
					      "has no name; expected [%s]", section->kind);
		if (draft->seen[section->what])
			config_findings_error(
				&draft->findings, &place,
				"this section is there already; put its keys together");
		draft->seen[section->what] = true;
	}
}

/* The group that a unit's section names comes to be by that. */
static void config_parse_group(struct config_draft *draft, const struct config_section *section)
{
	const struct config_entry *entry = config_tree_find(section, "group");
	struct config_place place = config_tree_place(section, entry);
	const char *name = entry != NULL && entry->count > 0 ? entry->items[0].text : NULL;

	if (section->what != CONFIG_UNIT_SECTION || name == NULL ||
	    config_names_group(&draft->names, name, strlen(name)) != CONFIG_NONE)
		return;
	if (strlen(name) >= NAME_BYTES)
		config_findings_error(&draft->findings, &place,
				      "the name \"%s\" has %zu bytes; at most %d", name,
				      strlen(name), NAME_BYTES - 1);
	else if (draft->names.group_count == GROUPS_MAX)
		config_findings_error(&draft->findings, &place, "one group too many; at most %d",
				      GROUPS_MAX);
	else
		memcpy(draft->groups[draft->names.group_count++].name, name, strlen(name) + 1);
}

/* The first directory of a list as systemd.exec(5) passes it in RUNTIME_DIRECTORY. */
static const char *config_parse_standard(const struct config_key *key, struct buffer *out)
{
	static const struct {
		const char *key, *variable, *file;
	} directories[] = {{"state", "STATE_DIRECTORY", ""},
			   {"control", "RUNTIME_DIRECTORY", "/control"}};

	for (size_t i = 0; key->section == CONFIG_WATCHDOGD && i < ARRAY_LEN(directories); i++) {
		const char *value = getenv(directories[i].variable);

		if (strcmp(directories[i].key, key->name) != 0 || value == NULL || value[0] != '/')
			continue;
		buffer_add_bytes(out, value, strcspn(value, ":"));
		buffer_add(out, directories[i].file);
		return out->text;
	}
	return key->standard;
}

/* What the section does not say. */
static void config_parse_standards(struct config_field field)
{
	char text[PATH_BYTES + 16]; /* what is cut here is too long for its key too */

	for (size_t i = 0; config_key_at(i) != NULL; i++) {
		const struct config_key *key = config_key_at(i);
		const char *standard;
		struct buffer b;

		if (key->section != (enum config_kind)field.section->what ||
		    key->field == CONFIG_NO_FIELD ||
		    config_tree_find(field.section, key->name) != NULL)
			continue;
		BUFFER_OVER(&b, text);
		standard = config_parse_standard(key, &b);
		field.key = key;
		field.place.key = key->name;
		if (standard != NULL)
			config_field_set_text(&field, standard);
	}
}

static void config_parse_no_key(struct config_field *field)
{
	const char *key = field->entry->key;
	char right[TEXT_BYTES / 2];
	struct buffer b;
	struct suggest s;

	suggest_init(&s, key, strlen(key));
	config_keys_suggest((enum config_kind)field->section->what, &s);
	BUFFER_OVER(&b, right);
	suggest_say(&s, &b);
	field->place.key = NULL;
	config_field_error(field, "no key \"%s\"%s", key, right);
}

static void config_parse_entry(struct config_field *field, const struct config_entry *entry)
{
	field->entry = entry;
	field->place = config_tree_place(field->section, entry);
	field->key = config_key_find((enum config_kind)field->section->what, entry->key);
	if (field->key == NULL) {
		config_parse_no_key(field);
	} else if (config_tree_find(field->section, entry->key) != entry) {
		config_field_error(field,
				   "this key is there already; a further line of its value begins "
				   "with a space");
	} else {
		if (field->key->later)
			config_findings_later(&field->draft->findings, &field->place);
		config_field_set(field);
	}
}

union config_scratch {
	struct config config;
	struct config_unit unit;
	struct config_rule rule;
	struct config_channel channel;
};

static void *config_parse_base(struct config_draft *draft, const struct config_section *section,
			       union config_scratch *scratch)
{
	struct config_rows rows = config_parse_rows(draft, (enum config_kind)section->what);

	if (section->what == CONFIG_WATCHDOGD)
		return &draft->config;
	if (section->what == CONFIG_HEARTBEAT)
		return &draft->config.heartbeat;
	if (section->what == CONFIG_PROMETHEUS)
		return &draft->config.prometheus;
	if (section->what == CONFIG_SWAPFILE)
		return &draft->config.swapfile;
	if (section->row == CONFIG_NONE)
		return scratch; /* refused or without fields: its values are checked all the same */
	return rows.rows + section->row * rows.row_bytes;
}

static void config_parse_init_row(struct config_draft *draft, const struct config_section *section,
				  void *base)
{
	struct config_unit *unit = base;
	struct config_rule *rule = base;

	if (section->what == CONFIG_UNIT_SECTION) {
		unit->line = section->line;
		unit->group = unit->uid = CONFIG_NONE;
		unit->kind = config_tree_find(section, "cgroup") != NULL  ? CONFIG_CGROUP
			     : config_tree_find(section, "match") != NULL ? CONFIG_MATCH
									  : CONFIG_SYSTEMD;
		if (section->row != CONFIG_NONE)
			draft->unit_has_start[section->row] =
				config_tree_find(section, "start") != NULL;
	} else if (section->what == CONFIG_RULE) {
		rule->line = section->line;
		rule->scope_unit = rule->scope_group = CONFIG_NONE;
	} else if (section->what == CONFIG_CHANNEL) {
		((struct config_channel *)base)->line = section->line;
	} else if (section->what == CONFIG_HEARTBEAT) {
		draft->config.heartbeat.line = section->line;
	} else if (section->what == CONFIG_PROMETHEUS) {
		draft->config.prometheus.line = section->line;
	} else if (section->what == CONFIG_SWAPFILE) {
		draft->config.swapfile.line = section->line;
	}
}

static void config_parse_fields(struct config_draft *draft, const struct config_section *section)
{
	union config_scratch scratch = {0};
	struct config_field field = {.draft = draft,
				     .section = section,
				     .base = config_parse_base(draft, section, &scratch),
				     .place = config_tree_place(section, NULL)};

	config_parse_init_row(draft, section, field.base);
	config_parse_standards(field);
	for (uint32_t i = 0; i < section->count; i++)
		config_parse_entry(&field, &section->entries[i]);
}

/* Members of each group, one group after the other. */
static void config_parse_members(struct config_draft *draft)
{
	for (uint32_t g = 0; g < draft->names.group_count; g++) {
		struct config_table *members = &draft->groups[g].units;

		members->at = draft->group_unit_count;
		for (uint32_t u = 0; u < draft->names.unit_count; u++)
			if (draft->units[u].group == g)
				draft->group_units[draft->group_unit_count++] = u;
		members->count = draft->group_unit_count - members->at;
	}
}

static void config_parse_passes(struct config_draft *draft)
{
	static const struct config_section nothing = {
		.kind = "watchdogd", .name = "", .what = CONFIG_WATCHDOGD, .row = CONFIG_NONE};
	struct config_section *sections = draft->tree.sections,
			      *end = sections + draft->tree.section_count;

	for (struct config_section *s = sections; s < end; s++)
		config_parse_section(draft, s);
	for (struct config_section *s = sections; s < end; s++)
		config_parse_group(draft, s);
	if (!draft->seen[CONFIG_WATCHDOGD])
		config_parse_fields(draft, &nothing);
	/* Units first: rules ask for their groups. */
	for (struct config_section *s = sections; s < end; s++)
		if (s->what == CONFIG_UNIT_SECTION)
			config_parse_fields(draft, s);
	for (struct config_section *s = sections; s < end; s++)
		if (s->what >= 0 && s->what != CONFIG_UNIT_SECTION)
			config_parse_fields(draft, s);
	config_parse_members(draft);
	for (struct config_section *s = sections; s < end; s++)
		if (s->what >= 0)
			config_check_section(draft, s);
	for (struct config_section *s = sections; s < end && draft->findings.errors == 0; s++) {
		if (s->what == CONFIG_RULE)
			config_rule_finish(draft, s);
		if (s->what == CONFIG_CHANNEL)
			config_channel_finish(draft, s);
	}
	if (draft->findings.errors == 0)
		config_idle_finish(draft);
}

/* Who hears of it, and who judges. */
struct config_parse_with {
	const struct config_judge *judge;
	config_tell *tell;
	void *arg;
};

static struct config *config_parse_text(const char *path, const char *text, size_t size,
					const struct config_parse_with *with)
{
	struct config_draft *draft = config_draft_new(text, size);
	struct config *config = NULL;

	if (draft == NULL) {
		with->tell(with->arg, CONFIG_ERROR, "cannot read the config: no memory");
		return NULL;
	}
	draft->judge = with->judge;
	draft->config.path = config_draft_text(draft, path);
	config_parse_passes(draft);
	config_findings_tell(&draft->findings, path, with->tell, with->arg);
	if (draft->findings.errors == 0) {
		config = config_draft_seal(draft);
		if (config == NULL)
			with->tell(with->arg, CONFIG_ERROR, "cannot seal the config: no memory");
	}
	(void)config_draft_free(draft);
	return config;
}

struct config *config_parse(const char *path, const char *text, size_t size, config_tell *tell,
			    void *arg)
{
	const struct config_parse_with with = {NULL, tell, arg};

	return config_parse_text(path, text, size, &with);
}

/* All bytes of fd into *text (heap, the caller's). How many, or -errno. */
static ssize_t config_parse_read(int fd, char **text)
{
	size_t size = 0;
	ssize_t n;

	*text = malloc(CONFIG_FILE_BYTES_MAX + 1);
	if (*text == NULL)
		return -ENOMEM;
	while ((n = read(fd, *text + size, CONFIG_FILE_BYTES_MAX + 1 - size)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		size += n > 0 ? (size_t)n : 0;
	}
	return size > CONFIG_FILE_BYTES_MAX ? -EFBIG : (ssize_t)size;
}

struct config *config_parse_file(const char *path, const struct config_judge *judge, config_tell *tell, void *arg)
{
	const struct config_parse_with with = {judge, tell, arg};
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct config *config = NULL;
	char *text = NULL;
	ssize_t size;

	if (fd < 0)
		return NULL;
	size = config_parse_read(fd, &text);
	(void)close(fd);
	if (size >= 0) {
		errno = 0;
		config = config_parse_text(path, text, (size_t)size, &with);
	}
	free(text);
	if (size < 0)
		errno = (int)-size;
	return config;
}
