#include "see/see.h"

#include <string.h>
#include <sys/resource.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "see/choose.h"
#include "see/hour.h"
#include "see/source.h"
#include "see/tree.h"

static const struct source_ops *const see_sources[SOURCES] = {
	[SOURCE_MEMINFO] = &source_meminfo_ops, [SOURCE_PSI] = &source_psi_ops,
	[SOURCE_PROCESS] = &source_process_ops,
	[SOURCE_CGROUP] = &source_cgroup_ops,   [SOURCE_MATCH] = &source_match_ops,
	[SOURCE_KMSG] = &source_kmsg_ops,     [SOURCE_IDLE] = &source_idle_ops,
	[SOURCE_SWAPS] = &source_swaps_ops,
};

enum { SEE_WARM_KILLS = 12 };

static struct see see_one;

static void see_tell_blind(struct see *see)
{
	struct buffer b;

	BUFFER_OVER(&b, see->with.state->blind);
	for (int i = 0; i < SOURCES; i++)
		if (see->blind[i][0] != '\0')
			buffer_addf(&b, "%s%s: %s", b.len > 0 ? "; " : "", see_sources[i]->name,
				    see->blind[i]);
}

void see_blind(struct see *see, enum source_id source, const char *what, int error)
{
	char why[SEE_WHY_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, why);
	buffer_add(&b, what);
	if (error != 0)
		buffer_addf(&b, ": %s", diag_errno(error));
	if (strcmp(why, see->blind[source]) == 0)
		return;
	memcpy(see->blind[source], why, sizeof(why));
	diag_warning("source %s is blind: %s; what needs it is unknown", see_sources[source]->name,
		     why);
	see_tell_blind(see);
}

void see_sees(struct see *see, enum source_id source)
{
	if (see->blind[source][0] == '\0')
		return;
	see->blind[source][0] = '\0';
	diag_info("source %s sees again", see_sources[source]->name);
	see_tell_blind(see);
}

/* A unit takes up to nine descriptors, a watched process one. */
static void see_raise_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
		diag_debug("the limit of open files stays as it is");
}

struct see *see_open(const struct see_with *with)
{
	struct see *see = &see_one;

	see->with = *with;
	memset(see->blind, 0, sizeof(see->blind));
	/* Its first pages are there before the first kill is: under thrash a page is hard to get. */
	memset(see->attribution.waiting, 0, SEE_WARM_KILLS * sizeof(see->attribution.waiting[0]));
	memset(see->attribution.known, 0, sizeof(see->attribution.known));
	unit_init(&see->units);
	see_raise_limit();

	for (int i = 0; i < SOURCES; i++)
		see_sources[i]->open(see);
	see_config(see, with->config);
	return see;
}

void see_look(struct see *see, mono_ms now)
{
	for (int i = 0; i < SOURCES; i++)
		see_sources[i]->look(see, now);
	hour_look(see->with.state, now);
	choose_settle(see, now); /* who was found in a cgroup just now */
	death_look(see, now);
	liveness_look(see, now);
}

mono_ms see_unit_alive_since(const struct see *see, uint32_t unit)
{
	return see->units.row[see->units.at[unit]].watched.alive_since;
}

mono_ms see_unit_stopped_down_at(const struct see *see, uint32_t unit)
{
	return see->units.row[see->units.at[unit]].liveness.purpose.down_stop_at;
}

void see_unit_take_persons_stop(struct see *see, uint32_t unit, mono_ms now)
{
	purpose_take_persons_stop(see, unit_at(see, unit), now);
}

void see_hold_events(struct see *see, bool wait)
{
	see->kmsg.events_wait = wait;
}

uint32_t see_next_ms(const struct see *see, mono_ms now)
{
	uint32_t next = liveness_next_ms(see, now);

	for (int i = 0; i < SOURCES; i++) {
		uint32_t ms =
			see_sources[i]->next_ms != NULL ? see_sources[i]->next_ms(see, now) : next;

		next = ms < next ? ms : next;
	}
	return next > SEE_NEXT_MIN_MS ? next : SEE_NEXT_MIN_MS;
}

