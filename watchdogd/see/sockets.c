#include "see/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
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

/* --- the units' sockets -------------------------------------------------------------------------- */

bool sockets_parse_link(const char *text, uint64_t *inode)
{
	const char *end = strncmp(text, "socket:[", 8) == 0 ? flat_number(text + 8, inode) : NULL;

	return end != NULL && strcmp(end, "]") == 0;
}

/* The text of a link below /proc; "" where there is none. 0 or -errno. */
static int sockets_read_link(int dir, const char *path, char *text, size_t size)
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

static uint32_t sockets_read_unit(struct see *see, struct sockets *s, uint32_t index)
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

/* True: all units were looked at. */
static bool sockets_read_units(struct see *see, struct sockets *s)
{
	uint32_t fds = 0;

	if (s->far_open) {
		sockets_far_read(s, see->units.at[s->next]);
		s->next += !s->far_open;
	}
	while (!s->far_open && s->next < see->units.count && fds < SOCKETS_LOOK_FDS) {
		if (s->seen[see->units.at[s->next]] != SOCKETS_NOT_ASKED)
			fds += 1 + sockets_read_unit(see, s, s->next);
		s->next += !s->far_open;
	}
	return !s->far_open && s->next >= see->units.count;
}

/* --- the host's list ----------------------------------------------------------------------------- */

/* Each unit that the number is of has a connection. */
static void sockets_mark(struct sockets *s, const struct sockets_set *set, uint64_t number)
{
	const struct sockets_entry *entry = NULL;

	while ((entry = sockets_set_next(set, number, entry)) != NULL)
		if (s->seen[entry->row] != SOCKETS_NOT_ASKED)
			s->seen[entry->row] = SOCKETS_CONNECTED;
}

static const uint8_t sockets_families[] = {AF_INET, AF_INET6};

/* 0 or -errno. */
static int sockets_begin_list(struct sockets *s)
{
	s->reading = true;
	s->family = 0;
	if (s->diag.fd >= 0)
		return inetdiag_ask(&s->diag, sockets_families[0]);
	procnet_begin(&s->net);
	return 0;
}

/* A piece by sock_diag. 1: the list goes on; 0: it is read; or -errno. */
static int sockets_read_diag(struct sockets *s)
{
	struct inetdiag_batch batch;
	int error;

	if (!inetdiag_next(&s->diag, &batch))
		return 1;
	for (uint32_t i = 0; i < batch.count; i++) {
		sockets_mark(s, &s->inodes, batch.socket[i].inode);
		sockets_mark(s, &s->cgroups, batch.socket[i].cgroup_id);
	}
	if (!batch.ended || batch.error != 0)
		return batch.error != 0 ? batch.error : 1;
	if (++s->family == (int)ARRAY_LEN(sockets_families))
		return 0;
	error = inetdiag_ask(&s->diag, sockets_families[s->family]);
	return error != 0 ? error : 1;
}

static int sockets_read_net(struct sockets *s)
{
	struct procnet_batch batch;

	procnet_next(&s->net, &batch);
	for (uint32_t i = 0; i < batch.count; i++)
		sockets_mark(s, &s->inodes, batch.inode[i]);
	return batch.error != 0 ? batch.error : !batch.ended;
}

static int sockets_read_list(struct sockets *s)
{
	int more = 1;

	for (int i = 0; i < SOCKETS_PIECES && more == 1; i++)
		more = s->diag.fd >= 0 ? sockets_read_diag(s) : sockets_read_net(s);
	return more;
}

/* --- rounds -------------------------------------------------------------------------------------- */

void sockets_open(struct see *see, struct sockets *s, bool diag)
{
	int net;

	memset(s, 0, offsetof(struct sockets, inodes)); /* what nobody uses is not touched */
	sockets_set_empty(&s->inodes);
	sockets_set_empty(&s->cgroups);
	s->diag.fd = -1;
	(void)sockets_read_link(see->processes.proc, "self/ns/net", s->own_net, sizeof(s->own_net));
	net = procnet_open(&s->net, see->processes.proc);
	s->has_list = (diag && inetdiag_open(&s->diag) == 0) || net == 0;
}

static void sockets_end(struct sockets *s)
{
	s->open = false;
	sockets_far_end(s);
}

void sockets_begin(struct sockets *s, mono_ms now)
{
	sockets_set_empty(&s->inodes);
	sockets_set_empty(&s->cgroups);
	sockets_end(s);
	s->open = true;
	s->reading = false;
	s->fars = 0;
	s->next = 0;
	s->began = now;
}

/* All that was asked about and not found is as `seen`. */
static void sockets_fail(struct sockets *s, enum sockets_seen seen)
{
	for (uint32_t i = 0; i < UNITS_MAX; i++)
		if (s->seen[i] == SOCKETS_NONE)
			s->seen[i] = (uint8_t)seen;
}

/* 1: there is more to do; 0: all is read; or -errno. */
static int sockets_read(struct see *see, struct sockets *s)
{
	int error;

	if (!s->has_list)
		return -ENOENT;
	if (!s->reading) {
		if (!sockets_read_units(see, s))
			return 1;
		error = sockets_begin_list(s);
		if (error < 0)
			return error;
	}
	return sockets_read_list(s);
}

void sockets_give_up(struct sockets *s)
{
	sockets_end(s);
	sockets_fail(s, SOCKETS_TOO_MANY);
}

bool sockets_step(struct see *see, struct sockets *s, mono_ms now)
{
	int more = sockets_read(see, s);

	if (more == 1 && now - s->began < SOCKETS_ROUND_MS)
		return false;
	sockets_end(s);
	if (more == 0)
		return true;
	sockets_fail(s, more == 1 ? SOCKETS_TOO_MANY : SOCKETS_UNREADABLE);
	if (more < 0 && s->diag.fd >= 0)
		inetdiag_close(&s->diag); /* the next round reads /proc/net */
	return true;
}

const char *sockets_why_unknown(enum sockets_seen seen)
{
	static const char *const why[SOCKETS_SEEN] = {
		[SOCKETS_UNREADABLE] = "its sockets cannot be read",
		[SOCKETS_ELSEWHERE] = "it has more than one network namespace of its own",
		[SOCKETS_TOO_MANY] = "it has, or the host has, too many processes, descriptors, cgroups or connections to look at",
	};

	return why[seen];
}
