#include "see/source_process.h"

#include <string.h>

#include "base/diag.h"
#include "base/root.h"
#include "see/choose.h"
#include "see/follow.h"
#include "see/scan.h"
#include "see/source.h"
#include "see/tree.h"

enum { SOURCE_PROCESS_LIVES_MAX = 32768 /* read in one look */ };

void source_process_judge_anew(struct see *see)
{
	tree_forget_names(see);
	see->process.scanned = 0;
}

static void source_process_drain_lives(struct see *see)
{
	struct source_process *p = &see->process;
	struct taskstats_life life;

	for (uint32_t n = 0; n < SOURCE_PROCESS_LIVES_MAX && p->taskstats.fd >= 0 && taskstats_next(&p->taskstats, &life); n++) {
		const struct process *process = process_find(&see->processes, life.pid);

		if (process != NULL && process->watched)
			p->lives[p->lives_next++ % SOURCE_PROCESS_LIVES] = life;
	}
	p->taskstats.lost = false; /* some lives are not known; no death is */
}

void source_process_catch_up(struct see *see, mono_ms now)
{
	(void)follow_take_all(see, now);
	source_process_drain_lives(see);
}

bool source_process_life(struct see *see, int32_t pid, struct taskstats_life *life)
{
	for (int i = 0; i < SOURCE_PROCESS_LIVES; i++) {
		if (see->process.lives[i].pid != pid)
			continue;
		*life = see->process.lives[i];
		see->process.lives[i].pid = 0;
		return true;
	}
	return false;
}

static void source_process_open(struct see *see)
{
	struct source_process *p = &see->process;
	int error;

	memset(p, 0, sizeof(*p));
	process_open(&see->processes);
	watched_init(see);
	death_init(see);
	if (see->processes.proc < 0)
		see_blind(see, SOURCE_PROCESS, "/proc", see->processes.proc);
	error = connector_open(&p->connector);
	if (error < 0 && !root_is_fake())
		diag_info("no proc connector here (%s): processes are looked for each second; the exit status of some may "
			  "stay unknown",
			  diag_errno(error));
	(void)taskstats_open(&p->taskstats); /* without it, less is told of a death */
	p->drained = clock_mono();
}

static void source_process_look(struct see *see, mono_ms now)
{
	process_sweep(&see->processes, now);
	follow_drain(see, now);
	source_process_drain_lives(see);
	/* A look that comes a little early does it: no look is made for what is left. */
	if (scan_in_ms(see, now) < SEE_NEXT_MIN_MS)
		scan_proc(see, now);
	scan_waiting(see, now);
	choose_settle(see, now);
	watched_look(see, now);
}

static uint32_t source_process_next_ms(const struct see *see, mono_ms now)
{
	const struct source_process *p = &see->process;
	uint32_t next = follow_next_ms(see);
	mono_ms scan = scan_in_ms(see, now);

	if (see->deaths.count > 0 || see->watches.waiting)
		return DEATH_LOOK_MS;
	/* The one for safety's sake comes with the next look. */
	if (p->scanned == 0 || (p->connector.fd >= 0 && !p->scan_wanted) || scan > next)
		return next;
	return (uint32_t)scan;
}

const struct source_ops source_process_ops = {
	.name = "process",
	.open = source_process_open,
	.look = source_process_look,
	.next_ms = source_process_next_ms,
};
