/* Hostile text as a person may read it in a mail: no control character, nothing invisible that a screen or
 * the order of writing obeys, well-formed UTF-8. */
#ifndef WD_PLUGINS_EMAIL_CLEAN_H
#define WD_PLUGINS_EMAIL_CLEAN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

/* How many bytes of text count: all, or at most max, up to the end of a character. */
size_t email_clean_len(const char *text, size_t max);

/* Append text, at most max bytes of it (then "..."). Bytes that are no UTF-8 and what is invisible become U+FFFD,
 * controls a space. lines: line ends ('\n', with or without '\r') stay as '\n'. */
void email_clean(struct buffer *out, const char *text, size_t max, bool lines);

#endif
