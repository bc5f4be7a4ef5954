#include "see/source_process.h"

#include <string.h>
#include <sys/epoll.h>

#include "base/diag.h"
#include "base/root.h"
#include "see/flat.h"
#include "see/source.h"
#include "see/tree.h"

enum {
	SCAN_MS = 1000,          /* without the connector */
	SCAN_SAFETY_MS = 30000,  /* with it: what the kernel had no memory to tell */
	SCAN_SHARE = 50,         /* a scan takes at most this part of the time */
	SCAN_YOUNG_S = 10,       /* a new process is soon another program, by exec */
	SCAN_RECHECK_S = 10,     /* of an old one that is of no unit: its name alone */
	PROCESS_WAITING_MS = 1000,
	PROCESS_BUSY_MS = 250,   /* looks of a connector that wakes too often to be in the loop */
	PROCESS_STORM_MS = 10000, /* without a loss: it is over */
	PROCESS_DRAIN_MAX = 32768, /* events of one look */
	PROCESS_EVENT_BYTES = 1024, /* of the socket's buffer that one takes, at most */
};

/* --- /proc */

static bool process_is_due(const struct see *see, const struct process *process, uint32_t now_s)
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

static void process_see(struct see *see, int32_t pid, mono_ms now)
{
	struct process *process = process_find(&see->processes, pid);

	if (process_is_due(see, process, (uint32_t)(now / 1000)))
		tree_look_at(see, pid, now);
	else
		process->seen_s = (uint32_t)(now / 1000);
}

/* Who was not found is gone; whose it was may be asked for a while. */
static void process_miss(struct see *see, mono_ms now)
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

void source_process_scan(struct see *see, mono_ms now)
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
			process_see(see, (int32_t)pid, now);
	}
	process_miss(see, now);
	see->process.scan_ms = (uint32_t)(clock_mono() - began);
}

/* How long until /proc is to be looked through; 0: now. */
static mono_ms process_scan_in_ms(const struct see *see, mono_ms now)
{
	const struct source_process *p = &see->process;
	mono_ms every = p->connector.fd >= 0 && !p->scan_wanted ? SCAN_SAFETY_MS : SCAN_MS;

	if (see->units.count == 0)
		return every;
	if (every < (mono_ms)p->scan_ms * SCAN_SHARE)
		every = (mono_ms)p->scan_ms * SCAN_SHARE;
	return p->scanned == 0 || now >= p->scanned + every ? 0 : p->scanned + every - now;
}

/* Those that slept uninterruptibly when they were to be examined. */
static void process_look_at_waiting(struct see *see, mono_ms now)
{
	struct processes *processes = &see->processes;

	if (!processes->waiting || now - see->process.waited < PROCESS_WAITING_MS)
		return;
	see->process.waited = now;
	processes->waiting = false;
	for (uint32_t i = 0; i < processes->used; i++)
		if (processes->row[i].pid != 0 && !processes->row[i].ended && !processes->row[i].examined)
			tree_look_at(see, processes->row[i].pid, now);
}

void source_process_judge_anew(struct see *see)
{
	tree_forget_names(see);
	see->process.scanned = 0;
}

/* --- the connector */

static void process_on_events(void *arg, uint32_t events)
{
	struct source_process *p = arg;

	(void)events; /* the look drains it */
	p->wakes++;
}

/* A host where much is forked makes few looks of it; what waits is taken at these. */
static void process_throttle(struct see *see, mono_ms now)
{
	struct source_process *p = &see->process;

	if (now - p->wakes_since >= 1000) {
		p->wakes_since = now;
		p->wakes = 0;
		if (!p->in_loop)
			p->in_loop = loop_add(see->with.loop, p->connector.fd, EPOLLIN, process_on_events, p) == 0;
	} else if (p->in_loop && p->wakes >= SOURCE_PROCESS_WAKES_MAX) {
		loop_remove(see->with.loop, p->connector.fd);
		p->in_loop = false;
	}
}

