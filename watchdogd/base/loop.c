#include "base/loop.h"

#include <errno.h>
#include <sys/epoll.h>

int loop_init(struct loop *loop)
{
	loop->used = 0;
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	return loop->epoll < 0 ? -errno : 0;
}

static uint32_t loop_free_row(struct loop *loop)
{
	for (uint32_t i = 0; i < loop->used; i++)
		if (loop->watch[i].fd < 0)
			return i;
	return loop->used;
}

int loop_add(struct loop *loop, int fd, uint32_t events, loop_ready *ready, void *arg)
{
	uint32_t row = loop_free_row(loop);
	struct epoll_event event = {.events = events, .data.u32 = row};

	if (row == LOOP_FDS_MAX)
		return -ENOSPC;
	if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	loop->watch[row] = (struct loop_watch){.fd = fd, .ready = ready, .arg = arg};
	if (row == loop->used)
		loop->used++;
	return 0;
}

void loop_remove(struct loop *loop, int fd)
{
	for (uint32_t i = 0; i < loop->used; i++) {
		if (loop->watch[i].fd != fd)
			continue;
		(void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
		loop->watch[i].fd = -1;
	}
}

int loop_wait(struct loop *loop, int timeout_ms)
{
	struct epoll_event ready[64];
	int n = epoll_wait(loop->epoll, ready, (int)ARRAY_LEN(ready), timeout_ms);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++) {
		const struct loop_watch *watch = &loop->watch[ready[i].data.u32];

		if (watch->fd >= 0)
			watch->ready(watch->arg, ready[i].events);
	}
	return n;
}
