#include "config/condition_token.h"

#include <stdbool.h>
#include <string.h>

#include "base/bounds.h"
#include "config/value.h"

static bool condition_token_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

static bool condition_token_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A number with its unit, which may stand apart: "12 %", but not the word behind ("12 and"). */
static size_t condition_token_number_len(const char *text)
{
	size_t len = 1, gap, unit;

	while (condition_token_is_digit(text[len]) || text[len] == '.')
		len++;
	unit = len;
	while (condition_token_is_letter(text[unit]) || text[unit] == '%' ||
	       condition_token_is_digit(text[unit]))
		unit++;
	if (unit > len)
		return unit;
	gap = len + strspn(text + len, " \t");
	unit = gap;
	while (condition_token_is_letter(text[unit]) || text[unit] == '%')
		unit++;
	return value_is_unit(text + gap, unit - gap) ? unit : len;
}

static size_t condition_token_word_len(const char *text)
{
	size_t len = 1;

	while (condition_token_is_letter(text[len]) || condition_token_is_digit(text[len]) ||
	       (text[len] != '\0' && strchr("._-", text[len]) != NULL))
		len++;
	return len;
}

static enum condition_token_kind condition_token_word_kind(const char *word, size_t len)
{
	static const struct {
		const char *word;
		enum condition_token_kind token;
	} words[] = {{"not", TOKEN_NOT}, {"and", TOKEN_AND}, {"or", TOKEN_OR}, {"for", TOKEN_FOR}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i].word) == len && memcmp(words[i].word, word, len) == 0)
			return words[i].token;
	return TOKEN_WORD;
}

/* How long a run of these is, if it is an operator at all: "=>" is told as one wrong word. */
static struct condition_token condition_token_operator(const char *text, size_t at)
{
	size_t len = strspn(text + at, "<>=!&|");
	bool compares = text[at] == '<' || text[at] == '>';

	return (struct condition_token){compares ? TOKEN_COMPARE : TOKEN_OTHER, at,
					len > 0 ? len : 1};
}

struct condition_token condition_token_next(const char *text, size_t at)
{
	const char *p;
	size_t len;

	at += strspn(text + at, " \t");
	p = text + at;
	if (*p == '\0')
		return (struct condition_token){TOKEN_END, at, 0};
	if (*p == '(' || *p == ')')
		return (struct condition_token){*p == '(' ? TOKEN_OPEN : TOKEN_CLOSE, at, 1};
	if (condition_token_is_digit(*p) || (*p == '-' && condition_token_is_digit(p[1])))
		return (struct condition_token){TOKEN_NUMBER, at, condition_token_number_len(p)};
	if (!condition_token_is_letter(*p))
		return condition_token_operator(text, at);
	len = condition_token_word_len(p);
	return (struct condition_token){condition_token_word_kind(p, len), at, len};
}
