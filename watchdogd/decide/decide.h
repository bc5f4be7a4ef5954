/* What decides: conditions and ladders. Pure: it reads the state page, keeps its ladders in the
 * ledger (so that a reload, a restart and a kill -9 are one case), and hands out orders; it does
 * nothing, reads no clock and writes no log. The sentinel carries each order out and answers. */
#ifndef WD_DECIDE_DECIDE_H
#define WD_DECIDE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "config/config.h"
#include "decide/after.h"
#include "decide/condition.h"
#include "see/event.h"
#include "share/ledger.h"
#include "share/state.h"

/* What is remembered of an instance besides its ladder: nothing that a crash may not take. */
struct decide_instance {
	uint64_t key;                /* ledger_key of its rule and unit */
	struct condition_hold clear; /* `when` false: the default of `clear` */
	mono_ms unknown; /* since when `when` is unknown though its source should answer; 0: not */
	uint32_t fired;  /* firings since the start */
	uint16_t ladder; /* its place in the ledger, LADDERS_MAX: none */
	uint8_t event;   /* 1 + place of the event that it fires for; 0: none is known */
	uint8_t when;    /* enum condition_truth, at the last look */
	uint8_t restore; /* the same of `restore` */
	bool waits;      /* its step was handed out in this look */
	bool rounded;    /* it went round again in this look */
	bool unknown_told;
	bool unanswerable; /* `when` is unknown, and nothing here will answer */
	bool counted;      /* the state of its event holds, and `after` has counted it */
};

/* Swapped by a reload: the other one is filled from this one. */
struct decide_memory {
	struct decide_instance instance[INSTANCES_MAX];
	struct condition_hold hold[HOLDS_MAX];
};

enum decide_role {
	DECIDE_WAITS, /* for its ladder */
	DECIDE_FIRES, /* a ladder fires for it */
	DECIDE_NOTE,  /* `after` has counted it, and it does not fire: for the log */
	DECIDE_REPLY, /* what became of a death, to be told once that was */
};

/* An event that is not over. */
struct decide_event {
	uint64_t number; /* in the order they came; 0: free */
	uint32_t instance;
	enum decide_role role;
	uint32_t within; /* so many within D of `after`, with this one */
	struct event event;
};

/* What is to be given back: the marks in the ledger are the truth. */
struct decide_restoring {
	uint32_t unit, instance; /* to be handed out in this look, and whose `restore` holds; unit CONFIG_NONE: none, or ... */
	bool swap;        /* ... the swap file */
	uint32_t said;    /* number of the shedding whose end was handed out last; 0: none */
	bool some;        /* a unit carried our mark at the last look */
	mono_ms next_at;  /* not before: the one before is watched */
};

/* When the numbers of a step's effect are taken. */
enum decide_effect_at {
	EFFECT_ASKED,
	EFFECT_PROVED,
	EFFECT_SETTLED, /* and it is to be logged */
	EFFECT_TIMES,
	EFFECT_SAID = EFFECT_TIMES, /* in the log; the next message of its firing tells it too */
};

/* What a step has done. Numbers below 0 are unknown. */
struct decide_effect {
	uint64_t key;    /* of its ladder; 0: free */
	uint64_t firing;
	uint16_t step;   /* of its rule */
	uint16_t at;     /* enum decide_effect_at: how far it is */
	mono_ms asked_at, proved_at, settled_at;
	int64_t held;                     /* the unit's anon when it was asked, bytes */
	int64_t available[EFFECT_TIMES];  /* host.available, bytes */
	int64_t full[EFFECT_TIMES], some[EFFECT_TIMES]; /* host.pressure, 1/1000 % */
	char unit[NAME_BYTES];      /* "": it was a command */
	char what[NAME_BYTES + 16]; /* "stop xtts" */
};

struct decide {
	const struct config *config;
	struct state *state; /* reads units and readings, writes state->rule rows and what each unit's restore waits for */
	struct ledger *ledger;
	bool dry_run;
	wall_ms wall; /* what time it is, set by the caller before a look; 0: not known */
	struct decide_memory *memory;
	struct decide_memory memories[2];
	struct decide_event event[EVENTS_MAX];
	uint64_t events; /* how many came so far */
	uint32_t turn;   /* whose turn it is in decide_next */
	uint32_t handed; /* whose alert or all-clear was handed out last; CONFIG_NONE: nobody's */
	bool handed_repeat;    /* it was told again */
	uint32_t handed_reply; /* 1 + place of the event whose reply was handed out last; 0: none */
	uint32_t apart;        /* notes and replies among the events */
	uint32_t untold, untold_of; /* notes and replies without room; the instance of the last */
	struct after after;
	struct decide_restoring restoring;
	struct decide_effect effect[EFFECTS_MAX]; /* beyond it the oldest is not told */
	uint32_t unsaid; /* of those: to be logged */
};

