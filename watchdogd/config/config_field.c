#include "config/config_field.h"

#include <string.h>

#include "config/config_channel.h"
#include "config/config_rule.h"
#include "config/config_unit.h"
#include "config/value.h"
#include "words/command.h"

/* Types without a field of their own set nothing. */
void config_field_store(const struct config_field *field, const void *value, size_t size)
{
	if (field->key->field != CONFIG_NO_FIELD)
		memcpy((char *)field->base + field->key->field, value, size);
}

void config_field_store_text(const struct config_field *field, const char *text)
{
	config_text kept;

	if (field->key->field == CONFIG_NO_FIELD)
		return;
	kept = config_draft_text(field->draft, text);
	config_field_store(field, &kept, sizeof(kept));
}

struct config_table *config_field_table(const struct config_field *field)
{
	return (struct config_table *)(void *)((char *)field->base + field->key->field);
}

/* Between the key's bounds; told if not. */
static bool config_field_in_bounds(const struct config_field *field, enum value_kind kind,
				   int64_t number, const char *text)
{
	char bound[64];
	struct buffer b;
	bool below = number < field->key->min;

	if ((!below && number <= field->key->max) || (number == 0 && field->key->never))
		return true;
	BUFFER_OVER(&b, bound);
	value_format(&b, kind, below ? field->key->min : field->key->max);
	config_field_error(field, "\"%s\" is too %s; at %s %s%s", text, below ? "small" : "large",
			   below ? "least" : "most", bound,
			   below && field->key->never ? ", or 0s for never" : "");
	return false;
}

static void config_field_number(struct config_field *field, const char *text)
{
	static const enum value_kind kinds[] = {[KEY_DURATION] = VALUE_DURATION,
						[KEY_SIZE] = VALUE_BYTES,
						[KEY_PERCENT] = VALUE_PERCENT,
						[KEY_NUMBER] = VALUE_COUNT};
	enum value_kind kind = kinds[field->key->type];
	struct value value;
	int error = value_parse(text, strlen(text), &value);

	if (error != 0)
		config_field_error(field, "\"%s\" is %s; expected %s", text,
				   value_error_text(error), value_kind_text(kind));
	else if (value.kind != kind)
		config_field_error(field, "\"%s\" is %s; expected %s", text,
				   value.kind == VALUE_COUNT ? "a number without its unit"
							     : "of another kind",
				   value_kind_text(kind));
	else if (config_field_in_bounds(field, kind, value.number, text)) {
		uint32_t narrow =
			(uint32_t)value.number; /* the bounds fit, and int32_t is the same bits */

		if (field->key->never && narrow == 0)
			narrow = CONFIG_NEVER;
		if (field->key->type == KEY_SIZE)
			config_field_store(field, &value.number, sizeof(value.number));
		else
			config_field_store(field, &narrow, sizeof(narrow));
	}
}

static void config_field_bool(struct config_field *field, const char *text)
{
	bool value;
	uint32_t stored;

	if (!value_parse_bool(text, &value)) {
		config_field_error(field, "\"%s\" is neither; expected yes or no", text);
		return;
	}
	stored = value;
	config_field_store(field, &stored, sizeof(stored));
}

static void config_field_rate(struct config_field *field, const char *text)
{
	enum { RATE_MAX_MS = 7 * 86400 * 1000 };
	int64_t n, for_ms;
	uint32_t stored[2];

	if (value_parse_rate(text, strlen(text), &n, &for_ms) != 0) {
		config_field_error(field,
				   "\"%s\" is no rate; expected a number and a duration such as "
				   "\"5 per 1h\"",
				   text);
		return;
	}
	if (!config_field_in_bounds(field, VALUE_COUNT, n, text))
		return;
	if (for_ms < 1000 || for_ms > RATE_MAX_MS) {
		config_field_error(
			field, "the duration of \"%s\" is out of bounds; at least 1s, at most 7d",
			text);
		return;
	}
	stored[0] = (uint32_t)n;
	stored[1] = (uint32_t)for_ms;
	config_field_store(field, stored, sizeof(stored));
}

void config_field_no_word(struct config_field *field, const char *what, const char *text,
			  const struct suggest *s)
{
	char right[TEXT_BYTES / 2];
	struct buffer b;

	BUFFER_OVER(&b, right);
	suggest_say(s, &b);
	config_field_error(field, "no %s \"%s\"%s", what, text, right);
}

