/* By fork(2): nothing is executed, it writes a few bytes and ends. Killed, it leaves the kernel at the next page it
 * would have taken; while it waits for a disk that may last, so its end is not waited for: a process that is killed and
 * not reaped yet lies in a row of its own. */
#include "reclaim_child.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/file.h"
#include "reclaim_cgroup.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
	RECLAIM_BIT_BYTES = 16 * 1024 * 1024, /* between two looks at the clock */
	RECLAIM_GONE_MAX = 32,                /* killed and not reaped yet */
};

static int reclaim_gone[RECLAIM_GONE_MAX]; /* 1 + pidfd; 0: free */

/* --- in the child --- */

static int reclaim_write(int dir, const char *file, uint64_t bytes)
{
	char text[32];
	struct buffer out;

	BUFFER_OVER(&out, text);
	reclaim_cgroup_format(&out, bytes);
	return file_write_at(dir, file, text);
}

static int reclaim_give(int dir, uint64_t bytes, mono_ms until)
{
	int error = 0;

	while (bytes > 0 && error == 0) {
		uint64_t bit = bytes < RECLAIM_BIT_BYTES ? bytes : RECLAIM_BIT_BYTES;

		if (clock_mono() >= until)
			return -ETIMEDOUT;
		error = reclaim_write(dir, "memory.reclaim", bit);
		bytes -= bit;
	}
	return error;
}

/* Its exit status is the error. */
static _Noreturn void reclaim_child_main(pid_t parent, int dir, enum reclaim_what what, uint64_t bytes, mono_ms until)
{
	int error;

	(void)prctl(PR_SET_NAME, "wd-reclaim");
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(ECANCELED);
	error = what == RECLAIM_HIGH ? reclaim_write(dir, "memory.high", bytes) : reclaim_give(dir, bytes, until);
	_exit(-error);
}

/* --- in the worker --- */

int reclaim_child_start(struct reclaim_child *child, int dir, enum reclaim_what what, uint64_t bytes,
			uint32_t limit_ms)
{
	pid_t self = getpid();
	int error;

	*child = (struct reclaim_child){.pidfd = -1, .until = clock_mono() + limit_ms};
	child->pid = fork();
	if (child->pid == 0)
		reclaim_child_main(self, dir, what, bytes, child->until);
	if (child->pid < 0) {
		error = -errno;
		child->pid = 0;
		return error;
	}
	child->pidfd = pidfd_open(child->pid, 0);
	if (child->pidfd >= 0)
		return 0;
	error = -errno;
	(void)kill(child->pid, SIGKILL);
	(void)waitpid(child->pid, NULL, 0); /* it has just begun */
	child->pid = 0;
	return error;
}

/* Those that were killed before. */
static void reclaim_reap_gone(void)
{
	for (size_t i = 0; i < RECLAIM_GONE_MAX; i++) {
		siginfo_t end = {0};
		int pidfd = reclaim_gone[i] - 1;

		if (pidfd < 0 || (waitid(P_PIDFD, (id_t)pidfd, &end, WEXITED | WNOHANG) == 0 && end.si_pid == 0))
			continue;
		(void)close(pidfd);
		reclaim_gone[i] = 0;
	}
}

void reclaim_child_end(struct reclaim_child *child)
{
	size_t i = 0;

	reclaim_reap_gone();
	if (child->pid == 0)
		return;
	(void)pidfd_send_signal(child->pidfd, SIGKILL, NULL, 0);
	while (i < RECLAIM_GONE_MAX && reclaim_gone[i] != 0)
		i++;
	if (i < RECLAIM_GONE_MAX)
		reclaim_gone[i] = 1 + child->pidfd;
	else
		(void)close(child->pidfd); /* it stays a zombie: so many never were */
	child->pid = 0;
	reclaim_reap_gone();
}

bool reclaim_child_is_over(struct reclaim_child *child, int *error)
{
	siginfo_t end = {0};

	*error = -ECANCELED;
	if (child->pid == 0)
		return true;
	if (waitid(P_PIDFD, (id_t)child->pidfd, &end, WEXITED | WNOHANG) == 0 && end.si_pid == 0) {
		if (clock_mono() < child->until)
			return false;
		*error = -ETIMEDOUT;
		reclaim_child_end(child);
		return true;
	}
	if (end.si_code == CLD_EXITED)
		*error = -end.si_status;
	child->pidfd = file_close(child->pidfd);
	child->pid = 0;
	return true;
}

int reclaim_child_prepare(const struct reclaim_child *child, struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	int left = child->until > now ? (int)(child->until - now) : 0;

	if (child->pid == 0)
		return 0;
	if (*timeout_ms < 0 || left < *timeout_ms)
		*timeout_ms = left;
	if (max < 1)
		return 0;
	fds[0] = (struct pollfd){.fd = child->pidfd, .events = POLLIN};
	return 1;
}
