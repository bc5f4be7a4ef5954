/* The writing side of the spool: what is asked in one turn is one transaction, and what a disk does that cannot be
 * written. Who asked is then told that it is not kept, alerts wait here (bounded), and it is tried again every 5 s. */
#ifndef WD_PLUGINS_SPOOL_WRITER_H
#define WD_PLUGINS_SPOOL_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/delivery.h"
#include "share/lasting.h"
#include "share/plugin.h"
#include "spool_db.h"

enum {
	SPOOL_WRITER_ITEMS_MAX = 2 * ENTRIES_MAX, /* all alerts of the ledger, and as many reports */
	SPOOL_WRITER_AGAIN_MS = 5000,             /* after the disk refused */
	SPOOL_WRITER_PRUNE_MS = 3600000,
};

/* What is to be written with the next transaction. */
struct spool_item {
	bool is_alert;    /* otherwise a report */
	bool told;        /* that it is not kept */
	unsigned who;     /* an alert's `wants`; who reports */
	struct delivery delivery;
};

struct spool_writer {
	const struct plugin_host *host;
	char dir[PATH_BYTES];    /* "": not told yet */
	struct spool_db db;
	struct spool_item *item; /* SPOOL_WRITER_ITEMS_MAX */
	size_t items;
	int trouble;             /* -errno of the disk; 0: none */
	unsigned troubles;       /* how often that began */
	mono_ms trouble_since, again_at;
	mono_ms prune_at;
	bool lost;               /* there may be losses that a deliverer does not know */
	struct lasting *lasting; /* that is to be written, in place of what is there */
	size_t lastings;
	struct lasting_of lasting_of;
	bool lasting_due;
	bool lasted;             /* what was there was given to the host */
};

/* 0 or -ENOMEM. host: borrowed for good. */
int spool_writer_init(struct spool_writer *writer, const struct plugin_host *host);
/* Writes what is asked, if it can, and closes all. */
void spool_writer_fini(struct spool_writer *writer, mono_ms now);

/* The state directory; the database is opened with the next flush. */
void spool_writer_take_dir(struct spool_writer *writer, const char *dir, mono_ms now);

/* Room for one more thing to write, zeroed; NULL: what waits for the disk fills all. */
struct spool_item *spool_writer_add(struct spool_writer *writer, mono_ms now);

/* An alert waits for the disk already. */
bool spool_writer_has(const struct spool_writer *writer, uint64_t id);

/* With the next transaction, in place of all that is kept of that kind; copied. 0 or -ENOMEM: as it was. */
int spool_writer_keep_lasting(struct spool_writer *writer, const struct lasting_of *of, const struct lasting *rows,
			      size_t count);

/* Write all that was asked, as one transaction, and answer it; prune when it is time. After the disk refused, not
 * before its time: then what was asked is answered so. */
void spool_writer_flush(struct spool_writer *writer, mono_ms now);

/* The database gave an error to who reads it: a broken one is begun anew, otherwise it is the disk's trouble. */
void spool_writer_on_error(struct spool_writer *writer, int error, mono_ms now);

/* When there is something to write. */
mono_ms spool_writer_due(const struct spool_writer *writer, mono_ms now);

#endif
