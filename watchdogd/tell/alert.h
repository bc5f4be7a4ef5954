/* Alerts: what people are told. Each goes to the log and the state page at once, and into the ledger for
 * every channel that wants it, where it stays until the channel has taken it. */
#ifndef WD_TELL_ALERT_H
#define WD_TELL_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "do/worker.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/state.h"
#include "tell/told.h"

struct alerts {
	const struct config *config;
	struct state *state;
	struct ledger *ledger;
	struct worker *actor; /* runs the exec channel, as nobody */
	uint64_t put_off[ENTRIES_MAX]; /* of each entry: its id, where the actor could not take it */
	mono_ms again_at; /* when those are asked again */
	struct told told; /* of which processes, of late */
};

/* One alert; all texts borrowed, "" or NULL where there is none, text may be hostile. */
struct alert {
	enum severity severity;
	const char *rule, *unit;
	const char *event; /* "oom-kill"; "" for a condition */
	const char *text;
	int32_t pid;       /* of the process whose oom-kill or death it tells, and nothing more; 0: none */
	mono_ms at;        /* now, where pid is set */
};

/* Tell it; what a channel was told already as the other of oom-kill and death, it is not sent again.
 * Never waits, never fails: what the actor could not take is asked again by alerts_look. */
void alert_send(struct alerts *alerts, const struct alert *alert);

/* A log line and a line of `status`, for no channel: a step taken, skipped or not done. */
void alert_note(struct alerts *alerts, const struct alert *alert);

/* The actor's answer to an alert's entry; false when the id is none of an alert. One that it had no room
 * for, or was not to begin as it ends, stays in the ledger. */
bool alert_answer(struct alerts *alerts, const struct message *message);

/* Ask again what stands in the ledger: at start, and when the actor was started anew. */
void alerts_retry(struct alerts *alerts);

/* Ask again what the actor could not take, once a second; called at each look. */
void alerts_look(struct alerts *alerts, mono_ms now);

#endif
