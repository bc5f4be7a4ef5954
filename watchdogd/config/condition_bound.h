/* What a reading can be compared with, and whether two conditions can be true together. */
#ifndef WD_CONFIG_CONDITION_BOUND_H
#define WD_CONFIG_CONDITION_BOUND_H

#include "base/buffer.h"
#include "config/config.h"
#include "config/value.h"

/* The dimension, window and name of a COMPARE node's reading. */
const struct reading_word *condition_bound_reading(const struct config_node *node);

/* Set bound and bound_is_pct of a COMPARE node (its reading and compare are set). False with `why`
 * when the value has the wrong dimension, lies outside the reading's range, or makes the comparison
 * always or never true. */
bool condition_bound_set(struct config_node *node, const struct value *value, struct buffer *why);

/* The comparison of `clear` (an index, or count) on a reading of which some value makes both `when`
 * and `clear` true, as far as they say anything of that reading. */
uint32_t condition_bound_overlap(const struct config_node *when, uint32_t when_count,
				 const struct config_node *clear, uint32_t clear_count);

#endif
