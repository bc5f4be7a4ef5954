/* Our own table of processes: which unit a pid belongs to, kept from before it dies, so that a kill
 * can be told as its unit's; and for `match` units who matched, by pid and start time. Of fixed
 * size; rows in use lie together, so that a small host touches little memory. */
#ifndef WD_SEE_PROCESS_H
#define WD_SEE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "see/dirwalk.h"
#include "see/procfs.h"

struct see;
struct unit;

enum {
	PROCESSES_MAX = 16384,
	PROCESS_HEADS = 4096,
	PROCESS_KEEP_S = 60,     /* a row stays so long after its process was last seen */
	PROCESS_PIDS_MAX = 8192, /* of one cgroup with all below it */
	PROCESS_NONE = UINT16_MAX,
};

struct process {
	int32_t pid, parent; /* pid 0: the row is free */
	uint64_t start;      /* ticks since boot */
	uint16_t next;       /* with the same head, or of the free rows; PROCESS_NONE: the last */
	uint16_t unit;       /* row of units, whose cgroup it was seen in; UNIT_NONE */
	uint16_t match;      /* row of the `match` unit it belongs to; UNIT_NONE */
	bool direct;   /* its own name matches `match`; otherwise it was started by one that does */
	bool examined; /* under its present name */
	bool torn;     /* two units match it: it belongs to neither */
	uint32_t seen_s;  /* when last seen alive, monotonic seconds */
	uint32_t first_s; /* when first seen by the scan for `match`; 0: never examined */
	char comm[16];
};

struct processes {
	int proc;       /* /proc, kept; or -1 */
	uint32_t used;  /* rows that were ever in use */
	uint32_t swept; /* where the next sweep goes on */
	uint16_t free;  /* first free row, or PROCESS_NONE */
	bool full_told;
	mono_ms scanned; /* when /proc was last scanned for `match` units */
	uint16_t head[PROCESS_HEADS];
	struct dirwalk walk;
	int32_t pids[PROCESS_PIDS_MAX]; /* of the cgroup at hand */
	struct process row[PROCESSES_MAX];
};

void process_open(struct processes *processes);

/* The row of a pid, or NULL. */
struct process *process_find(struct processes *processes, int32_t pid);

/* The row of a pid, made where there is none; NULL when all are taken (said once). */
struct process *process_note(struct processes *processes, int32_t pid, mono_ms now);

/* Let go of some rows whose process was not seen for PROCESS_KEEP_S. */
void process_sweep(struct processes *processes, mono_ms now);

/* A row of units is another unit's from now on. */
void process_forget_unit(struct processes *processes, uint16_t unit);

/* All pids of a cgroup and those below it, as cgroup.procs has them, zombies too. The number, at
 * most max. */
int process_of_cgroup(struct processes *processes, int dir, int32_t *pids, int max);

/* Read the unit's cgroup.procs again: its row's processes, its largest one, and the table. */
void process_refresh(struct see *see, struct unit *unit, mono_ms now);

#endif