static void config_field_severity(struct config_field *field, const char *text)
{
	int severity = severity_find(text);
	uint32_t stored = (uint32_t)severity;
	struct suggest s;

	if (severity >= 0) {
		config_field_store(field, &stored, sizeof(stored));
		return;
	}
	suggest_init(&s, text, strlen(text));
	for (int i = SEVERITY_INFO; i < SEVERITIES; i++)
		suggest_offer(&s, severity_name((enum severity)i));
	config_field_no_word(field, "severity", text, &s);
}

static void config_field_text(struct config_field *field, const char *text)
{
	config_field_store_text(field, text);
}

static void config_field_word(struct config_field *field, const char *text)
{
	if (strpbrk(text, " \t") != NULL)
		config_field_error(field, "\"%s\" is more than one word; expected one", text);
	else
		config_field_store_text(field, text);
}

bool config_field_is_path(struct config_field *field, const char *text)
{
	size_t len = strlen(text), most = (size_t)field->key->max;

	if (text[0] != '/')
		config_field_error(
			field, "\"%s\" is no absolute path; expected one that begins with \"/\"",
			text);
	else if (most > 0 && len > most)
		config_field_error(field, "the path has %zu bytes; at most %zu", len, most);
	else
		return true;
	return false;
}

static void config_field_path(struct config_field *field, const char *text)
{
	if (config_field_is_path(field, text))
		config_field_store_text(field, text);
}

static void config_field_command(struct config_field *field, const char *text)
{
	struct command command;

	if (text[0] != '/' && text[0] != '"')
		config_field_error(field,
				   "\"%s\" is no absolute path; expected /path/of/command and its "
				   "arguments, there is no shell and no search",
				   text);
	else if (command_parse(&command, text) < 0)
		config_field_error(field, "%s; words are separated by spaces, double quotes group", command.wrong);
	else
		config_field_store_text(field, text);
}

