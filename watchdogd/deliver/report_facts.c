/* The numbers now: the host, each unit, the largest processes. What is not known is left out or said to be unknown,
 * never shown as 0. */
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "deliver/report_parts.h"
#include "deliver/report_processes.h"
#include "share/state.h"
#include "words/verb.h"

enum {
	REPORT_STALE_MS = 10000,      /* the sentinel looks at least once a second */
	REPORT_EXHAUSTED_MS = 600000, /* later than that is nothing to tell */
};

/* --- rows --- */

static void report_fact(struct report *report, const char *name, struct buffer *value)
{
	struct plugin_message *m = &report->message;
	struct plugin_pair *row = &report->facts[m->facts_count];
	struct buffer kept;

	if (m->facts_count == REPORT_FACTS || value->len == 0)
		return;
	report_begin(report, &kept, strlen(name) + 1);
	buffer_add(&kept, name);
	row->name = report_end(report, &kept);
	report_begin(report, &kept, REPORT_VALUE_BYTES);
	buffer_add(&kept, value->text);
	row->value = report_end(report, &kept);
	m->facts_count++;
}

static uint64_t report_ago(const struct state *state, mono_ms since)
{
	return state->tick > since ? state->tick - since : 0;
}

/* --- the host --- */

static bool report_is_known(const struct state_reading *reading)
{
	return reading->known == STATE_KNOWN && reading->value >= 0;
}

static void report_add_available(struct buffer *b, const struct state_reading *available)
{
	if (!report_is_known(available)) {
		buffer_add(b, "available memory unknown");
		return;
	}
	report_add_size(b, (uint64_t)available->value);
	if (available->total > 0) {
		buffer_add(b, " of ");
		report_add_size(b, (uint64_t)available->total);
	}
	buffer_add(b, " available");
	if (available->total > 0) {
		buffer_add(b, " (");
		report_add_pct(b, 100 * (double)available->value / (double)available->total);
		buffer_add(b, ")");
	}
}

/* ", swap 1.5 of 2.0 GiB used" */
static void report_add_swap(struct buffer *b, const struct state *state)
{
	const struct state_reading *used = &state->host[HOST_SWAP_USED];
	double gib = 1024.0 * 1024 * 1024, mib = 1024.0 * 1024;
	double total = (double)state->swap_total_bytes;

	if (state->swap_total_bytes == 0)
		buffer_add(b, ", no swap");
	else if (report_is_known(used) && total >= gib / 2)
		buffer_addf(b, ", swap %.1f of %.1f GiB used", (double)used->value / gib, total / gib);
	else if (report_is_known(used))
		buffer_addf(b, ", swap %.0f of %.0f MiB used", (double)used->value / mib, total / mib);
}

static void report_fact_host(struct report *report, const struct state *state)
{
	const struct state_reading *full = &state->host[HOST_PRESSURE_FULL];
	const struct state_reading *exhausted = &state->host[HOST_EXHAUSTED_IN];
	char value[REPORT_VALUE_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, value);
	report_add_available(&b, &state->host[HOST_AVAILABLE]);
	report_add_swap(&b, state);
	if (report_is_known(full)) {
		buffer_add(&b, ", pressure full ");
		report_add_pct(&b, (double)full->value / 1000);
	}
	if (report_is_known(exhausted) && exhausted->value < REPORT_EXHAUSTED_MS) {
		buffer_add(&b, ", used up in ");
		report_add_span(&b, (uint64_t)exhausted->value);
		buffer_add(&b, " at this rate");
	}
	report_fact(report, "host", &b);
}

/* What makes the rows below it less than they seem. */
static void report_fact_doubts(struct report *report, const struct state *state)
{
	mono_ms now = clock_mono();
	char value[REPORT_VALUE_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, value);
	if (now > state->tick + REPORT_STALE_MS) {
		buffer_add(&b, "of ");
		report_add_span(&b, now - state->tick);
		buffer_add(&b, " ago: watchdogd has not looked since");
	}
	report_fact(report, "numbers", &b);
	BUFFER_OVER(&b, value);
	report_add_hostile(&b, state->blind, sizeof(state->blind));
	report_fact(report, "blind", &b);
	BUFFER_OVER(&b, value);
	buffer_add(&b, state->dry_run ? "no action is taken, only told" : "");
	report_fact(report, "dry run", &b);
}

