/* The metrics of units and of rules: a family after the other, each over all rows of the page. */
#include "config/config.h"
#include "share/metrics_parts.h"

static const char *const metrics_kinds[] = {
	[CONFIG_SYSTEMD] = "systemd",
	[CONFIG_CGROUP] = "cgroup",
	[CONFIG_MATCH] = "match",
};

static const char *const metrics_statuses[] = {
	[STATE_UNIT_UNSEEN] = "unseen",
	[STATE_UNIT_RUNNING] = "running",
	[STATE_UNIT_INACTIVE] = "inactive",
	[STATE_UNIT_FROZEN] = "frozen",
};

static const char *const metrics_alive_states[] = {
	[STATE_ALIVE_UNKNOWN] = "unknown",
	[STATE_ALIVE] = "alive",
	[STATE_MISSING] = "missing",
	[STATE_DEAD] = "dead",
	[STATE_STOPPED] = "stopped",
};

static const char *const metrics_marks[] = {
	[STATE_MARK_STOPPED] = "stopped",
	[STATE_MARK_FROZEN] = "frozen",
	[STATE_MARK_CAPPED] = "capped",
};

static const char *const metrics_causes[] = {
	[STATE_DEATH_OOM] = "oom",
	[STATE_DEATH_SIGNAL] = "signal",
	[STATE_DEATH_CRASH] = "crash",
	[STATE_DEATH_EXIT] = "exit",
	[STATE_DEATH_ASKED] = "asked",
};
_Static_assert(ARRAY_LEN(metrics_causes) == STATE_DEATHS, "a word for each cause");

static const struct {
	enum reading_unit reading;
	const char *name;
} metrics_memory_events[] = {
	{UNIT_EVENTS_LOW, "low"},           {UNIT_EVENTS_HIGH, "high"},
	{UNIT_EVENTS_MAX, "max"},           {UNIT_EVENTS_OOM, "oom"},
	{UNIT_EVENTS_OOM_KILL, "oom_kill"}, {UNIT_EVENTS_OOM_GROUP_KILL, "oom_group_kill"},
};

/* A sample for each word: 1 for that of `value`, 0 for the others. */
static void metrics_words(struct openmetrics *om, const struct state_unit *unit, const char *label,
			  const char *const *words, size_t count, unsigned value)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] != NULL)
			openmetrics_sample(om, value == i, 0,
					   OPENMETRICS_LABELS("unit", unit->name, label, words[i]));
}

/* --- one unit in one family --- */

static void metrics_unit_info(struct openmetrics *om, const struct state_unit *unit)
{
	if (unit->kind < ARRAY_LEN(metrics_kinds))
		openmetrics_sample(om, 1, 0,
				   OPENMETRICS_LABELS("unit", unit->name, "kind", metrics_kinds[unit->kind]));
}

static void metrics_unit_memory(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_bytes(om, &unit->readings[UNIT_MEMORY], unit->name);
}

