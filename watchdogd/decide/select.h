/* Which unit of a group: `largest of`, `lowest of`, `growing of`, `idle of`. */
#ifndef WD_DECIDE_SELECT_H
#define WD_DECIDE_SELECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "decide/ladder.h"

/* The unit for a step that names a group, or CONFIG_NONE when all are passed over. text gets the
 * candidates with their numbers, and why others are none: "largest of bots: mirzo 2.90 GiB, nodira
 * 2.10 GiB (passed over: kim is not running)". */
uint32_t select_unit(const struct ladder *ladder, const struct config_step *step,
		     struct buffer *text);

/* "largest of bots". */
void select_format(const struct ladder *ladder, const struct config_step *step,
		   struct buffer *text);

/* It began to run less than its `grace` ago. */
bool select_is_in_grace(const struct ladder *ladder, uint32_t unit);

#endif
