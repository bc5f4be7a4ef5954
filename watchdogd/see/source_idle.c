/* Source idle: is a unit used? A unit that is not running, is frozen, or that systemd or we are at is judged anew
 * from when that is over. */
#include "see/source_idle.h"

#include <fcntl.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/root.h"
#include "see/source.h"

enum {
	IDLE_PACE_MS = 5000,     /* from one look at a unit to the next; at least five within its `idle` */
	IDLE_PACE_LEAST_MS = 1000,
	IDLE_ROUND_UNIT_MS = 10, /* a round is as much later for each unit that it is about: 1 % of a core */
	IDLE_CORE_PARTS = 100,   /* less than this part of a core's time is none */
	IDLE_EVENTS_MAX = 8,     /* in IDLE_EVENTS_MS: many at once would take the room of deaths */
	IDLE_EVENTS_MS = 10000,
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

	idle->sampled_at = idle->quiet_since = idle->free_since = 0;
	idle->told = idle->connected = false;
	see->idle.sockets.seen[see->units.at[index]] = SOCKETS_NOT_ASKED;
}

static bool idle_may_judge(const struct see *see, uint32_t index)
{
	const struct state_unit *row = idle_row(see, index);

	return row->status == STATE_UNIT_RUNNING && row->busy == 0 && !row->systemd_at_it;
}

/* --- CPU ------------------------------------------------------------------------------------------ */

static void idle_sample(struct see *see, uint32_t index, mono_ms now)
{
	struct idle_unit *idle = idle_of(see, index);
	struct cputime before = idle->cpu;
	bool known, quiet;
	uint64_t us = 0;

	if (idle->sampled_at != 0 && now - idle->sampled_at < idle_pace_ms(idle))
		return;
	known = cputime_read(see, unit_at(see, index), see->idle.cpuacct, &idle->cpu, &us);
	if (!known || idle->cpu.kind != before.kind || idle->cpu.cgroup_id != before.cgroup_id)
		idle_begin_anew(see, index);
	/* Less than before: of a sum a process has ended, whose time is its parent's from now on, or nobody's. */
	quiet = idle->sampled_at != 0 && us >= idle->used_us &&
		us - idle->used_us < (now - idle->sampled_at) * 1000 / IDLE_CORE_PARTS;
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
		mono_ms every = s->every;

		every = s->asked * IDLE_ROUND_UNIT_MS > every ? s->asked * IDLE_ROUND_UNIT_MS : every;
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
	else if (!idle->told && now - since >= idle->idle_ms)
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
			idle_sample(see, i, now);
		else
			idle_begin_anew(see, i);
	}
	idle_round(see, now);
	for (uint32_t i = 0; i < see->units.count; i++)
		if (idle_of(see, i)->key != 0)
			idle_judge(see, i, now);
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
