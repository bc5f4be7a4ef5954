#include "see/choose.h"

#include "see/source.h"
#include "see/tree.h"

enum { CHOOSE_DEPTH = 64 /* of parents that are asked */ };

static bool choose_is_below(struct see *see, const struct process *process, uint16_t unit)
{
	const struct process *parent = process_parent(&see->processes, process);

	for (int i = 0; i < CHOOSE_DEPTH && parent != NULL; i++) {
		for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++)
			if (process_unit(see, parent, slot) == unit &&
			    ((parent->named | parent->below) & 1u << slot) != 0)
				return true;
		if (!process_is_of(see, parent, unit))
			return false;
		parent = process_parent(&see->processes, parent);
	}
	return false;
}

static void choose_decide(struct see *see, struct process *process, mono_ms now)
{
	uint16_t units[PROCESS_SLOTS];

	process->dirty = false;
	for (enum process_slot slot = 0; slot < PROCESS_SLOTS; slot++) {
		uint16_t unit = process_unit(see, process, slot);

		units[slot] = UNIT_NONE;
		if (unit == UNIT_NONE || process->ended || (process->named & 1u << slot) == 0)
			continue;
		/* An orphan stays what it was: it does not stand in for whoever started it. */
		if ((process->below & 1u << slot) != 0 || choose_is_below(see, process, unit))
			process->below |= (uint8_t)(1u << slot);
		else
			units[slot] = unit;
	}
	watched_set(see, process, units, now);
}

static bool choose_wants_root(const struct see *see, uint16_t row)
{
	return row != UNIT_NONE && see->units.row[row].kind != CONFIG_MATCH &&
	       see->units.row[row].watched.count == 0 && unit_process(see, row)[0] == '\0';
}

/* The oldest process of each unit that has none watched, and needs no name. */
static void choose_find_roots(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;
	uint16_t *best = see->watches.root;

	for (uint32_t i = 0; i < see->units.count; i++)
		best[see->units.at[i]] = PROCESS_NONE;
	for (uint32_t i = 0; i < processes->used; i++) {
		struct process *process = &processes->row[i];
		uint16_t unit = process->unit != UNIT_NONE ? process->unit : process->kin;
		const struct process *parent;

		if (process->pid == 0 || process->ended || process->first_s == 0 || !choose_wants_root(see, unit))
			continue;
		parent = process_parent(&see->processes, process);
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

void choose_settle(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;

	if (!processes->dirty)
		return;
	tree_spread(see, now);
	processes->dirty = false;
	for (uint32_t i = 0; i < processes->used; i++)
		if (processes->row[i].pid != 0 && processes->row[i].dirty)
			choose_decide(see, &processes->row[i], now);
	choose_find_roots(see, now);
}

bool choose_hand_over(struct see *see, const struct watched *ended, mono_ms now)
{
	struct processes *processes = &see->processes;
	bool found = false;

	for (uint32_t i = 0; i < processes->used && !ended->root && !found; i++) {
		struct process *process = &processes->row[i];

		/* Forked twice, its parent is one that is gone. */
		if (process->pid == 0 || process->ended || !process->copy ||
		    (process->parent != ended->pid && process->copy_of != ended->pid) ||
		    !process_is_of(see, process, ended->unit))
			continue;
		if (process->start == 0)
			tree_look_at(see, process->pid, now);
		if (process->start == 0 || process->ended || process->named == 0)
			continue; /* it is gone too, or another program */
		process->below = 0;
		process->copy = false;
		process->parent = 0; /* who started it is gone, and no reason not to watch it */
		process_mark(processes, process);
		found = true;
	}
	processes->dirty = true;
	choose_settle(see, now);
	return ended->root ? see->units.row[ended->unit].watched.count > 0 : found;
}
