#include "webhook_template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A header line under reading. */
struct template_line {
	struct webhook_template *template;
	struct webhook_tell *tell;
	uint32_t number;
	struct webhook_span rest; /* of its value: what is not read yet */
};

/* --- words --- */

static bool template_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static void template_trim(struct webhook_span *span)
{
	while (span->len > 0 && template_is_blank(span->text[0])) {
		span->text++;
		span->len--;
	}
	while (span->len > 0 && template_is_blank(span->text[span->len - 1]))
		span->len--;
}

static struct webhook_span template_next(struct template_line *line)
{
	struct webhook_span word;

	template_trim(&line->rest);
	word = line->rest;
	word.len = 0;
	while (word.len < line->rest.len && !template_is_blank(word.text[word.len]))
		word.len++;
	line->rest.text += word.len;
	line->rest.len -= word.len;
	return word;
}

static bool template_is(const struct webhook_span *span, const char *word)
{
	return strlen(word) == span->len && strncasecmp(span->text, word, span->len) == 0;
}

/* The number at this word, from 1 to max; 0: it is none. */
static uint32_t template_number(const struct webhook_span *word, uint32_t max)
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
static bool template_copy(struct template_line *line, const struct webhook_span *word, char *to, size_t size,
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
static int template_choose(struct template_line *line, const struct webhook_span *word, const char *const *words,
			   size_t count)
{
	struct suggest suggest;
	char text[TEXT_BYTES];
	struct buffer say;

	for (size_t i = 0; i < count; i++)
		if (template_is(word, words[i]))
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

static bool template_at_end(struct template_line *line)
{
	template_trim(&line->rest);
	if (line->rest.len > 0)
		webhook_tell(line->tell, line->number, "this is too much: \"%.*s\"",
			     (int)(line->rest.len < 64 ? line->rest.len : 64), line->rest.text);
	return line->rest.len == 0;
}

/* --- header lines --- */

static void template_take_method(struct template_line *line)
{
	static const char *const words[] = {"POST", "PUT", "GET"};
	const struct webhook_span word = template_next(line);
	int which = template_choose(line, &word, words, ARRAY_LEN(words));

	if (which >= 0 && template_at_end(line))
		line->template->method = (enum webhook_method)which;
}

static const char template_type_bytes[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
					  "!#$&^_.+-/;= \"";

/* Of a media type what is before its parameters decides what the body is. */
static void template_take_type(struct template_line *line)
{
	struct webhook_template *t = line->template;
	struct webhook_span type = line->rest;

	if (!template_copy(line, &type, t->type, sizeof(t->type), "the media type"))
		return;
	if (strspn(t->type, template_type_bytes) != type.len) {
		webhook_tell(line->tell, line->number, "this is no media type, as application/json");
		return;
	}
	type.len = strcspn(t->type, "; ");
	if (template_is(&type, "application/json") || (type.len > 5 && memcmp(type.text + type.len - 5, "+json", 5) == 0))
		t->place = WEBHOOK_VALUE;
	else
		t->place = template_is(&type, "application/x-www-form-urlencoded") ? WEBHOOK_URL : WEBHOOK_PLAIN;
}

static void template_take_escape(struct template_line *line)
{
	static const char *const words[] = {"none", "html", "markdown"};
	const struct webhook_span word = template_next(line);
	int which = template_choose(line, &word, words, ARRAY_LEN(words));

	if (which >= 0 && template_at_end(line))
		line->template->markup = (enum webhook_markup)which;
}

static const char *const template_told[] = {"alert", "result", "reply", "repeat", "resolved", "test"};

uint32_t webhook_template_told(const char *word, size_t len)
{
	const struct webhook_span span = {word, len};

	for (size_t i = 0; i < ARRAY_LEN(template_told); i++)
		if (template_is(&span, template_told[i]))
			return 1u << i;
	return 0;
}

static void template_take_skip(struct template_line *line)
{
	do {
		const struct webhook_span word = template_next(line);
		int which = template_choose(line, &word, template_told, ARRAY_LEN(template_told));

		if (which < 0)
			return;
		line->template->skip |= 1u << which;
		template_trim(&line->rest);
	} while (line->rest.len > 0);
}

static void template_take_limit(struct template_line *line)
{
	static const char *const units[] = {"characters", "bytes"};
	struct webhook_template *t = line->template;
	const struct webhook_span path = template_next(line), number = template_next(line), unit = template_next(line);
	struct webhook_limit *limit = &t->limits[t->limits_count];
	int which = unit.len > 0 ? template_choose(line, &unit, units, ARRAY_LEN(units)) : 0;

	if (t->limits_count == WEBHOOK_LIMITS_MAX) {
		webhook_tell(line->tell, line->number, "more than %d limits", WEBHOOK_LIMITS_MAX);
		return;
	}
	limit->max = template_number(&number, 1000000);
	limit->bytes = which == 1;
	if (limit->max < 8) {
		webhook_tell(line->tell, line->number, "a limit is a path in the body and a number from 8 to 1000000, as in "
			     "\"limit: text 4096\" or \"limit: message 4096 bytes\"");
		return;
	}
	if (which >= 0 && template_at_end(line) && template_copy(line, &path, limit->path, sizeof(limit->path), "the path"))
		t->limits_count++;
}

static void template_take_codes(struct template_line *line, uint16_t *codes)
{
	size_t i = 0;

	while (i < WEBHOOK_CODES_MAX && codes[i] != 0)
		i++;
	for (template_trim(&line->rest); line->rest.len > 0; template_trim(&line->rest)) {
		const struct webhook_span word = template_next(line);
		uint32_t code = template_number(&word, 599);

		if (code < 300 || i == WEBHOOK_CODES_MAX) {
			webhook_tell(line->tell, line->number, code < 300 ? "\"%.*s\" is no status from 300 to 599"
					     : "\"%.*s\" is one status too many, 16 can be kept",
				     (int)(word.len < 64 ? word.len : 64), word.text);
			return;
		}
		codes[i++] = (uint16_t)code;
	}
}

static void template_take_never(struct template_line *line)
{
	template_take_codes(line, line->template->rules.never);
}

static void template_take_later(struct template_line *line)
{
	template_take_codes(line, line->template->rules.later);
}

/* "json PATH", which both of what follows begin with. */
static bool template_take_path(struct template_line *line, char *path)
{
	static const char *const words[] = {"json"};
	const struct webhook_span word = template_next(line);
	const struct webhook_span name = template_next(line);

	return template_choose(line, &word, words, ARRAY_LEN(words)) == 0 &&
	       template_copy(line, &name, path, WEBHOOK_PATH_MAX + 1, "the path in the answer's JSON");
}

static void template_take_retry(struct template_line *line)
{
	static const char *const units[] = {"s", "ms"};
	struct webhook_rules *rules = &line->template->rules;
	struct webhook_span unit;
	int which;

	if (!template_take_path(line, rules->retry_path))
		return;
	unit = template_next(line);
	which = template_choose(line, &unit, units, ARRAY_LEN(units));
	if (which >= 0 && template_at_end(line))
		rules->retry_unit_ms = which == 0 ? 1000 : 1;
}

static void template_take_expect(struct template_line *line)
{
	struct webhook_rules *rules = &line->template->rules;

	if (!template_take_path(line, rules->expect_path))
		return;
	template_trim(&line->rest);
	(void)template_copy(line, &line->rest, rules->expect, sizeof(rules->expect), "what the answer has to say there");
}

/* What every request of ours has; a second one would be for the receiver to guess about. */
static bool template_is_ours(const struct webhook_span *name)
{
	static const char *const ours[] = {"content-type", "content-length", "host", "transfer-encoding", "connection",
					   "expect", "idempotency-key", "x-watchdogd-timestamp",
					   "x-watchdogd-signature"};

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (template_is(name, ours[i]))
			return true;
	return false;
}

static bool template_is_token(const struct webhook_span *name)
{
	for (size_t i = 0; i < name->len; i++)
		if (!isalnum((unsigned char)name->text[i]) && strchr("!#$%&'*+-.^_`|~", name->text[i]) == NULL)
			return false;
	return name->len > 0;
}

static void template_take_header(struct template_line *line)
{
	struct webhook_template *t = line->template;
	const char *colon = memchr(line->rest.text, ':', line->rest.len);
	struct webhook_span name = {line->rest.text, colon != NULL ? (size_t)(colon - line->rest.text) : 0};
	struct webhook_span value = {name.text + name.len + 1, line->rest.len - name.len - 1};

	if (colon == NULL || !template_is_token(&name) || template_is_ours(&name)) {
		webhook_tell(line->tell, line->number, template_is_ours(&name)
				     ? "this header is set by watchdogd; give another a name of its own"
				     : "a header of the request is \"header: NAME: VALUE\"");
		return;
	}
	template_trim(&value);
	if (t->headers_count == WEBHOOK_HEADERS_MAX) {
		webhook_tell(line->tell, line->number, "more than %d headers", WEBHOOK_HEADERS_MAX);
		return;
	}
	if (!template_copy(line, &name, t->headers[t->headers_count].name, sizeof(t->headers[0].name), "the header's name"))
		return;
	(void)webhook_text_read(&t->headers[t->headers_count++].value,
				&(struct webhook_text_of){value.text, value.len, line->number, WEBHOOK_HEADER}, line->tell);
}

static void template_take_query(struct template_line *line)
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
	void (*take)(struct template_line *line);
} template_lines[] = {
	{"method", template_take_method}, {"type", template_take_type},     {"escape", template_take_escape},
	{"skip", template_take_skip},     {"limit", template_take_limit},   {"never", template_take_never},
	{"later", template_take_later},   {"retry", template_take_retry},   {"expect", template_take_expect},
	{"header", template_take_header}, {"query", template_take_query},
};

static void template_take_line(struct template_line *line)
{
	const char *names[ARRAY_LEN(template_lines)];
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
	template_trim(&line->rest);
	template_trim(&name);
	for (size_t i = 0; i < ARRAY_LEN(template_lines); i++)
		names[i] = template_lines[i].name;
	which = template_choose(line, &name, names, ARRAY_LEN(names));
	if (which >= 0)
		template_lines[which].take(line);
}

/* --- the file --- */

/* The header lines; gives the body's begin and its line in *number. */
static const char *template_take_lines(struct webhook_template *t, const char *at, const char *end,
				       struct webhook_tell *tell, uint32_t *number)
{
	bool more = true;

	for (*number = 1; more && at < end; ++*number) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct template_line line = {.template = t, .tell = tell, .number = *number};

		line.rest = (struct webhook_span){at, (size_t)((newline != NULL ? newline : end) - at)};
		template_trim(&line.rest);
		at = newline != NULL ? newline + 1 : end;
		more = line.rest.len > 0;
		if (more && line.rest.text[0] != ';' && line.rest.text[0] != '#')
			template_take_line(&line);
	}
	return at;
}

static void template_check(const struct webhook_template *t, struct webhook_tell *tell, uint32_t number)
{
	if (t->body.pieces_count == 0 && t->method != WEBHOOK_GET)
		webhook_tell(tell, number, "there is no body; it begins after an empty line");
	if (t->body.pieces_count > 0 && t->method == WEBHOOK_GET)
		webhook_tell(tell, number, "a request GET has no body; put the values into \"query:\"");
	if (t->limits_count > 0 && t->place == WEBHOOK_URL)
		webhook_tell(tell, 1, "a form has no limits, as it can't be cut between its values");
	for (size_t i = 0; i < t->limits_count && t->place == WEBHOOK_PLAIN; i++)
		if (strcmp(t->limits[i].path, "body") != 0)
			webhook_tell(tell, 1, "of a body that is no JSON the only limit is \"limit: body N\", not of \"%s\"",
				     t->limits[i].path);
}

struct webhook_template *webhook_template_read(const char *bytes, size_t len, struct webhook_tell *tell)
{
	struct webhook_template *t = calloc(1, sizeof(*t));
	uint32_t errors = tell->errors, number;
	const char *at, *end;

	if (t == NULL || (t->file = malloc(len + 1)) == NULL) {
		webhook_tell(tell, 1, "no memory to read this");
		free(t);
		return NULL;
	}
	memcpy(t->file, bytes, len);
	memcpy(t->type, "application/json", sizeof("application/json"));
	t->place = WEBHOOK_VALUE;
	end = t->file + len;
	if (memchr(t->file, '\0', len) != NULL)
		webhook_tell(tell, 1, "there is a NUL byte; a template is text");
	at = template_take_lines(t, t->file, end, tell, &number);
	while (end > at && (template_is_blank(end[-1]) || end[-1] == '\n'))
		end--;
	if (webhook_text_read(&t->body, &(struct webhook_text_of){at, (size_t)(end - at), number, t->place}, tell))
		template_check(t, tell, number);
	if (tell->errors == errors)
		return t;
	webhook_template_free(t);
	return NULL;
}

void webhook_template_free(struct webhook_template *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->headers_count; i++)
		webhook_text_free(&t->headers[i].value);
	webhook_text_free(&t->query);
	webhook_text_free(&t->body);
	free(t->file);
	free(t);
}
