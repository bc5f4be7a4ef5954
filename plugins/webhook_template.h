/* A template: the shape of a webhook's request, a file that the config names (man/watchdogd-format.5). Header
 * lines "NAME: VALUE", an empty line, the body. */
#ifndef WD_WEBHOOK_TEMPLATE_H
#define WD_WEBHOOK_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "webhook_answer.h"
#include "webhook_text.h"

enum {
	WEBHOOK_HEADERS_MAX = 16,
	WEBHOOK_LIMITS_MAX = 16,
	WEBHOOK_WORD_MAX = 64, /* bytes of a header's name, a type */
};

enum webhook_method { WEBHOOK_POST, WEBHOOK_PUT_METHOD, WEBHOOK_GET };

/* Of the text at this path of the body's JSON, so much is sent. */
struct webhook_limit {
	char path[WEBHOOK_PATH_MAX + 1]; /* "embeds.0.description"; of another type than JSON "body" */
	uint32_t max;
	bool bytes;                      /* otherwise characters */
};

struct webhook_template {
	char *file;                         /* its bytes; the texts point into it */
	enum webhook_method method;
	char type[WEBHOOK_WORD_MAX + 1];    /* of the body: "application/json" */
	enum webhook_place place;           /* of the body: WEBHOOK_VALUE for JSON */
	enum webhook_markup markup;
	uint32_t skip;                      /* of `told` that are not sent: bits of webhook_line_told */
	struct webhook_limit limits[WEBHOOK_LIMITS_MAX];
	size_t limits_count;
	struct webhook_header {
		char name[WEBHOOK_WORD_MAX + 1];
		struct webhook_text value;
	} headers[WEBHOOK_HEADERS_MAX];
	size_t headers_count;
	struct webhook_text query, body;
	struct webhook_rules rules;         /* what an answer means */
};

/* Read one. NULL after telling each thing that is wrong. webhook_template_free gives it back (NULL: nothing). */
struct webhook_template *webhook_template_read(const char *bytes, size_t len, struct webhook_tell *tell);
void webhook_template_free(struct webhook_template *template);

#endif
