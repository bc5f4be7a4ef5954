#include "see/tree.h"

#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "see/names.h"
#include "see/source.h"
#include "see/watched.h"

enum {
	TREE_ROUNDS = 16, /* generations of children found at once */
	TREE_DEPTH = 64,  /* of parents that are asked */
	TREE_KERNEL_PARENT = 2,
};

static const char *tree_unit_name(const struct see *see, uint16_t row)
{
	return config_unit_at(see->with.config, see->units.row[row].index)->name;
}

static const char *tree_unit_process(const struct see *see, uint16_t row)
{
	return config_string(see->with.config,
			     config_unit_at(see->with.config, see->units.row[row].index)->process);
}

static void tree_mark(struct see *see, struct process *process)
{
	process->dirty = true;
	see->processes.dirty = true;
}

static bool tree_has_unit(const struct process *process)
{
	return process->unit != UNIT_NONE || process->kin != UNIT_NONE;
}

/* --- by name */

static void tree_torn(struct see *see, struct process *process, uint16_t first, uint16_t second)
{
	if (!process->torn)
		diag_warning("process %d (%s) matches the units %s and %s; it belongs to neither",
			     process->pid, process->comm, tree_unit_name(see, first),
			     tree_unit_name(see, second));
	process->torn = true;
	process->kin = UNIT_NONE;
}

/* Which `match` unit's name it bears. */
static void tree_judge_match(struct see *see, struct process *process, struct names *names)
{
	uint16_t found = UNIT_NONE;

	for (uint32_t i = 0; i < see->units.count && see->units.match_count > 0; i++) {
		if (unit_at(see, i)->kind != CONFIG_MATCH ||
		    !names_hold(names, unit_at(see, i)->target))
			continue;
		if (found != UNIT_NONE) {
			tree_torn(see, process, found, see->units.at[i]);
			return;
		}
		found = see->units.at[i];
	}
	process->torn = false;
	/* What it was started by stays true when it is another program now. */
	if (found != UNIT_NONE || process->direct)
		process->kin = found;
	process->direct = found != UNIT_NONE;
}

static bool tree_is_named(const struct see *see, const struct process *process, uint16_t unit,
			  struct names *names)
{
	const char *target = tree_unit_process(see, unit);

	if (target[0] == '\0')
		return see->units.row[unit].kind == CONFIG_MATCH && process->direct;
	return names_hold(names, target);
}

static void tree_judge(struct see *see, struct process *process, struct names *names)
{
	tree_judge_match(see, process, names);
	process->named = process->below = 0;
	for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++) {
		uint16_t unit = process_unit(see, process, slot);

		if (unit != UNIT_NONE && tree_is_named(see, process, unit, names))
			process->named |= (uint8_t)(1u << slot);
	}
	tree_mark(see, process);
}

/* Its parent, if that is still (or was) who has that number. */
static struct process *tree_parent(struct see *see, const struct process *process)
{
	struct process *parent = process_find(&see->processes, process->parent);

	return parent != NULL && parent != process && parent->first_s != 0 &&
			       (process->start == 0 || parent->start <= process->start)
		       ? parent
		       : NULL;
}

/* What the processes of a unit started is the unit's too. */
static bool tree_inherit(struct see *see, struct process *process)
{
	const struct process *parent;
	uint16_t kin;

	if (process->kin != UNIT_NONE || process->torn || (parent = tree_parent(see, process)) == NULL)
		return false;
	kin = process_unit(see, parent, PROCESS_BY_KIN);
	if (kin == UNIT_NONE)
		kin = parent->unit;
	if (kin == UNIT_NONE || kin == process->unit)
		return false;
	process->kin = kin;
	return true;
}

/* It was forked and has called no exec since: it is what its parent is, and nothing need be read. */
static bool tree_is_copy(struct see *see, const struct process *process, const struct process *parent)
{
	if (parent == NULL || parent->ended || !parent->examined || process->stack == 0 ||
	    parent->stack != process->stack)
		return false;
	for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++)
		if (process_unit(see, process, slot) != process_unit(see, parent, slot))
			return false;
	return true;
}

