/* The ledger: what must survive a kill -9 of everything, in one mapped file of fixed size beside the
 * control socket (/run is tmpfs, so it outlives the processes). The sentinel alone changes it, but for
 * `taken` of an entry, which is the worker's.
 * It is the queue as well: messages carry entry numbers. Each step and alert is written here before it
 * is handed on and stays until its proof was seen, or it was delivered. */
#ifndef WD_SHARE_LEDGER_H
#define WD_SHARE_LEDGER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"

#define LEDGER_MAGIC 0x4745444cu /* "LDEG" */
#define LEDGER_VERSION 4u
#define LEDGER_BYTES (288u * 1024)
#define LEDGER_NONE UINT32_MAX
#define LEDGER_LASTING_ALL UINT32_MAX
#define LEDGER_SWAP_MARK "the swap file" /* the name of its mark: no unit can have it */

enum ledger_kind { LEDGER_STEP, LEDGER_ALERT };
enum ledger_entry_state { LEDGER_FREE, LEDGER_OPEN };

/* What an alert is to its thread. */
enum ledger_told {
	TOLD_ALERT,  /* something was seen; the first of a thread */
	TOLD_RESULT, /* what a step came to: "stopped xtts in 1.1 s" */
	TOLD_REPLY,  /* what became of a death */
	TOLD_REPEAT, /* it goes on */
	TOLD_CLEAR,  /* resolved: nothing follows in this thread, but that what was stopped for it is back */
	TOLD_TEST,   /* a person's `watchdogctl test`; rule: the one channel that gets it */
	TOLDS,
};

/* Who is to have an alert; bits of its entry's `wants`, and of what became of that. */
enum ledger_with {
	WITH_ACTOR = 1,     /* has channels of the plugin exec */
	WITH_MESSENGER = 2, /* has channels of its plugins */
	WITH_SPOOL = 4,     /* the scribe */
};

/* A step or alert that is not done yet. Complete in itself: a worker needs no config to carry it out. */
struct ledger_entry {
	uint64_t id;                 /* rising, unique over boots too, below 2^53 (JSON); the alert's id for good */
	_Atomic uint32_t state;      /* enum ledger_entry_state; set to OPEN last */
	_Atomic uint32_t taken;      /* a worker has begun what must not be done twice (exec) */
	uint32_t kind, severity;
	uint32_t verb;               /* enum verb: what the worker (or the sentinel itself) is asked to do */
	uint32_t step_verb;          /* enum verb: what the step says; `restart` is a stop, then a start */
	uint32_t timeout_ms;         /* how long the worker may take; 0: its own default */
	uint32_t as_nobody;          /* bool: run without privileges (the exec channel) */
	uint16_t phase;              /* of a step, enum action_phase (do/action.h): where it is taken up again */
	uint16_t reset;              /* bool: of a start, systemd's failed state is reset before it */
	uint32_t uid;                /* whose systemd has the unit; UINT32_MAX: the host's */
	uint64_t ladder_key;         /* of the ladder that waits for it; 0: none; of a test: who asked, main's token */
	uint64_t thread;             /* of an alert: id of the first one of its firing, which may be itself */
	uint32_t told;               /* of an alert: enum ledger_told */
	uint8_t wants, has, done;    /* of an alert, enum ledger_with: who is to have it; has a copy; is done: all its
					channels took or dropped it, or (the scribe) it is on the disk */
	uint8_t gives_back;          /* bool: of a start or thaw: it gives back what a ladder took; thread: that one's */
	wall_ms at;                  /* when it was asked */
	mono_ms at_mono;
	uint64_t cgroup_id;          /* the unit's when asked: another one means it was restarted since */
	uint64_t bytes;              /* cap: its new memory.high, UINT64_MAX: none; reclaim: how much */
	char plugin[NAME_BYTES];     /* who carries it out: "systemd", "exec"; "" the sentinel itself */
	char rule[NAME_BYTES];
	char unit[NAME_BYTES];       /* the watched unit; "" none */
	char target[LINE_BYTES + 1]; /* what the plugin acts on: "x.service", a command; of an alert its title:
					"claude killed by the OOM killer (5.1 GiB); claudir lives on" */
	char event[16];              /* "oom-kill", ...; "" for a condition */
	char text[TEXT_BYTES];       /* what was seen and what is done */
};

/* A unit that we stopped, froze or capped and have not given back. One that was capped and then stopped or frozen is
 * both: when it is back, it is capped still. Or, under a name that no unit can have, the swap file (LEDGER_SWAP_MARK). */
struct ledger_mark {
	char unit[NAME_BYTES];       /* "" : free */
	char kind;                   /* enum state_mark; CAPPED: nothing else */
	uint16_t rules;              /* how many of rule[] are in use */
	uint32_t shed;               /* rises: the highest was shed last, and is given back first */
	wall_ms at;
	uint64_t cap_bytes;          /* its memory.high as we set it; 0: not capped */
	uint64_t high_before;        /* ... and what that was before; UINT64_MAX: none */
	uint64_t cap_cgroup;         /* ... and of which cgroup: another one has it only where systemd sets it */
	uint64_t rule[MARK_RULES_MAX]; /* ledger_hash of the names of the rules whose ladder reached it */
	uint32_t cap_shed;           /* CAPPED: what `shed` is when it is nothing else any more */
	uint32_t target;             /* low bits of see_unit_key, made odd; 0: not noted yet, as after a restart of the host */
	uint64_t thread;             /* in which it was told last that it is down: its return is told there; 0: in none */
};

