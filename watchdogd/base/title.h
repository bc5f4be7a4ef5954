/* Titles: what an alert says in a subject line and on a phone's lock screen. At most TITLE_CHARS bytes of
 * text, without the unit, which has a place of its own. Hostile text stays hostile: who shows it escapes it. */
#ifndef WD_BASE_TITLE_H
#define WD_BASE_TITLE_H

#include "base/bounds.h"
#include "base/buffer.h"

enum { TITLE_CHARS = 100 };
_Static_assert(TITLE_BYTES > TITLE_CHARS + 4, "a cut one ends with \"...\"");

/* Where there is no short form: the text up to its first "; ", cut at a word where it is longer than fits.
 * title: TITLE_BYTES; may be text itself. */
void title_of(char *title, const char *text);

/* Bound a title that was put together: cut at a word, never within a character. */
void title_bound(char *title);

#endif