static void metrics_unit_memory_limit(struct openmetrics *om, const struct state_unit *unit)
{
	const struct state_reading *memory = &unit->readings[UNIT_MEMORY];

	if (memory->known == STATE_KNOWN && memory->total > 0)
		openmetrics_sample(om, memory->total, 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_anon(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_bytes(om, &unit->readings[UNIT_ANON], unit->name);
}

static void metrics_unit_peak(struct openmetrics *om, const struct state_unit *unit)
{
	if (unit->peak_bytes > 0)
		openmetrics_sample(om, metrics_count(unit->peak_bytes), 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_swap(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_bytes(om, &unit->readings[UNIT_SWAP], unit->name);
}

static void metrics_unit_growth(struct openmetrics *om, const struct state_unit *unit)
{
	const struct state_reading *growth = &unit->readings[UNIT_GROWTH];

	if (growth->known == STATE_KNOWN) /* is of a minute */
		openmetrics_sample(om, growth->value / 60, 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_exhausted(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_until(om, &unit->readings[UNIT_EXHAUSTED_IN], unit->name);
}

static void metrics_unit_pressure(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_pressure(om, &unit->readings[UNIT_PRESSURE_SOME], unit->name);
}

static void metrics_unit_memory_events(struct openmetrics *om, const struct state_unit *unit)
{
	for (size_t i = 0; i < ARRAY_LEN(metrics_memory_events); i++) {
		const struct state_reading *reading = &unit->readings[metrics_memory_events[i].reading];

		if (reading->known == STATE_KNOWN)
			openmetrics_sample(om, reading->value, 0,
					   OPENMETRICS_LABELS("unit", unit->name,
							      "event", metrics_memory_events[i].name));
	}
}

static void metrics_unit_processes(struct openmetrics *om, const struct state_unit *unit)
{
	if (unit->status != STATE_UNIT_UNSEEN)
		openmetrics_sample(om, unit->processes, 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_watched(struct openmetrics *om, const struct state_unit *unit)
{
	if (unit->alive != STATE_ALIVE_UNKNOWN)
		openmetrics_sample(om, unit->watched, 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_status(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_words(om, unit, "status", metrics_statuses, ARRAY_LEN(metrics_statuses), unit->status);
}

static void metrics_unit_alive_state(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_words(om, unit, "state", metrics_alive_states, ARRAY_LEN(metrics_alive_states), unit->alive);
}

static void metrics_unit_mark(struct openmetrics *om, const struct state_unit *unit)
{
	metrics_words(om, unit, "mark", metrics_marks, ARRAY_LEN(metrics_marks), unit->mark);
}

static void metrics_unit_deaths(struct openmetrics *om, const struct state_unit *unit)
{
	for (size_t i = 0; i < STATE_DEATHS; i++)
		openmetrics_sample(om, unit->death_causes[i], 0,
				   OPENMETRICS_LABELS("unit", unit->name, "cause", metrics_causes[i]));
}

static void metrics_unit_oom_kills(struct openmetrics *om, const struct state_unit *unit)
{
	openmetrics_sample(om, metrics_count(unit->oom_kills), 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_last_death(struct openmetrics *om, const struct state_unit *unit)
{
	if (unit->died != 0)
		openmetrics_sample(om, metrics_count(unit->died), 3, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_restarts(struct openmetrics *om, const struct state_unit *unit)
{
	openmetrics_sample(om, unit->restarts, 0, OPENMETRICS_LABELS("unit", unit->name));
}

static void metrics_unit_unused(struct openmetrics *om, const struct state_unit *unit, mono_ms now)
{
	bool unused = unit->use == STATE_USE_UNUSED && unit->unused_since != 0;

	if (unused || unit->use == STATE_USE_USED)
		openmetrics_sample(om, unused ? metrics_age_ms(unit->unused_since, now) : 0, 3,
				   OPENMETRICS_LABELS("unit", unit->name));
}

/* --- all of them --- */

static const struct {
	enum metrics_family family;
	void (*write)(struct openmetrics *om, const struct state_unit *unit);
} metrics_unit_families[] = {
	{METRICS_UNIT, metrics_unit_info},
	{METRICS_UNIT_MEMORY, metrics_unit_memory},
	{METRICS_UNIT_MEMORY_LIMIT, metrics_unit_memory_limit},
	{METRICS_UNIT_ANON, metrics_unit_anon},
	{METRICS_UNIT_PEAK, metrics_unit_peak},
	{METRICS_UNIT_SWAP, metrics_unit_swap},
	{METRICS_UNIT_GROWTH, metrics_unit_growth},
	{METRICS_UNIT_EXHAUSTED_IN, metrics_unit_exhausted},
	{METRICS_UNIT_PRESSURE, metrics_unit_pressure},
	{METRICS_UNIT_MEMORY_EVENTS, metrics_unit_memory_events},
	{METRICS_UNIT_PROCESSES, metrics_unit_processes},
	{METRICS_UNIT_WATCHED_PROCESSES, metrics_unit_watched},
	{METRICS_UNIT_STATUS, metrics_unit_status},
	{METRICS_UNIT_ALIVE_STATE, metrics_unit_alive_state},
	{METRICS_UNIT_MARK, metrics_unit_mark},
	{METRICS_UNIT_DEATHS, metrics_unit_deaths},
	{METRICS_UNIT_OOM_KILLS, metrics_unit_oom_kills},
	{METRICS_UNIT_LAST_DEATH, metrics_unit_last_death},
	{METRICS_UNIT_SUCCESSIVE_RESTARTS, metrics_unit_restarts},
};

void metrics_units(struct openmetrics *om, const struct state *state, mono_ms now)
{
	for (size_t i = 0; i < ARRAY_LEN(metrics_unit_families); i++) {
		metrics_begin(om, metrics_unit_families[i].family);
		for (uint32_t u = 0; u < state->units; u++)
			metrics_unit_families[i].write(om, &state->unit[u]);
	}
	metrics_begin(om, METRICS_UNIT_RESTART_WAIT);
	for (uint32_t u = 0; u < state->units; u++)
		openmetrics_sample(om, metrics_age_ms(now, state->unit[u].restart_at), 3,
				   OPENMETRICS_LABELS("unit", state->unit[u].name));
	metrics_begin(om, METRICS_UNIT_LOG_AGE);
	for (uint32_t u = 0; u < state->units; u++)
		if (state->unit[u].heard != 0)
			openmetrics_sample(om, metrics_age_ms(state->unit[u].heard, now), 3,
					   OPENMETRICS_LABELS("unit", state->unit[u].name));
	metrics_begin(om, METRICS_UNIT_UNUSED);
	for (uint32_t u = 0; u < state->units; u++)
		metrics_unit_unused(om, &state->unit[u], now);
}

/* --- rules --- */

static bool metrics_fires(const struct state_rule *rule)
{
	return rule->phase == STATE_RULE_FIRING || rule->phase == STATE_RULE_STANDING;
}

void metrics_rules(struct openmetrics *om, const struct state *state)
{
	metrics_begin(om, METRICS_RULE_FIRING);
	for (uint32_t i = 0; i < state->rules; i++) {
		const struct state_rule *r = &state->rule[i];
		const char *severity = r->severity < SEVERITIES ? severity_name(r->severity) : "";

		openmetrics_sample(om, metrics_fires(r), 0,
				   OPENMETRICS_LABELS("rule", r->rule, "unit", r->unit, "severity", severity));
	}
	metrics_begin(om, METRICS_RULE_GIVEN_UP);
	for (uint32_t i = 0; i < state->rules; i++)
		openmetrics_sample(om, state->rule[i].phase == STATE_RULE_GIVEN_UP, 0,
				   OPENMETRICS_LABELS("rule", state->rule[i].rule, "unit", state->rule[i].unit));
	metrics_begin(om, METRICS_RULE_ACKNOWLEDGED);
	for (uint32_t i = 0; i < state->rules; i++)
		openmetrics_sample(om, metrics_fires(&state->rule[i]) && state->rule[i].acked, 0,
				   OPENMETRICS_LABELS("rule", state->rule[i].rule, "unit", state->rule[i].unit));
	metrics_begin(om, METRICS_RULE_FIRINGS);
	for (uint32_t i = 0; i < state->rules; i++)
		openmetrics_sample(om, state->rule[i].fired, 0,
				   OPENMETRICS_LABELS("rule", state->rule[i].rule, "unit", state->rule[i].unit));
}
