/* Whether what must be alive in a unit is: there, missing, dead, or stopped on purpose. It joins the watched
 * processes (source_process.c), how systemd has the unit (question.c), our own steps and its jobs (asked.c), what was
 * on purpose and what the ledger remembers (purpose.c), the `alive` command, and the unit's log (silence.c). What is
 * dead, and how that is told, is in dead.c. */
#ifndef WD_SEE_LIVENESS_H
#define WD_SEE_LIVENESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "see/asked.h"
#include "see/purpose.h"
#include "see/question.h"
#include "see/reader.h"
#include "see/silence.h"
#include "share/message.h"
#include "share/state.h"

struct see;
struct unit;

struct liveness {
	enum state_alive alive;
	bool looked;           /* once: what it is when first seen is judged from the second look on */
	bool known;            /* what it was when first seen is judged */
	bool there;            /* what must be alive was there at the last look */
	bool dead_told;        /* the event dead has begun, and not ended */
	bool owes_end;         /* one that began before a reload or a start of watchdogd is to be ended, if it is over */
	uint32_t not_alive;    /* failures of its `alive` command in a row */
	mono_ms lives_since;   /* the watched process that they are of (watched.alive_since) */
	mono_ms first_at;      /* the first look; 0: not looked at */
	mono_ms missing_since; /* 0: one is there, or none ever was */
	mono_ms doubt_at;      /* it would be dead, and systemd is asked, since then; 0: no */
	char alive_text[80];   /* why its `alive` command failed last; hostile, cut */
	struct question question;
	struct asked asked;
	struct purpose purpose;
	struct silence silence;
};

/* Of all units. */
struct livenesses {
	uint64_t id[UNITS_MAX]; /* message_unit_id of each unit of the config */
	uint32_t questions;     /* that wait to be handed out */
	uint32_t turn;          /* the unit that is handed out first */
	mono_ms looked_at;      /* the last look */
	mono_ms next_at;        /* the next is wanted then; 0: before the first */
	struct reader reader;   /* of the units' logs */
};

enum liveness_end {
	LIVENESS_END_WAIT,    /* not known yet: ask again at the next look, ASKED_END_MS after the end at most */
	LIVENESS_END_ASKED,   /* inside a stop or restart job, or a step of ours: no death */
	LIVENESS_END_ITSELF,  /* a death */
};

/* A process of the unit ended at `at`: was that asked for? why: a text of the program's own ("as watchdogd
 * asked", "its unit was being stopped"), "" for ITSELF. The first call asks the actor. */
enum liveness_end liveness_end(struct see *see, struct unit *unit, mono_ms at, mono_ms now, const char **why);

/* What a worker says of the unit. A failure of `alive` does not count while an action of ours or systemd is at it,
 * while it is frozen, and within `grace` of its start. */
void liveness_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now);

/* The next unit that systemd is to be asked about. */
bool liveness_next_question(struct see *see, uint64_t *id);

/* Each unit's state, after its processes were read: the events dead and silence, and its row. */
void liveness_look(struct see *see, mono_ms now);

/* For its parts: a look is wanted then. */
void liveness_wake(struct see *see, mono_ms at);

/* How long the next look may wait for the sake of a grace, a silence or a question; 50 to 1000 ms. */
uint32_t liveness_next_ms(const struct see *see, mono_ms now);

/* Another config is in force: what is known of a unit goes on; what holds is told again, as its rules may be
 * others. */
void liveness_config(struct see *see);

#endif
