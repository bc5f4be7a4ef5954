/* Our own table of processes: which unit each belongs to, kept from before it dies, so that a death
 * can be told as its unit's. By pid and start time, so that a pid used again is another. Of fixed
 * size; rows in use lie together, so that a small host touches little memory. Who belongs to what is
 * found by tree.c and judge.c. */
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
	PROCESS_HEADS = 1024,
	PROCESS_KEEP_S = 60,     /* a row stays so long after its process was last seen */
	PROCESS_PIDS_MAX = 8192, /* of one cgroup with all below it */
	PROCESS_NONE = UINT16_MAX,
};

/* A process can be of two units: of the one whose cgroup it is in, and of a `match` unit. */
enum process_slot { PROCESS_BY_CGROUP, PROCESS_BY_KIN, PROCESS_SLOTS };

struct process {
	int32_t pid, parent; /* pid 0: the row is free; parent: who started it, as first seen */
	int32_t copy_of;     /* of a copy: who called the exec of what it runs */
	uint64_t start;      /* ticks since boot; 0: not looked at yet */
	uint64_t stack;      /* as of procfs_stat */
	uint32_t seen_s;     /* when last seen alive, monotonic seconds */
	uint32_t first_s;    /* when first looked at; 0: never */
	uint16_t next;       /* with the same head, or of the free rows; PROCESS_NONE: the last */
	uint16_t unit;       /* row of units, whose cgroup it was seen in; UNIT_NONE */
	uint16_t kin;        /* row of the unit it is of by its name, or by who started it; UNIT_NONE */
	uint8_t named;       /* bits by slot: it is what must be alive in that unit */
	uint8_t below;       /* bits by slot: one that is, started it: that one is watched */
	bool direct : 1;     /* its own name matches `match` */
	bool torn : 1;       /* two units match it: it belongs to neither */
	bool examined : 1;   /* as the program it is now */
	bool copy : 1;       /* it runs what its parent ran, without exec: see copy_of */
	bool ended : 1;
	bool watched : 1;    /* it has rows of struct watches */
	bool dirty : 1;      /* whether it is to be watched is to be decided */
	char comm[16];       /* hostile text */
};

struct processes {
	int proc;       /* /proc, kept; or -1 */
	uint32_t used;  /* rows that were ever in use */
	uint32_t swept; /* where the next sweep goes on */
	uint16_t free;  /* first free row, or PROCESS_NONE */
	bool full_told;
	bool dirty;      /* some row is */
	bool waiting;    /* some could not be examined: look again in a second */
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

/* Take a process out of the table. */
void process_remove(struct processes *processes, struct process *process);

/* The unit of that slot, or UNIT_NONE. A cgroup says whose a process is before its parents do. */
uint16_t process_unit(const struct see *see, const struct process *process, enum process_slot slot);

/* Whether it is of that unit in any way. */
bool process_is_of(const struct see *see, const struct process *process, uint16_t unit);

/* Who started it, if that is still (or was) who has that number; or NULL. */
struct process *process_parent(struct processes *processes, const struct process *process);

/* It changed: whether it is to be watched is to be decided. */
void process_mark(struct processes *processes, struct process *process);

/* When a process of that start time was started; now: of mono. */
mono_ms process_started(uint64_t start, mono_ms now);

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
