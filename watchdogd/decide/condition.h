/* Conditions: `when` and `clear` over the readings of the state page, true, false or unknown by
 * Kleene's tables. Pure: the one thing that changes are the holds, which belong to the caller. */
#ifndef WD_DECIDE_CONDITION_H
#define WD_DECIDE_CONDITION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "config/config.h"
#include "share/state.h"

enum condition_truth { CONDITION_FALSE, CONDITION_TRUE, CONDITION_UNKNOWN };

enum { CONDITION_UNKNOWN_MS = 2000 }; /* an unknown longer than this resets a hold */

/* A `for D` that is counted. */
struct condition_hold {
	mono_ms since;   /* true at every reading since then; 0: it is not */
	mono_ms unknown; /* unknown since then; 0: it is known */
};

/* What a condition is judged by; all borrowed. */
struct condition {
	const struct config *config;
	const struct state *state;
	struct condition_hold *holds; /* of this instance, by config_node.hold; NULL: every `for` is over */
	uint32_t unit;                /* what `unit` means; CONFIG_NONE: nothing */
	int64_t taken_bytes; /* what if so much more of the host's memory were taken? 0: as it is */
	int64_t gone_bytes;  /* and so much of unused swap were gone? */
	mono_ms since; /* a reading whose window began before is unknown; 0: none is */
	mono_ms now;
};

struct condition_seen {
	enum condition_truth truth;
	uint64_t why; /* bits of the nodes that made it so (those beyond 64 have none) */
};

/* Judge, and count the holds on: call once or more at each look. nodes: of the rule. No nodes:
 * unknown. */
struct condition_seen condition_evaluate(const struct condition *condition,
					 struct config_table nodes);

/* Count one hold on; what `term for for_ms` is now. */
enum condition_truth condition_hold_step(struct condition_hold *hold, enum condition_truth term,
					 uint32_t for_ms, mono_ms now);

/* Is one of these unknown terms a reading that its source should answer? Not those of swap where there is
 * none, of a unit that is not running, or that `since` hides. */
bool condition_is_awaited(const struct condition *condition, struct config_table nodes,
			  struct condition_seen seen);

/* Is it unknown for good: every unknown term is a reading that nothing here will answer (swap where there is none,
 * a unit that is not running)? */
bool condition_is_unanswerable(const struct condition *condition, struct config_table nodes,
			       struct condition_seen seen);

/* In how many ms the next hold that is running is over; UINT32_MAX: none is. */
uint32_t condition_next_ms(const struct condition *condition, struct config_table nodes);

/* Some hold of it is running, but not over. */
bool condition_is_holding(const struct condition *condition, struct config_table nodes);

/* The reading of a COMPARE node with its word; NULL where there is none (`unit` is nothing). */
const struct state_reading *condition_reading(const struct condition *condition,
					      const struct config_node *node);
const struct reading_word *condition_word(const struct config_node *node);

/* Its value, with what is to be taken; the reading is known. */
int64_t condition_value(const struct condition *condition, const struct config_node *node,
			const struct state_reading *reading);

/* What one COMPARE is. */
enum condition_truth condition_compare(const struct condition *condition,
				       const struct config_node *node);

#endif
