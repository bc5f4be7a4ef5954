/* The verbs of `then`, as the config writes them: what each takes and needs. Who carries one out and
 * how it is proved is do/action.c's. */
#ifndef WD_WORDS_VERB_H
#define WD_WORDS_VERB_H

#include <stdbool.h>
#include <stddef.h>

enum verb {
	VERB_ALERT,    /* alert SEVERITY */
	VERB_STOP,     /* stop UNIT */
	VERB_START,    /* start UNIT */
	VERB_RESTART,  /* restart UNIT: stop, proof, room, start */
	VERB_SIGNAL,   /* signal UNIT SIGNAL */
	VERB_KILL,     /* kill UNIT */
	VERB_FREEZE,   /* freeze UNIT */
	VERB_THAW,     /* thaw UNIT */
	VERB_RUN,      /* run COMMAND [ARGUMENT ...] */
	VERB_CAP,      /* cap UNIT BYTES: its memory.high */
	VERB_UNCAP,    /* uncap UNIT: the memory.high it had before */
	VERB_RECLAIM,  /* reclaim UNIT BYTES */
	VERB_SWAP,     /* swap on */
	VERB_SNAPSHOT, /* snapshot: who holds what */
	VERBS,
};

/* What stands behind the verb. */
enum verb_argument { VERB_TAKES_SEVERITY, VERB_TAKES_UNIT, VERB_TAKES_UNIT_SIGNAL, VERB_TAKES_UNIT_BYTES,
		     VERB_TAKES_COMMAND, VERB_TAKES_ON, VERB_TAKES_NOTHING };

struct verb_word {
	const char *name;
	const char *done;           /* what was done, for the log: "stopped" */
	enum verb_argument argument;
	bool frees;                 /* can free memory: has a proof, settles, is judged */
	bool unlimited;             /* not held back by `limit`, only its alert is (SEMANTICS) */
};

extern const struct verb_word verb_words[VERBS];

/* It acts on a unit. */
bool verb_takes_unit(enum verb verb);

/* The verb of that name (len bytes), or -1. */
int verb_find(const char *name, size_t len);

/* SIGTERM of "TERM", "SIGTERM" or "15"; 0 when there is no such signal. verb_signal_name: "TERM". */
int verb_signal_find(const char *name);
const char *verb_signal_name(int signal);

#endif
