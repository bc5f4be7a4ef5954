/* What a source is, and what see owns. A source is three functions and a row of see_sources; it
 * keeps its state in its struct here. All of it is the sentinel's: after open no heap, no path on a
 * disk, no wait. */
#ifndef WD_SEE_SOURCE_H
#define WD_SEE_SOURCE_H

#include "see/attribute.h"
#include "see/cgroup_layout.h"
#include "see/death.h"
#include "see/liveness.h"
#include "see/process.h"
#include "see/see.h"
#include "see/source_idle.h"
#include "see/source_kmsg.h"
#include "see/source_meminfo.h"
#include "see/source_process.h"
#include "see/source_psi.h"
#include "see/unit.h"
#include "see/watched.h"

/* In the order of their look: who the processes are is known before units are summed up, a rise of a unit's oom_kill is known before kmsg is asked about it.
 */
enum source_id {
	SOURCE_MEMINFO,
	SOURCE_PSI,
	SOURCE_PROCESS,
	SOURCE_CGROUP,
	SOURCE_MATCH,
	SOURCE_KMSG,
	SOURCE_IDLE,
	SOURCE_SWAPS,
	SOURCES
};

struct source_ops {
	const char *name;
	/* Open its files; what cannot be opened is told by see_blind. Never fails. */
	void (*open)(struct see *see);
	/* Readings into the state page, events into the queue. */
	void (*look)(struct see *see, mono_ms now);
	/* How long its next look may wait, 50 to 1000 ms; NULL: it does not mind. */
	uint32_t (*next_ms)(const struct see *see, mono_ms now);
};

extern const struct source_ops source_meminfo_ops, source_psi_ops, source_process_ops,
	source_cgroup_ops, source_match_ops, source_kmsg_ops, source_idle_ops, source_swaps_ops;

enum { SEE_NEXT_MIN_MS = 50, SEE_NEXT_MAX_MS = 1000, SEE_WHY_BYTES = 120 };

/* The kernel's OOM kills of the whole host (oom_kill of /proc/vmstat, 4.13): while they stand still, so does
 * every unit's own count (v1 has no other way to tell than to read each), and no death was one: the kernel counts
 * before it kills. */
struct see_kills {
	int vmstat;      /* kept; -1: there is none */
	uint64_t count;
	mono_ms rose_at; /* when it was last seen to be another */
	mono_ms read_at;
};

/* /proc/swaps. */
struct source_swaps {
	int fd;          /* kept; -1: there is none */
	mono_ms read_at; /* 0: not yet */
};

struct see {
	struct see_with with;
	struct source_meminfo meminfo;
	struct source_swaps swaps;
	struct source_psi psi;
	struct cgroup_layout layout;
	struct see_kills kills;
	struct units units;
	struct processes processes;
	struct source_process process;
	struct watches watches;
	struct deaths deaths;
	struct source_kmsg kmsg;
	struct attribution attribution;
	struct livenesses livenesses;
	struct source_idle idle;
	char blind[SOURCES][SEE_WHY_BYTES]; /* why a source cannot read; "": it sees */
};

/* A source (or a part of it) cannot read: said in the log when that is new, and kept in
 * state->blind until see_sees. error: -errno, or 0 where `what` says all. */
void see_blind(struct see *see, enum source_id source, const char *what, int error);
void see_sees(struct see *see, enum source_id source);

/* Read all of a unit now, also what is not due. */
void source_cgroup_refresh(struct see *see, struct unit *unit, mono_ms now);
void source_match_refresh(struct see *see, struct unit *unit, mono_ms now);

/* Find the file of [swapfile] in /proc/swaps now. */
void source_swaps_refresh(struct see *see, mono_ms now);

/* The pids of a `match` unit, by a fresh scan of /proc; zombies too. The number, at most max. */
int source_match_pids(struct see *see, struct unit *unit, int32_t *pids, int max);

#endif
