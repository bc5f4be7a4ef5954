/* A watched unit: found, lost, returned; its status; the descriptors kept of its cgroup. Rows stay
 * where they are over a reload (the loop points at them); units.at says which row is which unit of
 * the config. Everything is of one cgroup id: a unit that was restarted has a new cgroup, whose
 * counters start at 0. */
#ifndef WD_SEE_UNIT_H
#define WD_SEE_UNIT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "config/config.h"
#include "see/cgroup_layout.h"
#include "see/dirwalk.h"
#include "see/forecast.h"
#include "see/growth.h"
#include "see/liveness.h"
#include "see/psi.h"
#include "share/state.h"

struct see;

/* The same path in up to three hierarchies. */
enum unit_dir { UNIT_DIR_MAIN, UNIT_DIR_UNIFIED, UNIT_DIR_FREEZER, UNIT_DIRS };

enum unit_file {
	UNIT_FILE_CURRENT,
	UNIT_FILE_STAT,
	UNIT_FILE_SWAP,
	UNIT_FILE_PRESSURE,
	UNIT_FILE_EVENTS,
	UNIT_FILE_STATE, /* cgroup.events */
	UNIT_FILES
};

enum {
	UNIT_NONE = UINT16_MAX, /* no row */
	UNIT_WAKES_MAX =
		10, /* a second: memory.events of one at its memory.high changes without end */
};

/* The processes that must be alive in it: those that match `process`; without that, the root of its tree
 * (the oldest process whose parent is not of the unit). Filled by source_process.c. */
struct unit_watched {
	uint16_t count;        /* alive now */
	int32_t pid, parent;   /* of the newest; 0: none */
	char comm[16], parent_comm[16];
	mono_ms since;         /* when the newest was started (by its start time) */
	mono_ms alive_since;   /* since when there is one without a break; 0: there is none */
	mono_ms ended_at;      /* when one ended last; 0: never seen */
	uint32_t deaths;       /* so many ended, as far as told as a death */
	mono_ms reply_at;      /* a death was told then, and its reply not yet; 0: none waits */
	bool restarted;        /* by us, since then */
	wall_ms died;          /* when one ended last, asked for or not; 0: never */
	char died_text[160];   /* how; hostile text */
	uint32_t causes[STATE_DEATHS]; /* how those ended, asked for or not */
};

/* Of a `match` unit: what its processes hold, added up while they are read. */
struct unit_sum {
	bool open; /* they are being read */
	uint64_t rss_bytes, swap_bytes, largest_bytes;
};

struct unit {
	uint64_t key; /* of name, kind, target and user; 0: the row is free */
	struct see *see;
	uint32_t index; /* in the config and the state page */
	enum config_unit_kind kind;
	const char *target; /* the config's, taken anew at each reload */
	uint32_t grace_ms, log_silence_ms, alive_failures; /* the config's; 0: none */
	bool has_process;   /* the config's `process` says what must be alive */

	int dir[UNIT_DIRS];     /* -1: not there */
	int file[UNIT_FILES];   /* -1: not there */
	uint8_t busy;           /* carried over a reload: do's */
	bool woken;             /* by the loop: read before it is due */
	bool populated, frozen; /* as last read of cgroup.events */
	bool current_known;     /* as read at the beginning of this look */
	bool unpressed;         /* its averages were 0 at pressure_at */
	bool in_freezer;        /* FROZEN, as v1's freezer said at freezer_at */
	bool counted;           /* counts are of this cgroup */
	uint32_t event_keys;    /* bits of the keys that its memory.events has */
	uint32_t polled;        /* bits of file: in the loop, read when it says so */
	uint32_t wakes;         /* by the loop, since wakes_since */
	mono_ms wakes_since;
	uint64_t cgroup_id;

