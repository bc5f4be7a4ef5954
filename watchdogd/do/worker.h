/* A worker as the sentinel sees it: asked by message, never waited for. */
#ifndef WD_DO_WORKER_H
#define WD_DO_WORKER_H

#include <stdint.h>

struct worker {
	int fd; /* the sentinel's end of the pair; -1: there is no such worker */
};

/* Ask it to carry out the ledger entry of that id. Never waits. 0, or -errno (-EAGAIN: it does not read;
 * -ENOTCONN: there is none): the caller falls back. */
int worker_ask(struct worker *worker, uint64_t id);

/* A person has acknowledged the alerts of that thread; 0: all. The same. */
int worker_ack(struct worker *worker, uint64_t thread);

/* Ask it how it is with the watched unit of that id (message_unit_id). The same. */
int worker_look(struct worker *worker, uint64_t id);

/* Ask the scribe whether all is told that the logs have. The same. */
int worker_read(struct worker *worker, uint64_t id);

/* Tell the scribe that what is to outlive a restart of the host has changed in the ledger. The same. */
int worker_keep(struct worker *worker);

#endif