/* An index of the config before means nothing in the new one: events that wait are found again by the key of
 * their unit; those of one that left go with it. */
static void see_carry_events(struct see *see, const uint64_t *key)
{
	struct event_queue *events = see->with.events;
	uint32_t kept = 0;

	for (uint32_t i = 0; i < events->count; i++) {
		uint32_t unit = 0;

		while (key[i] != 0 && unit < see->units.count && unit_at(see, unit)->key != key[i])
			unit++;
		if (key[i] != 0 && unit == see->units.count)
			continue;
		events->event[kept] = events->event[i];
		events->event[kept++].unit = key[i] != 0 ? unit : CONFIG_NONE;
	}
	events->count = kept;
}

void see_config(struct see *see, const struct config *config)
{
	const struct event_queue *events = see->with.events;
	uint64_t key[EVENTS_MAX] = {0};

	for (uint32_t i = 0; i < events->count; i++)
		key[i] = events->event[i].unit != CONFIG_NONE ? unit_at(see, events->event[i].unit)->key : 0;
	unit_config(see, config);
	liveness_config(see);
	source_idle_config(see);
	see_carry_events(see, key);
}

void see_report(struct see *see, const struct message *report, mono_ms now)
{
	if (report->type == MESSAGE_READ) {
		reader_answer(see, report->id);
		return;
	}
	for (uint32_t i = 0; i < see->units.count; i++)
		if (see->livenesses.id[i] == report->id) {
			liveness_report(see, unit_at(see, i), report, now);
			return;
		}
}

bool see_next_question(struct see *see, uint64_t *id)
{
	return liveness_next_question(see, id);
}

bool see_next_reader_question(struct see *see, uint64_t *number)
{
	return reader_next_question(see, number);
}

bool see_reader_hangs(struct see *see)
{
	return reader_hangs(see);
}

void see_reader_up(struct see *see, mono_ms now)
{
	reader_up(see, now);
}

int see_unit_dir(struct see *see, uint32_t unit, enum see_dir dir)
{
	const struct unit *u = unit_at(see, unit);

	if (dir == SEE_DIR_V1_FREEZER)
		return unit_is_in_freezer(u) ? u->dir[UNIT_DIR_FREEZER] : -1;
	if (see->layout.kind == CGROUP_V2)
		return u->dir[UNIT_DIR_MAIN];
	/* Beside v1: only if the unit's processes are in that one too. */
	return u->populated ? u->dir[UNIT_DIR_UNIFIED] : -1;
}

const char *see_unit_path(struct see *see, uint32_t unit)
{
	return unit_at(see, unit)->path;
}

/* In place: only who is alive and a program. */
static int see_keep_living(struct see *see, int32_t *pids, int n)
{
	struct procfs_stat stat;
	int kept = 0;

	for (int i = 0; i < n; i++)
		if (procfs_read_stat(see->processes.proc, pids[i], &stat) == 0 &&
		    procfs_is_alive(&stat) && !procfs_is_kernel(&stat))
			pids[kept++] = pids[i];
	return kept;
}

int see_unit_pids(struct see *see, uint32_t unit, int32_t *pids, int max)
{
	struct unit *u = unit_at(see, unit);

	if (u->kind == CONFIG_MATCH)
		return see_keep_living(see, pids, source_match_pids(see, u, pids, max));
	if (!unit_is_open(u) && !unit_open(see, u, clock_mono()))
		return 0;
	return see_keep_living(
		see, pids, process_of_cgroup(&see->processes, u->dir[UNIT_DIR_MAIN], pids, max));
}

bool see_unit_holds(struct see *see, uint32_t unit, int32_t pid)
{
	return tree_is_in(see, unit_at(see, unit), pid);
}

void see_swap_refresh(struct see *see, mono_ms now)
{
	source_swaps_refresh(see, now);
}

void see_unit_refresh(struct see *see, uint32_t unit, mono_ms now)
{
	struct unit *u = unit_at(see, unit);

	if (u->kind == CONFIG_MATCH)
		source_match_refresh(see, u, now);
	else
		source_cgroup_refresh(see, u, now);
	unit_publish(see, u);
}
