#include "webhook_text.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "webhook_quote.h"

/* A condition that is not ended yet. */
struct text_open {
	uint32_t piece;            /* its IF, then its ELSE */
	uint32_t line;             /* of its IF */
	bool has_else;
	struct webhook_quote at_if, at_else; /* where both branches begin, where the first one ended */
};

struct text_reader {
	struct webhook_text *text;
	struct webhook_tell *tell;
	const char *at, *end;
	uint32_t line;
	enum webhook_place place;
	struct webhook_quote json;
	struct text_open open[WEBHOOK_DEPTH_MAX];
	uint32_t depth;
};

/* --- pieces --- */

static struct webhook_piece *text_add(struct text_reader *r, enum webhook_piece_kind kind)
{
	struct webhook_text *t = r->text;

	if (t->pieces_count == WEBHOOK_PIECES_MAX) {
		webhook_tell(r->tell, r->line, "more than %d placeholders and pieces of text between them",
			     WEBHOOK_PIECES_MAX);
		return NULL;
	}
	t->pieces[t->pieces_count] = (struct webhook_piece){.kind = kind, .line = r->line};
	return &t->pieces[t->pieces_count++];
}

static bool text_add_literal(struct text_reader *r, const char *from, const char *to, uint32_t line)
{
	struct webhook_piece *piece;

	if (from == to)
		return true;
	piece = text_add(r, WEBHOOK_LITERAL);
	if (piece == NULL)
		return false;
	piece->line = line;
	piece->text = (struct webhook_span){from, (size_t)(to - from)};
	return true;
}

static struct webhook_choice *text_add_choice(struct text_reader *r)
{
	struct webhook_text *t = r->text;

	if (t->choices_count == WEBHOOK_CHOICES_MAX) {
		webhook_tell(r->tell, r->line, "more than %d words after \"|\" and \"=\"", WEBHOOK_CHOICES_MAX);
		return NULL;
	}
	t->choices[t->choices_count] = (struct webhook_choice){.any = false};
	return &t->choices[t->choices_count++];
}

/* --- JSON --- */

/* A byte of the text around the placeholders was read. */
static void text_step(struct text_reader *r, char c)
{
	if (r->place == WEBHOOK_VALUE)
		webhook_quote_step(&r->json, c);
}

/* Each text that a map writes where a JSON value may begin leaves no string open. */
static bool text_json_closed(struct text_reader *r, const struct webhook_span *span)
{
	struct webhook_quote json = {.in_string = false};

	for (size_t i = 0; i < span->len; i++)
		webhook_quote_step(&json, span->text[i]);
	if (json.in_string)
		webhook_tell(r->tell, r->line, "the string %.*s is not closed with \"", (int)span->len, span->text);
	return !json.in_string;
}

/* --- one placeholder --- */

static bool text_is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static struct webhook_span text_take_name(struct webhook_span *rest)
{
	struct webhook_span name = {rest->text, 0};

	while (name.len < rest->len && text_is_name(name.text[name.len]))
		name.len++;
	rest->text += name.len;
	rest->len -= name.len;
	return name;
}

static bool text_take(struct webhook_span *rest, const char *word)
{
	size_t len = strlen(word);

	if (rest->len < len || memcmp(rest->text, word, len) != 0)
		return false;
	rest->text += len;
	rest->len -= len;
	return true;
}

static const struct webhook_value *text_find(struct text_reader *r, const struct webhook_span *name)
{
	const struct webhook_value *value = webhook_value_find(name->text, name->len);
	struct suggest suggest;
	char text[TEXT_BYTES];
	struct buffer say;

	if (value != NULL)
		return value;
	suggest_init(&suggest, name->text, name->len);
	webhook_value_offer(&suggest);
	BUFFER_OVER(&say, text);
	buffer_addf(&say, "no value \"%.*s\"", (int)(name->len < 64 ? name->len : 64), name->text);
	suggest_say(&suggest, &say);
	webhook_tell(r->tell, r->line, "%s", text);
	return NULL;
}

/* "|WORD=TEXT|...|TEXT", the bars and words of a map, or of a condition's words "WORD|..." (no TEXT). */
static bool text_read_choices(struct text_reader *r, struct webhook_piece *piece, struct webhook_span rest, bool map)
{
	piece->first_choice = r->text->choices_count;
	for (bool more = true; more;) {
		const char *bar = memchr(rest.text, '|', rest.len), *is;
		struct webhook_span part = {rest.text, bar != NULL ? (size_t)(bar - rest.text) : rest.len};
		struct webhook_choice *choice = text_add_choice(r);

		if (choice == NULL)
			return false;
		more = bar != NULL;
		is = map ? memchr(part.text, '=', part.len) : NULL;
		choice->when = choice->then = part;
		choice->any = map && is == NULL;
		if (is != NULL) {
			choice->when.len = (size_t)(is - part.text);
			choice->then = (struct webhook_span){is + 1, part.len - choice->when.len - 1};
		}
		if (choice->any && more) {
			webhook_tell(r->tell, r->line, "\"%.*s\" is written in any case, so what follows it never is; write "
				     "WORD=TEXT, and a TEXT alone as the last", (int)part.len, part.text);
			return false;
		}
		if (map && piece->place == WEBHOOK_VALUE && !text_json_closed(r, &choice->then))
			return false;
		rest.text += part.len + more;
		rest.len -= part.len + more;
		piece->choices++;
	}
	return true;
}

