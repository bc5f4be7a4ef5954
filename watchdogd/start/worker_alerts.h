/* Alerts in a worker: from the sentinel's word to the engine that delivers them (deliver/deliver.h), or, in
 * the scribe, to the plugin that keeps them on the disk; and what those say of them back. Who has neither
 * channels nor a spool is told so, and the alert goes on without. */
#ifndef WD_START_WORKER_ALERTS_H
#define WD_START_WORKER_ALERTS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "deliver/deliver.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/plugin.h"
#include "share/vault.h"
#include "start/worker_requests.h"

enum { WORKER_ALERTS_ROWS = 2 };

struct worker_alerts {
	struct worker_requests *requests; /* its plugins, its answers to the sentinel, the ledger; borrowed */
	int spool_link[2]; /* of who delivers, [0] to the scribe; of the scribe, to the messenger and the actor */
	struct deliver *deliver;          /* NULL: no channels here */
	const struct plugin *spool;       /* NULL: no spool here */
	const struct state *state;        /* the page, mapped once it is there */
	const struct vault *vault, *next_vault; /* NULL: none; next: comes into force with the next config */
	const struct config *config;      /* mapped; NULL: none yet */
};

/* The descriptors of share/message.h; requests are borrowed for good. */
void worker_alerts_init(struct worker_alerts *alerts, struct worker_requests *requests);

/* The plugins are open now: is there an engine or a spool to be? 0 or -ENOMEM. */
int worker_alerts_open(struct worker_alerts *alerts);

/* What main has read of files for us; fd: stays the caller's. False: there is none, as who has no messenger's work
 * gets none. */
bool worker_alerts_take_vault(struct worker_alerts *alerts, int fd);

/* Another config of that file (fd stays the caller's): channels, settings, where the spool lies. 1: taken; 0: it is no
 * newer than the last; -errno: nothing is changed, what is in use stays mapped. */
int worker_alerts_take_config(struct worker_alerts *alerts, int fd);

/* MESSAGE_ASK of an alert's entry (a copy). */
void worker_alerts_ask(struct worker_alerts *alerts, const struct ledger_entry *entry);

/* One that had left the ledger when it was looked for: the spool may have it. */
void worker_alerts_missed(struct worker_alerts *alerts);

/* MESSAGE_ACK; MESSAGE_REFUSED, the answer: people are told that this channel takes no alerts; MESSAGE_SPOOL of a
 * person (answer: size bytes; 0 or -errno). */
void worker_alerts_ack(struct worker_alerts *alerts, uint64_t thread);
void worker_alerts_refused(struct worker_alerts *alerts, const char *channel);
int worker_alerts_command(struct worker_alerts *alerts, const char *words, char *answer, size_t size);

/* What plugins get as host->sent. */
void worker_alerts_sent(struct worker_alerts *alerts, uint64_t delivery, enum plugin_sent result, uint32_t again_ms,
			const char *text);

/* Rows of poll for the links between scribe and deliverers (WORKER_ALERTS_ROWS); what came there. */
void worker_alerts_prepare(const struct worker_alerts *alerts, struct pollfd *fds);
void worker_alerts_dispatch(struct worker_alerts *alerts, const struct pollfd *fds);

/* Begin what is due. In how many ms there is more; -1: nothing waits. */
int worker_alerts_turn(struct worker_alerts *alerts);

/* The worker ends: what is under way at channels ends, while their plugins are there still. */
void worker_alerts_close(struct worker_alerts *alerts);

/* What the scribe's plugin gets as host->kept and host->deliver. */
void worker_alerts_kept(struct worker_alerts *alerts, uint64_t id, int result, const char *text);
bool worker_alerts_deliver(struct worker_alerts *alerts, unsigned deliverer, const struct delivery *delivery);

/* What plugins get as host->state. */
const struct state *worker_alerts_state(struct worker_alerts *alerts);

#endif