/* --- units --- */

/* What a stop would give back: page cache is not in it. */
static uint64_t report_unit_bytes(const struct state_unit *unit)
{
	const struct state_reading *anon = &unit->readings[UNIT_ANON], *memory = &unit->readings[UNIT_MEMORY];

	return report_is_known(anon) ? (uint64_t)anon->value : report_is_known(memory) ? (uint64_t)memory->value : 0;
}

static bool report_unit_is_missing(const struct state_unit *unit)
{
	return unit->alive == STATE_DEAD || unit->alive == STATE_MISSING;
}

/* "dead, no claude for 2 min", "claude missing for 3 s" */
static void report_add_missing(struct buffer *b, const struct report_of *of, const struct state_unit *unit)
{
	const struct config_unit *config = report_find_unit(of->config, unit->name);
	const char *process = config != NULL ? config_string(of->config, config->process) : "";
	bool dead = unit->alive == STATE_DEAD;

	buffer_add(b, dead ? "dead" : "");
	if (process[0] != '\0') {
		buffer_add(b, dead ? ", no " : "");
		report_add_hostile(b, process, LINE_BYTES + 1);
	} else if (!dead) {
		buffer_add(b, "not running");
	}
	buffer_add(b, dead || process[0] == '\0' ? "" : " missing");
	if (unit->missing_since == 0)
		return;
	buffer_add(b, " for ");
	report_add_span(b, report_ago(of->state, unit->missing_since));
}

static const char *report_unit_status(const struct state_unit *unit)
{
	if (unit->status == STATE_UNIT_FROZEN)
		return unit->mark == STATE_MARK_FROZEN ? "frozen by watchdogd" : "frozen";
	if (unit->status == STATE_UNIT_INACTIVE && unit->mark == STATE_MARK_STOPPED)
		return "stopped by watchdogd";
	if (unit->alive == STATE_STOPPED)
		return "stopped on purpose";
	if (unit->status == STATE_UNIT_INACTIVE)
		return "not running";
	return unit->status == STATE_UNIT_RUNNING ? "running" : "not looked at yet";
}

/* ", claude (pid 21285) 41 min": what must be alive, or the largest. */
static void report_add_process(struct buffer *b, const struct state *state, const struct state_unit *unit)
{
	bool watched = unit->watched_pid > 0;
	int32_t pid = watched ? unit->watched_pid : unit->main_pid;
	const char *comm = watched ? unit->watched_comm : unit->main_comm;

	if (pid <= 0)
		return;
	buffer_add(b, ", ");
	report_add_hostile(b, comm, sizeof(unit->watched_comm));
	buffer_addf(b, " (pid %" PRId32 ")", pid);
	if (watched && unit->watched_since != 0) {
		buffer_add_char(b, ' ');
		report_add_span(b, report_ago(state, unit->watched_since));
	}
	if (unit->watched > 1)
		buffer_addf(b, " and %u more", unit->watched - 1u);
}

static void report_fact_unit(struct report *report, const struct report_of *of, const struct state_unit *unit)
{
	char value[REPORT_VALUE_BYTES], name[4 * NAME_BYTES];
	bool down = unit->status == STATE_UNIT_INACTIVE;
	struct buffer b, n;

	BUFFER_OVER(&n, name);
	report_add_hostile(&n, unit->name, sizeof(unit->name));
	BUFFER_OVER(&b, value);
	if (report_unit_is_missing(unit))
		report_add_missing(&b, of, unit);
	else
		buffer_add(&b, report_unit_status(unit));
	if (!down && report_unit_bytes(unit) > 0) {
		buffer_add(&b, ", ");
		report_add_size(&b, report_unit_bytes(unit));
	}
	if (!down && unit->cap_bytes != 0) {
		buffer_add(&b, ", capped at ");
		report_add_size(&b, unit->cap_bytes);
	}
	if (!down)
		report_add_process(&b, of->state, unit);
	if (unit->busy > 0 && unit->busy <= VERBS) {
		buffer_addf(&b, ", %s under way", verb_words[unit->busy - 1].name);
	} else if (unit->restart_at > of->state->tick) {
		buffer_add(&b, ", next start in ");
		report_add_span(&b, unit->restart_at - of->state->tick);
	}
	report_fact(report, name, &b);
}

