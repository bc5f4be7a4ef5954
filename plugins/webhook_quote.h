/* Reads along JSON byte by byte and knows whether it is inside a string, or in the midst of an escape. What the JSON
 * means is for libjansson to say (webhook_json.c). */
#ifndef WD_WEBHOOK_QUOTE_H
#define WD_WEBHOOK_QUOTE_H

#include <stdbool.h>
#include <stdint.h>

struct webhook_quote {
	bool in_string;
	uint8_t escape; /* 0: in none; otherwise enum quote_escape */
};

/* The next byte. Begin with zeroes. */
void webhook_quote_step(struct webhook_quote *quote, char c);

/* Both stand in the same. */
bool webhook_quote_is(const struct webhook_quote *a, const struct webhook_quote *b);

#endif