	struct unit_watched watched;
	struct liveness liveness;
	enum state_unit_status status;
	mono_ms since, started;
	mono_ms held_at; /* when held_bytes is to be taken; 0: it was, or will not be */
	uint64_t held_bytes, oom_kills;
	uint32_t peak_mib;  /* as the ledger has it, and ... */
	uint32_t life_peak_mib; /* ... of this life, since our start; of the one before while peak_falls: peak.c's */
	bool peak_falls;        /* it was started, and not read since */
	uint32_t start_peak_mib;    /* of the lives before its last start; 0: none, or not known */
	uint64_t start_taken_bytes; /* starting.c's */
	uint32_t processes;
	int64_t kills_open; /* its oom_kill rose by so many more than were told of it */
	mono_ms kills_at;   /* when that last changed */
	mono_ms kills_rose_at; /* when its oom_kill last rose; 0: never seen */
	int32_t main_pid;
	char main_comm[16];
	struct unit_sum sum;

	mono_ms read_at, limit_at, pids_at; /* last; 0: never */
	uint64_t limit_bytes; /* the tightest memory.max on its path; UINT64_MAX: none */
	uint64_t swap_limit_bytes; /* the tightest memory.swap.max on its path; the same */
	uint64_t both_limit_bytes; /* v1: of memory and swap together; the same */
	struct forecast forecast;  /* of its anon */
	uint64_t current_bytes;
	mono_ms moved_at;           /* when current_bytes was last another */
	mono_ms stat_at, events_at; /* when each was last read; 0: never */
	mono_ms empty_at, freezer_at, pressure_at;
	uint64_t pressure_us[PSI_KINDS]; /* its totals then */
	uint64_t host_total_us;          /* the host's then */
	uint64_t counts[GROWTH_KEYS];
	struct growth growth;
	struct psi_window window;
	char path[PATH_BYTES]; /* below the mount, without a slash before it; the last known */
};

struct units {
	uint32_t count;              /* of the config */
	uint16_t at[UNITS_MAX];      /* row of each unit of the config */
	uint64_t key[UNITS_MAX];     /* of each row: what is searched lies together */
	uint64_t missing[UNITS_MAX]; /* of each row: ledger_hash of a systemd unit that is looked
					for; 0: not */
	uint32_t match_count;        /* `match` units of the config */
	mono_ms walked;              /* when the tree was last searched */
	struct dirwalk walk;
	struct unit row[UNITS_MAX]; /* those in use alone are ever touched */
};

/* No unit, no row in use. */
void unit_init(struct units *units);

/* The units of another config: known by name, kind and target they keep what is known; others are
 * closed. */
void unit_config(struct see *see, const struct config *config);

/* The unit of that index of the config. */
struct unit *unit_at(struct see *see, uint32_t index);

/* Open the unit's cgroup at its last known path. False: not there. */
bool unit_open(struct see *see, struct unit *unit, mono_ms now);
void unit_close(struct see *see, struct unit *unit);
static inline bool unit_is_open(const struct unit *unit)
{
	return unit->dir[UNIT_DIR_MAIN] >= 0;
}

/* One whose events wake the loop too often is read at the looks alone, for the rest of the second.
 */
void unit_throttle(struct see *see, struct unit *unit, mono_ms now);

/* path, or one below it. */
bool unit_path_holds(const char *path, const char *of);

/* The row of the unit with the longest path that holds the kernel's path ("/system.slice/x.service/below"), or
 * UNIT_NONE. */
uint16_t unit_by_path(struct see *see, const char *memcg);

/* What must be alive in the unit of that row, as the config writes it; "": it names none. */
const char *unit_process(const struct see *see, uint16_t row);

/* A freezer cgroup of the same path that holds none of its processes freezes nothing. */
bool unit_is_in_freezer(const struct unit *unit);

/* What it was seen to be now; `since`, `started` follow. */
void unit_set_status(struct unit *unit, enum state_unit_status status, mono_ms now);

/* Its anon, `grace` after its last start, is what it holds. */
void unit_take_held(struct unit *unit, const struct state_reading *anon, mono_ms now);

/* Its growth and when that comes to the limit, of its anon and swap as read now. */
void unit_look_ahead(struct see *see, struct unit *unit);

/* Its row of the state page, but for the readings. */
void unit_publish(struct see *see, const struct unit *unit);

/* Search the tree for the systemd units that are missing: only slices (and user managers) are
 * entered. */
void unit_search(struct see *see, mono_ms now);

#endif
