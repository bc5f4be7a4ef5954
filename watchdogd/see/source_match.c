/* Source match: the units that are processes of a name, and all that they start. /proc is scanned
 * once a second, and only for such units. What a process is, is asked once, and again when its name
 * or start time is another: its arguments lie in its own memory, and reading them takes its lock
 * and its pages. */
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "see/flat.h"
#include "see/match.h"
#include "see/source.h"

enum {
	MATCH_SCAN_MS = 1000,
	MATCH_YOUNG_S = 10,   /* a new process is soon another program, by exec */
	MATCH_RECHECK_S = 10, /* of an old one that is of no unit: its name alone */
	MATCH_ROUNDS = 16,    /* generations of children found in one scan */
	MATCH_KERNEL_PARENT = 2,
	MATCH_ARGS_BYTES = 4096,
};

/* --- one process ---------------------------------------------------------------------------------
 */

static void match_read_link(int proc, int32_t pid, const char *name, char *out, size_t size)
{
	char path[32];
	struct buffer b;
	ssize_t n;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/%s", pid, name);
	n = readlinkat(proc, path, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
}

static size_t match_read_cmdline(int proc, int32_t pid, char *out, size_t size)
{
	char path[32];
	struct buffer b;
	ssize_t n;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/cmdline", pid);
	n = file_read_at(proc, path, out, size);
	return n > 0 ? (size_t)n : 0;
}

static void match_torn(struct see *see, struct process *process, uint16_t first, uint16_t second)
{
	if (!process->torn)
		diag_warning("process %d (%s) matches the units %s and %s; it belongs to neither",
			     process->pid, process->comm,
			     config_unit_at(see->with.config, see->units.row[first].index)->name,
			     config_unit_at(see->with.config, see->units.row[second].index)->name);
	process->torn = true;
	process->match = UNIT_NONE;
}

/* Which unit's name it bears. */
static void match_decide(struct see *see, struct process *process, const struct match_process *seen)
{
	uint16_t found = UNIT_NONE;

	for (uint32_t i = 0; i < see->units.count; i++) {
		if (unit_at(see, i)->kind != CONFIG_MATCH ||
		    !match_holds(unit_at(see, i)->target, seen))
			continue;
		if (found != UNIT_NONE) {
			match_torn(see, process, found, see->units.at[i]);
			return;
		}
		found = see->units.at[i];
	}
	process->torn = false;
	/* What it was started by stays true when it is another program now. */
	if (found != UNIT_NONE || process->direct)
		process->match = found;
	process->direct = found != UNIT_NONE;
}

static void match_examine(struct see *see, struct process *process, const struct procfs_stat *stat)
{
	char exe[PATH_BYTES], cwd[PATH_BYTES], cmdline[MATCH_ARGS_BYTES];
	int proc = see->processes.proc;
	struct match_process seen = {
		.comm = process->comm, .exe = exe, .cwd = cwd, .cmdline = cmdline};

	if (procfs_is_kernel(stat))
		return;
	match_read_link(proc, process->pid, "exe", exe, sizeof(exe));
	match_read_link(proc, process->pid, "cwd", cwd, sizeof(cwd));
	seen.cmdline_len = match_read_cmdline(proc, process->pid, cmdline, sizeof(cmdline));
	if (seen.cmdline_len == 0 && stat->parent == MATCH_KERNEL_PARENT)
		return;
	match_decide(see, process, &seen);
}

static bool match_is_due(const struct process *process, uint32_t now_s)
{
	return process->first_s == 0 || process->match != UNIT_NONE ||
	       now_s - process->first_s < MATCH_YOUNG_S ||
	       ((uint32_t)process->pid + now_s) % MATCH_RECHECK_S == 0;
}

static void match_begin(struct process *process, const struct procfs_stat *stat, uint32_t now_s)
{
	process->start = stat->start;
	process->parent = stat->parent;
	process->first_s = now_s;
	process->match = UNIT_NONE;
	process->direct = process->torn = process->examined = false;
	process->comm[0] = '\0';
}

static void match_see_process(struct see *see, int32_t pid, mono_ms now)
{
	struct process *process = process_note(&see->processes, pid, now);
	struct procfs_stat stat;
	bool same;

	if (process == NULL || !match_is_due(process, (uint32_t)(now / 1000)) ||
	    procfs_read_stat(see->processes.proc, pid, &stat) < 0)
		return;
	if (process->first_s == 0 || process->start != stat.start)
		match_begin(process, &stat, (uint32_t)(now / 1000));
	same = memcmp(process->comm, stat.comm, sizeof(stat.comm)) == 0;
	/* Who sleeps uninterruptibly may hold the lock that its arguments need: later. */
	if ((same && process->examined) || stat.state == 'D')
		return;
	memcpy(process->comm, stat.comm, sizeof(stat.comm));
	process->examined = true;
	match_examine(see, process, &stat);
}

/* --- all of them ---------------------------------------------------------------------------------
 */

/* What the processes of a unit started is the unit too. */
static bool match_inherit(struct see *see, uint32_t now_s)
{
	struct processes *processes = &see->processes;
	bool changed = false;

	for (uint32_t i = 0; i < processes->used; i++) {
		struct process *process = &processes->row[i];
		const struct process *parent;

		if (process->pid == 0 || process->seen_s != now_s || process->match != UNIT_NONE ||
		    process->torn || process->first_s == 0)
			continue;
		parent = process_find(processes, process->parent);
		if (parent == NULL || parent->match == UNIT_NONE)
			continue;
		process->match = parent->match;
		changed = true;
	}
	return changed;
}

static void match_scan_proc(struct see *see, mono_ms now)
{
	struct dirwalk *walk = &see->processes.walk;
	const char *name;

	dirwalk_begin(walk, see->processes.proc);
	while ((name = dirwalk_next(walk)) != NULL) {
		uint64_t pid;
		const char *end = flat_number(name, &pid);

		if (end != NULL && *end == '\0' && pid > 0 && pid <= INT32_MAX)
			match_see_process(see, (int32_t)pid, now);
	}
	for (int i = 0; i < MATCH_ROUNDS && match_inherit(see, (uint32_t)(now / 1000)); i++)
		;
}

struct match_sum {
	struct procfs_memory memory;
	uint64_t largest;
};

static void match_add(struct see *see, const struct process *process, struct unit *unit,
		      struct match_sum *sum)
{
	struct procfs_memory memory;
	struct procfs_stat stat;

	if (procfs_read_stat(see->processes.proc, process->pid, &stat) < 0 ||
	    stat.start != process->start || !procfs_is_alive(&stat))
		return;
	unit->processes++;
	if (procfs_read_memory(see->processes.proc, &stat, &memory) < 0)
		return;
	sum->memory.rss_bytes += memory.rss_bytes;
	sum->memory.swap_bytes += memory.swap_bytes;
	if (unit->main_pid == 0 || memory.rss_bytes > sum->largest) {
		sum->largest = memory.rss_bytes;
		unit->main_pid = stat.pid;
		memcpy(unit->main_comm, stat.comm, sizeof(unit->main_comm));
	}
}

static void match_set(struct see *see, struct unit *unit, const struct match_sum *sum, mono_ms now)
{
	struct state_reading *readings = see->with.state->unit[unit->index].readings;
	int64_t host = (int64_t)see->with.state->mem_total_bytes;
	int64_t swap_total = (int64_t)see->with.state->swap_total_bytes;

	for (int i = 0; i < UNIT_READINGS; i++)
		readings[i].known = STATE_UNKNOWN;
	unit_set_status(unit, unit->processes > 0 ? STATE_UNIT_RUNNING : STATE_UNIT_INACTIVE, now);
	if (unit->processes == 0)
		return;
	state_set(&readings[UNIT_MEMORY], (int64_t)sum->memory.rss_bytes, host, now);
	state_set(&readings[UNIT_ANON], (int64_t)(sum->memory.rss_bytes + sum->memory.swap_bytes),
		  host, now);
	if (swap_total > 0)
		state_set(&readings[UNIT_SWAP], (int64_t)sum->memory.swap_bytes, swap_total, now);
	unit_take_held(unit, &readings[UNIT_ANON], now);
}

/* One unit at a time: a row of the table costs a compare, a process of the unit two files. */
static void match_read_unit(struct see *see, struct unit *unit, mono_ms now)
{
	const struct processes *processes = &see->processes;
	uint16_t row = (uint16_t)(unit - see->units.row);
	struct match_sum sum = {0};

	unit->read_at = now;
	unit->processes = 0;
	unit->main_pid = 0;
	unit->main_comm[0] = '\0';
	for (uint32_t i = 0; i < processes->used; i++)
		if (processes->row[i].pid != 0 && processes->row[i].match == row &&
		    processes->row[i].seen_s == (uint32_t)(processes->scanned / 1000))
			match_add(see, &processes->row[i], unit, &sum);
	match_set(see, unit, &sum, now);
}

void source_match_refresh(struct see *see, struct unit *unit, mono_ms now)
{
	see->processes.scanned = now;
	match_scan_proc(see, now);
	match_read_unit(see, unit, now);
}

int source_match_pids(struct see *see, struct unit *unit, int32_t *pids, int max)
{
	const struct processes *processes = &see->processes;
	mono_ms now = clock_mono();
	int n = 0;

	source_match_refresh(see, unit, now);
	for (uint32_t i = 0; i < processes->used && n < max; i++)
		if (processes->row[i].pid != 0 &&
		    processes->row[i].match == unit - see->units.row &&
		    processes->row[i].seen_s == (uint32_t)(now / 1000))
			pids[n++] = processes->row[i].pid;
	return n;
}

static void source_match_open(struct see *see)
{
	process_open(&see->processes);
	if (see->processes.proc < 0)
		see_blind(see, SOURCE_MATCH, "/proc", see->processes.proc);
}

static void source_match_look(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;
	bool due = processes->scanned == 0 || now - processes->scanned >= MATCH_SCAN_MS;

	process_sweep(processes, now);
	if (see->units.match_count == 0 || processes->proc < 0)
		return;
	if (due) {
		processes->scanned = now;
		match_scan_proc(see, now);
	}
	for (uint32_t i = 0; i < see->units.count; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->kind != CONFIG_MATCH)
			continue;
		if (due || unit->read_at == 0)
			match_read_unit(see, unit, now);
		unit_publish(see, unit);
	}
}

const struct source_ops source_match_ops = {
	.name = "match",
	.open = source_match_open,
	.look = source_match_look,
};
