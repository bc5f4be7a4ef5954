/* Where a value stands in a request, and how it is escaped for there, so that it stays a value whatever
 * bytes it is of. */
#ifndef WD_WEBHOOK_PLACE_H
#define WD_WEBHOOK_PLACE_H

#include <stddef.h>

#include "base/buffer.h"

enum webhook_place {
	WEBHOOK_PLAIN,  /* a body of plain text: newlines and tabs stay, what a reader does not see is \xNN */
	WEBHOOK_STRING, /* inside a JSON string */
	WEBHOOK_VALUE,  /* JSON, where a value may begin */
	WEBHOOK_URL,    /* a query, or a body of type form-urlencoded: all but letters, digits and -._~ as %NN */
	WEBHOOK_HEADER, /* a header of HTTP: one line */
};

/* What the reader's program makes of certain characters in a text: taken from them before the place's own
 * escaping. */
enum webhook_markup {
	WEBHOOK_NO_MARKUP,
	WEBHOOK_HTML,     /* & < > become entities: Slack's links and mentions, HTML */
	WEBHOOK_MARKDOWN, /* a backslash before what Markdown reads: links, mentions, emphasis */
};

/* Append the value. For WEBHOOK_VALUE it is a whole JSON string with its quotes. Bytes that are not UTF-8 become
 * U+FFFD (\xNN where the place is plain). Pieces of one value may come one after another (not for
 * WEBHOOK_VALUE), cut between characters. */
void webhook_place_write(struct buffer *out, enum webhook_place place, enum webhook_markup markup,
			 const char *bytes, size_t n);

/* How many of the n bytes come before a character (or byte that is none) that would end beyond max. */
size_t webhook_place_cut(const char *bytes, size_t n, size_t max);

#endif