static bool text_read_shift(struct text_reader *r, struct webhook_piece *piece, struct webhook_span *rest)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = {{'s', 1000}, {'m', 60000}, {'h', 3600000}, {'d', 86400000}};
	int64_t number = 0;
	size_t i = 0;

	for (; i < rest->len && isdigit((unsigned char)rest->text[i]) && number < 10000; i++)
		number = number * 10 + (rest->text[i] - '0');
	for (size_t u = 0; u < ARRAY_LEN(units) && i > 0 && i < rest->len && piece->value->type == WEBHOOK_TIME; u++) {
		if (rest->text[i] != units[u].unit)
			continue;
		piece->shift_ms = number * units[u].ms;
		rest->text += i + 1;
		rest->len -= i + 1;
		return true;
	}
	webhook_tell(r->tell, r->line, "after \"+\" stands how much later, as in ${time+1d} or ${time+30m}");
	return false;
}

static bool text_read_secret(struct text_reader *r, struct webhook_piece *piece, struct webhook_span *rest)
{
	if (text_take(rest, ":"))
		piece->text = text_take_name(rest);
	if (piece->text.len == 0)
		webhook_tell(r->tell, r->line, "a secret is named by the channel's `secret`: ${secret:NAME}");
	return piece->text.len > 0;
}

static bool text_read_put(struct text_reader *r, struct webhook_span rest)
{
	const struct webhook_span whole = rest, name = text_take_name(&rest);
	const struct webhook_value *value = text_find(r, &name);
	struct webhook_piece *piece = value != NULL ? text_add(r, WEBHOOK_PUT) : NULL;

	if (piece == NULL)
		return false;
	piece->value = value;
	piece->place = r->place != WEBHOOK_VALUE || !r->json.in_string ? r->place : WEBHOOK_STRING;
	if (r->json.escape > 0) {
		webhook_tell(r->tell, r->line, "a value can't be part of an escape: write \\\\ for the backslash before ${");
		return false;
	}
	if (value->type == WEBHOOK_SECRET && !text_read_secret(r, piece, &rest))
		return false;
	if (text_take(&rest, "+") && !text_read_shift(r, piece, &rest))
		return false;
	if (value->type != WEBHOOK_SECRET && value->type != WEBHOOK_FACTS && text_take(&rest, "|"))
		return text_read_choices(r, piece, rest, true);
	if (rest.len > 0)
		webhook_tell(r->tell, r->line, "in ${%.*s} this is not understood: \"%.*s\"", (int)whole.len, whole.text,
			     (int)rest.len, rest.text);
	return rest.len == 0;
}

/* --- conditions --- */

static bool text_read_if(struct text_reader *r, struct webhook_span rest)
{
	const struct webhook_span name = text_take_name(&rest);
	const struct webhook_value *value = text_find(r, &name);
	struct webhook_piece *piece;

	if (value == NULL)
		return false;
	if (r->depth == WEBHOOK_DEPTH_MAX || value->type == WEBHOOK_SECRET) {
		webhook_tell(r->tell, r->line, value->type == WEBHOOK_SECRET ? "a secret is no condition"
				     : "more than 8 conditions within each other");
		return false;
	}
	piece = text_add(r, WEBHOOK_IF);
	if (piece == NULL)
		return false;
	piece->value = value;
	r->open[r->depth++] = (struct text_open){.piece = r->text->pieces_count - 1, .line = r->line, .at_if = r->json};
	if (text_take(&rest, "="))
		return text_read_choices(r, piece, rest, false);
	if (rest.len > 0)
		webhook_tell(r->tell, r->line, "a condition is ${if %.*s} or ${if %.*s=WORD|WORD}", (int)name.len, name.text,
			     (int)name.len, name.text);
	return rest.len == 0;
}

static bool text_read_else(struct text_reader *r)
{
	struct text_open *open = r->depth > 0 ? &r->open[r->depth - 1] : NULL;

	if (open == NULL || open->has_else) {
		webhook_tell(r->tell, r->line, open == NULL ? "${else} without an ${if NAME} before it"
				     : "a second ${else} of one ${if NAME}; write ${end} first");
		return false;
	}
	if (text_add(r, WEBHOOK_ELSE) == NULL)
		return false;
	r->text->pieces[open->piece].jump = r->text->pieces_count - 1;
	open->piece = r->text->pieces_count - 1;
	open->has_else = true;
	open->at_else = r->json;
	r->json = open->at_if;
	return true;
}

