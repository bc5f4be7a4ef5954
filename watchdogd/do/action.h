/* Actions: what a step does, from asking to proof. The table in action.c says for each verb its phases,
 * and action_phase.c for each phase who carries it out, the fallback, and the proof. An action is reported
 * done only when the kernel (and systemd, for its units) shows that it is. Each stands in the ledger
 * from before it is asked until its end. */
#ifndef WD_DO_ACTION_H
#define WD_DO_ACTION_H

#include <stdbool.h>
#include <stdint.h>

#include "decide/decide.h"
#include "do/worker.h"
#include "see/see.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/state.h"

enum { ACTIONS_MAX = 64, ACTION_JOIN_MAX = 8 };

enum action_phase {
	ACTION_STOP,   /* asked to end, then killed: until nothing is left */
	ACTION_KILL,   /* killed at once: until nothing is left */
	ACTION_ROOM,   /* down, to be started: until its back-off is over and there is memory for it */
	ACTION_START,  /* until it is active and runs */
	ACTION_LIVES,  /* until its process has lived for `grace` */
	ACTION_SIGNAL,
	ACTION_FREEZE, /* until frozen */
	ACTION_THAW,
	ACTION_RUN,    /* until the command has ended */
	ACTION_OWED,   /* over for the ladder, but systemd has not been told of the stop yet */
	ACTION_SWAP_LOOK, /* is the swap file there? */
	ACTION_SWAP_MAKE,
	ACTION_SWAP_ON,   /* until /proc/swaps shows it */
	ACTION_SWAP_OFF,
	ACTION_CAP,    /* until the kernel shows that memory.high, and who was asked is done */
	ACTION_UNCAP,  /* until it shows the one from before */
	ACTION_RECLAIM, /* until what could be has been given back */
	ACTION_SNAPSHOT,
	ACTION_PHASES,
};

enum action_progress { ACTION_WAITS, ACTION_PROVED, ACTION_NOT_DONE };

struct action {
	bool used;
	enum verb verb;                 /* what the step says */
	enum action_phase phase;
	uint32_t unit;                  /* CONFIG_NONE: a command */
	uint32_t instance[ACTION_JOIN_MAX]; /* ladders that wait for it */
	uint32_t instances;
	char rule[NAME_BYTES];          /* who asked first */
	mono_ms began, phase_began;
	uint64_t entry;                 /* its ledger entry */
	uint64_t cgroup_id;             /* the unit's when asked */
	int64_t anon_before, available_before; /* bytes; -1: unknown */
	uint64_t bytes;                 /* CAP, UNCAP: the memory.high that it is to have; RECLAIM: how much */
	uint64_t high_was;              /* CAP: its memory.high when asked; 0: not known */
	bool left_alone;                /* UNCAP: another has set its memory.high since */
	bool cap_under_way;             /* UNCAP: the actor may be at the cap still: it is to let go of that */
	bool worker_asked, worker_done; /* worker_done: it answered */
	int worker_result;
	bool signalled;                 /* SIGTERM was sent, or is to follow no command */
	bool killed;                    /* SIGKILL was sent */
	uint8_t empty_looks;            /* looks in a row that found nothing left */
	int64_t swap_before;            /* bytes; -1: unknown. SWAP_ON: SwapTotal; SWAP_OFF: what was used on it */
	mono_ms answered_at;            /* START: since when the worker says that it is up; SWAP_ON: that it is on; 0: not yet */
	mono_ms stop_ours_at;           /* ROOM, START: until then a stop of ours was under way at systemd; 0: there was none */
	bool by_another;                /* it is not done since somebody wanted the other of it meanwhile */
	mono_ms alive_since, lost_at;   /* LIVES: of the process as last seen; 0: not seen, not lost */
	enum action_progress progress;
	char saw[320];                  /* what was seen on the way, for the log; an answer of the actor fits in */
	bool gives_back;                /* it ends the mark of its unit (do/restore.h) */
	enum severity severity;         /* of what is told of that */
	uint64_t thread;                /* where it was told why its unit is shed; 0: nobody was told */
	wall_ms shed_at;                /* when a unit that is given back was shed; 0: not known any more */
};

