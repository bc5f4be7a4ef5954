#include "webhook_line.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* --- words --- */

bool webhook_line_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

void webhook_line_trim(struct webhook_span *span)
{
	while (span->len > 0 && webhook_line_is_blank(span->text[0])) {
		span->text++;
		span->len--;
	}
	while (span->len > 0 && webhook_line_is_blank(span->text[span->len - 1]))
		span->len--;
}

static struct webhook_span line_next(struct webhook_line *line)
{
	struct webhook_span word;

	webhook_line_trim(&line->rest);
	word = line->rest;
	word.len = 0;
	while (word.len < line->rest.len && !webhook_line_is_blank(word.text[word.len]))
		word.len++;
	line->rest.text += word.len;
	line->rest.len -= word.len;
	return word;
}

static bool line_is(const struct webhook_span *span, const char *word)
{
	return strlen(word) == span->len && strncasecmp(span->text, word, span->len) == 0;
}

/* The number at this word, from 1 to max; 0: it is none. */
static uint32_t line_number(const struct webhook_span *word, uint32_t max)
{
	uint64_t number = 0;

	for (size_t i = 0; i < word->len; i++) {
		if (!isdigit((unsigned char)word->text[i]) || number > max)
			return 0;
		number = number * 10 + (uint64_t)(word->text[i] - '0');
	}
	return number <= max ? (uint32_t)number : 0;
}

/* Copy into size bytes; false and told where it is empty or too long. */
static bool line_copy(struct webhook_line *line, const struct webhook_span *word, char *to, size_t size,
			  const char *what)
{
	if (word->len == 0 || word->len >= size) {
		webhook_tell(line->tell, line->number, word->len == 0 ? "%s is missing" : "%s is longer than 64 bytes", what);
		return false;
	}
	memcpy(to, word->text, word->len);
	to[word->len] = '\0';
	return true;
}

/* What of a list of words this one is, or -1 and told. */
static int line_choose(struct webhook_line *line, const struct webhook_span *word, const char *const *words,
			   size_t count)
{
	struct suggest suggest;
	char text[TEXT_BYTES];
	struct buffer say;

	for (size_t i = 0; i < count; i++)
		if (line_is(word, words[i]))
			return (int)i;
	suggest_init(&suggest, word->text, word->len);
	for (size_t i = 0; i < count; i++)
		suggest_offer(&suggest, words[i]);
	BUFFER_OVER(&say, text);
	buffer_addf(&say, "\"%.*s\" is not understood here", (int)(word->len < 64 ? word->len : 64), word->text);
	suggest_say(&suggest, &say);
	webhook_tell(line->tell, line->number, "%s", text);
	return -1;
}

static bool line_at_end(struct webhook_line *line)
{
	webhook_line_trim(&line->rest);
	if (line->rest.len > 0)
		webhook_tell(line->tell, line->number, "this is too much: \"%.*s\"",
			     (int)(line->rest.len < 64 ? line->rest.len : 64), line->rest.text);
	return line->rest.len == 0;
}

/* --- header lines --- */

static void line_take_method(struct webhook_line *line)
{
	static const char *const words[] = {"POST", "PUT", "GET"};
	const struct webhook_span word = line_next(line);
	int which = line_choose(line, &word, words, ARRAY_LEN(words));

	if (which >= 0 && line_at_end(line))
		line->template->method = (enum webhook_method)which;
}

static const char line_type_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
					  "!#$&^_.+-/;= \"";

/* Of a media type what is before its parameters decides what the body is. */
static void line_take_type(struct webhook_line *line)
{
	struct webhook_template *t = line->template;
	struct webhook_span type = line->rest;

	if (!line_copy(line, &type, t->type, sizeof(t->type), "the media type"))
		return;
	if (strspn(t->type, line_type_bytes) != type.len) {
		webhook_tell(line->tell, line->number, "this is no media type, as application/json");
		return;
	}
	type.len = strcspn(t->type, "; ");
	if (line_is(&type, "application/json") || (type.len > 5 && memcmp(type.text + type.len - 5, "+json", 5) == 0))
		t->place = WEBHOOK_VALUE;
	else
		t->place = line_is(&type, "application/x-www-form-urlencoded") ? WEBHOOK_URL : WEBHOOK_PLAIN;
}

