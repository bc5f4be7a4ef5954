#include "ask/processes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/root.h"
#include "see/flat.h"

enum {
	PROCESSES_FILE_BYTES = 4096,   /* of a file of a process: as much as the sentinel reads */
	PROCESSES_KERNEL_PARENT = 2,   /* kthreadd: its children have no arguments */
};

/* DIR/PID/NAME read whole, or its first part; *len without the NUL. NULL: no memory. */
static char *processes_read(int proc, int32_t pid, const char *name, size_t *len)
{
	char path[32], text[PROCESSES_FILE_BYTES];
	struct buffer b;
	ssize_t n;
	char *copy;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/%s", pid, name);
	n = file_read_at(proc, path, text, sizeof(text));
	*len = n > 0 ? (size_t)n : 0;
	copy = calloc(1, *len + 1);
	if (copy != NULL)
		memcpy(copy, text, *len);
	return copy;
}

static char *processes_link(int proc, int32_t pid, const char *name, bool *hidden)
{
	char path[32], text[PATH_BYTES];
	struct buffer b;
	ssize_t n;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/%s", pid, name);
	n = readlinkat(proc, path, text, sizeof(text) - 1);
	*hidden = n < 0 && (errno == EACCES || errno == EPERM);
	text[n > 0 ? n : 0] = '\0';
	return strdup(text);
}

static void processes_free(struct process_now *process)
{
	free(process->exe);
	free(process->cwd);
	free(process->cmdline);
	free(process->cgroups);
}

/* False: it is gone, or is nothing that anybody looks for. */
static bool processes_see(int proc, int32_t pid, struct process_now *out, bool *hidden)
{
	bool unused;
	size_t len;

	memset(out, 0, sizeof(*out));
	if (procfs_read_stat(proc, pid, &out->stat) < 0 || procfs_is_kernel(&out->stat) ||
	    !procfs_is_alive(&out->stat))
		return false;
	out->exe = processes_link(proc, pid, "exe", hidden);
	out->cwd = processes_link(proc, pid, "cwd", &unused);
	/* Who sleeps uninterruptibly may hold the lock that its arguments need, for ever. */
	out->cmdline = out->stat.state == 'D' ? calloc(1, 1)
					      : processes_read(proc, pid, "cmdline", &out->cmdline_len);
	out->cgroups = processes_read(proc, pid, "cgroup", &len);
	if (out->exe != NULL && out->cwd != NULL && out->cmdline != NULL && out->cgroups != NULL &&
	    (out->cmdline_len > 0 || out->stat.parent != PROCESSES_KERNEL_PARENT))
		return true;
	processes_free(out);
	return false;
}

static int processes_add(struct processes_now *processes, int proc, int32_t pid)
{
	struct process_now process;
	bool hidden = false;
	void *row;

	if (!processes_see(proc, pid, &process, &hidden))
		return 0;
	/* Doubled each time it is full: at 0, 1, 2, 4, ... */
	if ((processes->count & (processes->count - 1)) == 0) {
		row = reallocarray(processes->row, processes->count > 0 ? 2 * processes->count : 1,
				   sizeof(process));
		if (row == NULL) {
			processes_free(&process);
			return -ENOMEM;
		}
		processes->row = row;
	}
	processes->row[processes->count++] = process;
	processes->hidden += hidden;
	return 0;
}

static void processes_read_uptime(struct processes_now *processes, int proc)
{
	char text[64];

	if (file_read_at(proc, "uptime", text, sizeof(text)) > 0)
		processes->up_ms = (int64_t)(strtod(text, NULL) * 1000);
}

static int processes_compare(const void *a, const void *b)
{
	const struct process_now *x = a, *y = b;

	return x->stat.pid < y->stat.pid ? -1 : x->stat.pid > y->stat.pid;
}

int processes_init(struct processes_now *processes)
{
	int proc = root_open("/proc", O_RDONLY | O_DIRECTORY), error = 0;
	const struct dirent *entry;
	DIR *dir;

	memset(processes, 0, sizeof(*processes));
	if (proc < 0)
		return proc;
	dir = fdopendir(proc);
	if (dir == NULL) {
		error = -errno;
		(void)close(proc);
		return error;
	}
	processes_read_uptime(processes, proc);
	while (error == 0 && (entry = readdir(dir)) != NULL) {
		uint64_t pid;
		const char *end = flat_number(entry->d_name, &pid);

		if (end != NULL && *end == '\0' && pid > 0 && pid <= INT32_MAX)
			error = processes_add(processes, proc, (int32_t)pid);
	}
	(void)closedir(dir);
	if (processes->count > 1)
		qsort(processes->row, processes->count, sizeof(*processes->row), processes_compare);
	return error;
}

void processes_fini(struct processes_now *processes)
{
	for (size_t i = 0; i < processes->count; i++)
		processes_free(&processes->row[i]);
	free(processes->row);
	memset(processes, 0, sizeof(*processes));
}

struct match_process processes_match(const struct process_now *process)
{
	return (struct match_process){.comm = process->stat.comm,
				      .exe = process->exe,
				      .cwd = process->cwd,
				      .cmdline = process->cmdline,
				      .cmdline_len = process->cmdline_len};
}

int64_t processes_age_ms(const struct processes_now *processes, const struct process_now *process)
{
	double begun_ms = (double)process->stat.start * 1000 / (double)sysconf(_SC_CLK_TCK);
	double age_ms = (double)processes->up_ms - begun_ms;

	if (processes->up_ms <= 0)
		return -1;
	return age_ms > 0 ? (int64_t)age_ms : 0; /* begun after uptime was read */
}

size_t processes_parent(const struct processes_now *processes, const struct process_now *process)
{
	const struct process_now key = {.stat.pid = process->stat.parent};
	const struct process_now *found = NULL;

	if (processes->count > 0)
		found = bsearch(&key, processes->row, processes->count, sizeof(key), processes_compare);
	return found != NULL ? (size_t)(found - processes->row) : processes->count;
}
