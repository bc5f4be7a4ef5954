/* Source idle: is a unit used? A unit that is not running, is frozen, or that systemd or we are at is judged anew
 * from when that is over. */
#include "see/source_idle.h"

#include <fcntl.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/root.h"
#include "see/source.h"

enum {
	IDLE_PACE_MS = 5000,     /* from one look at a unit to the next; at least five within its `idle` */
	IDLE_PACE_LEAST_MS = 1000,
	IDLE_LATE_MS = 2000,     /* a look that comes later than that after its pace: nobody watched since the last one */
	IDLE_ROUND_UNIT_MS = 10, /* a round is as much later for each unit that it is about: 1 % of a core */
	IDLE_ROUND_FAR_MS = 1000, /* ... and for each that has a network namespace of its own */
	IDLE_CORE_PARTS = 100,   /* less than this part of a core's time is none */
	IDLE_EVENTS_MAX = 8,     /* in IDLE_EVENTS_MS: many at once would take the room of deaths */
	IDLE_EVENTS_MS = 10000,
	IDLE_CONFIRM_STEPS = 16, /* of one round at once; a host with some 40000 connections needs more */
};

static struct idle_unit *idle_of(struct see *see, uint32_t index)
{
	return &see->idle.row[see->units.at[index]];
}

static struct state_unit *idle_row(const struct see *see, uint32_t index)
{
	return &see->with.state->unit[index];
}

static uint32_t idle_pace_ms(const struct idle_unit *idle)
{
	uint32_t ms = idle->idle_ms / 5;

	return ms < IDLE_PACE_LEAST_MS ? IDLE_PACE_LEAST_MS : ms > IDLE_PACE_MS ? IDLE_PACE_MS : ms;
}

/* What was seen so far counts no more. */
static void idle_begin_anew(struct see *see, uint32_t index)
{
	struct idle_unit *idle = idle_of(see, index);

	idle->sampled_at = idle->quiet_since = idle->free_since = idle->checked_at = 0;
	idle->told = idle->connected = false;
	see->idle.sockets.seen[see->units.at[index]] = SOCKETS_NOT_ASKED;
}

static bool idle_may_judge(const struct see *see, uint32_t index)
{
	const struct state_unit *row = idle_row(see, index);

	return row->status == STATE_UNIT_RUNNING && row->busy == 0 && !row->systemd_at_it;
}

/* --- CPU ------------------------------------------------------------------------------------------ */

/* Nobody watched from `sampled_at` on: that time counts neither as use nor as unused. */
static void idle_pass_over(struct idle_unit *idle, mono_ms now)
{
	mono_ms gap = now - idle->sampled_at;

	idle->quiet_since += idle->quiet_since != 0 ? gap : 0;
	idle->free_since += idle->free_since != 0 ? gap : 0;
	idle->free_since = idle->free_since < now ? idle->free_since : now;
	idle->sampled_at = now;
}

/* Less than before: of a sum a process has ended, whose time is its parent's from now on, or nobody's. A long time that
 * nobody watched excuses no more than a pace does: it may have been used all at once. */
static bool idle_is_quiet(const struct idle_unit *idle, uint64_t us, mono_ms now)
{
	mono_ms span = now - idle->sampled_at, least = idle_pace_ms(idle), most = least + IDLE_LATE_MS;

	span = span < least ? least : span > most ? most : span;
	return idle->sampled_at != 0 && us >= idle->used_us && us - idle->used_us < span * 1000 / IDLE_CORE_PARTS;
}

/* When it is due; at_once: now, and what it has used since the last time is held against a whole pace. */
static void idle_sample(struct see *see, uint32_t index, mono_ms now, bool at_once)
{
	struct idle_unit *idle = idle_of(see, index);
	struct cputime before = idle->cpu;
	bool early = idle->sampled_at != 0 && now - idle->sampled_at < idle_pace_ms(idle);
	bool known, quiet;
	uint64_t us = 0;

	if (early && !at_once)
		return;
	known = cputime_read(see, unit_at(see, index), see->idle.cpuacct, &idle->cpu, &us);
	if (!known || idle->cpu.kind != before.kind || idle->cpu.cgroup_id != before.cgroup_id)
		idle_begin_anew(see, index);
	quiet = idle_is_quiet(idle, us, now);
	if (early && quiet)
		return; /* the rest of the pace is still to come */
	if (idle->sampled_at != 0 && now - idle->sampled_at > idle_pace_ms(idle) + IDLE_LATE_MS)
		idle_pass_over(idle, now);
	if (!quiet)
		idle->quiet_since = idle->free_since = 0; /* nobody looks at its connections until it is quiet again */
	else if (idle->quiet_since == 0)
		idle->quiet_since = idle->sampled_at;
	idle->sampled_at = known ? now : 0;
	idle->used_us = known ? us : 0;
}

