/* A process that makes the kernel take memory from a cgroup. The kernel does that inside who writes memory.high or
 * memory.reclaim, and takes as long as it takes: so it is a process of its own that writes, which can be killed, and
 * nobody else waits. */
#ifndef WD_PLUGINS_RECLAIM_CHILD_H
#define WD_PLUGINS_RECLAIM_CHILD_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"

enum reclaim_what {
	RECLAIM_HIGH, /* memory.high becomes that */
	RECLAIM_GIVE, /* memory.reclaim is asked for that, bit by bit */
};

struct reclaim_child {
	pid_t pid;     /* 0: there is none */
	int pidfd;
	mono_ms until; /* it is killed then */
	bool killed;
};

/* Start it on the cgroup dir, which stays the caller's. 0 or -errno. */
int reclaim_child_start(struct reclaim_child *child, int dir, enum reclaim_what what, uint64_t bytes,
			uint32_t limit_ms);

/* Whether it is over, or its time is: then it is killed. error: gets 0; -errno of the write (-EAGAIN: less than asked
 * could be reclaimed); -ETIMEDOUT. Once true it is reaped. */
bool reclaim_child_is_over(struct reclaim_child *child, int *error);

/* Kill it, and be rid of it; also of none. */
void reclaim_child_end(struct reclaim_child *child);

/* What to poll for: 0 or 1 rows into fds. Lowers *timeout_ms to the end of its time. */
int reclaim_child_prepare(const struct reclaim_child *child, struct pollfd *fds, int max, int *timeout_ms);

#endif
