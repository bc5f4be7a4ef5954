#include "see/cputime.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "see/source.h"
#include "see/unit_pids.h"

enum { CPUTIME_PIDS_MAX = 256 };

void cputime_init(struct cputime *time)
{
	*time = (struct cputime){.fd = -1};
}

void cputime_close(struct cputime *time)
{
	time->fd = file_close(time->fd);
	time->kind = CPUTIME_NONE;
}

static bool cputime_open_v2(struct see *see, const struct unit *unit, struct cputime *time)
{
	int dir = see_unit_dir(see, unit->index, SEE_DIR_V2);

	time->fd = dir >= 0 ? openat(dir, "cpu.stat", O_RDONLY | O_CLOEXEC) : -1;
	time->kind = CPUTIME_V2;
	return time->fd >= 0;
}

/* Only where the unit's processes are in that hierarchy's cgroup too. */
static bool cputime_open_v1(const struct unit *unit, int cpuacct, struct cputime *time)
{
	char path[PATH_BYTES + 32], text[16];
	struct buffer b;

	if (cpuacct < 0)
		return false;
	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%s/cgroup.procs", unit->path);
	if (b.cut || file_read_at(cpuacct, path, text, sizeof(text)) <= 0)
		return false;
	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%s/cpuacct.usage", unit->path);
	time->fd = openat(cpuacct, path, O_RDONLY | O_CLOEXEC);
	time->kind = CPUTIME_V1;
	return time->fd >= 0;
}

static bool cputime_open(struct see *see, const struct unit *unit, int cpuacct, struct cputime *time)
{
	cputime_close(time);
	time->cgroup_id = unit->cgroup_id;
	return unit_is_open(unit) && (cputime_open_v2(see, unit, time) || cputime_open_v1(unit, cpuacct, time));
}

static bool cputime_read_file(const struct cputime *time, uint64_t *us)
{
	char text[1024];

	if (file_read(time->fd, text, sizeof(text)) <= 0)
		return false;
	if (time->kind == CPUTIME_V2)
		return file_find_u64(text, "usage_usec", us);
	if (!file_parse_u64(text, us))
		return false;
	*us /= 1000; /* cpuacct.usage is in nanoseconds */
	return true;
}

/* With the time of children that have ended: it does not vanish with them. */
static bool cputime_sum(struct see *see, const struct unit *unit, uint64_t *us)
{
	static long hertz;
	int32_t pids[CPUTIME_PIDS_MAX];
	int n = unit_pids(see, unit, pids, CPUTIME_PIDS_MAX);
	struct procfs_stat stat;
	uint64_t ticks = 0;

	for (int i = 0; i < n; i++)
		if (procfs_read_stat(see->processes.proc, pids[i], &stat) == 0)
			ticks += stat.cpu_ticks;
	if (hertz == 0)
		hertz = sysconf(_SC_CLK_TCK);
	*us = ticks * (1000000 / (uint64_t)hertz);
	return n > 0 && n < CPUTIME_PIDS_MAX;
}

bool cputime_read(struct see *see, const struct unit *unit, int cpuacct, struct cputime *time, uint64_t *us)
{
	if (unit->kind != CONFIG_MATCH) {
		if (time->fd >= 0 && time->cgroup_id == unit->cgroup_id && cputime_read_file(time, us))
			return true;
		if (cputime_open(see, unit, cpuacct, time) && cputime_read_file(time, us))
			return true;
	}
	cputime_close(time);
	time->cgroup_id = unit->cgroup_id;
	time->kind = CPUTIME_PROCESSES;
	return cputime_sum(see, unit, us);
}
