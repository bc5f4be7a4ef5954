/* What decides: conditions and ladders. Pure: it reads the state page, keeps its ladders in the ledger
 * (so that a reload, a restart and a kill -9 are one case), and hands out orders; it does nothing, reads
 * no clock and writes no log. The sentinel carries each order out and answers. */
#ifndef WD_DECIDE_DECIDE_H
#define WD_DECIDE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "see/event.h"
#include "share/ledger.h"
#include "share/state.h"

struct decide {
	const struct config *config;
	struct state *state;    /* reads units and readings, writes state->rule rows */
	struct ledger *ledger;
	bool dry_run;
	mono_ms hold_since[HOLDS_MAX]; /* since when each hold of each instance was true; 0: it is not */
	mono_ms hold_unknown[HOLDS_MAX]; /* since when it is unknown; 0: it is not */
	/* ... and what decide.c needs besides */
};

enum order_kind {
	ORDER_STEP,     /* carry out a step on a unit (or run a command) */
	ORDER_ALERT,    /* tell people: an alert step, the first with what was seen */
	ORDER_CLEAR,    /* the all-clear, to whoever got this firing's alert */
	ORDER_TELL,     /* a log line alone: a step skipped and why, a candidate list, nothing left to shed */
};

struct order {
	enum order_kind kind;
	enum severity severity;
	uint32_t instance, rule;    /* of config */
	uint32_t unit;              /* what the step acts on, or the unit that the alert is about, or CONFIG_NONE */
	uint32_t step;              /* index within the rule */
	enum verb verb;
	uint64_t firing;
	char text[TEXT_BYTES];      /* what was seen: "host.available 11.3 % (0.87 GiB) < 12 %" */
};

/* What became of an ORDER_STEP. */
enum outcome {
	OUTCOME_BEGUN,   /* asked; decide_outcome comes when it is proved or not */
	OUTCOME_BUSY,    /* another action is under way on the unit: try again at the next look */
	OUTCOME_DONE,    /* proved */
	OUTCOME_SKIPPED, /* nothing to do */
	OUTCOME_FAILED,  /* not proved in its time, escalated in vain: told, the ladder goes on */
};

/* Begin, or go on with what the ledger holds. config, state, ledger: borrowed. */
void decide_init(struct decide *decide, const struct config *config, struct state *state,
		 struct ledger *ledger, bool dry_run);

/* Another config: ladders of rules whose text did not change go on, others end. */
void decide_config(struct decide *decide, const struct config *config, mono_ms now);

/* An event, before decide_look of the same look. */
void decide_event(struct decide *decide, const struct event *event, mono_ms now);

/* Evaluate every condition and move every ladder. */
void decide_look(struct decide *decide, mono_ms now);

/* The next thing to be done now; false when there is none. Call until false; each ORDER_STEP must be
 * answered by decide_answer before the next call. */
bool decide_next(struct decide *decide, struct order *order, mono_ms now);
void decide_answer(struct decide *decide, const struct order *order, enum outcome outcome, mono_ms now);

/* A step that was BEGUN came to its end. */
void decide_outcome(struct decide *decide, uint32_t instance, enum outcome outcome, mono_ms now);

/* How long the next look may wait for the sake of a hold, settle or clear that is running;
 * UINT32_MAX: as long as you like. */
uint32_t decide_next_ms(const struct decide *decide, mono_ms now);

/* The memory that a start must leave: the highest bound on host.available of the rules that are firing,
 * in bytes (0: none). */
uint64_t decide_room_bytes(const struct decide *decide);

#endif
