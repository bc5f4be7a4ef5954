/* The walk down `then`: what a ladder that takes steps has to do next, as an order. */
#ifndef WD_DECIDE_WALK_H
#define WD_DECIDE_WALK_H

#include <stdbool.h>

#include "decide/decide.h"
#include "decide/ladder.h"

/* What made it fire, for a person, and the same as a title (TITLE_BYTES); and what its steps have done since its last
 * message, "" or with "; " before it. Borrowed. */
struct walk_seen {
	const char *text, *title, *effects;
};

/* What was handed out. */
enum walk_told { WALK_ALERT, WALK_GIVE_UP, WALK_CLEAR, WALK_REPEAT, WALK_REPLY };

/* The next order of a ladder, or false when it has none now. seen: what made it fire.
 * rounded: it has begun a further round in this look (one is enough); set here. A step stays to be
 * handed out until ladder_ask or ladder_leave, an alert or all-clear until walk_acknowledge. */
bool walk_next(struct ladder *ladder, const struct walk_seen *seen, bool *rounded, struct order *order);

/* What the alert or all-clear is that walk_next has handed out. */
enum walk_told walk_told(const struct ladder *ladder);

/* What was handed out is in the ledger now. The same again, after a kill -9 within, changes nothing. */
void walk_acknowledge(struct ladder *ladder, enum walk_told told);

/* The rule's ladder has reached a unit: its name is added where the unit carries our mark. */
void walk_reach(struct ladder *ladder, uint32_t unit);

#endif
