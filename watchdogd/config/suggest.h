/* The nearest right name to a wrong one, for "did you mean": offered one by one from whatever
 * tables there are. Without a near one, the set itself if it is short. */
#ifndef WD_CONFIG_SUGGEST_H
#define WD_CONFIG_SUGGEST_H

#include <stddef.h>

#include "base/buffer.h"

enum { SUGGEST_BYTES = 64 }; /* longer words have no near one */

struct suggest {
	const char *word; /* borrowed; the wrong one */
	size_t len;
	size_t distance; /* of the nearest so far, in edits */
	char nearest[SUGGEST_BYTES + 1];
	struct buffer all; /* the set, while it fits */
	char all_text[240];
};

/* word: len bytes, borrowed while s is used. */
void suggest_init(struct suggest *s, const char *word, size_t len);

/* A right name, copied. */
void suggest_offer(struct suggest *s, const char *name);

/* The nearest of those offered, or NULL when none is near. Valid as long as s. */
const char *suggest_nearest(const struct suggest *s);

/* Append what would be right: `; did you mean "x"?`, or `; one of: a, b, c`, or "; there is none",
 * or nothing when none is near and the set is long. */
void suggest_say(const struct suggest *s, struct buffer *out);

#endif
