#include "webhook_request.h"

#include <stdlib.h>
#include <string.h>

#include "base/escape.h"
#include "webhook_fill.h"
#include "webhook_json.h"

static void request_begin_why(struct buffer *why, const char *file, uint32_t line)
{
	escape_line(why, file, strlen(file));
	buffer_addf(why, ":%u: ", line);
}

static enum webhook_made request_lacks(const struct webhook_fill *fill, struct buffer *why)
{
	buffer_add(why, "the channel has no secret ");
	escape_line(why, fill->missing.text, fill->missing.len);
	buffer_add(why, ", or its file could not be read: secret = NAME=FILE");
	return WEBHOOK_LACKS;
}

/* Every text that has a limit is cut; the JSON in out becomes *body. */
static enum webhook_made request_cut_json(const struct webhook_template *t, struct webhook_json *json, char **body,
					  struct buffer *why)
{
	bool done = true;

	for (size_t i = 0; i < t->limits_count && done; i++)
		done = webhook_json_cut(json, t->limits[i].path, t->limits[i].max, t->limits[i].bytes);
	*body = done ? webhook_json_write(json) : NULL;
	webhook_json_free(json);
	if (*body != NULL)
		return WEBHOOK_MADE;
	buffer_add(why, "no memory for the request");
	return WEBHOOK_LACKS;
}

static enum webhook_made request_take_json(const struct webhook_template *t, struct webhook_fill *fill,
					   const char *file, const struct buffer *out, char **body, struct buffer *why)
{
	char wrong[160];
	size_t at = 0;
	struct webhook_json *json = webhook_json_check(out->text, out->len, wrong, sizeof(wrong), &at);

	if (json != NULL)
		return request_cut_json(t, json, body, why);
	request_begin_why(why, file, webhook_fill_line(&t->body, fill, at, out->size));
	buffer_add(why, "the filled body is no JSON: ");
	escape_line(why, wrong, strlen(wrong));
	return WEBHOOK_WRONG;
}

static enum webhook_made request_take_text(const struct webhook_template *t, const struct buffer *out, char **body,
					   struct buffer *why)
{
	size_t n = out->len;

	for (size_t i = 0; i < t->limits_count; i++)
		n = webhook_json_fit(out->text, n, t->limits[i].max, t->limits[i].bytes);
	*body = malloc(n + 4);
	if (*body == NULL) {
		buffer_add(why, "no memory for the request");
		return WEBHOOK_LACKS;
	}
	memcpy(*body, out->text, n);
	memcpy(*body + n, n < out->len && t->place == WEBHOOK_PLAIN ? "\xe2\x80\xa6" : "\0\0\0", 4);
	return WEBHOOK_MADE;
}

enum webhook_made webhook_request_body(const struct webhook_template *t, const struct webhook_with *with,
				       const char *file, char **body, struct buffer *why)
{
	struct webhook_fill fill = {.with = with, .markup = t->markup};
	char *room = malloc(WEBHOOK_BODY_MAX);
	struct buffer out;
	enum webhook_made made;

	*body = NULL;
	if (room == NULL) {
		buffer_add(why, "no memory for the request");
		return WEBHOOK_LACKS;
	}
	buffer_init(&out, room, WEBHOOK_BODY_MAX);
	if (!webhook_fill(&out, &t->body, &fill)) {
		made = request_lacks(&fill, why);
	} else if (out.cut) {
		request_begin_why(why, file, t->body.pieces[0].line);
		buffer_addf(why, "the filled body is longer than %d bytes", WEBHOOK_BODY_MAX);
		made = WEBHOOK_WRONG;
	} else {
		made = t->place == WEBHOOK_VALUE && t->method != WEBHOOK_GET
			       ? request_take_json(t, &fill, file, &out, body, why)
			       : request_take_text(t, &out, body, why);
	}
	explicit_bzero(room, out.len); /* a secret may have been filled in */
	free(room);
	return made;
}

enum webhook_made webhook_request_line(const struct webhook_text *text, const struct webhook_with *with,
				       const char *file, struct buffer *out, struct buffer *why)
{
	struct webhook_fill fill = {.with = with, .markup = WEBHOOK_NO_MARKUP};

	if (!webhook_fill(out, text, &fill))
		return request_lacks(&fill, why);
	if (!out->cut)
		return WEBHOOK_MADE;
	request_begin_why(why, file, text->pieces_count > 0 ? text->pieces[0].line : 1);
	buffer_addf(why, "the filled line is longer than %d bytes", WEBHOOK_LINE_MAX);
	return WEBHOOK_WRONG;
}
