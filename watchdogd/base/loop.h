/* An epoll set of fixed size. Who registers a descriptor gives the function to call when it is ready. */
#ifndef WD_BASE_LOOP_H
#define WD_BASE_LOOP_H

#include <stdint.h>

#include "base/bounds.h"

typedef void loop_ready(void *arg, uint32_t events); /* events: EPOLLIN, EPOLLPRI, ... */

struct loop {
	int epoll;
	struct loop_watch {
		int fd; /* -1: free */
		loop_ready *ready;
		void *arg;
	} watch[LOOP_FDS_MAX];
	uint32_t used; /* rows of watch that were ever in use */
};

/* 0 or -errno. */
int loop_init(struct loop *loop);

/* Watch fd (stays the caller's) for events, of epoll_ctl(2). 0, -ENOSPC when all rows are taken, or -errno
 * (-EPERM: a regular file, as a fake root has them: cannot be waited for, is only looked at). */
int loop_add(struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *arg);

/* Stop watching fd; call before closing it. Nothing happens when it is not watched. */
void loop_remove(struct loop *loop, int fd);

/* Wait at most timeout_ms (-1: no limit) and call who is ready. A watch removed meanwhile is not called.
 * How many were ready (0: the time is up, or -EINTR), or -errno. */
int loop_wait(struct loop *loop, int timeout_ms);

#endif
