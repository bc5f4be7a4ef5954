/* The values that a template may name: ${subject}, ${told}, ${count} ... One table. */
#ifndef WD_WEBHOOK_VALUE_H
#define WD_WEBHOOK_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/suggest.h"
#include "share/plugin.h"

enum webhook_value_type {
	WEBHOOK_TEXT,
	WEBHOOK_NUMBER, /* uint32_t */
	WEBHOOK_TIME,   /* milliseconds since 1970; written as ISO 8601 in UTC */
	WEBHOOK_FACTS,  /* lines "NAME: VALUE"; where a JSON value may begin: an array */
	WEBHOOK_SECRET, /* ${secret:NAME} */
};

struct webhook_value {
	const char *name;
	enum webhook_value_type type;
	bool of_channel; /* a field of struct plugin_channel, otherwise of struct plugin_message */
	size_t field;    /* offsetof */
};

/* What a template is filled with; all borrowed. */
struct webhook_with {
	const struct plugin_message *message;
	const struct plugin_channel *channel;
};

enum { WEBHOOK_TIME_BYTES = 32 };

/* The value of that name, or NULL. */
const struct webhook_value *webhook_value_find(const char *name, size_t len);

/* Offer all names. */
void webhook_value_offer(struct suggest *suggest);

/* Its text, as it is compared with the words of a condition: a text itself, a number in digits, a time, of
 * facts "" or the first one's value. room: WEBHOOK_TIME_BYTES for what has to be written; shift_ms is added to
 * a time. Never NULL. */
const char *webhook_value_text(const struct webhook_value *value, const struct webhook_with *with, int64_t shift_ms,
			       char *room);

/* The channel's secret of that name, or NULL. */
const char *webhook_value_secret(const struct plugin_channel *channel, const char *name, size_t len);

#endif