static bool text_read_end(struct text_reader *r)
{
	struct text_open *open = r->depth > 0 ? &r->open[r->depth - 1] : NULL;

	if (open == NULL) {
		webhook_tell(r->tell, r->line, "${end} without an ${if NAME} before it");
		return false;
	}
	if (!webhook_quote_is(&r->json, open->has_else ? &open->at_else : &open->at_if)) {
		webhook_tell(r->tell, r->line, "whether the text after ${end} is inside a string depends on the condition of "
			     "line %u; open and close strings in the same branch", open->line);
		return false;
	}
	if (text_add(r, WEBHOOK_END) == NULL)
		return false;
	r->text->pieces[open->piece].jump = r->text->pieces_count - 1;
	r->depth--;
	return true;
}

/* --- the whole text --- */

/* r->at stands on "${"; after it behind "}". */
static bool text_read_placeholder(struct text_reader *r)
{
	const char *from = r->at + 2;
	size_t left = (size_t)(r->end - from);
	const char *newline = memchr(from, '\n', left), *close = memchr(from, '}', left);
	struct webhook_span rest;

	if (close == NULL || (newline != NULL && newline < close)) {
		webhook_tell(r->tell, r->line, "${ is not closed with } on its line; write $${ for the characters themselves");
		return false;
	}
	r->at = close + 1;
	rest = (struct webhook_span){from, (size_t)(close - from)};
	if (text_take(&rest, "if "))
		return text_read_if(r, rest);
	if (rest.len == 4 && memcmp(rest.text, "else", 4) == 0)
		return text_read_else(r);
	if (rest.len == 3 && memcmp(rest.text, "end", 3) == 0)
		return text_read_end(r);
	return text_read_put(r, rest);
}

/* Behind a backslash at the end of a line, its newline, and the blanks of the next; r->at where there is none. */
static const char *text_joined(const struct text_reader *r)
{
	const char *at = r->at + 1;

	at += at < r->end && *at == '\r';
	if (at >= r->end || *at != '\n' || r->json.escape > 0)
		return r->at;
	for (at++; at < r->end && (*at == ' ' || *at == '\t');)
		at++;
	return at;
}

/* From r->at to the next placeholder, join or "$${": what is between is literal. */
static bool text_read_literal(struct text_reader *r)
{
	const char *from = r->at;
	uint32_t line = r->line;

	for (; r->at < r->end; r->at++) {
		if (*r->at == '\\' && text_joined(r) != r->at) {
			const char *to = r->at;

			r->at = text_joined(r);
			r->line++;
			return text_add_literal(r, from, to, line);
		}
		if (*r->at == '$' && r->end - r->at >= 3 && r->at[1] == '$' && r->at[2] == '{') {
			text_step(r, '$');
			text_step(r, '{');
			r->at += 3;
			return text_add_literal(r, from, r->at - 2, line) &&
			       text_add_literal(r, r->at - 1, r->at, r->line);
		}
		if (*r->at == '$' && r->end - r->at >= 2 && r->at[1] == '{')
			break;
		r->line += *r->at == '\n';
		text_step(r, *r->at);
	}
	return text_add_literal(r, from, r->at, line);
}

static bool text_read_all(struct text_reader *r)
{
	while (r->at < r->end) {
		bool placeholder = r->end - r->at >= 2 && r->at[0] == '$' && r->at[1] == '{';

		if (!(placeholder ? text_read_placeholder(r) : text_read_literal(r)))
			return false;
	}
	if (r->depth > 0) {
		webhook_tell(r->tell, r->open[r->depth - 1].line, "${if NAME} is not ended with ${end}");
		return false;
	}
	if (r->place == WEBHOOK_VALUE && r->json.in_string) {
		webhook_tell(r->tell, r->line, "the last string is not closed with \"");
		return false;
	}
	return true;
}

/* No more memory than is used. */
static void *text_fit(void *rows, size_t bytes)
{
	void *fits = realloc(rows, bytes + 1);

	if (fits == NULL)
		return rows;
	return fits;
}

bool webhook_text_read(struct webhook_text *text, const struct webhook_text_of *of, struct webhook_tell *tell)
{
	struct text_reader r = {.text = text, .tell = tell, .at = of->text, .end = of->text + of->len,
				.line = of->line, .place = of->place};
	bool good;

	*text = (struct webhook_text){.pieces = malloc(WEBHOOK_PIECES_MAX * sizeof(*text->pieces)),
				      .choices = malloc(WEBHOOK_CHOICES_MAX * sizeof(*text->choices))};
	if (text->pieces == NULL || text->choices == NULL) {
		webhook_tell(tell, of->line, "no memory to read this");
		return false;
	}
	good = text_read_all(&r);
	text->pieces = text_fit(text->pieces, text->pieces_count * sizeof(*text->pieces));
	text->choices = text_fit(text->choices, text->choices_count * sizeof(*text->choices));
	return good;
}

void webhook_text_free(struct webhook_text *text)
{
	free(text->pieces);
	free(text->choices);
	*text = (struct webhook_text){.pieces = NULL};
}