/* The alert's unit, then what is dead or missing, then the largest: a phone shows the first ones. */
static bool report_unit_goes_before(const struct report_of *of, const struct state_unit *a, const struct state_unit *b)
{
	bool a_is = strcmp(a->name, of->alert->unit) == 0, b_is = strcmp(b->name, of->alert->unit) == 0;

	if (a_is != b_is)
		return a_is;
	if (report_unit_is_missing(a) != report_unit_is_missing(b))
		return report_unit_is_missing(a);
	return report_unit_bytes(a) > report_unit_bytes(b);
}

static size_t report_choose_units(const struct report_of *of, const struct state_unit *chosen[REPORT_UNITS + 1])
{
	size_t count = 0;

	for (uint32_t i = 0; i < of->state->units; i++) {
		const struct state_unit *unit = &of->state->unit[i];
		size_t at = count;

		for (; at > 0 && report_unit_goes_before(of, unit, chosen[at - 1]); at--)
			chosen[at] = chosen[at - 1];
		chosen[at] = unit;
		count += count < REPORT_UNITS;
	}
	return count;
}

static void report_facts_units(struct report *report, const struct report_of *of)
{
	const struct state_unit *chosen[REPORT_UNITS + 1];
	size_t count = report_choose_units(of, chosen), missing = 0;
	char value[REPORT_VALUE_BYTES];
	struct buffer b;

	for (size_t i = 0; i < count; i++)
		report_fact_unit(report, of, chosen[i]);
	if (count == of->state->units)
		return;
	for (uint32_t i = 0; i < of->state->units; i++)
		missing += report_unit_is_missing(&of->state->unit[i]);
	for (size_t i = 0; i < count; i++)
		missing -= report_unit_is_missing(chosen[i]);
	BUFFER_OVER(&b, value);
	buffer_addf(&b, "%zu more", of->state->units - count);
	if (missing > 0)
		buffer_addf(&b, ", of them %zu dead or missing", missing);
	report_fact(report, "other units", &b);
}

/* --- processes --- */

/* "" none that is known. Processes of a unit that is found by its name alone are known by pid. */
static const char *report_unit_of(const struct report_of *of, int32_t pid)
{
	const struct config_unit *unit = report_process_unit(of->config, pid);

	if (unit != NULL)
		return unit->name;
	for (uint32_t i = 0; of->state != NULL && i < of->state->units; i++) {
		const struct state_unit *row = &of->state->unit[i];

		if (pid == row->watched_pid || pid == row->main_pid)
			return row->name;
	}
	return "";
}

static void report_fact_process(struct report *report, const struct report_of *of, const struct report_process *process)
{
	const char *unit = report_unit_of(of, process->pid);
	char name[4 * sizeof(process->comm) + 32], value[REPORT_VALUE_BYTES];
	struct buffer n, b;

	BUFFER_OVER(&n, name);
	report_add_hostile(&n, process->comm, sizeof(process->comm));
	buffer_addf(&n, "%s(pid %" PRId32 ")", n.len > 0 ? " " : "", process->pid);
	BUFFER_OVER(&b, value);
	report_add_size(&b, process->rss_bytes);
	if (unit[0] != '\0') {
		buffer_add(&b, ", ");
		report_add_hostile(&b, unit, NAME_BYTES);
	}
	report_fact(report, name, &b);
}

static void report_facts_processes(struct report *report, const struct report_of *of)
{
	struct report_process rows[REPORT_PROCESSES];
	bool all;
	size_t count = report_processes_largest(rows, ARRAY_LEN(rows), &all);
	char value[REPORT_VALUE_BYTES];
	struct buffer b;

	for (size_t i = 0; i < count; i++)
		report_fact_process(report, of, &rows[i]);
	BUFFER_OVER(&b, value);
	buffer_add(&b, all ? "" : "too many to look at all: there may be larger ones");
	report_fact(report, "processes", &b);
}

void report_facts(struct report *report, const struct report_of *of)
{
	if (of->state != NULL) {
		report_fact_host(report, of->state);
		report_fact_doubts(report, of->state);
		report_facts_units(report, of);
	}
	report_facts_processes(report, of);
}