/* --- connections ---------------------------------------------------------------------------------- */

static void idle_tell_unknown(struct see *see, uint32_t index, const char *why)
{
	struct idle_unit *idle = idle_of(see, index);

	if (!idle->unknown_told)
		diag_event(SEVERITY_WARNING, NULL, config_unit_at(see->with.config, index)->name,
			   "whether it has connections is not known, so it does not count as unused: %s", why);
	idle->unknown_told = true;
}

static void idle_take_round(struct see *see, uint32_t index)
{
	struct idle_unit *idle = idle_of(see, index);
	uint8_t *seen = &see->idle.sockets.seen[see->units.at[index]];
	const char *why = sockets_why_unknown((enum sockets_seen)*seen);

	if (*seen == SOCKETS_NOT_ASKED)
		return;
	idle->connected = *seen == SOCKETS_CONNECTED;
	idle->checked_at = see->idle.sockets.began;
	if (*seen != SOCKETS_NONE)
		idle->free_since = 0;
	else if (idle->free_since == 0)
		idle->free_since = see->idle.sockets.began;
	if (why != NULL)
		idle_tell_unknown(see, index, why);
	*seen = SOCKETS_NOT_ASKED;
}

/* Ask about those that the CPU says nothing against. How many. */
static uint32_t idle_ask(struct see *see)
{
	uint32_t asked = 0;

	for (uint32_t i = 0; i < see->units.count; i++) {
		if (idle_of(see, i)->key == 0 || idle_of(see, i)->quiet_since == 0)
			continue;
		see->idle.sockets.seen[see->units.at[i]] = SOCKETS_NONE;
		asked++;
	}
	return asked;
}

static void idle_round(struct see *see, mono_ms now)
{
	struct source_idle *s = &see->idle;

	if (!s->sockets.open) {
		mono_ms cost = s->asked * IDLE_ROUND_UNIT_MS + s->sockets.fars * IDLE_ROUND_FAR_MS;
		mono_ms every = cost > s->every ? cost : s->every;

		if (s->sockets.began != 0 && now - s->sockets.began < every)
			return;
		s->asked = idle_ask(see);
		if (s->asked == 0)
			return;
		sockets_begin(&s->sockets, now);
	}
	if (!sockets_step(see, &s->sockets, now))
		return;
	for (uint32_t i = 0; i < see->units.count; i++)
		idle_take_round(see, i);
}

/* --- what follows --------------------------------------------------------------------------------- */

/* 0: it is used, or it is not known whether it is. */
static mono_ms idle_unused_since(const struct idle_unit *idle)
{
	if (idle->quiet_since == 0 || idle->free_since == 0)
		return 0;
	return idle->quiet_since > idle->free_since ? idle->quiet_since : idle->free_since;
}

/* So long, by what was seen last: the time since then is not known yet. */
static bool idle_was_unused_for(const struct idle_unit *idle, mono_ms since, mono_ms ms)
{
	mono_ms at = idle->sampled_at < idle->checked_at ? idle->sampled_at : idle->checked_at;

	return since != 0 && at >= since && at - since >= ms;
}

/* There is room for one more now; otherwise it is told later. */
static bool idle_may_tell(struct source_idle *s, mono_ms now)
{
	if (now - s->events_since >= IDLE_EVENTS_MS) {
		s->events_since = now;
		s->events = 0;
	}
	return s->events < IDLE_EVENTS_MAX;
}

static void idle_tell(struct see *see, uint32_t index, mono_ms since, mono_ms now)
{
	struct event *event =
		idle_may_tell(&see->idle, now) ? event_add(see->with.events, EVENT_IDLE, index, now) : NULL;
	char span[32];
	struct buffer b;

	if (event == NULL)
		return; /* at a later look */
	see->idle.events++;
	idle_of(see, index)->told = true;
	(void)clock_format_span(now - since, span);
	BUFFER_OVER(&b, event->text);
	buffer_addf(&b, "not used for %s: under 1 %% of a core, no TCP connection", span);
	BUFFER_OVER(&b, event->title);
	buffer_addf(&b, "not used for %s", span);
}

static void idle_judge(struct see *see, uint32_t index, mono_ms now)
{
	struct idle_unit *idle = idle_of(see, index);
	mono_ms since = idle_unused_since(idle);
	struct state_unit *row = idle_row(see, index);
	bool used = idle->sampled_at != 0 && (idle->quiet_since == 0 || idle->connected);

	row->unused_since = since;
	row->use = (uint8_t)(since != 0 ? STATE_USE_UNUSED : used ? STATE_USE_USED : STATE_USE_UNKNOWN);
	if (since == 0)
		idle->told = false;
	else if (!idle->told && idle_was_unused_for(idle, since, idle->idle_ms))
		idle_tell(see, index, since, now);
}

