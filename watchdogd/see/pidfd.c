#include "see/pidfd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/root.h"
#include "see/procfs.h"

/* PIDFD_GET_INFO of include/uapi/linux/pidfd.h, 6.13; what it tells of one that was reaped, 6.15. */
struct pidfd_asked {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t ids[11];
	int32_t exit_code;
};

#define PIDFD_ASK _IOWR(0xFF, 11, struct pidfd_asked)
#define PIDFD_ASK_EXIT (1u << 3)

_Static_assert(sizeof(struct pidfd_asked) == 64, "PIDFD_INFO_SIZE_VER0");

int pidfd_open_process(int proc, int32_t pid, uint64_t start)
{
	struct procfs_stat stat;
	int fd, error;

	if (root_is_fake())
		return -ENOTSUP;
	fd = (int)syscall(SYS_pidfd_open, pid, 0); /* with close-on-exec */
	if (fd < 0)
		return -errno;
	error = procfs_read_stat(proc, pid, &stat);
	if (error == -ENOENT || (error == 0 && stat.start != start))
		error = -ESRCH;
	/* The number may have gone from one to the other between the two: then ours is reaped by now. */
	if (error == 0 && syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0) < 0 && errno == ESRCH)
		error = -ESRCH;
	if (error == 0)
		return fd;
	(void)close(fd);
	return error;
}

bool pidfd_has_ended(int pidfd)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	return poll(&fd, 1, 0) > 0 && (fd.revents & (POLLIN | POLLHUP)) != 0;
}

/* False: the kernel is older, or its parent has not reaped it yet. */
static bool pidfd_ask(int pidfd, uint32_t *status)
{
	struct pidfd_asked info = {.mask = PIDFD_ASK_EXIT};

	if (ioctl(pidfd, PIDFD_ASK, &info) < 0 || (info.mask & PIDFD_ASK_EXIT) == 0)
		return false;
	*status = (uint32_t)info.exit_code;
	return true;
}

/* The kernel shows the status of another's process as 0 to who may not trace it (CAP_SYS_PTRACE); /proc/PID/exe is
 * refused on the same ground, and a zombie has none. */
static bool pidfd_is_shown(int proc, int32_t pid)
{
	char path[32], target[1];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/exe", pid);
	return readlinkat(proc, path, target, sizeof(target)) >= 0 || errno == ENOENT;
}

static bool pidfd_read_zombie(int proc, int32_t pid, uint64_t start, uint32_t *status)
{
	bool shown = pidfd_is_shown(proc, pid); /* first: no answer, where it is gone, would look like a yes */
	struct procfs_stat stat;

	if (procfs_read_exit(proc, pid, &stat, status) < 0 || stat.start != start || stat.state != 'Z')
		return false;
	return shown || *status != 0;
}

int pidfd_read_end(int pidfd, int proc, int32_t pid, uint64_t start, uint32_t *status)
{
	*status = 0;
	if (!pidfd_has_ended(pidfd))
		return -EAGAIN;
	/* Asked a second time: it may be reaped between the first and the look at the zombie. */
	if (pidfd_ask(pidfd, status) || pidfd_read_zombie(proc, pid, start, status) || pidfd_ask(pidfd, status))
		return 0;
	*status = 0;
	return -ENODATA;
}