static void line_take_escape(struct webhook_line *line)
{
	static const char *const words[] = {"none", "html", "markdown"};
	const struct webhook_span word = line_next(line);
	int which = line_choose(line, &word, words, ARRAY_LEN(words));

	if (which >= 0 && line_at_end(line))
		line->template->markup = (enum webhook_markup)which;
}

static const char *const line_told[] = {"alert", "result", "reply", "repeat", "resolved", "test"};

uint32_t webhook_line_told(const char *word, size_t len)
{
	const struct webhook_span span = {word, len};

	for (size_t i = 0; i < ARRAY_LEN(line_told); i++)
		if (line_is(&span, line_told[i]))
			return 1u << i;
	return 0;
}

static void line_take_skip(struct webhook_line *line)
{
	do {
		const struct webhook_span word = line_next(line);
		int which = line_choose(line, &word, line_told, ARRAY_LEN(line_told));

		if (which < 0)
			return;
		line->template->skip |= 1u << which;
		webhook_line_trim(&line->rest);
	} while (line->rest.len > 0);
}

static void line_take_limit(struct webhook_line *line)
{
	static const char *const units[] = {"characters", "bytes"};
	struct webhook_template *t = line->template;
	const struct webhook_span path = line_next(line), number = line_next(line), unit = line_next(line);
	struct webhook_limit *limit = &t->limits[t->limits_count];
	int which = unit.len > 0 ? line_choose(line, &unit, units, ARRAY_LEN(units)) : 0;

	if (t->limits_count == WEBHOOK_LIMITS_MAX) {
		webhook_tell(line->tell, line->number, "more than %d limits", WEBHOOK_LIMITS_MAX);
		return;
	}
	limit->max = line_number(&number, 1000000);
	limit->bytes = which == 1;
	if (limit->max < 8) {
		webhook_tell(line->tell, line->number, "a limit is a path in the body and a number from 8 to 1000000, as in "
			     "\"limit: text 4096\" or \"limit: message 4096 bytes\"");
		return;
	}
	if (which >= 0 && line_at_end(line) && line_copy(line, &path, limit->path, sizeof(limit->path), "the path"))
		t->limits_count++;
}

static void line_take_codes(struct webhook_line *line, uint16_t *codes)
{
	size_t i = 0;

	while (i < WEBHOOK_CODES_MAX && codes[i] != 0)
		i++;
	for (webhook_line_trim(&line->rest); line->rest.len > 0; webhook_line_trim(&line->rest)) {
		const struct webhook_span word = line_next(line);
		uint32_t code = line_number(&word, 599);

		if (code < 300 || i == WEBHOOK_CODES_MAX) {
			webhook_tell(line->tell, line->number, code < 300 ? "\"%.*s\" is no status from 300 to 599"
					     : "\"%.*s\" is one status too many, 16 can be kept",
				     (int)(word.len < 64 ? word.len : 64), word.text);
			return;
		}
		codes[i++] = (uint16_t)code;
	}
}

static void line_take_never(struct webhook_line *line)
{
	line_take_codes(line, line->template->rules.never);
}

static void line_take_later(struct webhook_line *line)
{
	line_take_codes(line, line->template->rules.later);
}

/* "json PATH", which both of what follows begin with. */
static bool line_take_path(struct webhook_line *line, char *path)
{
	static const char *const words[] = {"json"};
	const struct webhook_span word = line_next(line);
	const struct webhook_span name = line_next(line);

	return line_choose(line, &word, words, ARRAY_LEN(words)) == 0 &&
	       line_copy(line, &name, path, WEBHOOK_PATH_MAX + 1, "the path in the answer's JSON");
}

static void line_take_retry(struct webhook_line *line)
{
	static const char *const units[] = {"s", "ms"};
	struct webhook_rules *rules = &line->template->rules;
	struct webhook_span unit;
	int which;

	if (!line_take_path(line, rules->retry_path))
		return;
	unit = line_next(line);
	which = line_choose(line, &unit, units, ARRAY_LEN(units));
	if (which >= 0 && line_at_end(line))
		rules->retry_unit_ms = which == 0 ? 1000 : 1;
}

