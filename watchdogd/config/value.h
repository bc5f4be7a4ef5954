/* One value of the config: "20s", "32M", "12 %", "5 per 1h", "yes" -> a number in the base unit of
 * its kind, or why not. Pure text; the bounds of a key are config_keys's. */
#ifndef WD_CONFIG_VALUE_H
#define WD_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"

enum value_kind {
	VALUE_COUNT,    /* a bare number, perhaps negative */
	VALUE_BYTES,    /* bytes; K, M, G, T are 1024-based */
	VALUE_DURATION, /* ms */
	VALUE_PERCENT,  /* 1/1000 % */
	VALUE_NEVER,    /* the word; INT64_MAX */
	VALUE_KINDS,
};

/* Why a text is no value; positive, 0 is none. */
enum value_error {
	VALUE_NO_NUMBER = 1, /* does not begin with a number */
	VALUE_NO_SUCH_UNIT,  /* the letters after the number are no unit */
	VALUE_TOO_LARGE,     /* over 63 bits */
	VALUE_TOO_FINE,      /* more decimals than the unit has, or decimals without a unit */
};

struct value {
	enum value_kind kind;
	int64_t number;
};

/* The value of the len bytes at text, spaces around it and before its unit allowed.
 * 0, or enum value_error. */
int value_parse(const char *text, size_t len, struct value *value);

/* "5 per 1h": count in *n, ms in *for_ms. 0, or enum value_error. */
int value_parse_rate(const char *text, size_t len, int64_t *n, int64_t *for_ms);

/* yes, no, true, false, on, off. False when it is none of them. */
bool value_parse_bool(const char *text, bool *value);

/* The len bytes at text are a unit: "ms", "%", "G". */
bool value_is_unit(const char *text, size_t len);

/* What a text of this kind looks like, for a message: "a duration (\"350ms\", ...)". */
const char *value_kind_text(enum value_kind kind);

/* Why, for a message: "no number", "no such unit", ... */
const char *value_error_text(int error);

/* The shortest way to write the number: "20s", "1.5M". */
void value_format(struct buffer *out, enum value_kind kind, int64_t number);

#endif
