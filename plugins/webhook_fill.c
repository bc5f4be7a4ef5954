#include "webhook_fill.h"

#include <stdlib.h>
#include <string.h>

static bool fill_is(const struct webhook_span *span, const char *text)
{
	return strlen(text) == span->len && memcmp(text, span->text, span->len) == 0;
}

/* --- one value --- */

static void fill_put_text(struct buffer *out, const struct webhook_piece *piece, const struct webhook_fill *fill,
			  const char *text)
{
	size_t n = strlen(text);

	webhook_place_write(out, piece->place, fill->markup, text, webhook_place_cut(text, n, WEBHOOK_VALUE_MAX));
}

/* The author's own words: escaped, but as JSON value taken as they are (true, 3, "x"). */
static void fill_put_choice(struct buffer *out, const struct webhook_piece *piece, const struct webhook_span *then)
{
	if (piece->place == WEBHOOK_VALUE)
		buffer_add_bytes(out, then->text, then->len);
	else
		webhook_place_write(out, piece->place, WEBHOOK_NO_MARKUP, then->text, then->len);
}

static void fill_put_fact(struct buffer *out, enum webhook_place place, const struct webhook_fill *fill,
			  const char *text)
{
	size_t n = strlen(text);

	webhook_place_write(out, place, fill->markup, text, webhook_place_cut(text, n, WEBHOOK_FACT_MAX));
}

/* [{"name": ..., "value": ...}, ...] or lines. */
static void fill_put_facts(struct buffer *out, const struct webhook_piece *piece, const struct webhook_fill *fill)
{
	const struct plugin_message *message = fill->with->message;
	bool array = piece->place == WEBHOOK_VALUE;

	buffer_add(out, array ? "[" : "");
	for (size_t i = 0; i < message->facts_count && i < WEBHOOK_FACTS_MAX; i++) {
		if (array)
			buffer_add(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		else if (i > 0)
			webhook_place_write(out, piece->place, WEBHOOK_NO_MARKUP, "\n", 1);
		fill_put_fact(out, piece->place, fill, message->facts[i].name);
		if (array)
			buffer_add(out, ",\"value\":");
		else
			webhook_place_write(out, piece->place, WEBHOOK_NO_MARKUP, ": ", 2);
		fill_put_fact(out, piece->place, fill, message->facts[i].value);
		buffer_add(out, array ? "}" : "");
	}
	buffer_add(out, array ? "]" : "");
}

static bool fill_put_secret(struct buffer *out, const struct webhook_piece *piece, struct webhook_fill *fill)
{
	const char *text = webhook_value_secret(fill->with->channel, piece->text.text, piece->text.len);

	if (text == NULL)
		fill->missing = piece->text;
	else
		webhook_place_write(out, piece->place, WEBHOOK_NO_MARKUP, text, strlen(text));
	return text != NULL;
}

static void fill_put_value(struct buffer *out, const struct webhook_text *t, const struct webhook_piece *piece,
			   const struct webhook_fill *fill)
{
	char room[WEBHOOK_TIME_BYTES];
	const char *text = webhook_value_text(piece->value, fill->with, piece->shift_ms, room);

	for (uint32_t i = 0; i < piece->choices; i++) {
		const struct webhook_choice *choice = &t->choices[piece->first_choice + i];

		if (choice->any || fill_is(&choice->when, text)) {
			fill_put_choice(out, piece, &choice->then);
			return;
		}
	}
	if (piece->value->type == WEBHOOK_NUMBER)
		buffer_add(out, text);
	else
		fill_put_text(out, piece, fill, text);
}

static bool fill_put(struct buffer *out, const struct webhook_text *t, const struct webhook_piece *piece,
		     struct webhook_fill *fill)
{
	if (piece->value->type == WEBHOOK_SECRET)
		return fill_put_secret(out, piece, fill);
	if (piece->value->type == WEBHOOK_FACTS)
		fill_put_facts(out, piece, fill);
	else
		fill_put_value(out, t, piece, fill);
	return true;
}

/* --- the text --- */

static bool fill_holds(const struct webhook_text *t, const struct webhook_piece *piece, const struct webhook_fill *fill)
{
	char room[WEBHOOK_TIME_BYTES];
	const char *text = webhook_value_text(piece->value, fill->with, 0, room);

	for (uint32_t i = 0; i < piece->choices; i++)
		if (fill_is(&t->choices[piece->first_choice + i].when, text))
			return true;
	return piece->choices == 0 && text[0] != '\0';
}

/* One piece; the index of the next. UINT32_MAX: a secret is missing. */
static uint32_t fill_step(struct buffer *out, const struct webhook_text *t, uint32_t i, struct webhook_fill *fill)
{
	const struct webhook_piece *piece = &t->pieces[i];

	switch (piece->kind) {
	case WEBHOOK_LITERAL:
		buffer_add_bytes(out, piece->text.text, piece->text.len);
		break;
	case WEBHOOK_PUT:
		return fill_put(out, t, piece, fill) ? i + 1 : UINT32_MAX;
	case WEBHOOK_IF:
		return fill_holds(t, piece, fill) ? i + 1 : piece->jump + 1;
	case WEBHOOK_ELSE: /* the branch before it is done */
		return piece->jump + 1;
	case WEBHOOK_END:
		break;
	}
	return i + 1;
}

bool webhook_fill(struct buffer *out, const struct webhook_text *text, struct webhook_fill *fill)
{
	uint32_t i = 0;

	while (i < text->pieces_count)
		i = fill_step(out, text, i, fill);
	return i != UINT32_MAX;
}

static uint32_t fill_newlines(const struct webhook_span *span, size_t n)
{
	uint32_t lines = 0;

	for (size_t i = 0; i < n && i < span->len; i++)
		lines += span->text[i] == '\n';
	return lines;
}

uint32_t webhook_fill_line(const struct webhook_text *text, struct webhook_fill *fill, size_t at, size_t size)
{
	char *room = malloc(size);
	struct buffer out;
	uint32_t line = text->pieces_count > 0 ? text->pieces[0].line : 0, i = 0;

	if (room == NULL)
		return line;
	buffer_init(&out, room, size);
	while (i < text->pieces_count && out.len <= at) {
		const struct webhook_piece *piece = &text->pieces[i];
		size_t before = out.len;

		line = piece->line;
		if (piece->kind == WEBHOOK_LITERAL)
			line += fill_newlines(&piece->text, at - before);
		i = fill_step(&out, text, i, fill);
	}
	free(room);
	return line;
}
