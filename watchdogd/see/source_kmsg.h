/* Source kmsg: /dev/kmsg (Documentation/ABI/testing/dev-kmsg), for the kernel's OOM kills. Each
 * open begins at the oldest record, so what was looked at is remembered by boot id and sequence:
 * kills from while watchdogd was not running are told as such, none is told twice. Who may write to
 * it can lie in it; only facility kernel is believed. */
#ifndef WD_SEE_SOURCE_KMSG_H
#define WD_SEE_SOURCE_KMSG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "see/oomrecord.h"

enum {
	KMSG_RECORD_BYTES = 8192,    /* PRINTK_MESSAGE_MAX; a smaller buffer makes read fail */
	KMSG_BATCH = 256,            /* records of one look */
	KMSG_CATCH_UP_MAX = 1000000, /* of the first look: a writer that floods it ends it */
	KMSG_WAKES_MAX = 20,         /* a second; then it is read at looks, each 100 ms */
};

struct source_kmsg {
	int fd; /* kept, or -1 */
	bool in_loop;
	bool caught_up;    /* what comes now is new */
	bool remembered;   /* the ledger knows how far we were, on this boot */
	uint64_t told;     /* the last sequence before this start */
	uint64_t sequence; /* of the last record read */
	bool any;          /* sequence is of a record */
	uint64_t
		handed; /* up to here all is in the hands of who takes the events; 0: nothing yet */
	bool events_wait; /* some of them wait in memory alone: see_hold_events */
	uint32_t older; /* kills from before the first start ever */
	char older_comm[COMM_BYTES];
	int32_t older_pid;
	mono_ms wakes_since;
	uint32_t wakes; /* since then */
	bool full;      /* a kill waits in `kill` for room */
	struct oomrecord kill;
	struct oomrecord_parser parser;
	uint32_t held; /* bytes in text of a record not yet whole (a plain file, below a fake root)
			*/
	char text[2 * KMSG_RECORD_BYTES + 1];
};

#endif
