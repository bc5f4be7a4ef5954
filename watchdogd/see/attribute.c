#include "see/attribute.h"

#include <string.h>

#include "base/buffer.h"
#include "base/title.h"
#include "see/death.h"
#include "see/source.h"

static uint16_t attribute_by_pid(struct see *see, int32_t pid)
{
	const struct process *process = process_find(&see->processes, pid);

	if (process == NULL)
		return UNIT_NONE;
	return process->unit != UNIT_NONE ? process->unit : process->kin;
}

/* memory.events counts for all above, too: the deepest is whose it is. */
static uint16_t attribute_by_rise(struct see *see, mono_ms before)
{
	uint16_t found = UNIT_NONE;
	size_t longest = 0;

	for (uint32_t i = 0; i < see->units.count && see->attribution.risen; i++) {
		const struct unit *unit = unit_at(see, i);
		size_t n = strlen(unit->path) + 1;

		if (unit->kills_open <= 0 || unit->kills_at > before || n <= longest)
			continue;
		found = see->units.at[i];
		longest = n;
	}
	return found;
}

/* So many kills of the unit are told: its counter, and those above it, need tell them no more. */
static void attribute_explain(struct see *see, uint16_t row, int64_t kills, mono_ms now)
{
	struct unit *of = &see->units.row[row];

	for (uint32_t i = 0; i < see->units.count; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->kind == CONFIG_MATCH ||
		    (unit != of && !unit_path_holds(unit->path, of->path)))
			continue;
		unit->kills_open -= kills;
		unit->kills_at = now;
	}
	of->oom_kills += (uint64_t)kills;
	see->attribution.risen = true;
}

static void attribute_read_all(struct see *see)
{
	for (uint32_t i = 0; i < see->units.count; i++)
		unit_at(see, i)->woken = true;
}

bool attribute_add(struct see *see, const struct attribute_kill *kill, const char *task_memcg,
		   mono_ms now)
{
	struct attribution *attribution = &see->attribution;
	struct attribute_waiting *waiting;

	if (attribution->count == ATTRIBUTE_KILLS_MAX)
		return false;
	if (!kill->before_start)
		attribution->known[attribution->known_next++ % ATTRIBUTE_KNOWN] =
			(struct attribute_known){kill->pid, now, kill->bytes};
	waiting = &attribution->waiting[attribution->count++];
	waiting->kill = *kill;
	waiting->at = now;
	waiting->unit = unit_by_path(see, task_memcg);
	/* Who has the pid now is not who had it then. */
	if (waiting->unit == UNIT_NONE && !kill->before_start)
		waiting->unit = attribute_by_pid(see, kill->pid);
	if (kill->before_start)
		return true;
	if (waiting->unit != UNIT_NONE)
		attribute_explain(see, waiting->unit, 1, now);
	/* Its counter, and those above it, are to be read though nothing else has moved. */
	attribute_read_all(see);
	return true;
}

bool attribute_was_killed(const struct see *see, int32_t pid, mono_ms since, uint64_t *bytes)
{
	for (uint32_t i = 0; i < ATTRIBUTE_KNOWN; i++) {
		const struct attribute_known *known = &see->attribution.known[i];

		if (known->pid != pid || known->at < since)
			continue;
		*bytes = known->bytes;
		return true;
	}
	return false;
}

void attribute_rise(struct see *see, struct unit *unit, uint64_t kills, mono_ms now)
{
	if (unit->kills_open < 0 && now - unit->kills_at > ATTRIBUTE_STALE_MS)
		unit->kills_open = 0;
	unit->kills_open += (int64_t)kills;
	unit->kills_at = unit->kills_rose_at = now;
	see->attribution.risen = true;
}

static uint32_t attribute_index(const struct see *see, uint16_t row)
{
	return row == UNIT_NONE ? CONFIG_NONE : see->units.row[row].index;
}

