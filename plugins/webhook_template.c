#include "webhook_template.h"

#include <stdlib.h>
#include <string.h>

#include "webhook_line.h"

/* The header lines; gives the body's begin and its line in *number. */
static const char *template_take_lines(struct webhook_template *t, const char *at, const char *end,
				       struct webhook_tell *tell, uint32_t *number)
{
	bool more = true;

	for (*number = 1; more && at < end; ++*number) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		struct webhook_line line = {.template = t, .tell = tell, .number = *number};

		line.rest = (struct webhook_span){at, (size_t)((newline != NULL ? newline : end) - at)};
		webhook_line_trim(&line.rest);
		at = newline != NULL ? newline + 1 : end;
		more = line.rest.len > 0;
		if (more && line.rest.text[0] != ';' && line.rest.text[0] != '#')
			webhook_line_take(&line);
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
	while (end > at && (webhook_line_is_blank(end[-1]) || end[-1] == '\n'))
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
