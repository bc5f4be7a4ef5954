#include "see/scan.h"

#include "see/flat.h"
#include "see/source.h"
#include "see/tree.h"

enum {
	SCAN_MS = 1000,         /* without the connector */
	SCAN_SAFETY_MS = 30000, /* with it: what the kernel had no memory to tell */
	SCAN_SHARE = 50,        /* a scan takes at most this part of the time */
	SCAN_YOUNG_S = 10,      /* a new process is soon another program, by exec */
	SCAN_RECHECK_S = 10,    /* of an old one that is of no unit: its name alone */
	SCAN_WAITING_MS = 1000,
};

static bool scan_is_due(const struct see *see, const struct process *process, uint32_t now_s)
{
	if (process == NULL || process->first_s == 0 || !process->examined || see->process.connector.fd >= 0)
		return true;
	if (process->ended)
		return false;
	/* The unit's own look reads those in its cgroup, and those of its name. */
	if (process->unit != UNIT_NONE || process->kin != UNIT_NONE)
		return process->unit == UNIT_NONE || now_s - process->first_s < SCAN_YOUNG_S;
	return now_s - process->first_s < SCAN_YOUNG_S || ((uint32_t)process->pid + now_s) % SCAN_RECHECK_S == 0;
}

static void scan_see(struct see *see, int32_t pid, mono_ms now)
{
	struct process *process = process_find(&see->processes, pid);

	if (scan_is_due(see, process, (uint32_t)(now / 1000)))
		tree_look_at(see, pid, now);
	else
		process->seen_s = (uint32_t)(now / 1000);
}

/* Who was not found is gone; whose it was may be asked for a while. */
static void scan_miss(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;

	for (uint32_t i = 0; i < processes->used; i++) {
		struct process *process = &processes->row[i];

		if (process->pid == 0 || process->ended || process->seen_s == (uint32_t)(now / 1000))
			continue;
		process->ended = true;
		if (process->unit == UNIT_NONE && process->kin == UNIT_NONE)
			process_remove(processes, process);
	}
}

void scan_proc(struct see *see, mono_ms now)
{
	struct dirwalk *walk = &see->processes.walk;
	mono_ms began = clock_mono();
	const char *name;

	see->process.scanned = now;
	see->process.scan_wanted = false;
	if (see->processes.proc < 0)
		return;
	dirwalk_begin(walk, see->processes.proc);
	while ((name = dirwalk_next(walk)) != NULL) {
		uint64_t pid;
		const char *end = flat_number(name, &pid);

		if (end != NULL && *end == '\0' && pid > 0 && pid <= INT32_MAX)
			scan_see(see, (int32_t)pid, now);
	}
	scan_miss(see, now);
	see->process.scan_ms = (uint32_t)(clock_mono() - began);
}

mono_ms scan_in_ms(const struct see *see, mono_ms now)
{
	const struct source_process *p = &see->process;
	mono_ms every = p->connector.fd >= 0 && !p->scan_wanted ? SCAN_SAFETY_MS : SCAN_MS;

	if (see->units.count == 0)
		return every;
	if (every < (mono_ms)p->scan_ms * SCAN_SHARE)
		every = (mono_ms)p->scan_ms * SCAN_SHARE;
	return p->scanned == 0 || now >= p->scanned + every ? 0 : p->scanned + every - now;
}

void scan_waiting(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;

	if (!processes->waiting || now - see->process.waited < SCAN_WAITING_MS)
		return;
	see->process.waited = now;
	processes->waiting = false;
	for (uint32_t i = 0; i < processes->used; i++)
		if (processes->row[i].pid != 0 && !processes->row[i].ended && !processes->row[i].examined)
			tree_look_at(see, processes->row[i].pid, now);
}
