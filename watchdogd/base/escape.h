/* Hostile text (names of processes, cgroups and files, kernel and log lines) made safe for where it
 * goes. Input is bytes with a length: a NUL is a byte like another. Never allocates. */
#ifndef WD_BASE_ESCAPE_H
#define WD_BASE_ESCAPE_H

#include "base/buffer.h"

/* For a log line or a terminal: well-formed UTF-8 as it is; control characters (C0, DEL, C1), bidi
 * and other invisible format characters, and each byte that is not well-formed UTF-8 as \xNN; a
 * backslash as \\. The result is one line. */
void escape_line(struct buffer *out, const char *bytes, size_t n);

/* The inside of a JSON string (RFC 8259), without its quotes: well-formed UTF-8 as it is, other
 * bytes as U+FFFD, control characters as \uNNNN. */
void escape_json(struct buffer *out, const char *bytes, size_t n);

/* The text of an HTML element, or of an attribute between quotes of either kind: & < > " ' as references,
 * newline and tab as they are; other control characters, what is invisible (bidi marks among it) and each
 * byte that is not well-formed UTF-8 as U+FFFD. */
void escape_html(struct buffer *out, const char *bytes, size_t n);

/* One part of a URL (a path segment, a value of the query): letters, digits and -._~ as they are, every other
 * byte as %NN (RFC 3986). */
void escape_url(struct buffer *out, const char *bytes, size_t n);

/* How many bytes the well-formed UTF-8 character at bytes has (1 to 4), 0 when there is none
 * (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF). n: bytes left, at least 1. */
size_t escape_utf8_len(const char *bytes, size_t n);

#endif
