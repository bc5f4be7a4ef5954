/* One death, one message: the kernel's `oom-kill` and the `death` of one process are one matter, in one
 * thread, and the later of the two, if it is no more severe, is not sent again. A small ring of what was
 * sent of late; memory alone, so that after a crash the second is sent too. */
#ifndef WD_TELL_TOLD_H
#define WD_TELL_TOLD_H

#include <stdint.h>

#include "base/clock.h"
#include "base/severity.h"

enum {
	TOLD_MAX = 64,         /* beyond it the oldest gives way: both are sent */
	TOLD_FOR_MS = 60000,   /* after that a pid may be another process */
	TOLD_EVENT_BYTES = 16, /* "oom-kill" */
};

/* An alert about a process. */
struct told_key {
	const char *event, *rule, *unit; /* borrowed */
	int32_t pid;              /* 0: about none; it is never told already */
	enum severity severity;
	mono_ms at; /* now */
};

struct told_row {
	uint64_t rule, unit; /* ledger_hash of their names */
	uint64_t thread;     /* the id of its first alert */
	mono_ms at;
	uint32_t severity;
	int32_t pid;         /* 0: free */
	char event[TOLD_EVENT_BYTES];
};

struct told {
	struct told_row row[TOLD_MAX];
	uint32_t next;
};

/* What was told last of the same process in another event, within TOLD_FOR_MS; or NULL. Stays told's. */
const struct told_row *told_find(const struct told *told, const struct told_key *key);

/* It was sent, in that thread. */
void told_add(struct told *told, const struct told_key *key, uint64_t thread);

#endif
