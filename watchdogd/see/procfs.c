#include "see/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "see/flat.h"

#define PROCFS_KERNEL_THREAD 0x00200000u /* PF_KTHREAD, include/linux/sched.h */

/* Fields of /proc/PID/stat, numbered as in proc_pid_stat(5). */
enum procfs_field {
	PROCFS_STATE = 3,
	PROCFS_PARENT = 4,
	PROCFS_FLAGS = 9,
	PROCFS_UTIME = 14,
	PROCFS_STIME = 15,
	PROCFS_CUTIME = 16,
	PROCFS_CSTIME = 17,
	PROCFS_THREADS = 20,
	PROCFS_START = 22,
	PROCFS_RSS = 24,
	PROCFS_STACK = 28,
	PROCFS_EXIT = 52,
};

static void procfs_take(struct procfs_stat *out, int field, uint64_t value)
{
	switch (field) {
	case PROCFS_PARENT:
		out->parent = (int32_t)value;
		break;
	case PROCFS_FLAGS:
		out->flags = (uint32_t)value;
		break;
	case PROCFS_UTIME:
	case PROCFS_STIME:
	case PROCFS_CUTIME:
	case PROCFS_CSTIME:
		out->cpu_ticks += value;
		break;
	case PROCFS_THREADS:
		out->threads = (uint32_t)value;
		break;
	case PROCFS_START:
		out->start = value;
		break;
	case PROCFS_RSS:
		out->rss_pages = value;
		break;
	case PROCFS_STACK:
		out->stack = value;
		break;
	default:
		break;
	}
}

/* " S 1 2 -1 ...", what stands behind the name. */
static bool procfs_parse_fields(const char *p, struct procfs_stat *out)
{
	if (p[0] != ' ' || p[1] == '\0' || p[2] != ' ')
		return false;
	out->state = p[1];
	p += 2;
	for (int field = PROCFS_PARENT; field <= PROCFS_STACK; field++) {
		uint64_t value = 0;

		if (*p++ != ' ')
			return field > PROCFS_RSS; /* the rest may be missing */
		p += *p == '-';
		p = flat_number(p, &value);
		if (p == NULL)
			return field > PROCFS_RSS;
		procfs_take(out, field, value);
	}
	return true;
}

bool procfs_parse_stat(const char *text, struct procfs_stat *out)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	uint64_t pid;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (flat_number(text, &pid) == NULL || pid > INT32_MAX || open == NULL || close < open)
		return false;
	out->pid = (int32_t)pid;
	n = (size_t)(close - open) - 1;
	memcpy(out->comm, open + 1, n < sizeof(out->comm) ? n : sizeof(out->comm) - 1);
	return procfs_parse_fields(close + 1, out);
}

/* text (size bytes): gets what was read. */
static int procfs_read_text(int proc, int32_t pid, struct procfs_stat *out, char *text, size_t size)
{
	char path[32];
	struct buffer b;
	ssize_t n;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/stat", pid);
	n = file_read_at(proc, path, text, size);
	if (n < 0)
		return (int)n;
	return procfs_parse_stat(text, out) && out->pid == pid ? 0 : -EPROTO;
}

int procfs_read_stat(int proc, int32_t pid, struct procfs_stat *out)
{
	char text[1024];

	return procfs_read_text(proc, pid, out, text, sizeof(text));
}

int procfs_read_exit(int proc, int32_t pid, struct procfs_stat *out, uint32_t *status)
{
	char text[1024];
	int error = procfs_read_text(proc, pid, out, text, sizeof(text));
	const char *p;
	uint64_t value;

	*status = 0;
	if (error < 0)
		return error;
	p = strrchr(text, ')') + 1;
	for (int field = PROCFS_STATE; p != NULL && field < PROCFS_EXIT; field++)
		p = strchr(p + 1, ' ');
	if (p == NULL || flat_number(p + 1, &value) == NULL || value > UINT32_MAX)
		return -EPROTO;
	*status = (uint32_t)value;
	return 0;
}

bool procfs_is_alive(const struct procfs_stat *stat)
{
	return (stat->state != 'Z' && stat->state != 'X') || stat->threads > 1;
}

bool procfs_is_kernel(const struct procfs_stat *stat)
{
	return (stat->flags & PROCFS_KERNEL_THREAD) != 0;
}

static int procfs_read_status(int dir, const char *path, struct procfs_memory *out)
{
	static const struct flat_key keys[] = {FLAT_KEY("RssAnon"), FLAT_KEY("RssShmem"),
					       FLAT_KEY("VmSwap")};
	uint64_t kb[3] = {0};
	char text[4000];
	ssize_t n = file_read_at(dir, path, text, sizeof(text));

	if (n < 0)
		return (int)n;
	if ((flat_read(text, keys, 3, kb) & 3u) != 3u)
		return -ENODATA; /* without memory: a zombie, or a thread of the kernel's */
	out->rss_bytes = (kb[0] + kb[1]) * 1024;
	out->swap_bytes = kb[2] * 1024;
	return 0;
}

/* Of any thread that still has the memory; a few tries, as threads may end meanwhile. */
static int procfs_read_threads(int proc, int32_t pid, struct procfs_memory *out)
{
	char buffer[1024] __attribute__((aligned(8))), path[64];
	struct buffer b;
	long n;
	int dir, error = -ENODATA;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/task", pid);
	dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	n = syscall(SYS_getdents64, dir, buffer, sizeof(buffer));
	for (long at = 0; at < n && error < 0;) {
		const struct dirent64 *entry = (const void *)(buffer + at);

		at += entry->d_reclen;
		if (entry->d_name[0] == '.' || atoi(entry->d_name) == pid)
			continue;
		BUFFER_OVER(&b, path);
		buffer_addf(&b, "%s/status", entry->d_name);
		error = b.cut ? -ENAMETOOLONG : procfs_read_status(dir, path, out);
	}
	(void)close(dir);
	return error;
}

int procfs_read_memory(int proc, const struct procfs_stat *stat, struct procfs_memory *out)
{
	char path[32];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/status", stat->pid);
	memset(out, 0, sizeof(*out));
	if (stat->state == 'Z')
		return stat->threads > 1 ? procfs_read_threads(proc, stat->pid, out) : -ESRCH;
	return procfs_read_status(proc, path, out);
}