enum order_kind {
	ORDER_STEP,  /* carry out a step on a unit (or run a command) */
	ORDER_ALERT, /* tell people: an alert step, the first with what was seen */
	ORDER_CLEAR, /* the all-clear, to whoever got this firing's alert */
	ORDER_REPLY, /* what became of a death, to whoever got its alert */
	ORDER_TELL,  /* a log line alone: a step skipped and why, nothing left to shed, `when` is
			unknown */
	ORDER_REPEAT, /* what people were told goes on, and nobody has said that they have seen it */
	ORDER_RESTORE, /* give a unit back: `verb` ends the mark that it carries; unit, rule, instance: whose
			  `restore` holds; thread: where its shedding was told. No answer: asked again until it is done */
	ORDER_EFFECT, /* a log line alone: what a step has done, after `settle` */
};

struct order {
	enum order_kind kind;
	enum severity severity;
	uint32_t instance, rule; /* of config */
	uint32_t unit; /* what the step acts on, or the unit that the alert is about, or CONFIG_NONE
			*/
	uint32_t step; /* index within the rule */
	enum verb verb;
	uint64_t firing;
	mono_ms event_at; /* when the event was that it fires for; of a state, which goes on: since
			     the firing or its last proof; 0: a condition */
	int32_t pid; /* ORDER_ALERT: of the process that the event is about, where nothing is told
			but that event; 0: none, or more is told */
	uint64_t thread; /* of what is told: the id of its first alert; 0: it begins one */
	char title[TITLE_BYTES]; /* of what is told to people: the text in short, "" otherwise */
	char text[TEXT_BYTES]; /* what was seen: "host.available 11.3 % (0.87 GiB) < 12 %" */
};

/* What became of an ORDER_STEP. */
enum outcome {
	OUTCOME_BEGUN,   /* asked; decide_outcome comes when it is proved or not */
	OUTCOME_BUSY,    /* another action is under way on the unit: try again at the next look */
	OUTCOME_DONE,    /* proved */
	OUTCOME_SKIPPED, /* nothing to do */
	OUTCOME_FAILED,  /* not proved in its time, escalated in vain: told, the ladder goes on */
};

/* Begin, or go on with what the ledger holds: a ladder whose step has an open entry waits for
 * decide_outcome; so call it before an entry is freed. Fields config, state, ledger (borrowed) and
 * dry_run are set by the caller, the rest is zero. */
void decide_init(struct decide *decide, mono_ms now);

/* Another config: ladders of rules whose text did not change go on, others end. */
void decide_config(struct decide *decide, const struct config *config, mono_ms now);

/* An event, before decide_look of the same look. One with `reply` starts no firing: it is told to
 * whoever got an alert of a death of that unit since the last reply. */
void decide_event(struct decide *decide, const struct event *event, mono_ms now);

/* Some event waits, in memory alone, until its ladder has ended. */
bool decide_keeps_events(const struct decide *decide);

/* Evaluate every condition and move every ladder. */
void decide_look(struct decide *decide, mono_ms now);

/* The next thing to be done now; false when there is none. Call until false; each ORDER_STEP must
 * be answered by decide_answer before the next call, each order to tell people be in the ledger, and
 * decide_sent called with its thread. */
bool decide_next(struct decide *decide, struct order *order, mono_ms now);
void decide_answer(struct decide *decide, const struct order *order, enum outcome outcome,
		   mono_ms now);

/* Before an order to tell people is put into the ledger: its ladder is noted there (struct ledger_telling). Whoever
 * makes its entry notes the entry's id before that is open. */
void decide_tell_begin(struct decide *decide, const struct order *order, mono_ms now);

/* What the order says was told, in that thread: what follows in its firing goes there too. */
void decide_sent(struct decide *decide, const struct order *order, uint64_t thread, mono_ms now);

/* The thread for what becomes of a step of that instance, and how severe: of its firing, or of its last one
 * where that was of an event which is over. 0: nobody was told of it. */
uint64_t decide_thread(struct decide *decide, uint32_t instance, enum severity *severity, mono_ms now);

/* A person has seen the alerts of that thread; 0: all that are open. They are not told again in this firing. said:
 * gets the rules and units. How many there were. */
uint32_t decide_ack(struct decide *decide, uint64_t thread, struct buffer *said, mono_ms now);

/* A step that was BEGUN came to its end. unit: what it acted on, or CONFIG_NONE; an outcome that
 * the ladder does not wait for is passed over. */
void decide_outcome(struct decide *decide, uint32_t instance, uint32_t unit, enum outcome outcome,
		    mono_ms now);

/* What an ORDER_RESTORE began came to its end: the next one waits until that is settled, or for a while where it
 * was not done. */
void decide_restored(struct decide *decide, bool done, mono_ms now);

/* A person's `retry` of a unit: what its rules gave up (held back by their limit, or nothing left to
 * do) begins anew, and so does its back-off. unit: a name, may be hostile. said: gets what was
 * done, or why not. 0, or -ENOENT: there is no such unit. */
int decide_retry(struct decide *decide, const char *unit, struct buffer *said, mono_ms now);

/* How long the next look may wait for the sake of a hold, settle or clear that is running;
 * UINT32_MAX: as long as you like. */
uint32_t decide_next_ms(const struct decide *decide, mono_ms now);

/* The memory that a start must leave: the highest bound on host.available of the rules that are
 * firing, in bytes (0: none). */
uint64_t decide_room_bytes(const struct decide *decide);

#endif
