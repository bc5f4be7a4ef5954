#include "config/value.h"

#include <string.h>
#include <strings.h>

#include "base/bounds.h"

/* Largest first within a kind, so that value_format finds the shortest way. */
static const struct value_unit {
	const char *name;
	enum value_kind kind;
	int64_t scale;
} value_units[] = {
	{"T", VALUE_BYTES, (int64_t)1 << 40},
	{"G", VALUE_BYTES, 1 << 30},
	{"M", VALUE_BYTES, 1 << 20},
	{"K", VALUE_BYTES, 1 << 10},
	{"B", VALUE_BYTES, 1},
	{"d", VALUE_DURATION, 86400000},
	{"h", VALUE_DURATION, 3600000},
	{"m", VALUE_DURATION, 60000},
	{"s", VALUE_DURATION, 1000},
	{"ms", VALUE_DURATION, 1},
	{"%", VALUE_PERCENT, 1000},
	{"", VALUE_COUNT, 1},
};

static const char *const value_kind_texts[VALUE_KINDS] = {
	[VALUE_COUNT] = "a number without a unit",
	[VALUE_BYTES] = "a size such as \"32M\" (K, M, G, T)",
	[VALUE_DURATION] = "a duration such as \"20s\" (ms, s, m, h, d)",
	[VALUE_PERCENT] = "a percentage such as \"12%\"",
	[VALUE_NEVER] = "\"never\"",
};

static const char *const value_error_texts[] = {
	[0] = "right",
	[VALUE_NO_NUMBER] = "no number",
	[VALUE_NO_SUCH_UNIT] = "a number with a unit that does not exist",
	[VALUE_TOO_LARGE] = "too large",
	[VALUE_TOO_FINE] = "more precise than its unit allows",
};

static bool value_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool value_is_space(char c)
{
	return c == ' ' || c == '\t';
}

static const struct value_unit *value_unit_find(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(value_units); i++)
		if (strlen(value_units[i].name) == len &&
		    memcmp(value_units[i].name, text, len) == 0)
			return &value_units[i];
	return NULL;
}

static void value_trim(const char **text, size_t *len)
{
	while (*len > 0 && value_is_space(**text)) {
		(*text)++;
		(*len)--;
	}
	while (*len > 0 && value_is_space((*text)[*len - 1]))
		(*len)--;
}

/* Digits from text[*at] on, appended to *number. */
static int value_digits(const char *text, size_t len, size_t *at, int64_t *number)
{
	for (; *at < len && value_is_digit(text[*at]); (*at)++)
		if (__builtin_mul_overflow(*number, 10, number) ||
		    __builtin_add_overflow(*number, text[*at] - '0', number))
			return VALUE_TOO_LARGE;
	return 0;
}

/* number * scale / 10^decimals, when that is whole. */
static int value_scale(int64_t number, size_t decimals, int64_t scale, int64_t *result)
{
	int64_t divisor = 1;

	if (decimals > 9)
		return VALUE_TOO_FINE;
	while (decimals-- > 0)
		divisor *= 10;
	if (scale == 1 && divisor > 1)
		return VALUE_TOO_FINE;
	if (__builtin_mul_overflow(number, scale, &number))
		return VALUE_TOO_LARGE;
	/* 1.3G is no whole number of bytes, and nobody minds; a thousandth of a % is the end. */
	if (number % divisor != 0 && scale <= 1000)
		return VALUE_TOO_FINE;
	*result = number / divisor;
	return 0;
}

int value_parse(const char *text, size_t len, struct value *value)
{
	const struct value_unit *unit;
	size_t at, dot;
	int64_t number = 0;
	bool minus;
	int error;

	value_trim(&text, &len);
	if (len == 5 && memcmp(text, "never", 5) == 0) {
		*value = (struct value){VALUE_NEVER, INT64_MAX};
		return 0;
	}
	minus = len > 0 && text[0] == '-';
	at = minus ? 1 : 0;
	if (at == len || !value_is_digit(text[at]))
		return VALUE_NO_NUMBER;
	error = value_digits(text, len, &at, &number);
	dot = at;
	if (error == 0 && at + 1 < len && text[at] == '.' && value_is_digit(text[at + 1])) {
		at++;
		dot++;
		error = value_digits(text, len, &at, &number);
	}
	if (error != 0)
		return error;
	dot = at - dot;
	while (at < len && value_is_space(text[at]))
		at++;
	unit = value_unit_find(text + at, len - at);
	if (unit == NULL)
		return VALUE_NO_SUCH_UNIT;
	value->kind = unit->kind;
	error = value_scale(minus ? -number : number, dot, unit->scale, &value->number);
	return error;
}

int value_parse_rate(const char *text, size_t len, int64_t *n, int64_t *for_ms)
{
	const char *per = memmem(text, len, " per ", 5);
	struct value count, span;
	int error;

	if (per == NULL)
		return VALUE_NO_NUMBER;
	error = value_parse(text, (size_t)(per - text), &count);
	if (error == 0)
		error = value_parse(per + 5, len - (size_t)(per - text) - 5, &span);
	if (error == 0 && (count.kind != VALUE_COUNT || span.kind != VALUE_DURATION))
		error = VALUE_NO_SUCH_UNIT;
	if (error == 0) {
		*n = count.number;
		*for_ms = span.number;
	}
	return error;
}

bool value_parse_bool(const char *text, bool *value)
{
	static const struct {
		const char *word;
		bool value;
	} words[] = {{"yes", true},    {"no", false}, {"true", true},
		     {"false", false}, {"on", true},  {"off", false}};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcasecmp(words[i].word, text) == 0) {
			*value = words[i].value;
			return true;
		}
	return false;
}

bool value_is_unit(const char *text, size_t len)
{
	return len > 0 && value_unit_find(text, len) != NULL;
}

const char *value_kind_text(enum value_kind kind)
{
	return value_kind_texts[kind];
}

const char *value_error_text(int error)
{
	return value_error_texts[error];
}

void value_format(struct buffer *out, enum value_kind kind, int64_t number)
{
	if (kind == VALUE_NEVER) {
		buffer_add(out, "never");
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(value_units); i++) {
		const struct value_unit *unit = &value_units[i];

		if (unit->kind != kind)
			continue;
		if (kind == VALUE_PERCENT && number % 1000 != 0)
			buffer_addf(out, "%lld.%03lld%%", (long long)(number / 1000),
				    (long long)(number % 1000));
		else if (number % unit->scale == 0 && (number != 0 || unit->scale <= 1000))
			buffer_addf(out, "%lld%s", (long long)(number / unit->scale), unit->name);
		else
			continue;
		return;
	}
}