static void line_take_expect(struct webhook_line *line)
{
	struct webhook_rules *rules = &line->template->rules;

	if (!line_take_path(line, rules->expect_path))
		return;
	webhook_line_trim(&line->rest);
	(void)line_copy(line, &line->rest, rules->expect, sizeof(rules->expect), "what the answer has to say there");
}

/* What every request of ours has; a second one would be for the receiver to guess about. */
static bool line_is_ours(const struct webhook_span *name)
{
	static const char *const ours[] = {"content-type", "content-length", "host", "transfer-encoding", "connection",
					   "expect", "idempotency-key", "x-watchdogd-timestamp",
					   "x-watchdogd-signature"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (line_is(name, ours[i]))
			return true;
	return false;
}

static bool line_is_token(const struct webhook_span *name)
{
	for (size_t i = 0; i < name->len; i++)
		if (!isalnum((unsigned char)name->text[i]) && strchr("!#$%&'*+-.^_`|~", name->text[i]) == NULL)
			return false;
	return name->len > 0;
}

static void line_take_header(struct webhook_line *line)
{
	struct webhook_template *t = line->template;
	const char *colon = memchr(line->rest.text, ':', line->rest.len);
	struct webhook_span name = {line->rest.text, colon != NULL ? (size_t)(colon - line->rest.text) : 0};
	struct webhook_span value = {name.text + name.len + 1, line->rest.len - name.len - 1};

	if (colon == NULL || !line_is_token(&name) || line_is_ours(&name)) {
		webhook_tell(line->tell, line->number, line_is_ours(&name)
				     ? "this header is set by watchdogd; give another a name of its own"
				     : "a header of the request is \"header: NAME: VALUE\"");
		return;
	}
	webhook_line_trim(&value);
	if (t->headers_count == WEBHOOK_HEADERS_MAX) {
		webhook_tell(line->tell, line->number, "more than %d headers", WEBHOOK_HEADERS_MAX);
		return;
	}
	if (!line_copy(line, &name, t->headers[t->headers_count].name, sizeof(t->headers[0].name), "the header's name"))
		return;
	(void)webhook_text_read(&t->headers[t->headers_count++].value,
				&(struct webhook_text_of){value.text, value.len, line->number, WEBHOOK_HEADER}, line->tell);
}

static void line_take_query(struct webhook_line *line)
{
	struct webhook_template *t = line->template;

	if (t->query.pieces != NULL)
		webhook_tell(line->tell, line->number, "a second query; write all of it in one line");
	else
		(void)webhook_text_read(&t->query, &(struct webhook_text_of){line->rest.text, line->rest.len, line->number,
									      WEBHOOK_URL}, line->tell);
}

static const struct {
	const char *name;
	void (*take)(struct webhook_line *line);
} line_lines[] = {
	{"method", line_take_method}, {"type", line_take_type},     {"escape", line_take_escape},
	{"skip", line_take_skip},     {"limit", line_take_limit},   {"never", line_take_never},
	{"later", line_take_later},   {"retry", line_take_retry},   {"expect", line_take_expect},
	{"header", line_take_header}, {"query", line_take_query},
};

void webhook_line_take(struct webhook_line *line)
{
	const char *names[ARRAY_LEN(line_lines)];
	const char *colon = memchr(line->rest.text, ':', line->rest.len);
	struct webhook_span name = {line->rest.text, colon != NULL ? (size_t)(colon - line->rest.text) : 0};
	int which;

	if (colon == NULL) {
		webhook_tell(line->tell, line->number, "this is no line \"NAME: VALUE\"; such lines end with an empty one, "
			     "after which the body begins");
		return;
	}
	line->rest.text += name.len + 1;
	line->rest.len -= name.len + 1;
	webhook_line_trim(&line->rest);
	webhook_line_trim(&name);
	for (size_t i = 0; i < ARRAY_LEN(line_lines); i++)
		names[i] = line_lines[i].name;
	which = line_choose(line, &name, names, ARRAY_LEN(names));
	if (which >= 0)
		line_lines[which].take(line);
}
