/* What a condition saw, for a person: "host.available 11.3 % (0.87 GiB) < 12 %". */
#ifndef WD_DECIDE_CONDITION_FORMAT_H
#define WD_DECIDE_CONDITION_FORMAT_H

#include <stdint.h>

#include "base/buffer.h"
#include "decide/condition.h"

/* The terms that made it what it is now, with value and bound, joined by "; ". Names come from the
 * config and its words: no hostile text. */
void condition_format(const struct condition *condition, struct config_table nodes,
		      struct buffer *out);

/* The same in short, for a title: "host.available 11.3 % < 12 %, host.pressure.full 12.0 % > 10 %"; of `unit` the
 * reading alone. */
void condition_format_title(const struct condition *condition, struct config_table nodes, struct buffer *out);

#endif
