#include "email_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/escape.h"
#include "email_clean.h"

enum {
	EMAIL_COLUMNS = 72,
	EMAIL_NAMES_MAX = 16, /* columns of the facts' names; a longer one pushes its value away */
};

/* In characters, not bytes. */
static size_t email_text_columns(const char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)text[i] & 0xc0) != 0x80;
	return n;
}

static void email_text_add_spaces(struct buffer *out, size_t n)
{
	while (n-- > 0)
		buffer_add_char(out, ' ');
}

/* One line without its end, wrapped; what goes on below is indented by so many columns. column: where it begins. */
static void email_text_add_wrapped(struct buffer *out, const char *line, size_t len, size_t indent, size_t column)
{
	for (size_t i = 0; i < len;) {
		size_t spaces = strspn(line + i, " "), word, columns;

		spaces = spaces < len - i ? spaces : len - i;
		word = strcspn(line + i + spaces, " \n");
		word = word < len - i - spaces ? word : len - i - spaces;
		columns = email_text_columns(line + i + spaces, word);
		if (column > indent && column + spaces + columns > EMAIL_COLUMNS && word > 0) {
			buffer_add(out, "\r\n");
			email_text_add_spaces(out, indent);
			column = indent;
		} else {
			email_text_add_spaces(out, spaces);
			column += spaces;
		}
		buffer_add_bytes(out, line + i + spaces, word);
		column += columns;
		i += spaces + word;
	}
	buffer_add(out, "\r\n");
}

/* A text of lines; those that are indented (commands) go on as far in. */
static void email_text_add_lines(struct buffer *out, const char *text)
{
	char *bytes = malloc(3 * EMAIL_TEXT_MAX + 8);
	struct buffer clean;
	const char *line = bytes;

	if (bytes == NULL)
		return;
	buffer_init(&clean, bytes, 3 * EMAIL_TEXT_MAX + 8);
	email_clean(&clean, text, EMAIL_TEXT_MAX, true);
	while (clean.len > 0 && bytes[clean.len - 1] == '\n')
		bytes[--clean.len] = '\0';
	while (*line != '\0') {
		size_t len = strcspn(line, "\n"), indent = strspn(line, " ");

		email_text_add_wrapped(out, line, len, indent < len ? indent : 0, 0);
		line += len + (line[len] == '\n');
	}
	free(bytes);
}

static void email_text_add_part(struct buffer *out, const char *title, const char *text)
{
	if (text[0] == '\0')
		return;
	buffer_addf(out, "\r\n%s\r\n", title);
	email_text_add_lines(out, text);
}

static size_t email_text_names(const struct plugin_message *message)
{
	size_t widest = 0;

	for (size_t i = 0; i < message->facts_count && i < EMAIL_FACTS_MAX; i++) {
		size_t n = email_text_columns(message->facts[i].name, strlen(message->facts[i].name));

		if (n > widest && n <= EMAIL_NAMES_MAX)
			widest = n;
	}
	return widest;
}

static void email_text_add_fact(struct buffer *out, const struct plugin_pair *fact, size_t names)
{
	char name[3 * EMAIL_NAME_MAX + 8], value[3 * EMAIL_VALUE_MAX + 8];
	struct buffer clean;
	size_t columns;

	BUFFER_OVER(&clean, name);
	email_clean(&clean, fact->name, EMAIL_NAME_MAX, false);
	buffer_add(out, name);
	columns = email_text_columns(name, clean.len);
	for (; columns < names; columns++)
		buffer_add_char(out, ' ');
	buffer_add(out, "  ");
	BUFFER_OVER(&clean, value);
	email_clean(&clean, fact->value, EMAIL_VALUE_MAX, false);
	email_text_add_wrapped(out, value, clean.len, names + 2, columns + 2);
}

static void email_text_add_facts(struct buffer *out, const struct plugin_message *message)
{
	size_t names = email_text_names(message);

	if (message->facts_count == 0 && message->history[0] == '\0')
		return;
	buffer_add(out, "\r\nNumbers now\r\n");
	for (size_t i = 0; i < message->facts_count && i < EMAIL_FACTS_MAX; i++)
		email_text_add_fact(out, &message->facts[i], names);
	if (message->history[0] == '\0')
		return;
	buffer_add(out, "\r\nThe last hour\r\n");
	email_clean(out, message->history, EMAIL_VALUE_MAX, false);
	buffer_add(out, "\r\n");
}

void email_text_add_origin(struct buffer *out, const struct plugin_message *message)
{
	char at[21];

	buffer_add(out, "alert ");
	email_clean(out, message->id, EMAIL_NAME_MAX, false);
	if (message->host[0] != '\0') {
		buffer_add(out, " of ");
		email_clean(out, message->host, EMAIL_NAME_MAX, false);
	}
	if (message->at_wall_ms > 0) {
		clock_format(message->at_wall_ms, at);
		buffer_addf(out, ", seen %.10s %.8s UTC", at, at + 11);
	}
	if (message->count > 1)
		buffer_addf(out, ", %u alerts in one message", message->count);
	if (message->attempt > 1)
		buffer_addf(out, ", attempt %u", message->attempt);
}

void email_text(struct buffer *out, const struct plugin_message *message)
{
	char origin[4096];
	struct buffer line;

	email_text_add_lines(out, message->text[0] != '\0' ? message->text : message->title);
	email_text_add_facts(out, message);
	email_text_add_part(out, "What watchdogd is doing", message->doing);
	email_text_add_part(out, "What you can do", message->todo);
	BUFFER_OVER(&line, origin);
	email_text_add_origin(&line, message);
	/* What stands below this mark is no news: programs show it paler. */
	buffer_add(out, "\r\n-- \r\n");
	email_text_add_wrapped(out, origin, line.len, 0, 0);
}