/* Where the ladder of one (rule, unit) pair stands, and how often it fired of late. Kept here so that a
 * reload, a restart of the sentinel and a kill -9 are the same thing: the ladder goes on. */
struct ledger_ladder {
	uint64_t key;                /* ledger_key(rule, unit); 0: free */
	uint64_t text_hash;          /* of the rule: a changed rule begins anew */
	uint64_t firing;             /* number of the firing; 0: not firing */
	uint64_t thread;             /* id of its first alert, for what follows; 0: none was sent */
	mono_ms began;               /* when the firing began */
	mono_ms since;               /* when the phase below began */
	mono_ms proved;              /* when the last step was proved: older readings do not count; 0: none */
	uint16_t step;               /* index of the step under way, or the next to take */
	uint16_t phase;              /* enum ladder_phase (decide/ladder.h) */
	uint16_t flags;              /* enum ladder_flag */
	uint16_t acted;              /* bits of the steps that were taken or skipped in this round */
	uint16_t alerted;            /* bits of the alerts that this firing has sent */
	uint16_t failed;             /* bits of the steps that this firing tried in vain */
	uint16_t held_back;          /* firings beyond the limit, told in the next alert */
	uint16_t limit_next;         /* place of the next time in the ring below */
	uint16_t asked[RULE_STEPS_MAX]; /* the unit each step acted on last: low bits of its name's ledger_hash */
	uint32_t repeat_s;           /* 1 + CLOCK_MONOTONIC seconds of the next repeat; 0: none, or acknowledged */
	uint32_t limit_at_s[LIMIT_MAX]; /* 1 + CLOCK_MONOTONIC seconds of the last firings; 0: none */
};
_Static_assert(RULE_STEPS_MAX <= 16, "a bit of the masks for each step");

enum ledger_unit_flag {
	LEDGER_UNIT_RAN = 1,     /* seen running on this boot; of the swap file: seen on since it carries our mark */
	LEDGER_UNIT_PURPOSE = 2, /* stopped on purpose, until its next start */
	LEDGER_UNIT_OWED = 4,    /* we stopped it on the way of a restart: its start is owed */
	LEDGER_UNIT_RESET = 8,   /* a person's retry: the next start resets systemd's failed state */
	LEDGER_UNIT_MISSING = 16, /* what must be alive was last seen missing or dead, not stopped on purpose */
	LEDGER_UNIT_SILENT = 32, /* its silence was told, and not its end */
};

/* What is remembered of a unit besides its mark. Of another boot peak_mib, vain and an owed start stay
 * (share/lasting.h). */
struct ledger_unit {
	uint32_t hash;         /* low bits of ledger_hash of its name, never 0; 0: the row is free */
	uint32_t restarted_s;  /* 1 + CLOCK_MONOTONIC seconds of the last start that we asked for; 0: none */
	uint16_t restarts;     /* of those in a row: the back-off */
	uint16_t flags;        /* enum ledger_unit_flag */
	uint32_t seen_s;       /* 1 + seconds when the row was last asked for: the longest forgotten gives way */
	uint32_t peak_mib;     /* the highest UNIT.anon of its last lives (see/peak.h), rounded up; 0: not known */
	uint32_t given_s;      /* 1 + CLOCK_MONOTONIC seconds when what we took was given back last, since then not shed
				  again; 0: no such */
	uint32_t fits_s;       /* while it carries our mark: 1 + seconds since when there is room for it without a break */
	uint16_t vain;         /* so often in a row it was given back in vain (decide/patience.h) */
	uint16_t refused;      /* so often in a row it was to be given back, and that was not done */
	uint32_t refused_s;    /* 1 + CLOCK_MONOTONIC seconds of the last of these */
};

/* When people were told last that a channel takes no alerts: once an hour. */
struct ledger_refusal {
	uint64_t channel;      /* ledger_hash of its name; 0: the row is free */
	uint32_t told_s;       /* 1 + CLOCK_MONOTONIC seconds; 0: not on this boot */
	uint32_t pad;
};

/* What a ladder tells just now, from before its entry is open until the ladder has noted that it was told: one at a
 * time, so that a kill -9 in between tells it neither twice nor never. */
struct ledger_telling {
	_Atomic uint64_t entry; /* id of that entry, which may not be open yet; 0: nothing is being told */
	uint64_t key;           /* of the ladder */
	uint32_t as;            /* enum walk_told (decide/walk.h) */
	uint32_t pad;
};