static void tree_take_copy(struct see *see, struct process *process, const struct process *parent)
{
	process->named = parent->named;
	process->below = parent->named | parent->below;
	process->direct = parent->direct;
	process->torn = parent->torn;
	process->examined = parent->examined;
	process->copy = true;
	tree_mark(see, process);
}

static void tree_examine(struct see *see, struct process *process, const struct procfs_stat *stat)
{
	const struct process *parent = tree_parent(see, process);
	struct names names;

	if (procfs_is_kernel(stat)) {
		process->examined = true;
		return;
	}
	if (tree_is_copy(see, process, parent)) {
		tree_take_copy(see, process, parent);
		return;
	}
	process->copy = false;
	/* Who sleeps uninterruptibly may hold the lock that its arguments need: later. */
	if (stat->state == 'D') {
		see->processes.waiting = true;
		return;
	}
	process->examined = true;
	names_read(&names, see->processes.proc, process->pid, process->comm);
	if (stat->parent != TREE_KERNEL_PARENT || names_have_args(&names))
		tree_judge(see, process, &names);
}

/* Another comm of the same program: what it was it stays; what was nothing may be something now. */
static void tree_rename(struct see *see, struct process *process, const char comm[16])
{
	struct names names;

	if (memcmp(process->comm, comm, sizeof(process->comm)) == 0)
		return;
	memcpy(process->comm, comm, sizeof(process->comm));
	if (!process->examined || process->direct || process->torn || process->named != 0 || process->copy)
		return;
	names_comm_alone(&names, process->comm);
	tree_judge(see, process, &names);
}

/* --- what is seen */

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
	tree_mark(see, process);
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
		process->examined = process->copy = false;
		process->stack = stat->stack;
	}
	if (process->examined) {
		tree_rename(see, process, stat->comm);
	} else {
		memcpy(process->comm, stat->comm, sizeof(process->comm));
		tree_examine(see, process, stat);
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
		tree_mark(see, process);
	}
	if (process->ended)
		return;
	if (unit != UNIT_NONE && process->unit != unit) {
		process->unit = unit;
		process->examined = false;
		tree_mark(see, process);
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

static uint16_t tree_read_unit(struct see *see, int32_t pid)
{
	char path[32], text[4096];
	struct buffer b;

	if (see->layout.kind == CGROUP_NONE || see->units.count == see->units.match_count)
		return UNIT_NONE;
	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/cgroup", pid);
	if (file_read_at(see->processes.proc, path, text, sizeof(text)) <= 0)
		return UNIT_NONE;
	return unit_by_path(see, tree_cgroup_path(text, see->layout.kind));
}

void tree_look_at(struct see *see, int32_t pid, mono_ms now)
{
	struct procfs_stat stat;

	if (procfs_read_stat(see->processes.proc, pid, &stat) == 0)
		tree_take(see, &stat, procfs_is_kernel(&stat) ? UNIT_NONE : tree_read_unit(see, pid), now);
}

/* --- what the connector tells */

void tree_on_fork(struct see *see, int32_t pid, int32_t parent, mono_ms now)
{
	struct process *old = process_find(&see->processes, pid), *process;
	const struct process *of = process_find(&see->processes, parent);

	if (old != NULL)
		process_remove(&see->processes, old);
	if (of == NULL || old == of || of->ended || !tree_has_unit(of))
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
	tree_take_copy(see, process, of);
	see->processes.waiting |= !process->examined;
}

void tree_on_exec(struct see *see, int32_t pid, mono_ms now)
{
	struct process *process = process_find(&see->processes, pid);

	if (process != NULL) {
		process->examined = process->copy = false;
		process->stack = 0;
	}
	tree_look_at(see, pid, now);
}

void tree_on_comm(struct see *see, int32_t pid, const char comm[16])
{
	struct process *process = process_find(&see->processes, pid);

	if (process != NULL && !process->ended)
		tree_rename(see, process, comm);
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

/* --- what is to be watched */

static void tree_spread(struct see *see, mono_ms now)
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

static bool tree_is_below(struct see *see, const struct process *process, uint16_t unit)
{
	const struct process *parent = tree_parent(see, process);

	for (int i = 0; i < TREE_DEPTH && parent != NULL; i++) {
		for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++)
			if (process_unit(see, parent, slot) == unit &&
			    ((parent->named | parent->below) & 1u << slot) != 0)
				return true;
		if (!process_is_of(see, parent, unit))
			return false;
		parent = tree_parent(see, parent);
	}
	return false;
}

static void tree_decide(struct see *see, struct process *process, mono_ms now)
{
	uint16_t units[PROCESS_SLOTS];

	process->dirty = false;
	for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++) {
		uint16_t unit = process_unit(see, process, slot);

		units[slot] = UNIT_NONE;
		if (unit == UNIT_NONE || process->ended || (process->named & 1u << slot) == 0)
			continue;
		/* An orphan stays what it was: it does not stand in for whoever started it. */
		if ((process->below & 1u << slot) != 0 || tree_is_below(see, process, unit))
			process->below |= (uint8_t)(1u << slot);
		else
			units[slot] = unit;
	}
	watched_set(see, process, units, now);
}

