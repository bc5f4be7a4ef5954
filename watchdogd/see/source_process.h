/* Source process: who the processes of the watched units are, and how they end. The kernel's proc connector tells
 * of each fork, exec and exit; what it lost, and everything where there is none, is found in /proc. The ends of
 * watched processes are told by their pidfds. */
#ifndef WD_SEE_SOURCE_PROCESS_H
#define WD_SEE_SOURCE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "see/connector.h"
#include "see/taskstats.h"

struct see;

enum {
	SOURCE_PROCESS_WAKES_MAX = 4, /* by the connector, in a second: forks of others are no reason to look */
	SOURCE_PROCESS_LIVES = 16,
};

struct source_process {
	struct connector connector;
	struct taskstats taskstats;
	bool in_loop;         /* the connector wakes it */
	bool scan_wanted;     /* something was lost, or is to be judged anew */
	uint32_t wakes;       /* since wakes_since */
	mono_ms wakes_since;
	mono_ms drained;      /* the connector, last */
	uint32_t drained_next_ms; /* it may be full by then */
	mono_ms scanned, waited; /* /proc; those that wait: last */
	uint32_t scan_ms;     /* so long the last scan took */
	uint32_t storm_losses; /* of the storm under way */
	mono_ms lost_at;      /* the last of them */
	uint32_t lives_next;
	struct taskstats_life lives[SOURCE_PROCESS_LIVES]; /* of watched processes, the last: a ring */
};

/* What the kernel has told until now: all that led to an end which was just seen. */
void source_process_catch_up(struct see *see, mono_ms now);

/* What a process that ended used. False: not known. */
bool source_process_life(struct see *see, int32_t pid, struct taskstats_life *life);

/* Another config: at the next look everything is judged anew. */
void source_process_judge_anew(struct see *see);

#endif