static void source_idle_look(struct see *see, mono_ms now)
{
	if (see->idle.units == 0)
		return;
	for (uint32_t i = 0; i < see->units.count; i++) {
		if (idle_of(see, i)->key == 0)
			continue;
		if (idle_may_judge(see, i))
			idle_sample(see, i, now, false);
		else
			idle_begin_anew(see, i);
	}
	idle_round(see, now);
	for (uint32_t i = 0; i < see->units.count; i++)
		if (idle_of(see, i)->key != 0)
			idle_judge(see, i, now);
}

bool see_unit_is_unused(struct see *see, uint32_t unit, mono_ms now)
{
	struct idle_unit *idle = idle_of(see, unit);
	struct source_idle *s = &see->idle;
	mono_ms since;
	bool over = false;

	if (idle->key == 0 || !idle_may_judge(see, unit))
		return false;
	/* What was found used a moment ago is not looked at anew at each look: rounds of others are given up for it. */
	if (idle->found_used_at != 0 && now - idle->found_used_at < idle_pace_ms(idle))
		return false;
	idle_sample(see, unit, now, true);
	if (idle->quiet_since != 0) {
		memset(s->sockets.seen, SOCKETS_NOT_ASKED, s->rows); /* a round under way is given up: the next comes soon */
		s->sockets.seen[see->units.at[unit]] = SOCKETS_NONE;
		sockets_begin(&s->sockets, now);
		for (int i = 0; i < IDLE_CONFIRM_STEPS && !over; i++)
			over = sockets_step(see, &s->sockets, now);
		if (!over)
			sockets_give_up(&s->sockets);
		idle_take_round(see, unit);
	}
	idle_judge(see, unit, now);
	since = idle_unused_since(idle);
	idle->found_used_at = since != 0 && now - since >= idle->idle_ms ? 0 : now;
	return idle->found_used_at == 0;
}

static uint32_t source_idle_next_ms(const struct see *see, mono_ms now)
{
	(void)now;
	return see->idle.sockets.open ? SEE_NEXT_MIN_MS : SEE_NEXT_MAX_MS;
}

/* --- config --------------------------------------------------------------------------------------- */

static void idle_free_row(struct idle_unit *idle)
{
	cputime_close(&idle->cpu);
	idle->key = 0;
}

static void idle_config_unit(struct see *see, uint32_t index)
{
	const struct config_unit *config = config_unit_at(see->with.config, index);
	struct idle_unit *idle = idle_of(see, index);
	uint64_t key = unit_at(see, index)->key;

	if (idle->key != 0 && (idle->key != key || config->idle_ms == 0))
		idle_free_row(idle);
	if (config->idle_ms == 0)
		return;
	if (idle->key == 0) {
		*idle = (struct idle_unit){.key = key};
		cputime_init(&idle->cpu);
		idle_begin_anew(see, index);
	}
	/* Whose rule is new is told what holds already. */
	if (config->stop_when_idle != 0 && !idle->stops)
		idle->told = false;
	idle->stops = config->stop_when_idle != 0;
	idle->idle_ms = config->idle_ms;
	see->idle.units++;
	if (idle_pace_ms(idle) < see->idle.every)
		see->idle.every = idle_pace_ms(idle);
}

void source_idle_config(struct see *see)
{
	struct source_idle *s = &see->idle;
	bool used[UNITS_MAX] = {false};

	s->units = 0;
	s->every = IDLE_PACE_MS;
	for (uint32_t i = 0; i < see->units.count; i++) {
		used[see->units.at[i]] = true;
		idle_config_unit(see, i);
		if (see->units.at[i] >= s->rows)
			s->rows = see->units.at[i] + 1u;
	}
	for (uint32_t i = 0; i < s->rows; i++) {
		if (!used[i] && s->row[i].key != 0)
			idle_free_row(&s->row[i]);
		s->sockets.seen[i] = SOCKETS_NOT_ASKED; /* a round under way is about nobody from now on */
	}
}

static void source_idle_open(struct see *see)
{
	const struct config *config = see->with.config;
	bool wanted = false;

	for (uint32_t i = 0; i < config->units.count; i++)
		wanted = wanted || config_unit_at(config, i)->idle_ms != 0;
	for (uint32_t i = 0; i < see->idle.rows; i++)
		if (see->idle.row[i].key != 0)
			idle_free_row(&see->idle.row[i]);
	see->idle.events_since = 0;
	see->idle.cpuacct = root_open("/sys/fs/cgroup/cpuacct", O_RDONLY | O_DIRECTORY);
	sockets_open(see, &see->idle.sockets, wanted);
}

const struct source_ops source_idle_ops = {
	.name = "idle",
	.open = source_idle_open,
	.look = source_idle_look,
	.next_ms = source_idle_next_ms,
};
