/* Whether what must be alive in a unit is: there, missing, dead, or stopped on purpose. It joins the watched
 * processes (source_process.c), how systemd has the unit (MESSAGE_UNIT), the `alive` command, our own actions
 * (busy, marks) and what the ledger remembers of it on this boot. `dead` begins and ends here. */
#ifndef WD_SEE_LIVENESS_H
#define WD_SEE_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/message.h"
#include "share/state.h"

struct see;
struct unit;

struct liveness {
	enum state_alive alive;
	uint32_t bits;         /* enum message_unit, as last told by the actor */
	mono_ms told_at;       /* when that came; 0: never */
	mono_ms asked_at;      /* a look is wanted, or sent, since then and not answered; 0: none */
	bool question;         /* it is to be handed out by liveness_next_question */
	bool dead_told;        /* the event dead has begun and not ended */
	uint32_t not_alive;    /* failures of its `alive` command in a row */
	mono_ms missing_since; /* 0: one is there, or none ever was */
	mono_ms silent_since;  /* when the last line of its log came, or the count began; 0: not counted */
	bool silence_told;
};

enum liveness_end {
	LIVENESS_END_WAIT,    /* not known yet: ask again at the next look, 200 ms after the end at most */
	LIVENESS_END_ASKED,   /* inside a stop or restart job, or a step of ours: no death */
	LIVENESS_END_ITSELF,  /* a death */
};

/* A process of the unit ended at `at`: was that asked for? why: a text of the program's own ("as watchdogd
 * asked", "its unit was being stopped"), "" for ITSELF. The first call asks the actor. */
enum liveness_end liveness_end(struct see *see, struct unit *unit, mono_ms at, mono_ms now, const char **why);

/* What a worker says of the unit. */
void liveness_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now);

/* The next unit that systemd is to be asked about. */
bool liveness_next_question(struct see *see, uint64_t *id);

/* Each unit's state, after its processes were read: the events dead, silence and log-match, and its row. */
void liveness_look(struct see *see, mono_ms now);

/* How long the next look may wait for the sake of a grace, a silence or a question; 50 to 1000 ms. */
uint32_t liveness_next_ms(const struct see *see, mono_ms now);

#endif
