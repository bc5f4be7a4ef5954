/* A template filled with a message: what is sent. Knows nothing of the transfer. */
#ifndef WD_WEBHOOK_REQUEST_H
#define WD_WEBHOOK_REQUEST_H

#include "webhook_template.h"

enum {
	WEBHOOK_BODY_MAX = 2 * 1024 * 1024, /* filled; memory that is used only as far as it is written */
	WEBHOOK_LINE_MAX = 16 * 1024,       /* a query or a header, filled */
};

enum webhook_made {
	WEBHOOK_MADE,
	WEBHOOK_LACKS, /* a secret, memory: may be there the next time */
	WEBHOOK_WRONG, /* the template makes no request of this message */
};

/* The body, malloc'ed, ended with a NUL that is not part of it; "" for GET. Otherwise why: a sentence with file
 * and line. file: as the config names the format. */
enum webhook_made webhook_request_body(const struct webhook_template *template, const struct webhook_with *with,
				       const char *file, char **body, struct buffer *why);

/* A query or the value of a header, into out (WEBHOOK_LINE_MAX bytes). */
enum webhook_made webhook_request_line(const struct webhook_text *text, const struct webhook_with *with,
				       const char *file, struct buffer *out, struct buffer *why);

#endif