static void process_take_event(struct see *see, const struct connector_event *event, mono_ms now)
{
	switch (event->what) {
	case CONNECTOR_FORK:
		tree_on_fork(see, event->pid, event->parent, now);
		break;
	case CONNECTOR_EXEC:
		tree_on_exec(see, event->pid, now);
		break;
	case CONNECTOR_COMM:
		tree_on_comm(see, event->pid, event->comm);
		break;
	case CONNECTOR_EXIT:
		watched_on_exit(see, event->pid, event->status, now);
		tree_on_exit(see, event->pid, event->status);
		break;
	case CONNECTOR_COREDUMP: /* its end is about to be told */
		break;
	}
}

/* One word when a storm begins to lose, one when it is over. */
static void process_tell_storm(struct see *see, mono_ms now)
{
	struct source_process *p = &see->process;

	if (p->connector.lost) {
		p->connector.lost = false;
		p->lost_at = now;
		p->scan_wanted = true;
		if (p->storm_losses++ == 0)
			diag_warning("more processes were forked than could be followed; /proc is looked through for "
				     "what was missed");
	} else if (p->storm_losses > 0 && now - p->lost_at >= PROCESS_STORM_MS) {
		diag_info("the storm of forks is over: events were lost %u %s, /proc was looked through after each",
			  p->storm_losses, p->storm_losses == 1 ? "time" : "times");
		p->storm_losses = 0;
	}
}

/* At this pace the socket's buffer is half full by then. */
static uint32_t process_filled_ms(const struct source_process *p, uint32_t n, mono_ms for_ms)
{
	uint64_t half = p->connector.buffer_bytes / PROCESS_EVENT_BYTES / 2;

	if (n == PROCESS_DRAIN_MAX)
		return SEE_NEXT_MIN_MS;
	if (for_ms < SEE_NEXT_MIN_MS)
		for_ms = SEE_NEXT_MIN_MS; /* a few at once are no pace */
	return n == 0 || half * for_ms / n > SEE_NEXT_MAX_MS ? SEE_NEXT_MAX_MS : (uint32_t)(half * for_ms / n);
}

static void process_drain(struct see *see, mono_ms now)
{
	struct source_process *p = &see->process;
	struct connector_event event;
	uint32_t n = 0;

	if (p->connector.fd < 0)
		return;
	process_throttle(see, now);
	while (n < PROCESS_DRAIN_MAX && connector_next(&p->connector, &event)) {
		process_take_event(see, &event, now);
		n++;
	}
	p->drained_next_ms = process_filled_ms(p, n, now - p->drained);
	p->drained = now;
	process_tell_storm(see, now);
}

/* --- taskstats */

static void process_drain_lives(struct see *see)
{
	struct source_process *p = &see->process;
	struct taskstats_life life;

	for (uint32_t n = 0; n < PROCESS_DRAIN_MAX && p->taskstats.fd >= 0 && taskstats_next(&p->taskstats, &life); n++) {
		const struct process *process = process_find(&see->processes, life.pid);

		if (process != NULL && process->watched)
			p->lives[p->lives_next++ % SOURCE_PROCESS_LIVES] = life;
	}
	p->taskstats.lost = false; /* some lives are not known; no death is */
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

/* --- the source */

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
	process_drain(see, now);
	process_drain_lives(see);
	/* A look that comes a little early does it: no look is made for what is left. */
	if (process_scan_in_ms(see, now) < SEE_NEXT_MIN_MS)
		source_process_scan(see, now);
	process_look_at_waiting(see, now);
	tree_settle(see, now);
	watched_look(see, now);
}

static uint32_t source_process_next_ms(const struct see *see, mono_ms now)
{
	const struct source_process *p = &see->process;

	mono_ms scan = process_scan_in_ms(see, now);

	if (see->deaths.count > 0)
		return DEATH_LOOK_MS;
	if (p->connector.fd < 0)
		return p->scanned != 0 && scan < SEE_NEXT_MAX_MS ? (uint32_t)scan : SEE_NEXT_MAX_MS;
	return p->in_loop || p->drained_next_ms < PROCESS_BUSY_MS ? p->drained_next_ms : PROCESS_BUSY_MS;
}

const struct source_ops source_process_ops = {
	.name = "process",
	.open = source_process_open,
	.look = source_process_look,
	.next_ms = source_process_next_ms,
};
