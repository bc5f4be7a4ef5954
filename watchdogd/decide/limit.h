/* `limit = N per D`: how often a ladder may fire. Its counts lie in the ledger. */
#ifndef WD_DECIDE_LIMIT_H
#define WD_DECIDE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "share/ledger.h"

/* N firings lie within the last D: one more would be beyond it. A limit_n of 0 is no limit. */
bool limit_is_reached(const struct ledger_ladder *ladder, const struct config_rule *rule,
		      mono_ms now);

/* Count a firing (or a further round of one) of now. */
void limit_count(struct ledger_ladder *ladder, mono_ms now);

/* As if it had never fired. */
void limit_clear(struct ledger_ladder *ladder);

/* In how many ms it is no longer reached; 0: it is not. */
uint32_t limit_next_ms(const struct ledger_ladder *ladder, const struct config_rule *rule,
		       mono_ms now);

#endif
