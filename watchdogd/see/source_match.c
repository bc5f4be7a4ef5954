/* Source match: the readings of the units that are processes of a name, and all that they start. Which those are,
 * tree.c knows. */
#include <string.h>

#include "see/choose.h"
#include "see/peak.h"
#include "see/scan.h"
#include "see/source.h"
#include "see/tree.h"

enum { MATCH_READ_MS = 1000 };

static void match_add(struct see *see, struct process *process, struct unit *unit, mono_ms now)
{
	struct unit_sum *sum = &unit->sum;
	struct procfs_memory memory;
	struct procfs_stat stat;

	if (procfs_read_stat(see->processes.proc, process->pid, &stat) < 0)
		return;
	tree_take(see, &stat, UNIT_NONE, now); /* it may be another program by now */
	if (process->ended || process->kin != unit - see->units.row)
		return;
	unit->processes++;
	if (procfs_read_memory(see->processes.proc, &stat, &memory) < 0)
		return;
	sum->rss_bytes += memory.rss_bytes;
	sum->swap_bytes += memory.swap_bytes;
	watched_note_rss(see, process, memory.rss_bytes);
	if (unit->main_pid == 0 || memory.rss_bytes > sum->largest_bytes) {
		sum->largest_bytes = memory.rss_bytes;
		unit->main_pid = stat.pid;
		memcpy(unit->main_comm, stat.comm, sizeof(unit->main_comm));
	}
}

static void match_set(struct see *see, struct unit *unit, mono_ms now)
{
	struct unit_sum *sum = &unit->sum;
	struct state_reading *readings = see->with.state->unit[unit->index].readings;
	int64_t host = (int64_t)see->with.state->mem_total_bytes;
	int64_t swap_total = (int64_t)see->with.state->swap_total_bytes;

	sum->open = false;
	for (int i = 0; i < UNIT_READINGS; i++)
		readings[i].known = STATE_UNKNOWN;
	unit_set_status(unit, unit->processes > 0 ? STATE_UNIT_RUNNING : STATE_UNIT_INACTIVE, now);
	if (unit->processes == 0) {
		forecast_forget(&unit->forecast);
		return;
	}
	state_set(&readings[UNIT_MEMORY], (int64_t)sum->rss_bytes, host, now);
	state_set(&readings[UNIT_ANON], (int64_t)(sum->rss_bytes + sum->swap_bytes),
		  host, now);
	if (swap_total > 0)
		state_set(&readings[UNIT_SWAP], (int64_t)sum->swap_bytes, swap_total, now);
	unit_look_ahead(see, unit);
	unit_take_held(unit, &readings[UNIT_ANON], now);
	peak_take(see, unit, &readings[UNIT_ANON]);
}

static bool match_is_of(const struct see *see, const struct process *process, const struct unit *unit)
{
	return process->pid != 0 && !process->ended && process->kin == unit - see->units.row;
}

static void match_begin(struct unit *unit, mono_ms now)
{
	unit->read_at = now;
	unit->processes = 0;
	unit->main_pid = 0;
	unit->main_comm[0] = '\0';
	unit->sum = (struct unit_sum){.open = true};
}

static void match_read_unit(struct see *see, struct unit *unit, mono_ms now)
{
	struct processes *processes = &see->processes;

	match_begin(unit, now);
	for (uint32_t i = 0; i < processes->used; i++)
		if (match_is_of(see, &processes->row[i], unit))
			match_add(see, &processes->row[i], unit, now);
	match_set(see, unit, now);
}

/* All that were begun, in one pass: a row of the table costs a compare, a process of a unit two files. */
static void match_read_begun(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;

	for (uint32_t i = 0; i < processes->used; i++) {
		struct process *process = &processes->row[i];
		struct unit *unit = process->kin != UNIT_NONE ? &see->units.row[process->kin] : NULL;

		if (process->pid != 0 && !process->ended && unit != NULL && unit->kind == CONFIG_MATCH && unit->sum.open)
			match_add(see, process, unit, now);
	}
}

void source_match_refresh(struct see *see, struct unit *unit, mono_ms now)
{
	scan_proc(see, now);
	choose_settle(see, now);
	match_read_unit(see, unit, now);
}

int source_match_pids(struct see *see, struct unit *unit, int32_t *pids, int max)
{
	const struct processes *processes = &see->processes;
	int n = 0;

	source_match_refresh(see, unit, clock_mono());
	for (uint32_t i = 0; i < processes->used && n < max; i++)
		if (match_is_of(see, &processes->row[i], unit))
			pids[n++] = processes->row[i].pid;
	return n;
}

static void source_match_open(struct see *see)
{
	(void)see;
}

static bool match_is_due(const struct unit *unit, mono_ms now)
{
	return unit->kind == CONFIG_MATCH && (unit->read_at == 0 || now - unit->read_at >= MATCH_READ_MS);
}

static void source_match_look(struct see *see, mono_ms now)
{
	bool any = false;

	for (uint32_t i = 0; i < see->units.count && see->units.match_count > 0; i++) {
		if (!match_is_due(unit_at(see, i), now))
			continue;
		match_begin(unit_at(see, i), now);
		any = true;
	}
	if (any)
		match_read_begun(see, now);
	for (uint32_t i = 0; i < see->units.count && see->units.match_count > 0; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->kind != CONFIG_MATCH)
			continue;
		if (unit->sum.open)
			match_set(see, unit, now);
		unit_publish(see, unit);
	}
}

const struct source_ops source_match_ops = {
	.name = "match",
	.open = source_match_open,
	.look = source_match_look,
};
