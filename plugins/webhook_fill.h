/* A template's text filled with a message's values. Decides nothing about the request. */
#ifndef WD_WEBHOOK_FILL_H
#define WD_WEBHOOK_FILL_H

#include "webhook_text.h"

enum {
	WEBHOOK_VALUE_MAX = 8192, /* bytes of one value; alerts are shorter, this bounds the memory */
	WEBHOOK_FACTS_MAX = 64,   /* facts of one message ... */
	WEBHOOK_FACT_MAX = 1024,  /* ... and bytes of a name or value */
};

struct webhook_fill {
	const struct webhook_with *with;
	enum webhook_markup markup;
	struct webhook_span missing; /* set: the secret that the channel has not, where filling failed */
};

/* Append the filled text. False: a secret is missing. */
bool webhook_fill(struct buffer *out, const struct webhook_text *text, struct webhook_fill *fill);

/* The line of the file that wrote byte `at` of the filled text. size: of the memory that filling it took. */
uint32_t webhook_fill_line(const struct webhook_text *text, struct webhook_fill *fill, size_t at, size_t size);

#endif
