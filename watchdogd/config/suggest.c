#include "config/suggest.h"

#include <ctype.h>
#include <string.h>

/* Optimal string alignment: insert, delete, replace and swap of two neighbours cost one each; the
 * case of a letter costs nothing. Rows of the table roll; both words are at most SUGGEST_BYTES. */
static size_t suggest_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t rows[3][SUGGEST_BYTES + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		above[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		size_t *oldest = before;

		row[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			int x = tolower((unsigned char)a[i - 1]),
			    y = tolower((unsigned char)b[j - 1]);
			size_t best = above[j - 1] + (x != y);

			if (above[j] + 1 < best)
				best = above[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			if (i > 1 && j > 1 && x == tolower((unsigned char)b[j - 2]) &&
			    y == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < best)
				best = before[j - 2] + 1;
			row[j] = best;
		}
		before = above;
		above = row;
		row = oldest;
	}
	return above[b_len];
}

void suggest_init(struct suggest *s, const char *word, size_t len)
{
	s->word = word;
	s->len = len;
	/* Near is up to a third of the word wrong: one edit in "stpo", four in "host.avlable". */
	s->distance = (len < 3 ? 1 : len / 3) + 1;
	s->nearest[0] = '\0';
	BUFFER_OVER(&s->all, s->all_text);
}

void suggest_offer(struct suggest *s, const char *name)
{
	size_t len = strlen(name), distance;

	if (s->all.len > 0)
		buffer_add(&s->all, ", ");
	buffer_add(&s->all, name);
	if (s->len > SUGGEST_BYTES || len > SUGGEST_BYTES)
		return;
	distance = suggest_distance(s->word, s->len, name, len);
	if (distance < s->distance && distance < len) {
		s->distance = distance;
		memcpy(s->nearest, name, len + 1);
	}
}

const char *suggest_nearest(const struct suggest *s)
{
	return s->nearest[0] != '\0' ? s->nearest : NULL;
}

void suggest_say(const struct suggest *s, struct buffer *out)
{
	if (s->nearest[0] != '\0')
		buffer_addf(out, "; did you mean \"%s\"?", s->nearest);
	else if (s->all.len == 0)
		buffer_add(out, "; there is none");
	else if (!s->all.cut)
		buffer_addf(out, "; one of: %s", s->all.text);
}
