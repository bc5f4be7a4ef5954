/* In the scribe: what outlives a restart of the host (share/lasting.h), from the ledger to the plugin that has the
 * disk; and, where the ledger began empty since, from the disk to the sentinel first. Nothing is written before the
 * sentinel has all of it, so that a kill -9 at any instant only begins that anew; the ledger says how far it is. */
#ifndef WD_START_WORKER_LASTING_H
#define WD_START_WORKER_LASTING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"
#include "config/config.h"
#include "share/lasting.h"
#include "share/ledger.h"
#include "share/plugin.h"

enum worker_lasting_phase {
	LASTING_UNREAD,  /* the disk has not said what it has */
	LASTING_GIVING,  /* that goes to the sentinel */
	LASTING_FOLLOWS, /* the disk follows the ledger */
};

struct worker_lasting {
	struct ledger *ledger;         /* borrowed */
	const struct plugin *spool;    /* NULL: there is none here */
	enum worker_lasting_phase phase;
	struct lasting *give;          /* what the disk had from before this ledger */
	size_t gives, sent;            /* sent: gives + 1: with its end */
	bool full;                     /* the sentinel's end took no more */
	mono_ms sent_at;
	struct lasting *last, *now;    /* LASTING_MAX each: what the disk has or is to have, what is collected; NULL: not yet */
	size_t lasts, nows;
	bool known;                    /* `last` is */
	bool due;                      /* the ledger has changed */
	mono_ms look_at;               /* what units use is written no more often than at these */
};

/* The ledger is borrowed for good, as is the plugin (NULL: none is loaded, or it keeps no such thing). */
void worker_lasting_init(struct worker_lasting *lasting, struct ledger *ledger, const struct plugin *spool);

/* What the plugin gets as host->lasted. */
void worker_lasting_read(struct worker_lasting *lasting, const struct lasting_of *of, const struct lasting *rows,
			 size_t count);

/* MESSAGE_KEEP. */
void worker_lasting_changed(struct worker_lasting *lasting);

/* Give or follow. link: to the sentinel; config: NULL: none yet. In how many ms there is more; -1: nothing waits. */
int worker_lasting_turn(struct worker_lasting *lasting, int link, const struct config *config, mono_ms now);

/* The worker ends: what the ledger says now goes to the plugin, while it is there still. */
void worker_lasting_close(struct worker_lasting *lasting, const struct config *config);

#endif