struct ledger {
	uint32_t magic, version, size;
	char boot_id[37];
	_Atomic uint64_t next_id;
	uint64_t next_firing;
	char kmsg_boot_id[37];       /* the last record of /dev/kmsg that was looked at */
	uint64_t kmsg_sequence;      /* 0: none */
	uint32_t merged_alerts;      /* alerts that gave way to the bound, told in the next one */
	struct ledger_mark marks[MARKS_MAX];
	struct ledger_unit units[UNITS_MAX];
	struct ledger_ladder ladders[LADDERS_MAX];
	struct ledger_entry entries[ENTRIES_MAX];
	struct ledger_refusal refusals[CHANNELS_MAX];
	struct ledger_telling telling;
	uint64_t life;               /* each ledger that began empty has another; 0: of a dry run, none of it is to last */
	_Atomic uint32_t lasting_next; /* of what the disk knows from before that (share/lasting.h) the row to be taken
					next; LEDGER_LASTING_ALL: no more is taken */
	uint32_t pad;
};
_Static_assert(sizeof(struct ledger) <= LEDGER_BYTES, "the ledger has a fixed size");

/* FNV-1a of a name, and of a rule with its unit ("" for none); never 0. */
uint64_t ledger_hash(const char *name);
uint64_t ledger_key(const char *rule, const char *unit);

/* Map the file, LEDGER_BYTES long, all pages touched. What is in it is kept when magic, version and
 * size agree, otherwise it begins empty, with ids above those of any ledger before; of another boot, the
 * ladders and steps begin empty, alerts stay (they are not delivered yet), frozen marks end and stopped
 * marks stay, with the peaks of units; what the disk knows is older, and is not taken then. boot_id: 36 characters, or "" where there is none. fresh: set true when nothing was kept.
 * The mapping lives as long as the process. NULL with errno. */
struct ledger *ledger_open(int fd, const char *boot_id, bool *fresh);

/* Unmap it. */
void ledger_close(struct ledger *ledger);

/* The same file mapped by a worker, nothing changed; to be read alone where fd is. NULL with errno; EPROTO: not ours. */
struct ledger *ledger_map(int fd);

/* A free entry with a new id, zeroed, not open yet: fill it, then ledger_commit. When all are taken the
 * oldest of the least severe alerts gives way (merged_alerts counts it), first of those that all who deliver them
 * have; NULL when all are steps. */
struct ledger_entry *ledger_add(struct ledger *ledger, enum ledger_kind kind);

/* A new id, for an alert that goes to nobody: what follows it has a thread all the same. */
uint64_t ledger_take_id(struct ledger *ledger);
void ledger_commit(struct ledger_entry *entry);

/* An alert of that severity would find room: a free entry, or one of no more severe an alert, or of one that all who
 * deliver it have. */
bool ledger_has_room(struct ledger *ledger, uint32_t severity);
void ledger_free(struct ledger_entry *entry);

/* The open entry of that id, or NULL. */
struct ledger_entry *ledger_find(struct ledger *ledger, uint64_t id);

/* The mark of a unit, or NULL; ledger_mark makes one (NULL when all are taken) and adds the rule's
 * name; as shed last, where it is new or of another kind. ledger_unmark ends it, but for the cap. */
struct ledger_mark *ledger_mark_find(struct ledger *ledger, const char *unit);
struct ledger_mark *ledger_mark(struct ledger *ledger, const char *unit, char kind, const char *rule);
void ledger_unmark(struct ledger *ledger, const char *unit);

/* What a mark of that kind says of its unit: "stopped", "frozen", "capped". */
const char *ledger_mark_word(char kind);

/* It is a mark, and carries the name of that rule. */
bool ledger_mark_has(const struct ledger_mark *mark, const char *rule);

/* Put back a whole mark of a unit that has none. NULL when all are taken. */
struct ledger_mark *ledger_mark_put(struct ledger *ledger, const struct ledger_mark *mark);

/* The unit is about to be capped: put that mark on it, beside one that is there. What its memory.high was before the
 * first of several caps stays. NULL: there is no room. */
struct ledger_mark *ledger_mark_cap(struct ledger *ledger, const char *unit, const char *rule, uint64_t bytes,
				    uint64_t before);

/* It has the memory.high that it had before: the cap ends, and the mark where it was nothing else. */
void ledger_uncap(struct ledger *ledger, const char *unit);

/* It carries a mark of that kind; CAPPED also where it is stopped or frozen besides. */
bool ledger_is_marked(struct ledger *ledger, const char *unit, char kind);

/* What is remembered of the unit of that name: its row, made where there is none. Never NULL. */
struct ledger_unit *ledger_unit(struct ledger *ledger, const char *name);

/* The same, nothing changed; NULL where nothing is remembered. */
const struct ledger_unit *ledger_unit_find(const struct ledger *ledger, const char *name);

/* The row of the channel of that name; made where there is none: the longest ago gives way. Never NULL. */
struct ledger_refusal *ledger_refusal(struct ledger *ledger, const char *channel);

/* The ladder of a key; ledger_ladder makes one where there is none (the oldest idle one gives way; NULL
 * when all fire). */
struct ledger_ladder *ledger_ladder_find(struct ledger *ledger, uint64_t key);
struct ledger_ladder *ledger_ladder(struct ledger *ledger, uint64_t key);

#endif