static bool tree_wants_root(const struct see *see, uint16_t row)
{
	return row != UNIT_NONE && see->units.row[row].kind != CONFIG_MATCH &&
	       see->units.row[row].watched.count == 0 && tree_unit_process(see, row)[0] == '\0';
}

/* The oldest process of each unit that has none watched, and needs no name. */
static void tree_find_roots(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;
	uint16_t *best = see->watches.root;

	for (uint32_t i = 0; i < see->units.count; i++)
		best[see->units.at[i]] = PROCESS_NONE;
	for (uint32_t i = 0; i < processes->used; i++) {
		struct process *process = &processes->row[i];
		uint16_t unit = process->unit != UNIT_NONE ? process->unit : process->kin;
		const struct process *parent;

		if (process->pid == 0 || process->ended || process->first_s == 0 || !tree_wants_root(see, unit))
			continue;
		parent = tree_parent(see, process);
		if (parent != NULL && !parent->ended && process_is_of(see, parent, unit))
			continue;
		if (process->start == 0)
			tree_look_at(see, process->pid, now);
		if (best[unit] == PROCESS_NONE || process->start < processes->row[best[unit]].start)
			best[unit] = (uint16_t)i;
	}
	for (uint32_t i = 0; i < see->units.count; i++)
		if (best[see->units.at[i]] != PROCESS_NONE)
			watched_add_root(see, &processes->row[best[see->units.at[i]]], see->units.at[i], now);
}

void tree_settle(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;

	if (!processes->dirty)
		return;
	tree_spread(see, now);
	processes->dirty = false;
	for (uint32_t i = 0; i < processes->used; i++)
		if (processes->row[i].pid != 0 && processes->row[i].dirty)
			tree_decide(see, &processes->row[i], now);
	tree_find_roots(see, now);
}

bool tree_hand_over(struct see *see, const struct watched *ended, mono_ms now)
{
	struct processes *processes = &see->processes;
	bool found = false;

	for (uint32_t i = 0; i < processes->used && !ended->root && !found; i++) {
		struct process *process = &processes->row[i];

		if (process->pid == 0 || process->ended || !process->copy ||
		    process->parent != ended->pid || !process_is_of(see, process, ended->unit))
			continue;
		if (process->start == 0)
			tree_look_at(see, process->pid, now);
		process->below = 0;
		process->copy = false;
		process->parent = 0; /* who started it is gone, and no reason not to watch it */
		tree_mark(see, process);
		found = true;
	}
	processes->dirty = true;
	tree_settle(see, now);
	return ended->root ? see->units.row[ended->unit].watched.count > 0 : found;
}

void tree_forget_names(struct see *see)
{
	struct processes *processes = &see->processes;

	for (uint32_t i = 0; i < processes->used; i++) {
		processes->row[i].examined = processes->row[i].torn = processes->row[i].copy = false;
		processes->row[i].below = 0;
	}
}
