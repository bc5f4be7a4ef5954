#include "see/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/source.h"
#include "see/tree.h"
#include "see/watched.h"

enum { PROCESS_SWEEP_ROWS = 256, PROCESS_PAGE_BYTES = 4096 };

void process_open(struct processes *processes)
{
	processes->proc = root_open("/proc", O_RDONLY | O_DIRECTORY);
	processes->used = processes->swept = 0;
	processes->dirty = processes->waiting = false;
	processes->free = PROCESS_NONE;
	memset(processes->head, 0xff, sizeof(processes->head));
}

static uint16_t *process_head(struct processes *processes, int32_t pid)
{
	return &processes->head[(uint32_t)pid % PROCESS_HEADS];
}

struct process *process_find(struct processes *processes, int32_t pid)
{
	uint16_t i = *process_head(processes, pid);

	while (i != PROCESS_NONE && processes->row[i].pid != pid)
		i = processes->row[i].next;
	return i != PROCESS_NONE ? &processes->row[i] : NULL;
}

static struct process *process_take_row(struct processes *processes)
{
	uint16_t i = processes->free;

	if (i != PROCESS_NONE) {
		processes->free = processes->row[i].next;
		return &processes->row[i];
	}
	return processes->used < PROCESSES_MAX ? &processes->row[processes->used++] : NULL;
}

struct process *process_note(struct processes *processes, int32_t pid, mono_ms now)
{
	uint16_t *head = process_head(processes, pid);
	struct process *process = process_find(processes, pid);

	if (process == NULL) {
		process = process_take_row(processes);
		if (process == NULL) {
			if (!processes->full_told)
				diag_warning(
					"more than %d processes; those beyond are not told apart",
					PROCESSES_MAX);
			processes->full_told = true;
			return NULL;
		}
		*process = (struct process){
			.pid = pid, .next = *head, .unit = UNIT_NONE, .kin = UNIT_NONE};
		*head = (uint16_t)(process - processes->row);
	}
	process->seen_s = (uint32_t)(now / 1000);
	return process;
}

void process_remove(struct processes *processes, struct process *process)
{
	uint16_t *link = process_head(processes, process->pid),
		 i = (uint16_t)(process - processes->row);

	while (*link != i)
		link = &processes->row[*link].next;
	*link = process->next;
	process->pid = 0;
	process->next = processes->free;
	processes->free = i;
}

void process_sweep(struct processes *processes, mono_ms now)
{
	uint32_t now_s = (uint32_t)(now / 1000);

	for (int i = 0; i < PROCESS_SWEEP_ROWS && processes->used > 0; i++) {
		struct process *process = &processes->row[processes->swept++ % processes->used];

		if (process->pid != 0 && now_s - process->seen_s > PROCESS_KEEP_S &&
		    (process->ended || !process->watched))
			process_remove(processes, process);
	}
}

void process_forget_unit(struct processes *processes, uint16_t unit)
{
	for (uint32_t i = 0; i < processes->used; i++) {
		struct process *process = &processes->row[i];

		if (process->unit == unit)
			process->unit = UNIT_NONE;
		if (process->kin == unit)
			process->kin = UNIT_NONE;
	}
}

uint16_t process_unit(const struct see *see, const struct process *process, enum process_slot slot)
{
	if (slot == PROCESS_BY_CGROUP)
		return process->unit;
	if (process->kin == UNIT_NONE || process->kin == process->unit ||
	    (process->unit != UNIT_NONE && see->units.row[process->kin].kind != CONFIG_MATCH))
		return UNIT_NONE;
	return process->kin;
}

bool process_is_of(const struct see *see, const struct process *process, uint16_t unit)
{
	return unit != UNIT_NONE && (process_unit(see, process, PROCESS_BY_CGROUP) == unit ||
				     process_unit(see, process, PROCESS_BY_KIN) == unit);
}

void process_mark(struct processes *processes, struct process *process)
{
	process->dirty = true;
	processes->dirty = true;
}

struct process *process_parent(struct processes *processes, const struct process *process)
{
	struct process *parent = process_find(processes, process->parent);

	return parent != NULL && parent != process && parent->first_s != 0 &&
			       (process->start == 0 || parent->start <= process->start)
		       ? parent
		       : NULL;
}

mono_ms process_started(uint64_t start, mono_ms now)
{
	static uint64_t hertz;
	uint64_t boot = clock_boot_ms(), at;

	if (hertz == 0)
		hertz = (uint64_t)sysconf(_SC_CLK_TCK);
	at = start * 1000 / hertz;
	return at < boot && boot - at < now ? now - (boot - at) : at < boot ? 1 : now;
}

struct process_list {
	int32_t *pids;
	int count, max;
};

/* One number a line; a chunk may end within one. */
static void process_list_read(struct process_list *list, int dir)
{
	int fd = openat(dir, "cgroup.procs", O_RDONLY | O_CLOEXEC);
	int64_t pid = 0;
	char text[1024];
	ssize_t n;

	if (fd < 0)
		return;
	while (list->count < list->max && (n = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9' && pid < INT32_MAX / 10) {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid > 0 && list->count < list->max)
				list->pids[list->count++] = (int32_t)pid;
			pid = 0;
		}
	}
	(void)close(fd);
}

int process_of_cgroup(struct processes *processes, int dir, int32_t *pids, int max)
{
	struct process_list list = {pids, 0, max};
	struct dirwalk *walk = &processes->walk;
	struct stat st;

	process_list_read(&list, dir);
	/* Two links: no directory below it (kernfs counts as other file systems do). */
	if (fstat(dir, &st) < 0 || st.st_nlink == 2)
		return list.count;
	dirwalk_begin(walk, dir);
	while (list.count < max && dirwalk_next(walk) != NULL) {
		int below = dirwalk_enter(walk);

		if (below >= 0)
			process_list_read(&list, below);
	}
	dirwalk_end(walk);
	return list.count;
}

static void process_take_main(struct unit *unit, const struct procfs_stat *stat)
{
	unit->main_pid = stat->pid;
	memcpy(unit->main_comm, stat->comm, sizeof(unit->main_comm));
}

void process_refresh(struct see *see, struct unit *unit, mono_ms now)
{
	struct processes *processes = &see->processes;
	int n = process_of_cgroup(processes, unit->dir[UNIT_DIR_MAIN], processes->pids,
				  PROCESS_PIDS_MAX);
	uint64_t largest = 0;

	unit->processes = 0;
	unit->main_pid = 0;
	unit->main_comm[0] = '\0';
	for (int i = 0; i < n; i++) {
		struct process *process = process_note(processes, processes->pids[i], now);
		struct procfs_stat stat;

		if (process != NULL && process->first_s == 0)
			process->unit = (uint16_t)(unit - see->units.row);
		if (procfs_read_stat(processes->proc, processes->pids[i], &stat) < 0)
			continue;
		tree_take(see, &stat, (uint16_t)(unit - see->units.row), now);
		if (!procfs_is_alive(&stat))
			continue;
		unit->processes++;
		if (process != NULL)
			watched_note_rss(see, process, stat.rss_pages * PROCESS_PAGE_BYTES);
		if (unit->main_pid == 0 || stat.rss_pages > largest) {
			largest = stat.rss_pages;
			process_take_main(unit, &stat);
		}
	}
}
