#include "see/tree.h"

#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "see/judge.h"
#include "see/source.h"

enum {
	TREE_ROUNDS = 16, /* generations of children found at once */
	TREE_CGROUP_BYTES = 4096, /* of /proc/PID/cgroup */
	TREE_LATE_S = 1,  /* what the connector tells is no older, by far */
};

static bool tree_has_unit(const struct process *process)
{
	return process->unit != UNIT_NONE || process->kin != UNIT_NONE;
}

/* What the processes of a unit started is the unit's too. */
static bool tree_inherit(struct see *see, struct process *process)
{
	const struct process *parent;
	uint16_t kin;

	if (process->kin != UNIT_NONE || process->torn || (parent = process_parent(&see->processes, process)) == NULL)
		return false;
	kin = process_unit(see, parent, PROCESS_BY_KIN);
	if (kin == UNIT_NONE)
		kin = parent->unit;
	if (kin == UNIT_NONE || kin == process->unit)
		return false;
	process->kin = kin;
	return true;
}

static void tree_begin(struct see *see, struct process *process, const struct procfs_stat *stat, mono_ms now)
{
	uint16_t next = process->next;

	*process = (struct process){.pid = stat->pid,
				    .parent = stat->parent,
				    .start = stat->start,
				    .stack = stat->stack,
				    .seen_s = (uint32_t)(now / 1000),
				    .first_s = (uint32_t)(now / 1000),
				    .next = next,
				    .unit = UNIT_NONE,
				    .kin = UNIT_NONE};
	memcpy(process->comm, stat->comm, sizeof(process->comm));
	process_mark(&see->processes, process);
}

/* By its stack; where that is not shown, by its name. */
static bool tree_is_another_program(const struct process *process, const struct procfs_stat *stat)
{
	if (process->stack != 0 && stat->stack != 0)
		return process->stack != stat->stack;
	return memcmp(process->comm, stat->comm, sizeof(stat->comm)) != 0;
}

static void tree_renew(struct see *see, struct process *process, const struct procfs_stat *stat)
{
	if (tree_is_another_program(process, stat)) {
		process->examined = false;
		/* Amid an exec the stack is shown where it does not stay: who hears of each exec goes by that. */
		process->copy = process->copy && see->process.connector.fd >= 0;
		process->stack = stat->stack;
	}
	if (process->stack == 0)
		process->stack = stat->stack;
	if (process->examined) {
		judge_rename(see, process, stat->comm);
	} else {
		memcpy(process->comm, stat->comm, sizeof(process->comm));
		judge_examine(see, process, stat);
	}
}

void tree_take(struct see *see, const struct procfs_stat *stat, uint16_t unit, mono_ms now)
{
	struct process *process = process_note(&see->processes, stat->pid, now);

	if (process == NULL)
		return;
	if (process->first_s == 0 || (process->start != 0 && process->start != stat->start))
		tree_begin(see, process, stat, now);
	process->start = stat->start;
	if (process->ended != !procfs_is_alive(stat)) {
		process->ended = !process->ended;
		process_mark(&see->processes, process);
	}
	if (process->ended)
		return;
	if (unit != UNIT_NONE && process->unit != unit) {
		process->unit = unit;
		process->examined = false;
		process_mark(&see->processes, process);
	}
	if (tree_inherit(see, process))
		process->examined = false;
	tree_renew(see, process, stat);
}

/* The path after "0::" of v2, or after the controllers with memory among them of v1. */
static const char *tree_cgroup_path(char *text, enum cgroup_kind kind)
{
	for (char *line = text; *line != '\0';) {
		char *end = line + strcspn(line, "\n"), *list = strchr(line, ':'), *path;
		bool last = *end == '\0';

		*end = '\0';
		path = list != NULL ? strchr(list + 1, ':') : NULL;
		if (path != NULL && kind == CGROUP_V2 && strncmp(line, "0::", 3) == 0)
			return path + 1;
		if (path != NULL && kind == CGROUP_V1) {
			*path = '\0';
			for (char *word = list + 1; word != NULL; word = strchr(word, ',')) {
				word += *word == ',';
				if (strncmp(word, "memory", 6) == 0 && (word[6] == ',' || word[6] == '\0'))
					return path + 1;
			}
		}
		line = last ? end : end + 1;
	}
	return "";
}

/* The path of the cgroup that a process is in; "": not known. Into text, which is overwritten. */
static const char *tree_read_path(struct see *see, int32_t pid, char text[TREE_CGROUP_BYTES])
{
	char path[32];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/cgroup", pid);
	if (file_read_at(see->processes.proc, path, text, TREE_CGROUP_BYTES) <= 0)
		return "";
	return tree_cgroup_path(text, see->layout.kind);
}

