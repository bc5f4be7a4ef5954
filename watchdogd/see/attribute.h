/* Which unit a kill of the kernel's belongs to, so that one death makes one event. In this order:
 * the path of the victim's cgroup; our own table of who was in which unit; the unit whose oom_kill
 * rose and is not explained by another kill, waited for a moment; none. A rise that no record of
 * the log explains makes an event by itself. */
#ifndef WD_SEE_ATTRIBUTE_H
#define WD_SEE_ATTRIBUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/clock.h"

struct see;
struct unit;

enum {
	ATTRIBUTE_KILLS_MAX = EVENTS_MAX,
	ATTRIBUTE_KNOWN = 64,
	ATTRIBUTE_WAIT_MS = 1000,
	ATTRIBUTE_LOOK_MS = 100, /* while one is waited for */
	ATTRIBUTE_STALE_MS =
		3000, /* a kill that no counter shows by then is on none (its cgroup is gone) */
};

/* A kill as the log told it. */
struct attribute_kill {
	int32_t pid;
	bool before_start;
	uint64_t bytes; /* it held; 0: not told */
	char comm[COMM_BYTES];
	char text[TEXT_BYTES];
	char trigger[96]; /* who asked for memory; told last */
};

struct attribution {
	uint32_t count; /* kills waiting, oldest first */
	bool risen;     /* some unit's counter and its kills told do not agree */
	struct attribute_waiting {
		struct attribute_kill kill;
		mono_ms at;
		uint16_t unit; /* row of units, or UNIT_NONE */
	} waiting[ATTRIBUTE_KILLS_MAX];
	struct attribute_known { /* the last kills, for who asks of a pid: a ring */
		int32_t pid;
		mono_ms at;
		uint64_t bytes;
	} known[ATTRIBUTE_KNOWN];
	uint32_t known_next;
};

/* A kill; task_memcg: the victim's cgroup as the kernel names it, or "". False: too many wait; ask
 * again at the next look. */
bool attribute_add(struct see *see, const struct attribute_kill *kill, const char *task_memcg,
		   mono_ms now);

/* The oom_kill of a unit's cgroup rose. */
void attribute_rise(struct see *see, struct unit *unit, uint64_t kills, mono_ms now);

/* The kernel's log told an OOM kill of that pid, at or after `since`. bytes: what it held; 0: not told. */
bool attribute_was_killed(const struct see *see, int32_t pid, mono_ms since, uint64_t *bytes);

/* Make events of what is known, after the units and the log were read. log_is_blind: nothing
 * explains a rise, it is told at once. */
void attribute_look(struct see *see, bool log_is_blind, mono_ms now);

/* A row of units is another unit's from now on. */
void attribute_forget_unit(struct see *see, uint16_t row);

#endif
