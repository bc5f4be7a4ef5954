#include "see/sockets_unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/root.h"
#include "see/flat.h"
#include "see/sockets_far.h"
#include "see/source.h"
#include "see/unit_pids.h"

bool sockets_parse_link(const char *text, uint64_t *inode)
{
	const char *end = strncmp(text, "socket:[", 8) == 0 ? flat_number(text + 8, inode) : NULL;

	return end != NULL && strcmp(end, "]") == 0;
}

int sockets_read_link(int dir, const char *path, char *text, size_t size)
{
	ssize_t n = readlinkat(dir, path, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n < 0 ? -errno : 0;
}

/* What is looked at of one unit. */
struct sockets_scan {
	struct sockets *sockets;
	uint16_t row;
	uint32_t fds;
	enum sockets_seen seen;
	char far[32]; /* its network namespace, where that is another than ours; "": not so */
};

/* Who has ended has no sockets; else what was not read may be one. */
static void sockets_take_error(struct sockets_scan *scan, int error)
{
	if (error != -ENOENT && error != -ESRCH)
		scan->seen = SOCKETS_UNREADABLE;
}

static void sockets_take_fd(struct sockets_scan *scan, int dir, const char *name)
{
	char text[64];
	uint64_t inode;
	int error = sockets_read_link(dir, name, text, sizeof(text));

	scan->fds++;
	if (error < 0)
		sockets_take_error(scan, error);
	else if (sockets_parse_link(text, &inode) && inode != 0 &&
	    !sockets_set_add(&scan->sockets->inodes, inode, scan->row))
		scan->seen = SOCKETS_TOO_MANY;
}

static void sockets_read_fds(struct sockets_scan *scan, int dir)
{
	char bytes[4096] __attribute__((aligned(8)));
	long n = 0;

	while (scan->fds < SOCKETS_UNIT_FDS && (n = syscall(SYS_getdents64, dir, bytes, sizeof(bytes))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(bytes + at);

			at += entry->d_reclen;
			if (entry->d_name[0] != '.')
				sockets_take_fd(scan, dir, entry->d_name);
		}
	if (n < 0)
		sockets_take_error(scan, -errno);
	if (scan->fds >= SOCKETS_UNIT_FDS)
		scan->seen = SOCKETS_TOO_MANY;
}

/* The connections of one namespace beside ours are read (sockets_far.h): by the first of its processes. */
static void sockets_take_net(struct sockets_scan *scan, const char *net, int process)
{
	const char *own = scan->sockets->own_net;
	struct buffer b;
	int error;

	if (strcmp(net, own) == 0 || strcmp(net, scan->far) == 0)
		return;
	if (own[0] == '\0' || scan->far[0] != '\0') {
		scan->seen = own[0] == '\0' ? SOCKETS_UNREADABLE : SOCKETS_ELSEWHERE;
		return;
	}
	error = sockets_far_open(scan->sockets, process);
	if (error < 0) {
		sockets_take_error(scan, error);
		return;
	}
	BUFFER_OVER(&b, scan->far);
	buffer_add(&b, net);
}

static void sockets_read_process(struct sockets_scan *scan, int process)
{
	char net[32];
	int dir, error = sockets_read_link(process, "ns/net", net, sizeof(net));

	if (error < 0)
		sockets_take_error(scan, error);
	else
		sockets_take_net(scan, net, process);
	if (scan->seen != SOCKETS_NONE)
		return;
	dir = openat(process, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0) {
		sockets_take_error(scan, -errno);
		return;
	}
	sockets_read_fds(scan, dir);
	(void)close(dir);
}

/* Who is there, and not in /proc, is hidden (hidepid= of proc(5)). */
static bool sockets_is_hidden(int32_t pid)
{
	return !root_is_fake() && kill(pid, 0) < 0 && errno == EPERM;
}

/* By its directory: what is read there is of no other process, whoever gets its pid. */
static void sockets_read_pid(struct sockets_scan *scan, int proc, int32_t pid)
{
	char name[16];
	struct buffer b;
	int process;

	BUFFER_OVER(&b, name);
	buffer_addf(&b, "%d", pid);
	process = openat(proc, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (process >= 0)
		sockets_read_process(scan, process);
	else
		sockets_take_error(scan, errno == ENOENT && sockets_is_hidden(pid) ? -EPERM : -errno);
	(void)file_close(process);
}

static void sockets_take_cgroup(struct sockets_scan *scan, uint64_t number)
{
	if (!sockets_set_add(&scan->sockets->cgroups, number, scan->row))
		scan->seen = SOCKETS_TOO_MANY;
}

/* The unit's cgroup and those below it, by their number, which is the inode of the directory. */
static void sockets_read_cgroups(struct sockets_scan *scan, struct see *see, uint32_t index)
{
	int dir = see_unit_dir(see, index, SEE_DIR_V2);
	struct dirwalk *walk = &see->processes.walk;
	struct stat st;

	if (dir < 0 || unit_at(see, index)->kind == CONFIG_MATCH || fstat(dir, &st) < 0)
		return;
	sockets_take_cgroup(scan, st.st_ino);
	if (st.st_nlink == 2)
		return; /* none below it */
	dirwalk_begin(walk, dir);
	while (scan->seen != SOCKETS_TOO_MANY && dirwalk_next(walk) != NULL) {
		int below = dirwalk_enter(walk);

		if (below >= 0 && fstat(below, &st) == 0)
			sockets_take_cgroup(scan, st.st_ino);
	}
	if (walk->cut)
		scan->seen = SOCKETS_TOO_MANY;
	dirwalk_end(walk);
}

uint32_t sockets_unit_read(struct see *see, struct sockets *s, uint32_t index)
{
	struct sockets_scan scan = {.sockets = s, .row = see->units.at[index], .seen = SOCKETS_NONE};
	int32_t pids[SOCKETS_UNIT_PIDS];
	int n;

	see->processes.walk.cut = false;
	n = unit_pids(see, unit_at(see, index), pids, SOCKETS_UNIT_PIDS);
	if (n == SOCKETS_UNIT_PIDS || see->processes.walk.cut)
		scan.seen = SOCKETS_TOO_MANY;
	for (int i = 0; i < n && scan.seen == SOCKETS_NONE; i++)
		sockets_read_pid(&scan, see->processes.proc, pids[i]);
	sockets_read_cgroups(&scan, see, index);
	s->seen[scan.row] = (uint8_t)scan.seen;
	return scan.fds;
}
