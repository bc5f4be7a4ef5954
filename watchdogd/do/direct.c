#include "do/direct.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/root.h"

static int32_t direct_pids[DIRECT_PIDS_MAX]; /* one thread: used within one call */

/* The parent of a process, from the last ')' of /proc/PID/stat (comm may hold anything); -1: gone. */
static int direct_parent(int32_t pid)
{
	char path[64], text[512];
	struct buffer b;
	const char *end;
	int proc, parent = -1;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "/proc/%d/stat", pid);
	proc = root_open(path, O_RDONLY);
	if (proc < 0)
		return -1;
	if (file_read(proc, text, sizeof(text)) > 0) {
		end = strrchr(text, ')');
		parent = end != NULL && strlen(end) > 4 ? atoi(end + 4) : -1;
	}
	(void)close(proc);
	return parent;
}

/* PID 1, we, our main, and main's other children. */
static bool direct_is_ours(int32_t pid)
{
	pid_t main_pid = getppid();

	return pid <= 1 || pid == getpid() || pid == main_pid || (main_pid > 1 && direct_parent(pid) == main_pid);
}

static int direct_signal_pid(int32_t pid, int signal)
{
	int fd, error;

	if (root_is_fake() || direct_is_ours(pid))
		return -EPERM;
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0)
		return -errno;
	error = syscall(SYS_pidfd_send_signal, fd, signal, NULL, 0) < 0 ? -errno : 0;
	(void)close(fd);
	return error;
}

int direct_signal(struct see *see, uint32_t unit, int signal)
{
	int n = see_unit_pids(see, unit, direct_pids, DIRECT_PIDS_MAX);
	int reached = 0, error = -ESRCH;

	for (int i = 0; i < n; i++) {
		int result = direct_signal_pid(direct_pids[i], signal);

		if (result == 0)
			reached++;
		else if (result != -ESRCH)
			error = result;
	}
	return n < 0 ? n : reached > 0 ? reached : error;
}

/* The list finds also one of main's children that is somewhere by itself. It ends at its bound: where main is, and with it
 * all that it starts, is asked of main. */
bool direct_holds_us(struct see *see, uint32_t unit)
{
	const int32_t ours[] = {1, (int32_t)getpid(), (int32_t)getppid()};
	int n = see_unit_pids(see, unit, direct_pids, DIRECT_PIDS_MAX);

	for (int i = 0; i < n && !root_is_fake(); i++)
		if (direct_is_ours(direct_pids[i]))
			return true;
	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (see_unit_holds(see, unit, ours[i]))
			return true;
	return false;
}

int direct_kill(struct see *see, uint32_t unit)
{
	int dir = see_unit_dir(see, unit, SEE_DIR_V2);
	int error = -ENOENT;

	if (dir >= 0 && !direct_holds_us(see, unit))
		error = file_write_at(dir, "cgroup.kill", "1");
	if (error == 0)
		return 0;
	error = direct_signal(see, unit, SIGKILL);
	return error > 0 ? 0 : error;
}

int direct_freeze(struct see *see, uint32_t unit, bool freeze)
{
	int v2 = see_unit_dir(see, unit, SEE_DIR_V2);
	int v1 = see_unit_dir(see, unit, SEE_DIR_V1_FREEZER);
	int error = -ENOENT;

	if (freeze && direct_holds_us(see, unit))
		return -EPERM;
	if (v2 >= 0)
		error = file_write_at(v2, "cgroup.freeze", freeze ? "1" : "0");
	if (error == -ENOENT && v1 >= 0)
		error = file_write_at(v1, "freezer.state", freeze ? "FROZEN" : "THAWED");
	return error == -ENOENT ? -EOPNOTSUPP : error;
}

static int direct_read(struct see *see, uint32_t unit, const char *file, uint64_t *bytes)
{
	int dir = see_unit_dir(see, unit, SEE_DIR_V2);
	char text[32];
	ssize_t n;

	if (dir < 0)
		return -EOPNOTSUPP;
	n = file_read_at(dir, file, text, sizeof(text));
	if (n < 0)
		return n == -ENOENT ? -EOPNOTSUPP : (int)n;
	return file_parse_u64(text, bytes) ? 0 : -EPROTO;
}

int direct_read_high(struct see *see, uint32_t unit, uint64_t *bytes)
{
	return direct_read(see, unit, "memory.high", bytes);
}

int direct_raise_high(struct see *see, uint32_t unit, uint64_t bytes)
{
	uint64_t used;
	char text[32];
	struct buffer b;
	int error = direct_read(see, unit, "memory.current", &used);

	if (error < 0)
		return error;
	if (used > bytes)
		return -EWOULDBLOCK;
	BUFFER_OVER(&b, text);
	if (bytes == UINT64_MAX)
		buffer_add(&b, "max\n");
	else
		buffer_addf(&b, "%llu\n", (unsigned long long)bytes);
	error = file_write_at(see_unit_dir(see, unit, SEE_DIR_V2), "memory.high", text);
	return error == -ENOENT ? -EOPNOTSUPP : error;
}
