/* The state page: what the sentinel knows, in one mapped file of fixed, versioned layout. The sentinel
 * alone writes it; `watchdogctl status` and later the metrics map it and read. A sequence lock makes a
 * copy consistent. Sources write their readings straight into it, conditions read them from it: there
 * is no second copy. */
#ifndef WD_SHARE_STATE_H
#define WD_SHARE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/severity.h"
#include "words/reading.h"
#include "words/verb.h"

#define STATE_MAGIC 0x41545357u /* "WSTA" */
#define STATE_VERSION 4u
#define STATE_ACTIONS 16        /* last actions kept for `status` */
#define STATE_MINUTES 60
#define STATE_MINUTE_UNKNOWN 0xffffu

enum state_known { STATE_UNKNOWN, STATE_KNOWN, STATE_NEVER };

struct state_reading {
	int64_t value;    /* in its dimension (words/reading.h) */
	int64_t total;    /* READING_BYTES: what 100 % is; 0: % is unknown */
	mono_ms from;     /* its window began then; for an instant, when it was read */
	uint32_t known;   /* enum state_known */
	uint32_t pad;
};

enum state_unit_status {
	STATE_UNIT_UNSEEN,   /* not looked at yet */
	STATE_UNIT_RUNNING,  /* has a cgroup (or processes) with something in it */
	STATE_UNIT_INACTIVE, /* no cgroup, or an empty one; no process matches */
	STATE_UNIT_FROZEN,
};

/* What we did to a unit and have not given back. */
enum state_mark {
	STATE_MARK_NONE, STATE_MARK_STOPPED, STATE_MARK_FROZEN, STATE_MARK_CAPPED,
	STATE_MARK_SWAP, /* of no unit: LEDGER_SWAP_MARK */
};

/* Is what must be alive in it alive? */
enum state_alive {
	STATE_ALIVE_UNKNOWN, /* not looked at yet */
	STATE_ALIVE,
	STATE_MISSING,       /* not there, within `grace`, or systemd is at it */
	STATE_DEAD,
	STATE_STOPPED,       /* on purpose */
};

/* How a watched process ended. */
enum state_death {
	STATE_DEATH_OOM,    /* by the kernel's OOM killer */
	STATE_DEATH_SIGNAL,
	STATE_DEATH_CRASH,  /* SIGSEGV and its like, or with a core dump */
	STATE_DEATH_EXIT,   /* with whatever status */
	STATE_DEATH_ASKED,  /* by a step of watchdogd's, or a stop or restart of systemd's: no alert */
	STATE_DEATHS,
};

/* Is a unit with `idle` used? */
enum state_use { STATE_USE_UNKNOWN, STATE_USE_USED, STATE_USE_UNUSED };

struct state_unit {
	char name[NAME_BYTES];
	uint8_t kind;               /* enum config_unit_kind */
	uint8_t status;             /* enum state_unit_status */
	uint8_t mark;               /* enum state_mark */
	uint8_t busy;               /* 1 + enum verb of the action under way, 0: none */
	uint32_t processes;         /* how many we know in it */
	mono_ms since;              /* when it was seen to come into that status */
	mono_ms started;            /* when it was seen to begin running; 0: before we looked */
	uint64_t cgroup_id;         /* inode of its cgroup directory; 0: none */
	uint64_t cap_bytes;         /* its memory.high, as we set it and have not given it back; 0: we did not */
	uint64_t held_bytes;        /* its anon one `grace` after its last start; 0: not known */
	uint64_t oom_kills;         /* kernel OOM kills attributed to it since we know it */
	char main_comm[16];         /* the largest process, for the reader; hostile text */
	int32_t main_pid;
	/* The watched process: the newest that matches `process`; without that the root of the unit's tree. */
	uint8_t alive;              /* enum state_alive */
	uint8_t systemd_at_it;      /* bool: systemd starts, stops or restarts it now */
	uint16_t watched;           /* how many match */
	int32_t watched_pid, parent_pid; /* 0: none */
	char watched_comm[16], parent_comm[16]; /* hostile text */
	mono_ms watched_since;      /* when it was started; 0: not known */
	mono_ms missing_since;      /* since when none is there; 0: one is, or none ever was */
	mono_ms heard;              /* when its log had its last new line; 0: never */
	wall_ms died;               /* when a watched process of it ended last; 0: never */
	char died_text[160];        /* how, in a sentence; hostile text */
	uint32_t deaths;            /* of watched processes, since we know it */
	uint32_t restarts;          /* starts of it that we asked for in a row (the back-off) */
	mono_ms restart_at;         /* its back-off: the next start not before; 0: at once */
	uint32_t death_causes[STATE_DEATHS]; /* of watched processes, since we know it; not where none is known */
	struct state_reading readings[UNIT_READINGS];
	uint64_t peak_bytes;        /* the highest anon of all its lives that we saw; 0: not known */
	char restore[128];          /* while it carries our mark: why it is not given back yet; "" */
	mono_ms unused_since;       /* not used without a break since then; 0: it is, or it is not known */
	uint8_t use;                /* enum state_use */
};

/* What woke the sentinel. */
enum state_wake { STATE_WAKE_TIMER, STATE_WAKE_EVENT, STATE_WAKES };

