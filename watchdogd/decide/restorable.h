/* May a unit that carries our mark be given back, and why not yet? Not while one of the rules whose name it carries
 * fires; not before the `restore` of one of them holds; and not without room: what is left after it has taken its peak
 * again must be inside the `clear` of each. Pure, but that its patience (patience.h) is counted on. */
#ifndef WD_DECIDE_RESTORABLE_H
#define WD_DECIDE_RESTORABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "decide/decide.h"

enum restorable_why {
	RESTORABLE_YES,
	RESTORABLE_OWED,     /* its start is owed (do/debt.h), and comes without `restore` */
	RESTORABLE_NEVER,    /* none of its rules has a `restore` */
	RESTORABLE_FIRES,    /* one of its rules fires */
	RESTORABLE_NOT_YET,  /* `restore` is not true */
	RESTORABLE_NO_ROOM,
	RESTORABLE_PATIENCE, /* it was given back in vain, and waits */
	RESTORABLE_BACKOFF,  /* its next start waits */
	RESTORABLE_REFUSED,  /* it could not be thawed or uncapped, and waits */
	RESTORABLE_BUSY,     /* an action is under way, or the one before is watched */
	RESTORABLE_AFTER,    /* another one of the same rule, which was shed later, goes first */
};

/* A unit that carries our mark, as this look sees it; borrowed. */
struct restorable {
	const struct ledger_mark *mark;
	struct ledger_unit *row;
	uint32_t unit;
	enum restorable_why why;
	uint32_t instance;   /* whose `restore` holds, or is waited for; CONFIG_NONE: none has one */
	uint32_t by;         /* the instance that fires, or has no room; CONFIG_NONE: none, of NO_ROOM: `floor` or another
				rule that fires */
	int64_t taken_bytes; /* what it takes more than it has now, at its peak; of the swap file what is used on it */
	int64_t gone_bytes;  /* of the swap file what is not used */
};

/* Judge the unit of that mark: config's `unit`, CONFIG_NONE for the swap file; whose `restore` conditions were judged in this look. */
void restorable_judge(const struct decide *decide, const struct ledger_mark *mark, uint32_t unit, mono_ms now,
		      struct restorable *r);

/* The verb that gives back what a mark (enum state_mark) stands for; VERBS: none does. */
enum verb restorable_verb(unsigned mark);

/* Some rule whose name it carries has a `restore`. */
bool restorable_ever(const struct config *config, const struct ledger_mark *mark);

/* They carry the name of the same rule. */
bool restorable_is_akin(const struct ledger_mark *a, const struct ledger_mark *b);

/* Why not yet, for a person; of RESTORABLE_YES, why it is given back now. after: the unit of RESTORABLE_AFTER. */
void restorable_say(const struct decide *decide, const struct restorable *r, const char *after, mono_ms now,
		    struct buffer *text);

#endif
