/* alert -> channel: what a worker does with the alerts that its channels want, from the ledger's word to
 * the other side's. Each channel is a queue of its own, in order of ids, so that a dead one holds up no
 * other. A row (one alert at one channel) is chosen (choose.c: severity, units, rules, quiet hours), may be
 * held back or become one with others (hold.c: `fold`, `after`, quiet hours), is tried (retry.c: when
 * again), and ends as taken, dead or dropped. What the person reads is made in report.c.
 * A row whose plugin lacks a secret or certificates is not tried without them. That a channel refuses an alert for good is
 * told to the sentinel (refused.c), which makes an alert of it for all others, here and in the other worker.
 * The same in the messenger (email, webhook) and the actor (exec). Allocates; is one thread; reads no clock:
 * `now` comes from the caller. */
#ifndef WD_DELIVER_DELIVER_H
#define WD_DELIVER_DELIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "config/config.h"
#include "share/delivery.h"
#include "share/plugin.h"
#include "share/state.h"
#include "share/vault.h"

enum {
	DELIVER_ALERTS_MAX = 1000,   /* waiting at once; beyond it the least severe and oldest go, and that is told */
	DELIVER_AGAIN_MS = 1000,     /* after the first failure; then twice as long each time ... */
	DELIVER_AGAIN_MAX_MS = 600000, /* ... up to this, +- 20 % */
	DELIVER_REPORT_MS = 5000,    /* a report that the scribe has not confirmed is told again */
};

struct deliver;

/* How what comes of it goes out; all borrowed for good. */
struct deliver_with {
	void *arg;
	/* The alert is copied, or was there already: MESSAGE_HAVE. */
	void (*have)(void *arg, uint64_t id);
	/* No channel wants it any more: MESSAGE_DONE. */
	void (*done)(void *arg, uint64_t id);
	/* To the scribe; false: its end is full, or there is none: told again later. */
	bool (*report)(void *arg, const struct delivery *delivery);
	/* A dead letter at that channel, with the alert's severity; why: hostile. To the sentinel, now and then again until
	 * deliver_refusal_told; what is lost is of no account. NULL: nobody is to be told. */
	void (*refused)(void *arg, uint64_t id, uint32_t severity, const char *channel, const char *why);
	/* A line of a test's conversation; result as MESSAGE_TESTED. */
	void (*tested)(void *arg, uint64_t id, int result, const char *line);
	/* The plugin of that name that this worker has, or NULL. */
	const struct plugin *(*plugin)(void *arg, const char *name);
	/* The page, for the numbers in a message; NULL (also what it gives): none. */
	const struct state *(*state)(void *arg);
};

/* NULL: no memory. It lives as long as the worker. To be made before files can no longer be opened: it reads the
 * host's time zone. */
struct deliver *deliver_new(const struct deliver_with *with);

/* End what is under way, before the plugins are closed; what was not confirmed is told again by who comes after. */
void deliver_free(struct deliver *deliver);

/* The channels of that config whose plugin is here; waiting rows find theirs again by name, those of a
 * channel that is gone are dropped. config and vault (NULL: none) stay the caller's, and in use until the next call.
 * 0; -ENOMEM: the former ones stay in use. */
int deliver_config(struct deliver *deliver, const struct config *config, const struct vault *vault, wall_ms wall);

/* An alert: from the ledger (MESSAGE_ASK), or from the spool. One whose id is there already changes
 * nothing. */
void deliver_alert(struct deliver *deliver, const struct delivery_alert *alert, mono_ms now, wall_ms wall);

/* An alert was asked of it that is in the ledger no more: where it went may be the spool, which is asked again. */
void deliver_missed(struct deliver *deliver);

/* A message of the scribe; also one that was meant for who was here before. */
void deliver_on_scribe(struct deliver *deliver, const struct delivery *delivery, mono_ms now, wall_ms wall);

/* A person's acknowledgement of a thread (0: all): what waits for `after` or to be repeated is dropped. */
void deliver_ack(struct deliver *deliver, uint64_t thread);

/* Of the dead letters of the channel of that name people are told. */
void deliver_refusal_told(struct deliver *deliver, const char *channel);

/* What plugins get as host->sent, host->talk and host->channel. */
void deliver_sent(struct deliver *deliver, uint64_t delivery, enum plugin_sent result, uint32_t again_ms,
		  const char *text, mono_ms now, wall_ms wall);
void deliver_talk(struct deliver *deliver, uint64_t delivery, const char *line);
bool deliver_standing(const struct deliver *deliver, size_t i, struct plugin_standing *standing);

/* Begin what is due. Gives in how many ms there is more to do; -1: nothing waits. */
int deliver_turn(struct deliver *deliver, mono_ms now, wall_ms wall);

#endif
