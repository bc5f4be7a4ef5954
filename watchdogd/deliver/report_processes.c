#include "deliver/report_processes.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/root.h"
#include "see/dirwalk.h"
#include "see/flat.h"
#include "see/procfs.h"

enum {
	REPORT_PROCESSES_TIME_EACH = 32, /* so many between two looks at the clock */
	REPORT_PROCESSES_SPARE = 3,      /* some end before their name is read */
	REPORT_PROCESSES_ROWS = 16,      /* at most, spare ones included */
};

static int report_processes_fd = -1;

int report_processes_open(void)
{
	int fd = root_open("/proc", O_RDONLY | O_DIRECTORY);

	report_processes_close();
	if (fd < 0)
		return fd;
	report_processes_fd = fd;
	return 0;
}

void report_processes_close(void)
{
	report_processes_fd = file_close(report_processes_fd);
}

int report_processes_proc(void)
{
	return report_processes_fd;
}

/* PID of a directory of /proc; 0: it is no process. */
static int32_t report_process_pid(const char *name)
{
	uint64_t pid;
	const char *end = flat_number(name, &pid);

	return end != NULL && *end == '\0' && pid <= INT32_MAX ? (int32_t)pid : 0;
}

/* The second number of /proc/PID/statm: pages that are resident. */
static uint64_t report_process_rss(int32_t pid)
{
	char path[32], text[128];
	uint64_t pages;
	struct buffer b;
	const char *p;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%" PRId32 "/statm", pid);
	if (file_read_at(report_processes_fd, path, text, sizeof(text)) <= 0)
		return 0;
	p = flat_number(text, &pages);
	if (p == NULL || *p != ' ' || flat_number(p + 1, &pages) == NULL)
		return 0;
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Into its place among the largest; what falls off the end is forgotten. */
static size_t report_processes_insert(struct report_process *rows, size_t count, size_t max,
				      const struct report_process *row)
{
	size_t at = count;

	while (at > 0 && rows[at - 1].rss_bytes < row->rss_bytes)
		at--;
	if (at == max)
		return count;
	count = count < max ? count + 1 : max;
	memmove(&rows[at + 1], &rows[at], (count - 1 - at) * sizeof(*rows));
	rows[at] = *row;
	return count;
}

static size_t report_processes_scan(struct report_process *rows, size_t max, bool *all)
{
	mono_ms end = clock_mono() + REPORT_PROCESSES_MS;
	size_t count = 0, looked = 0;
	struct dirwalk walk;
	const char *name;

	*all = true;
	dirwalk_begin(&walk, report_processes_fd);
	while ((name = dirwalk_next(&walk)) != NULL) {
		struct report_process row = {.pid = report_process_pid(name)};

		if (row.pid == 0)
			continue;
		if (looked == REPORT_PROCESSES_LOOKED_MAX ||
		    (++looked % REPORT_PROCESSES_TIME_EACH == 0 && clock_mono() > end)) {
			*all = false;
			break;
		}
		row.rss_bytes = report_process_rss(row.pid);
		if (row.rss_bytes > 0) /* neither a zombie nor a thread of the kernel's */
			count = report_processes_insert(rows, count, max, &row);
	}
	dirwalk_end(&walk);
	return count;
}

size_t report_processes_largest(struct report_process *rows, size_t max, bool *all)
{
	struct report_process found[REPORT_PROCESSES_ROWS];
	size_t count, named = 0;

	*all = true;
	if (report_processes_fd < 0)
		return 0;
	if (max > REPORT_PROCESSES_ROWS - REPORT_PROCESSES_SPARE)
		max = REPORT_PROCESSES_ROWS - REPORT_PROCESSES_SPARE;
	count = report_processes_scan(found, max + REPORT_PROCESSES_SPARE, all);
	for (size_t i = 0; i < count && named < max; i++) {
		struct procfs_stat stat;

		if (procfs_read_stat(report_processes_fd, found[i].pid, &stat) < 0)
			continue;
		rows[named] = found[i];
		memcpy(rows[named++].comm, stat.comm, sizeof(stat.comm));
	}
	return named;
}

/* --- whose it is --- */

/* "/a/b.service" has that component. */
static bool report_path_has(const char *path, const char *component)
{
	size_t len = strlen(component);

	for (const char *p = path; len > 0 && (p = strstr(p, component)) != NULL; p++)
		if (p > path && p[-1] == '/' && (p[len] == '/' || p[len] == '\0'))
			return true;
	return false;
}

static bool report_unit_has_path(const struct config *config, const struct config_unit *unit, const char *path)
{
	const char *target = config_string(config, unit->target);
	size_t len = strlen(target);
	char manager[32];
	struct buffer b;

	if (unit->kind == CONFIG_CGROUP)
		return len > 1 && strncmp(path, target, len) == 0 && (path[len] == '/' || path[len] == '\0');
	if (unit->kind != CONFIG_SYSTEMD || !report_path_has(path, target))
		return false;
	if (unit->user == 0)
		return strstr(path, "/user@") == NULL;
	BUFFER_OVER(&b, manager);
	buffer_addf(&b, "user@%" PRIu32 ".service", unit->uid);
	return report_path_has(path, manager);
}

/* The path in memory's own hierarchy (v1), or else in the unified one, in the text of /proc/PID/cgroup: lines of
 * "ID:CONTROLLERS:PATH". NULL: none. Ends it with a NUL. */
static const char *report_cgroup_path(char *text)
{
	const char *found = NULL;

	for (char *line = text, *next; line != NULL; line = next) {
		const char *rest = line + strspn(line, "0123456789");

		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (strncmp(rest, ":memory:/", 9) == 0)
			return rest + 8;
		if (strncmp(rest, "::/", 3) == 0)
			found = rest + 2;
	}
	return found;
}

const struct config_unit *report_process_unit(const struct config *config, int32_t pid)
{
	char name[32], text[2 * PATH_BYTES];
	struct buffer b;
	const char *path;

	BUFFER_OVER(&b, name);
	buffer_addf(&b, "%" PRId32 "/cgroup", pid);
	if (config == NULL || file_read_at(report_processes_fd, name, text, sizeof(text)) <= 0)
		return NULL;
	path = report_cgroup_path(text);
	for (uint32_t i = 0; path != NULL && i < config->units.count; i++)
		if (report_unit_has_path(config, config_unit_at(config, i), path))
			return config_unit_at(config, i);
	return NULL;
}
