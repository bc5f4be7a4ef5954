#include "see/unit_pids.h"

#include "see/source.h"

static int unit_pids_of_match(const struct see *see, const struct unit *unit, int32_t *pids, int max)
{
	const struct processes *processes = &see->processes;
	int n = 0;

	for (uint32_t i = 0; i < processes->used && n < max; i++) {
		const struct process *process = &processes->row[i];

		if (process->pid != 0 && !process->ended && process->kin == unit - see->units.row)
			pids[n++] = process->pid;
	}
	return n;
}

int unit_pids(struct see *see, const struct unit *unit, int32_t *pids, int max)
{
	if (unit->kind == CONFIG_MATCH)
		return unit_pids_of_match(see, unit, pids, max);
	return unit_is_open(unit) ? process_of_cgroup(&see->processes, unit->dir[UNIT_DIR_MAIN], pids, max) : 0;
}