/* A start that waits while systemd is at the unit; kept in memory alone. */
struct action_put_off {
	uint64_t key; /* ledger_hash of the unit's name; 0: free */
	mono_ms since, asked; /* since when, and when it was asked last */
};

/* The swap file is to be made (swap_make.c). */
struct swap_making {
	mono_ms quiet_since; /* 0: it is not quiet */
	mono_ms again;       /* the actor is not asked before */
	bool looked;         /* it has looked: there is no file */
};

struct actions {
	const struct config *config;
	struct see *see;
	struct state *state;
	struct ledger *ledger;
	struct worker *actor;
	uint64_t room_bytes;            /* what a start must leave now */
	bool actor_hung;                /* it did not answer in its time: main is to restart it */
	struct action_put_off put_off[ACTIONS_MAX];
	bool backoff_published;         /* the page says what the ledger knows of each unit's starts */
	mono_ms backoff_looked;
	struct swap_making making;
	struct action action[ACTIONS_MAX];
};

/* Something to tell about an action that came to an end or turned: once for each. */
struct action_result {
	enum outcome outcome;           /* DONE, FAILED; BEGUN: it goes on, text says how */
	enum severity severity;
	uint32_t unit;
	uint32_t instance[ACTION_JOIN_MAX];
	uint32_t instances;
	char rule[NAME_BYTES];
	enum verb verb;                 /* what the step says */
	char title[TITLE_BYTES];        /* "stopped xtts in 1.1 s" */
	char text[TEXT_BYTES];
	bool gives_back;                /* what was shed is back, or could not be given back; instances: none */
	uint64_t thread;                /* of that: where it is told; 0: in the log alone */
};

/* Fields config to actor are set by the caller, the rest is zeroed. Takes up again what the ledger holds: a
 * proof is looked for before anything is asked again. */
void actions_init(struct actions *actions, mono_ms now);

/* Another config: units are found again by name. */
void actions_config(struct actions *actions, const struct config *config);

/* A restart or start of that unit is under way and has not asked for the start yet: were the unit to leave the
 * config now, it would stay down. */
bool actions_owe_start(struct actions *actions, uint32_t unit);

/* Begin what an ORDER_STEP says. OUTCOME_BEGUN: the result comes by actions_next; BUSY: another action
 * is under way on that unit, or systemd is at it; SKIPPED: its work is done already, or there is no way to do
 * it. why: TEXT_BYTES, for the log. */
enum outcome action_begin(struct actions *actions, const struct order *order, mono_ms now, char *why);

/* The actor's answer to entry message->id; unknown ids are passed over. */
void actions_answer(struct actions *actions, const struct message *message);

/* The actor was started anew: ask again what it has not answered. */
void actions_worker_up(struct actions *actions);

/* Look at every open action; then actions_next gives what is to be told until false. */
void actions_look(struct actions *actions, mono_ms now);
bool actions_next(struct actions *actions, struct action_result *result, mono_ms now);

/* A unit that carries our mark and runs again by another's doing: a person's start ends the mark. So does a name that is
 * another unit's since the last sentinel. */
void actions_check_marks(struct actions *actions, mono_ms now);

/* An action is under way: looks must come often. */
bool actions_open(const struct actions *actions);

/* Thaw a unit that carries our frozen mark, and take the mark off; a freeze under way is over. Each of them
 * (SIGTERM). */
void actions_thaw(struct actions *actions, uint32_t unit);
void actions_thaw_all(struct actions *actions);

/* We let go of a unit (SIGTERM; it leaves the config): a cap under way is over, and what is capped is given back. What
 * the kernel does at once is done; systemd is asked, and what it answers is heard by actions_look, or at the end by
 * actions_end. */
void actions_let_go(struct actions *actions, uint32_t unit, mono_ms now);

/* Another unit has its name from the next config on: its mark, and what the ledger counts of it, is not of that one. After
 * actions_thaw and actions_let_go. */
void actions_forget(struct actions *actions, uint32_t unit);

/* At the end, after each actions_let_go: look at what is being uncapped. True: some still waits for systemd. What is
 * not done by then is the next sentinel's, by its entry. */
bool actions_end(struct actions *actions, mono_ms now);

#endif
