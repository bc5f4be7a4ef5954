/* `after = N per D`: the Nth event within D fires, then the count starts anew. The counts of a few
 * instances at a time, by the key of their ladder, so that a reload changes nothing for a rule
 * whose text did not change. They are memory of the sentinel: a crash may take them, and the count
 * begins anew. Pure. */
#ifndef WD_DECIDE_AFTER_H
#define WD_DECIDE_AFTER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "config/config.h"

/* The events of one instance, the oldest first: when they came, and how many at once. */
struct after_row {
	uint64_t text_hash; /* of the rule: a changed rule begins anew */
	uint32_t n;
	uint32_t count[AFTER_TIMES_MAX];
	mono_ms at[AFTER_TIMES_MAX];
};

struct after {
	uint64_t key[AFTER_MAX]; /* of each row: ledger_key of its rule and unit; 0: free */
	struct after_row row[AFTER_MAX];
	uint32_t given_way; /* counts that began anew for want of a row; the caller tells and clears
			       it */
};

/* Count an event of that rule (count: so many at once; 0 and 1: one). within: gets how many lie
 * within D, with this one. True: that is N or more, it fires, and the count starts anew. A rule
 * without `after` fires always. */
bool after_count(struct after *after, const struct config_rule *rule, uint64_t key, uint32_t count,
		 mono_ms at, uint32_t *within);

/* D as the config writes it: "5m", "90s", "1h". */
void after_format_span(uint32_t for_ms, struct buffer *text);

#endif
