/* The processes that must be alive, each with a pidfd in the loop: its end wakes the loop at once, and cannot be
 * missed or taken for another's. What is told of a death is kept here before it happens. One that two units watch
 * has a row for each. */
#ifndef WD_SEE_WATCHED_H
#define WD_SEE_WATCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "see/process.h"

struct see;

enum {
	WATCHED_ROWS = 2 * WATCHED_MAX, /* those beyond the pidfds are looked at once a second */
	WATCHED_LOOK_MS = 950, /* a look that comes a little early does it */
	WATCHED_STATUS_MS = 100, /* the connector's word on an end may come so much after the pidfd's */
};

struct watched {
	int32_t pid, parent; /* pid 0: the row is free */
	int fd;              /* pidfd; -1: none, it is looked at */
	uint16_t unit;       /* row of units */
	bool ready;          /* it may have ended */
	bool root;           /* of a unit without `process` */
	bool parent_is_kin;  /* its parent is of the unit */
	bool has_status;     /* the connector told how its main thread ended */
	uint32_t status;     /* as of wait(2) */
	uint64_t start, parent_start; /* ticks since boot */
	uint64_t rss_bytes;  /* as last seen; 0: never */
	mono_ms since;       /* when it was started, or became what it is */
	mono_ms gone_at;     /* when it was first seen ended, without a status; 0: not */
	mono_ms exit_at;     /* when the connector told of its main thread; 0: not yet */
	char comm[16], parent_comm[16]; /* hostile text */
};

struct watches {
	uint32_t used;   /* rows that were ever in use */
	uint32_t pidfds; /* open now */
	bool full_told, pidfds_told;
	bool waiting;    /* one has ended whose status the connector is about to tell */
	mono_ms looked;
	uint16_t root[UNITS_MAX]; /* choose.c's */
	struct watched row[WATCHED_ROWS];
};

void watched_init(struct see *see);

/* A process is to be watched for these units (UNIT_NONE: none), and for no other by its name. */
void watched_set(struct see *see, struct process *process, const uint16_t units[PROCESS_SLOTS], mono_ms now);

/* The root of a unit. */
void watched_add_root(struct see *see, struct process *process, uint16_t unit, mono_ms now);

/* The connector told how its main thread ended. */
void watched_on_exit(struct see *see, int32_t pid, uint32_t status, mono_ms now);

/* Its memory, as seen now. */
void watched_note_rss(struct see *see, const struct process *process, uint64_t rss_bytes);

/* Who has ended is handed to death.c; who cannot be (its table is full) waits for the next look. */
void watched_look(struct see *see, mono_ms now);

/* A watched process of that pid, of any unit; or NULL. */
const struct watched *watched_find(const struct see *see, int32_t pid);

/* A row of units is another unit's from now on. */
void watched_forget_unit(struct see *see, uint16_t unit);

/* Some have no pidfd. */
bool watched_must_look(const struct see *see);

#endif