static uint16_t tree_read_unit(struct see *see, int32_t pid)
{
	char text[TREE_CGROUP_BYTES];

	if (see->layout.kind == CGROUP_NONE || see->units.count == see->units.match_count)
		return UNIT_NONE;
	return unit_by_path(see, tree_read_path(see, pid, text));
}

bool tree_is_in(struct see *see, const struct unit *unit, int32_t pid)
{
	char text[TREE_CGROUP_BYTES];
	const char *path;

	if (!unit_is_open(unit))
		return false;
	path = tree_read_path(see, pid, text);
	return unit->path[0] == '\0' || unit_path_holds(unit->path, path + strspn(path, "/"));
}

void tree_look_at(struct see *see, int32_t pid, mono_ms now)
{
	struct procfs_stat stat;

	if (procfs_read_stat(see->processes.proc, pid, &stat) == 0)
		tree_take(see, &stat, procfs_is_kernel(&stat) ? UNIT_NONE : tree_read_unit(see, pid), now);
}

/* A look at its cgroup or at /proc found it before its fork was told: it is no other with that number. */
static bool tree_is_known(struct see *see, const struct process *old)
{
	const struct watched *watched;
	struct procfs_stat stat;

	if (old->start == 0)
		return false;
	if (procfs_read_stat(see->processes.proc, old->pid, &stat) == 0)
		return stat.start == old->start;
	/* Gone, whoever it was: of the one that is watched the end would have been told before this fork. */
	watched = watched_find(see, old->pid);
	return watched != NULL && !watched->has_status;
}

/* A look may have seen the end of who forked before the fork is told; after some time it is another of that number. */
static bool tree_ended_before(const struct process *process, mono_ms now)
{
	return process->ended && (uint32_t)(now / 1000) - process->seen_s > TREE_LATE_S;
}

void tree_on_fork(struct see *see, int32_t pid, int32_t parent, mono_ms now)
{
	struct process *old = process_find(&see->processes, pid), *process;
	const struct process *of = process_find(&see->processes, parent);

	if (old != NULL && tree_is_known(see, old)) {
		if (of != NULL && of != old && tree_has_unit(of))
			judge_note_copy(old, of); /* its exec, if it has called one, is yet to be told */
		return;
	}
	if (old != NULL)
		process_remove(&see->processes, old);
	if (of == NULL || old == of || !tree_has_unit(of) || tree_ended_before(of, now))
		return;
	process = process_note(&see->processes, pid, now);
	if (process == NULL)
		return;
	process->parent = parent;
	process->first_s = process->seen_s;
	process->stack = of->stack;
	process->unit = of->unit;
	process->kin = of->kin;
	memcpy(process->comm, of->comm, sizeof(process->comm));
	judge_take_copy(see, process, of);
	see->processes.waiting |= !process->examined;
}

void tree_on_exec(struct see *see, int32_t pid, mono_ms now)
{
	struct process *process = process_find(&see->processes, pid);
	struct procfs_stat stat;

	if (process != NULL)
		process->examined = false; /* its copies are to be looked at themselves */
	/* Of one that is gone, what is known stays: a look may have seen it after its exec. */
	if (procfs_read_stat(see->processes.proc, pid, &stat) < 0 || !procfs_is_alive(&stat))
		return;
	if (process != NULL) {
		process->copy = false;
		process->stack = 0;
	}
	tree_take(see, &stat, procfs_is_kernel(&stat) ? UNIT_NONE : tree_read_unit(see, pid), now);
}

void tree_on_comm(struct see *see, int32_t pid, const char comm[16])
{
	struct process *process = process_find(&see->processes, pid);

	if (process != NULL && !process->ended)
		judge_rename(see, process, comm);
}

void tree_on_exit(struct see *see, int32_t pid, uint32_t status)
{
	struct process *process = process_find(&see->processes, pid);

	/* Of a watched one the main thread may have ended before the others: its pidfd knows. */
	if (process == NULL || process->watched)
		return;
	process->ended = true;
	/* Whose the victim of an OOM kill was may be asked in a moment. */
	if (!tree_has_unit(process) || (status & 0x7f) != 9)
		process_remove(&see->processes, process);
}

void tree_spread(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;
	bool changed = true;

	for (int round = 0; round < TREE_ROUNDS && changed; round++) {
		changed = false;
		for (uint32_t i = 0; i < processes->used; i++) {
			struct process *process = &processes->row[i];

			if (process->pid == 0 || process->ended || process->first_s == 0 ||
			    !tree_inherit(see, process))
				continue;
			process->examined = false;
			tree_look_at(see, process->pid, now);
			changed = true;
		}
	}
}

void tree_forget_names(struct see *see)
{
	struct processes *processes = &see->processes;

	for (uint32_t i = 0; i < processes->used; i++) {
		processes->row[i].examined = processes->row[i].torn = processes->row[i].copy = false;
		processes->row[i].below = 0;
	}
}