enum state_rule_phase {
	STATE_RULE_QUIET,     /* not true */
	STATE_RULE_HOLDING,   /* true, its `for` still running */
	STATE_RULE_FIRING,    /* a step is asked, being proved or settling */
	STATE_RULE_STANDING,  /* fired, stands where it is until `when` is true again or `clear` */
	STATE_RULE_GIVEN_UP,  /* held back by its limit */
};

/* One (rule, unit) pair that can fire; the same index as config.instances. */
struct state_rule {
	char rule[NAME_BYTES];
	char unit[NAME_BYTES];    /* "" for none */
	uint8_t phase;            /* enum state_rule_phase */
	uint8_t when;             /* enum condition_truth: what `when` is now */
	uint16_t step;            /* the step it stands at, from 0 */
	uint32_t fired;           /* firings since the start of watchdogd */
	mono_ms since;
	uint32_t severity;        /* enum severity: the worst of its alerts */
	uint8_t acked;            /* bool: a person has acknowledged the alert that is open */
	uint64_t thread;          /* its alert that is open: what ends it is not told yet; 0: none */
	mono_ms began;            /* when its firing began; 0: it does not fire */
};

enum state_swap_phase {
	STATE_SWAP_NONE,    /* there is no [swapfile] */
	STATE_SWAP_WAITS,   /* to be looked at, or for a quiet time to be made in */
	STATE_SWAP_MAKING,
	STATE_SWAP_READY,   /* `swap on` has only to switch it on */
	STATE_SWAP_REFUSED, /* it cannot be made or used: why */
	STATE_SWAP_PHASES,
};

/* How it is with the file of [swapfile]. */
struct state_swap {
	uint8_t phase;            /* enum state_swap_phase */
	uint8_t known;            /* bool: /proc/swaps was read */
	uint8_t on;               /* bool: the kernel swaps to it (/proc/swaps) */
	uint8_t ours;             /* bool: we switched it on, and have not given it back */
	uint8_t going_off;        /* bool: it is being switched off */
	uint64_t size_bytes, used_bytes; /* while it is on */
	mono_ms undone;           /* when another had switched off what we had switched on; 0: never */
	char why[160];            /* "" unless REFUSED */
	char restore[128];        /* while it is on by us: why it is not given back yet; "" */
};

struct state_action {
	uint64_t number;          /* rises by one; 0: none */
	wall_ms at;
	uint32_t severity;
	char rule[NAME_BYTES];
	char unit[NAME_BYTES];
	char text[160];
};

struct state {
	uint32_t magic, version;
	uint32_t size;            /* of the file, bytes */
	uint32_t units, rules;    /* rows in use */
	atomic_uint sequence;     /* odd while the sentinel writes */
	int32_t sentinel_pid;
	uint32_t dry_run;         /* bool */
	uint32_t generation;      /* of the config that the sentinel has taken */
	mono_ms started, tick;    /* when the sentinel started, and last looked */
	uint64_t looks;           /* how many times it looked */
	uint64_t firings;         /* numbered: the last one's number */
	char boot_id[37];
	char config_path[256];
	char blind[256];          /* sources that cannot read, and why; "" when all see */
	uint64_t mem_total_bytes, swap_total_bytes;
	struct state_reading host[HOST_READINGS];
	struct state_swap swap;
	struct state_action actions[STATE_ACTIONS]; /* ring by number % STATE_ACTIONS */
	/* The highest host.used of each minute of the last hour, in 1/1000 of MemTotal, or STATE_MINUTE_UNKNOWN. */
	uint16_t hour_permille[STATE_MINUTES]; /* ring by minute (CLOCK_MONOTONIC / 60 s) % STATE_MINUTES */
	uint32_t hour_minute;     /* the newest, which is not over yet */
	/* Counted since `started`. */
	uint64_t alerts[SEVERITIES]; /* told: what follows in a thread as well */
	uint64_t done[VERBS], not_done[VERBS]; /* steps: proved; not, in their time */
	uint64_t wakeups;         /* of the sentinel */
	uint64_t wakeups_by[STATE_WAKES];
	uint64_t cpu_ms, rss_kb;  /* the sentinel's own: used so far, resident; seen once a minute */
	struct state_unit unit[UNITS_MAX];    /* the rows come last (state_copy) */
	struct state_rule rule[INSTANCES_MAX];
};

/* Map the page for its writer: sized, zeroed, header set. The mapping lives as long as the process.
 * NULL with errno. */
struct state *state_create(int fd);

/* Map the page of another process for reading. NULL with errno; EPROTO: another version. */
const struct state *state_map(int fd);

/* Around each change by the writer. */
void state_write_begin(struct state *state);
void state_write_end(struct state *state);

/* A consistent copy into `copy` (sizeof(struct state) bytes, of which the rows not in use are left alone: the page
 * is large, and most of it is never touched); false when the writer did not let one be
 * taken within 100 tries (it was killed in the middle: the copy is the best there is). Safe to read whatever its
 * writer was: there are no more rows than the arrays have, and every text ends. */
bool state_copy(const struct state *state, struct state *copy);

/* Set a reading. */
static inline void state_set(struct state_reading *reading, int64_t value, int64_t total, mono_ms from)
{
	reading->value = value;
	reading->total = total;
	reading->from = from;
	reading->known = STATE_KNOWN;
}

/* Note an action for `status`, between state_write_begin and _end; text may be hostile. */
void state_add_action(struct state *state, uint32_t severity, const char *rule, const char *unit, const char *text);

#endif
