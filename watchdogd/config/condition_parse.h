/* A condition, from text to its program in postfix order (config.h):
 *     condition  = term { ("and" | "or") term }         `and` binds tighter than `or`
 *     term       = { "not" } ( comparison | "(" condition ")" ) [ "for" DURATION ]
 *     comparison = READING ( "<" | "<=" | ">" | ">=" ) VALUE
 * A `for` belongs to the comparison or group before it, and the `not` stands outside of both. An
 * operator stack in place of recursion: the text must not decide how deep we call. */
#ifndef WD_CONFIG_CONDITION_PARSE_H
#define WD_CONFIG_CONDITION_PARSE_H

#include "config/config_names.h"

struct condition_parsed {
	uint32_t nodes, holds; /* written; HOLD nodes among them, numbered from first_hold on */
};

/* Parse in->text into at most `capacity` nodes. first_hold: the number of its first HOLD.
 * 0, or -EINVAL when something was told to in->tell: all wrong names and bounds, and the first
 * place where the shape is wrong. */
int condition_parse(const struct config_expression *in, struct config_node *nodes,
		    uint32_t capacity, uint32_t first_hold, struct condition_parsed *out);

#endif
