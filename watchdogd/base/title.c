#include "base/title.h"

#include <string.h>

enum { TITLE_WORD_MAX = 30 }; /* so much is left out at most for the sake of a word's end */

/* The end of the last whole character within max bytes; of what is not UTF-8, max. */
static size_t title_whole(const char *text, size_t max)
{
	size_t end = max;

	while (end > 0 && max - end < 4 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	return max - end < 4 ? end : max;
}

/* Where a text that is longer than max is cut: behind a word, where one ends not too far before. */
static size_t title_end(const char *text, size_t max)
{
	size_t end = title_whole(text, max);

	for (size_t i = end; i > 0 && end - i < TITLE_WORD_MAX; i--)
		if (text[i] == ' ')
			return i;
	return end;
}

static void title_cut(char *title, const char *text, size_t len)
{
	size_t end = len <= TITLE_CHARS ? len : title_end(text, TITLE_CHARS);

	memmove(title, text, end);
	title[end] = '\0';
	if (end < len)
		memcpy(title + end, "...", sizeof("..."));
}

void title_of(char *title, const char *text)
{
	const char *first = strstr(text, "; ");

	title_cut(title, text, first != NULL ? (size_t)(first - text) : strlen(text));
}

void title_bound(char *title)
{
	title_cut(title, title, strlen(title));
}
