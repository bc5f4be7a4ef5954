/* The ladder of one rule, or of one rule for one unit: where a firing stands, and how it moves. Its
 * state is struct ledger_ladder, so it goes on after a reload, a restart and a kill -9. Here is
 * when it moves; walk.h is which step comes next. */
#ifndef WD_DECIDE_LADDER_H
#define WD_DECIDE_LADDER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "share/ledger.h"
#include "share/state.h"

enum ladder_phase {
	LADDER_QUIET,    /* not firing */
	LADDER_TAKING,   /* walks `then` downwards: a step is to be asked */
	LADDER_ASKED,    /* a step is under way, not proved yet */
	LADDER_SETTLING, /* proved; waits `settle` before it is judged */
	LADDER_STANDING, /* judged: `when` was not true; or below the last step */
	LADDER_SPENT,    /* below the last step, and nothing is left to do though `when` holds */
	LADDER_CLEARING, /* over: the all-clear is to be sent */
	LADDER_PHASES,
};

enum ladder_flag {
	LADDER_HELD = 1, /* beyond the limit: no alert, none of the steps that limit holds back */
	LADDER_TELL_ONLY = 2,   /* its event is from before the start: told, no step is taken */
	LADDER_STATE = 4,       /* the state of its event holds */
	LADDER_GIVE_UP = 8,     /* "given up until" is to be said */
	LADDER_SAID = 16,       /* somebody got an alert of this firing: owes an all-clear */
	LADDER_SPENT_TOLD = 32, /* "nothing is left" was said */
	LADDER_CHANGED = 64,    /* ends because its rule was changed */
	LADDER_ROUND = 128,     /* a further round: only steps with work to do anew */
	LADDER_SHORT = 256, /* ... and beyond the limit: only those that it does not hold back */
	LADDER_REPLY = 512, /* a death was told: owes a reply; outlives the firing */
	LADDER_CRITICAL = 1024, /* "given up" was told: what follows goes to whoever got that */
	LADDER_GAVE_UP = 2048, /* a state went on below its last step: "given up" was, or is to be, said */
	LADDER_ACKED = 4096, /* a person has seen it: not told again in this firing */
	/* What a firing that was given up hands on to the one that follows while it still holds. */
	LADDER_HANDED_ON = LADDER_STATE | LADDER_SAID | LADDER_CRITICAL,
};

/* What a look sees of `when` and `clear`. */
enum ladder_input {
	LADDER_HOLDS,     /* `when` is true */
	LADDER_HOLDS_NOT, /* it is false or unknown, and not clear */
	LADDER_CLEARS,    /* it is false or unknown, and `clear` is true */
	LADDER_INPUTS,
};

/* A ladder with all that is needed to move it; everything borrowed. */
struct ladder {
	const struct config *config;
	const struct config_rule *rule;
	uint32_t instance, unit; /* of config; unit: CONFIG_NONE, or what the rule is about */
	const struct state *state;
	struct ledger *ledger;
	struct ledger_ladder *at;
	bool dry_run;
	wall_ms wall; /* what time it is, for "until HH:MM"; 0: not known */
	mono_ms now;
};

/* Begin a firing at the first step; flags: LADDER_TELL_ONLY, LADDER_STATE. Beyond the limit it is
 * held: counted, and the first one that holds an action back gives up. */
void ladder_begin(struct ladder *ladder, unsigned flags);

/* A step is proved, and its `settle` is over: the next look judges. */
bool ladder_is_settled(const struct ladder *ladder);

/* Move by what a look has seen. Nothing moves while a step is under way or settles. */
void ladder_look(struct ladder *ladder, enum ladder_input input);

/* The step that it stands at was asked: BEGUN. unit: of config, or CONFIG_NONE. A step that frees
 * nothing is not waited for. */
void ladder_ask(struct ladder *ladder, uint32_t unit);

/* The step under way is proved; is not done (in vain: it failed); had nothing to do. */
void ladder_prove(struct ladder *ladder);
void ladder_leave(struct ladder *ladder, bool in_vain);

/* The firing ends. The counts of the limit stay, and the reply that it owes. */
void ladder_end(struct ladder *ladder);

/* Into another phase, from now on. */
void ladder_move(struct ladder *ladder, enum ladder_phase phase);

/* The event of the rule happens and is over; no state holds, no all-clear follows. */
bool ladder_is_momentary(const struct ladder *ladder);

/* The thread of what is told of it now; 0: it begins one. While a reply is owed, the thread may still be that of the
 * death before. */
uint64_t ladder_thread(const struct ladder *ladder);

/* It has a step that acts. */
bool ladder_has_action(const struct ladder *ladder);

/* Step i; what `asked` keeps of a unit, 0 for CONFIG_NONE. */
const struct config_step *ladder_step(const struct ladder *ladder, uint32_t i);
uint16_t ladder_unit_mark(const struct config *config, uint32_t unit);

static inline bool ladder_has(const struct ladder *ladder, enum ladder_flag flag)
{
	return (ladder->at->flags & (unsigned)flag) != 0;
}

#endif