/* As systemd.unit(5) has it; a name without its ending is what systemctl takes for a service. */
static void config_field_service(struct config_field *field, const char *text)
{
	static const char *const ends[] = {".service", ".scope", ".slice"};
	enum { SERVICE_MAX = 255 };
	size_t len = strlen(text);

	if (len > SERVICE_MAX ||
	    text[strspn(text,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\-@")]) {
		config_field_error(field,
				   "\"%s\" is no name of a systemd unit; expected one such as "
				   "\"xtts.service\"",
				   text);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t end = strlen(ends[i]);

		if (len > end && strcmp(text + len - end, ends[i]) == 0) {
			config_field_store_text(field, text);
			return;
		}
	}
	config_field_error(field,
			   "\"%s\" ends with neither .service nor .scope nor .slice; did you mean "
			   "\"%.*s.service\"?",
			   text, (int)strcspn(text, "."), text);
}

static void config_field_cgroup(struct config_field *field, const char *text)
{
	size_t len = strlen(text);

	if (!config_field_is_path(field, text))
		return;
	if (len == 1 || strstr(text, "//") != NULL || strstr(text, "/./") != NULL ||
	    strstr(text, "/../") != NULL || text[len - 1] == '/' ||
	    strcmp(text + len - 2, "/.") == 0 || (len > 2 && strcmp(text + len - 3, "/..") == 0))
		config_field_error(
			field,
			"\"%s\" is no cgroup; expected a path below the cgroup mount such "
			"as \"/bots/xtts\"",
			text);
	else
		config_field_store_text(field, text);
}

/* Which word of key->choices the text is, from 0; told if none, giving -1. */
static int config_field_choose(struct config_field *field, const char *text)
{
	char name[NAME_BYTES];
	struct suggest s;
	int i = 0;

	suggest_init(&s, text, strlen(text));
	for (const char *word = field->key->choices; *word != '\0'; word += strspn(word, " "), i++) {
		size_t len = strcspn(word, " ");
		struct buffer b;

		BUFFER_OVER(&b, name);
		buffer_add_bytes(&b, word, len);
		word += len;
		suggest_offer(&s, name);
		if (strcmp(name, text) == 0)
			return i;
	}
	config_field_no_word(field, field->key->name, text, &s);
	return -1;
}

static void config_field_choice(struct config_field *field, const char *text)
{
	char stored[NAME_BYTES] = "";

	if (config_field_choose(field, text) < 0)
		return;
	memcpy(stored, text, strlen(text));
	config_field_store(field, stored, sizeof(stored));
}

static void config_field_index(struct config_field *field, const char *text)
{
	int chosen = config_field_choose(field, text);
	uint32_t stored = (uint32_t)chosen;

	if (chosen >= 0)
		config_field_store(field, &stored, sizeof(stored));
}

static void config_field_format(struct config_field *field, const char *text)
{
	if (text[0] == '/' ? config_field_is_path(field, text) : config_field_choose(field, text) >= 0)
		config_field_store_text(field, text);
}

static void config_field_group(struct config_field *field, const char *text)
{
	const struct config_names *names = &field->draft->names;
	uint32_t group = config_names_group(names, text, strlen(text));
	struct suggest s;

	config_field_store(field, &group, sizeof(group));
	if (group != CONFIG_NONE)
		return;
	suggest_init(&s, text, strlen(text));
	config_names_suggest_groups(names, &s);
	config_field_no_word(field, "group", text, &s);
}

static void (*const config_field_setters[KEY_TYPES])(struct config_field *field,
						     const char *text) = {
	[KEY_DURATION] = config_field_number,    [KEY_SIZE] = config_field_number,
	[KEY_PERCENT] = config_field_number,     [KEY_NUMBER] = config_field_number,
	[KEY_BOOL] = config_field_bool,          [KEY_RATE] = config_field_rate,
	[KEY_SEVERITY] = config_field_severity,  [KEY_TEXT] = config_field_text,
	[KEY_WORD] = config_field_word,          [KEY_PATH] = config_field_path,
	[KEY_COMMAND] = config_field_command,    [KEY_SERVICE] = config_field_service,
	[KEY_CGROUP] = config_field_cgroup,      [KEY_CHOICE] = config_field_choice,
	[KEY_INDEX] = config_field_index,        [KEY_NAMES] = config_channel_names,
	[KEY_RULES] = config_channel_rules,      [KEY_SECRETS] = config_channel_secret,
	[KEY_HOURS] = config_channel_hours,      [KEY_GROUP] = config_field_group,
	[KEY_FORMAT] = config_field_format,      [KEY_URL] = config_channel_url,
	[KEY_ADDRESS] = config_channel_address,  [KEY_ADDRESSES] = config_channel_receiver,
	[KEY_HEADERS] = config_channel_header,   [KEY_LISTEN] = config_channel_listen,
	[KEY_EVENT] = config_rule_event,         [KEY_STEPS] = config_rule_step,
	[KEY_CONDITION] = config_rule_condition, [KEY_PATTERNS] = config_unit_pattern,
	[KEY_USER] = config_unit_user,
};

void config_field_set_text(struct config_field *field, const char *text)
{
	config_field_setters[field->key->type](field, text);
}

/* All lines of the entry as one, a space between them. */
static const char *config_field_join(const struct config_field *field)
{
	struct buffer b;

	buffer_init(&b, field->draft->joined, field->draft->texts_size);
	for (uint32_t i = 0; i < field->entry->count; i++) {
		if (i > 0)
			buffer_add_char(&b, ' ');
		buffer_add(&b, field->entry->items[i].text);
	}
	return field->draft->joined;
}

void config_field_set(struct config_field *field)
{
	const struct config_entry *entry = field->entry;
	enum config_lines lines = config_type_lines(field->key->type);

	if (entry->count == 0) {
		config_field_error(field, "nothing after \"=\"; expected %s",
				   config_type_name(field->key->type));
		return;
	}
	if (lines == KEY_JOINED) {
		config_field_set_text(field, config_field_join(field));
		return;
	}
	for (uint32_t i = 0; i < entry->count; i++) {
		field->place.line = entry->items[i].line;
		if (i == 0 || lines == KEY_ITEMS)
			config_field_set_text(field, entry->items[i].text);
		else
			config_field_error(
				field,
				"\"%s\" is a second value, this key has one; a key of its "
				"own begins at the start of its line",
				entry->items[i].text);
	}
}
