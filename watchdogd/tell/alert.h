/* Alerts: what people are told. Each goes, where the config has channels, into the ledger: one entry for all of them,
 * handed on to who delivers it and to who spools it; and then to the log and the state page, so that what the log names
 * arrives, wherever a kill -9 comes. */
#ifndef WD_TELL_ALERT_H
#define WD_TELL_ALERT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/state.h"
#include "tell/handed.h"
#include "tell/told.h"

struct alerts {
	const struct config *config;
	struct state *state;
	struct ledger *ledger;
	int main; /* the link to main, for what a test of a channel comes to; -1: none */
	struct handed handed;
	struct told told; /* of which processes, of late */
};

/* One alert; all texts borrowed, "" or NULL where there is none, text and title may be hostile. */
struct alert {
	enum severity severity;
	const char *rule, *unit;
	const char *event; /* "oom-kill"; "" for a condition */
	const char *title; /* NULL or "": made of the text */
	const char *text;
	enum ledger_told told;
	uint64_t thread;   /* of its first alert; 0: it begins one */
	int32_t pid;       /* of the process whose oom-kill or death it tells, and nothing more; 0: none */
	mono_ms at;        /* now, where pid is set */
	bool of_ladder;    /* its id goes to ledger->telling, before its entry is open */
	const struct config_channel *but; /* goes to nobody for this one's sake: it is about it; NULL: none */
};

/* Tell it; what was told already as the other of oom-kill and death is not sent again. Never waits, never fails:
 * what a worker could not take is asked again by alerts_look. Its thread: its own id where it begins one. */
uint64_t alert_send(struct alerts *alerts, const struct alert *alert);

/* The same without the log and without a look at what was told: for what is in the log already. */
uint64_t alert_hand_on(struct alerts *alerts, const struct alert *alert);

/* A log line and a line of `status`, for no channel: a step taken, skipped or not done. */
void alert_note(struct alerts *alerts, const struct alert *alert);

/* A worker's word on an alert's entry (MESSAGE_HAVE, _DONE, _FAILED, _TESTED); false when the id is none of an
 * alert. */
bool alert_answer(struct alerts *alerts, enum handed_who who, const struct message *message);

/* Who has to have an alert by that config, that one channel (NULL: none) left out: enum ledger_with; 0: it has no
 * channel. And one channel's deliverer. */
uint8_t alert_wants(const struct config *config, const struct config_channel *but);
enum handed_who alert_deliverer(const struct config_channel *channel);

/* At the start of a sentinel: config to main are set by the caller, as are the ledger and workers of handed. */
void alerts_begin(struct alerts *alerts);

/* Another config. */
void alerts_config(struct alerts *alerts, const struct config *config);

/* Called at each look. */
void alerts_look(struct alerts *alerts, mono_ms now);

#endif
