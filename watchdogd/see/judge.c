#include "see/judge.h"

#include <string.h>

#include "base/diag.h"
#include "see/names.h"
#include "see/source.h"

enum { JUDGE_KERNEL_PARENT = 2 };

static const char *judge_unit_name(const struct see *see, uint16_t row)
{
	return config_unit_at(see->with.config, see->units.row[row].index)->name;
}

static void judge_torn(struct see *see, struct process *process, uint16_t first, uint16_t second)
{
	if (!process->torn)
		diag_warning("process %d (%s) matches the units %s and %s; it belongs to neither",
			     process->pid, process->comm, judge_unit_name(see, first),
			     judge_unit_name(see, second));
	process->torn = true;
	process->kin = UNIT_NONE;
}

/* Which `match` unit's name it bears. */
static void judge_match(struct see *see, struct process *process, struct names *names)
{
	uint16_t found = UNIT_NONE;

	for (uint32_t i = 0; i < see->units.count && see->units.match_count > 0; i++) {
		if (unit_at(see, i)->kind != CONFIG_MATCH ||
		    !names_hold(names, unit_at(see, i)->target))
			continue;
		if (found != UNIT_NONE) {
			judge_torn(see, process, found, see->units.at[i]);
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

static bool judge_is_named(const struct see *see, const struct process *process, uint16_t unit,
			  struct names *names)
{
	const char *target = unit_process(see, unit);

	if (target[0] == '\0')
		return see->units.row[unit].kind == CONFIG_MATCH && process->direct;
	return names_hold(names, target);
}

static void judge_all(struct see *see, struct process *process, struct names *names)
{
	judge_match(see, process, names);
	process->named = process->below = 0;
	for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++) {
		uint16_t unit = process_unit(see, process, slot);

		if (unit != UNIT_NONE && judge_is_named(see, process, unit, names))
			process->named |= (uint8_t)(1u << slot);
	}
	process_mark(&see->processes, process);
}

/* It was forked and has called no exec since: nothing need be read. */
static bool judge_is_copy(struct see *see, const struct process *process, const struct process *parent)
{
	if (parent == NULL || parent->ended || !parent->examined || process->stack == 0 ||
	    parent->stack != process->stack)
		return false;
	for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++)
		if (process_unit(see, process, slot) != process_unit(see, parent, slot))
			return false;
	return true;
}

void judge_note_copy(struct process *process, const struct process *parent)
{
	process->copy = true;
	process->copy_of = parent->copy ? parent->copy_of : parent->pid;
}

void judge_take_copy(struct see *see, struct process *process, const struct process *parent)
{
	process->named = parent->named;
	process->below = parent->named | parent->below;
	process->direct = parent->direct;
	process->torn = parent->torn;
	process->examined = parent->examined;
	judge_note_copy(process, parent);
	process_mark(&see->processes, process);
}

void judge_examine(struct see *see, struct process *process, const struct procfs_stat *stat)
{
	const struct process *parent = process_parent(&see->processes, process);
	struct names names;

	if (procfs_is_kernel(stat)) {
		process->examined = true;
		return;
	}
	if (judge_is_copy(see, process, parent)) {
		judge_take_copy(see, process, parent);
		return;
	}
	/* Who sleeps uninterruptibly may hold the lock that its arguments need: later. */
	if (stat->state == 'D') {
		see->processes.waiting = true;
		return;
	}
	process->examined = true;
	names_read(&names, see->processes.proc, process->pid, process->comm);
	if (stat->parent != JUDGE_KERNEL_PARENT || names_have_args(&names))
		judge_all(see, process, &names);
}

void judge_rename(struct see *see, struct process *process, const char comm[16])
{
	struct names names;

	if (memcmp(process->comm, comm, sizeof(process->comm)) == 0)
		return;
	memcpy(process->comm, comm, sizeof(process->comm));
	if (!process->examined || process->direct || process->torn || process->named != 0 || process->copy)
		return;
	names_comm_alone(&names, process->comm);
	judge_all(see, process, &names);
}
