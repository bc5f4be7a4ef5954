#include "see/oomtext.h"

#include <string.h>

struct oomtext oomtext_from(struct oomtext text, size_t i)
{
	return (struct oomtext){text.at + i, text.n - i};
}

struct oomtext oomtext_part(struct oomtext text, size_t i, size_t n)
{
	return (struct oomtext){text.at + i, n};
}

bool oomtext_begins(struct oomtext text, const char *word)
{
	size_t n = strlen(word);

	return text.n >= n && memcmp(text.at, word, n) == 0;
}

bool oomtext_ends(struct oomtext text, const char *word)
{
	size_t n = strlen(word);

	return text.n >= n && memcmp(text.at + text.n - n, word, n) == 0;
}

bool oomtext_is(struct oomtext text, const char *word)
{
	return text.n == strlen(word) && oomtext_begins(text, word);
}

size_t oomtext_find(struct oomtext text, const char *word)
{
	const char *found = memmem(text.at, text.n, word, strlen(word));

	return found ? (size_t)(found - text.at) : OOMTEXT_NONE;
}

size_t oomtext_find_last(struct oomtext text, const char *word)
{
	size_t n = strlen(word);

	for (size_t i = text.n >= n ? text.n - n + 1 : 0; i > 0; i--)
		if (memcmp(text.at + i - 1, word, n) == 0)
			return i - 1;
	return OOMTEXT_NONE;
}

bool oomtext_skip(struct oomtext *text, const char *word)
{
	if (!oomtext_begins(*text, word))
		return false;
	*text = oomtext_from(*text, strlen(word));
	return true;
}

void oomtext_skip_blanks(struct oomtext *text)
{
	while (text->n > 0 && (*text->at == ' ' || *text->at == '\t'))
		*text = oomtext_from(*text, 1);
}

bool oomtext_number(struct oomtext *text, uint64_t most, uint64_t *value)
{
	uint64_t sum = 0;
	size_t i = 0;

	for (; i < text->n && text->at[i] >= '0' && text->at[i] <= '9'; i++) {
		uint64_t digit = (uint64_t)(text->at[i] - '0');

		if (sum > (UINT64_MAX - digit) / 10)
			return false;
		sum = sum * 10 + digit;
	}
	if (i == 0 || (i > 1 && text->at[0] == '0') || sum > most)
		return false;
	*text = oomtext_from(*text, i);
	*value = sum;
	return true;
}

bool oomtext_signed(struct oomtext *text, int64_t least, int64_t most, int64_t *value)
{
	struct oomtext rest = *text;
	bool minus = least < 0 && oomtext_skip(&rest, "-");
	uint64_t bound = minus ? (uint64_t)-least : (uint64_t)most;
	uint64_t size;

	if (!oomtext_number(&rest, bound, &size))
		return false;
	*text = rest;
	*value = minus ? -(int64_t)size : (int64_t)size;
	return true;
}

bool oomtext_copy(struct oomtext text, char *out, size_t size)
{
	out[0] = '\0';
	if (text.n >= size || memchr(text.at, '\0', text.n))
		return false;
	memcpy(out, text.at, text.n);
	out[text.n] = '\0';
	return true;
}

static int oomtext_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

struct oomtext oomtext_unescape(struct oomtext text, char *out, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n && n < size; n++) {
		int high = -1, low = -1;

		if (text.n - i >= 4 && text.at[i] == '\\' && text.at[i + 1] == 'x') {
			high = oomtext_hex(text.at[i + 2]);
			low = oomtext_hex(text.at[i + 3]);
		}
		if (high >= 0 && low >= 0) {
			out[n] = (char)(unsigned char)(high << 4 | low);
			i += 4;
		} else {
			out[n] = text.at[i];
			i++;
		}
	}
	return (struct oomtext){out, n};
}
