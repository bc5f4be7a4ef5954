/* Ledger entries that a worker carries out: from the sentinel's word to a plugin, and the answer back. */
#ifndef WD_START_WORKER_REQUESTS_H
#define WD_START_WORKER_REQUESTS_H

#include <stdbool.h>
#include <stdint.h>

#include "share/ledger.h"
#include "share/message.h"
#include "share/plugin.h"
#include "start/worker_answers.h"

enum { WORKER_OPEN_MAX = 64 }; /* requests under way; beyond: -EAGAIN, the sentinel acts itself */

struct worker_requests {
	const struct plugin *const *plugin; /* WORKER_PLUGINS_MAX of them, NULL: none; borrowed */
	struct ledger *ledger;
	int link;                           /* to the sentinel; -1: closed */
	uint64_t open[WORKER_OPEN_MAX];     /* ids as the plugins know them; 0: free */
	struct worker_answers answers;
};

/* MESSAGE_ASK: hand entry id to its plugin, or answer why not. ends: nothing new is begun. */
void worker_requests_ask(struct worker_requests *requests, uint64_t id, bool ends);

/* What plugins get as host->answer and host->begin. */
void worker_requests_answer(struct worker_requests *requests, uint64_t id, int result, const char *text);
int worker_requests_begin(struct worker_requests *requests, uint64_t id);

/* Nothing is under way. */
bool worker_requests_idle(const struct worker_requests *requests);

#endif