/* Who has the pid now is not who had it before the start. */
static void attribute_add_title(struct see *see, const struct attribute_waiting *waiting, struct event *event)
{
	const struct attribute_kill *kill = &waiting->kill;
	struct buffer b;

	BUFFER_OVER(&b, event->title);
	death_add_oom_title(see, kill->before_start ? 0 : kill->pid, kill->comm, kill->bytes, waiting->at, &b);
	title_bound(event->title);
}

/* Tell a kill. False: not now, it is waited for or the queue is full. */
static bool attribute_tell(struct see *see, struct attribute_waiting *waiting, mono_ms now)
{
	struct event *event;
	struct buffer b;

	if (waiting->unit == UNIT_NONE && !waiting->kill.before_start) {
		waiting->unit = attribute_by_rise(see, now);
		if (waiting->unit != UNIT_NONE)
			attribute_explain(see, waiting->unit, 1, now);
		else if (now - waiting->at < ATTRIBUTE_WAIT_MS)
			return false;
	}
	if (see->with.events->count == EVENTS_MAX)
		return false;
	event = event_add(see->with.events, EVENT_OOM_KILL, attribute_index(see, waiting->unit),
			  waiting->at);
	event->before_start = waiting->kill.before_start;
	event->pid = waiting->kill.pid;
	memcpy(event->comm, waiting->kill.comm, sizeof(event->comm));
	BUFFER_OVER(&b, event->text);
	buffer_add(&b, waiting->kill.text);
	if (!waiting->kill.before_start)
		death_add_facts(see, waiting->kill.pid, waiting->at, &b);
	buffer_add(&b, waiting->kill.trigger);
	attribute_add_title(see, waiting, event);
	return true;
}

static void attribute_tell_rise(struct see *see, uint16_t row, mono_ms now)
{
	struct unit *unit = &see->units.row[row];
	int64_t kills = unit->kills_open;
	struct event *event =
		event_add(see->with.events, EVENT_OOM_KILL, unit->index, unit->kills_at);
	struct buffer b;

	if (event != NULL) {
		BUFFER_OVER(&b, event->text);
		buffer_addf(
			&b,
			"the kernel's OOM killer killed %lld %s of cgroup /%.200s (by its oom_kill; the "
			"kernel's log does not say which)",
			(long long)kills, kills == 1 ? "process" : "processes", unit->path);
		BUFFER_OVER(&b, event->title);
		buffer_addf(&b, "%lld %s killed by the OOM killer", (long long)kills,
			    kills == 1 ? "process" : "processes");
	}
	attribute_explain(see, row, kills, now);
}

/* Whose counter ran behind or ahead for good. */
static void attribute_settle(struct see *see, mono_ms now)
{
	bool open = false;

	for (uint32_t i = 0; i < see->units.count; i++) {
		struct unit *unit = unit_at(see, i);

		if (unit->kills_open < 0 && now - unit->kills_at > ATTRIBUTE_STALE_MS)
			unit->kills_open = 0;
		open |= unit->kills_open != 0;
	}
	see->attribution.risen = open;
}

void attribute_look(struct see *see, bool log_is_blind, mono_ms now)
{
	struct attribution *attribution = &see->attribution;
	uint32_t wait_ms = log_is_blind ? 0 : ATTRIBUTE_WAIT_MS, kept = 0;
	uint16_t row;

	for (uint32_t i = 0; i < attribution->count; i++)
		if (!attribute_tell(see, &attribution->waiting[i], now))
			attribution->waiting[kept++] = attribution->waiting[i];
	attribution->count = kept;
	if (!attribution->risen)
		return;
	while (now > wait_ms && see->with.events->count < EVENTS_MAX &&
	       (row = attribute_by_rise(see, now - wait_ms)) != UNIT_NONE)
		attribute_tell_rise(see, row, now);
	attribute_settle(see, now);
}

void attribute_forget_unit(struct see *see, uint16_t row)
{
	for (uint32_t i = 0; i < see->attribution.count; i++)
		if (see->attribution.waiting[i].unit == row)
			see->attribution.waiting[i].unit = UNIT_NONE;
}
