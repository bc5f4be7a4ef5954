#include "webhook_quote.h"

/* In an escape: behind its backslash, or so many digits of \uNNNN before its end. */
enum quote_escape { QUOTE_BACKSLASH = 1, QUOTE_LAST_DIGIT = 2, QUOTE_FIRST_DIGIT = 5 };

void webhook_quote_step(struct webhook_quote *quote, char c)
{
	if (quote->escape == QUOTE_BACKSLASH)
		quote->escape = c == 'u' ? QUOTE_FIRST_DIGIT : 0;
	else if (quote->escape >= QUOTE_LAST_DIGIT)
		quote->escape = quote->escape == QUOTE_LAST_DIGIT ? 0 : (uint8_t)(quote->escape - 1);
	else if (quote->in_string && c == '\\')
		quote->escape = QUOTE_BACKSLASH;
	else if (c == '"')
		quote->in_string = !quote->in_string;
}

bool webhook_quote_is(const struct webhook_quote *a, const struct webhook_quote *b)
{
	return a->in_string == b->in_string && a->escape == b->escape;
}
