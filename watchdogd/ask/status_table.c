/* The state page as a table of 80 columns. A name that is wider than its column gets a line of its
 * own, so that the columns stay where the eye looks for them. */
#include "ask/status.h"

#include <inttypes.h>
#include <string.h>

#include "ask/status_alerts.h"
#include "ask/status_alive.h"
#include "ask/status_cell.h"
#include "ask/status_swap.h"
#include "ask/status_restore.h"
#include "base/bounds.h"
#include "base/severity.h"
#include "words/verb.h"

enum { STATUS_TABLE_RULE = 20, STATUS_TABLE_EXHAUSTED_MS = 600000 };

/* "512 B", "1.9 GiB": at most 8 columns. */
static const char *status_table_bytes(int64_t bytes, char cell[STATUS_CELL_BYTES])
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1023.5 && unit + 1 < ARRAY_LEN(units)) {
		value /= 1024;
		unit++;
	}
	(void)snprintf(cell, STATUS_CELL_BYTES, unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s",
		       value, units[unit]);
	return cell;
}

static const char *status_table_reading(const struct state_reading *reading,
					char cell[STATUS_CELL_BYTES])
{
	return reading->known == STATE_KNOWN ? status_table_bytes(reading->value, cell) : "-";
}

static const char *status_table_of_total(const struct state_reading *reading,
					 char cell[STATUS_CELL_BYTES])
{
	if (reading->known != STATE_KNOWN || reading->total <= 0)
		return "unknown";
	(void)snprintf(cell, STATUS_CELL_BYTES, "%.1f %%",
		       100 * (double)reading->value / (double)reading->total);
	return cell;
}

/* A reading in 1/1000 %: "0.3", "12", "-". */
static const char *status_table_pct(const struct state_reading *reading,
				    char cell[STATUS_CELL_BYTES])
{
	double value = (double)reading->value / 1000;

	if (reading->known != STATE_KNOWN)
		return "-";
	(void)snprintf(cell, STATUS_CELL_BYTES, value >= 99.95 ? "%.0f" : "%.1f", value);
	return cell;
}

static void status_table_head(const struct status *status, FILE *out)
{
	const struct state *s = status->state;
	char up[STATUS_CELL_BYTES], tick[STATUS_CELL_BYTES];

	if (status->not_alive != NULL)
		(void)fprintf(out, "NOT WATCHING: %s. Below is what it knew last.\n",
			      status->not_alive);
	(void)fprintf(out,
		      "watchdogd  sentinel %" PRId32 ", up %s, last look %s ago, config %" PRIu32
		      "\n",
		      s->sentinel_pid, status_cell_age(s->started, status->now, up),
		      status_cell_age(s->tick, status->now, tick), s->generation);
	(void)fputs("config     ", out);
	status_cell_put(out, s->config_path[0] != '\0' ? s->config_path : "(built in)");
	(void)fputc('\n', out);
	if (s->dry_run)
		(void)fputs("dry run    no action is taken, only told\n", out);
	if (s->blind[0] != '\0') {
		(void)fputs("BLIND      ", out);
		status_cell_put(out, s->blind);
		(void)fputc('\n', out);
	}
}

/* Later than in ten minutes is nothing to tell. */
static void status_table_exhausted(const struct state *s, FILE *out)
{
	const struct state_reading *exhausted = &s->host[HOST_EXHAUSTED_IN];
	char span[32];

	if (exhausted->known == STATE_KNOWN && exhausted->value >= 0 && exhausted->value < STATUS_TABLE_EXHAUSTED_MS)
		(void)fprintf(out, "           used up in %s at this rate\n",
			      clock_format_span((uint64_t)exhausted->value, span));
}

static void status_table_host(const struct state *s, FILE *out)
{
	char a[STATUS_CELL_BYTES], b[STATUS_CELL_BYTES], c[STATUS_CELL_BYTES], d[STATUS_CELL_BYTES];
	const struct state_reading *swap = &s->host[HOST_SWAP_USED];

	(void)fprintf(out, "\nhost       available %s (%s), used %s, headroom %s\n",
		      status_table_reading(&s->host[HOST_AVAILABLE], a),
		      status_table_of_total(&s->host[HOST_AVAILABLE], b),
		      status_table_of_total(&s->host[HOST_USED], c),
		      status_table_reading(&s->host[HOST_HEADROOM], d));
	if (s->swap_total_bytes == 0 || swap->known != STATE_KNOWN)
		(void)fputs("           no swap", out);
	else
		(void)fprintf(out, "           swap used %s of %s", status_table_of_total(swap, a),
			      status_table_bytes((int64_t)s->swap_total_bytes, b));
	(void)fprintf(out, ", pressure some %s %%, full %s %%\n",
		      status_table_pct(&s->host[HOST_PRESSURE_SOME], c),
		      status_table_pct(&s->host[HOST_PRESSURE_FULL], d));
	status_table_exhausted(s, out);
	status_swap_print(s, out);
}

/* What we are doing to it ("stop..."), or what we did and have not given back. */
static const char *status_table_ours(const struct state_unit *unit, char cell[STATUS_CELL_BYTES])
{
	if (unit->busy == 0 || unit->busy > VERBS)
		return unit->mark == STATE_MARK_NONE ? "-" : status_mark_word(unit->mark);
	(void)snprintf(cell, STATUS_CELL_BYTES, "%s..", verb_words[unit->busy - 1].name);
	return cell;
}

static void status_table_units(const struct status *status, FILE *out)
{
	const struct state *s = status->state;

	(void)fprintf(out, "\n%-*s %-8s %8s %8s %8s %9s %11s %s\n", STATUS_CELL_UNIT, "UNIT",
		      "STATUS", "MEMORY", "ANON", "SWAP", "SOME/FULL", "SINCE", "BY US");
	for (uint32_t i = 0; i < s->units; i++) {
		const struct state_unit *u = &s->unit[i];
		char a[STATUS_CELL_BYTES], b[STATUS_CELL_BYTES], c[STATUS_CELL_BYTES],
			some[STATUS_CELL_BYTES], full[STATUS_CELL_BYTES];
		char pressure[2 * STATUS_CELL_BYTES], age[STATUS_CELL_BYTES],
			ours[STATUS_CELL_BYTES];

		(void)snprintf(pressure, sizeof(pressure), "%s/%s",
			       status_table_pct(&u->readings[UNIT_PRESSURE_SOME], some),
			       status_table_pct(&u->readings[UNIT_PRESSURE_FULL], full));
		status_cell_name(out, u->name, STATUS_CELL_UNIT);
		(void)fprintf(out, " %-8s %8s %8s %8s %9s %11s %s\n", status_unit_word(u->status),
			      status_table_reading(&u->readings[UNIT_MEMORY], a),
			      status_table_reading(&u->readings[UNIT_ANON], b),
			      status_table_reading(&u->readings[UNIT_SWAP], c),
			      strcmp(pressure, "-/-") == 0 ? "-" : pressure,
			      status_cell_age(u->since, status->now, age),
			      status_table_ours(u, ours));
		if (u->cap_bytes != 0)
			(void)fprintf(out, "    capped at %s\n", status_table_bytes((int64_t)u->cap_bytes, a));
	}
	if (s->units == 0)
		(void)fputs("(none)\n", out);
}

static bool status_table_is_idle(const struct state_rule *rule)
{
	return rule->phase == STATE_RULE_QUIET && rule->fired == 0;
}

/* How many rows from i on are quiet instances of the same rule that never fired: they share a line.
 */
static uint32_t status_table_idle_rows(const struct state *s, uint32_t i)
{
	uint32_t n = 0;

	while (i + n < s->rules && status_table_is_idle(&s->rule[i + n]) &&
	       strcmp(s->rule[i + n].rule, s->rule[i].rule) == 0)
		n++;
	return n;
}

static void status_table_rules(const struct status *status, FILE *out)
{
	const struct state *s = status->state;

	(void)fprintf(out, "\n%-*s %-*s %-8s %5s %11s %5s\n", STATUS_TABLE_RULE, "RULE",
		      STATUS_TABLE_RULE, "UNIT", "STATE", "STEP", "SINCE", "FIRED");
	for (uint32_t i = 0; i < s->rules; i++) {
		const struct state_rule *r = &s->rule[i];
		uint32_t idle = status_table_idle_rows(s, i);
		char age[STATUS_CELL_BYTES], unit[STATUS_CELL_BYTES], step[STATUS_CELL_BYTES] = "-";

		if (idle > 1)
			(void)snprintf(unit, sizeof(unit), "(%" PRIu32 " of them)", idle);
		else
			(void)snprintf(unit, sizeof(unit), "%s",
				       r->unit[0] != '\0' ? r->unit : "-");
		if (r->phase == STATE_RULE_FIRING || r->phase == STATE_RULE_STANDING)
			(void)snprintf(step, sizeof(step), "%d", r->step + 1);
		status_cell_name(out, r->rule, STATUS_TABLE_RULE);
		(void)fputc(' ', out);
		status_cell_name(out, unit, STATUS_TABLE_RULE);
		(void)fprintf(
			out, " %-8s %5s %11s %5" PRIu32 "\n", status_phase_word(r->phase), step,
			r->phase == STATE_RULE_QUIET ? "-"
						     : status_cell_age(r->since, status->now, age),
			r->fired);
		i += idle > 1 ? idle - 1 : 0;
	}
	if (s->rules == 0)
		(void)fputs("(none)\n", out);
}

static void status_table_actions(const struct status *status, FILE *out)
{
	const struct state *s = status->state;
	uint64_t last = 0;

	for (int i = 0; i < STATE_ACTIONS; i++)
		last = s->actions[i].number > last ? s->actions[i].number : last;
	(void)fputs("\nLAST ACTIONS\n", out);
	if (last == 0)
		(void)fputs("(none)\n", out);
	for (uint64_t n = last; n > 0 && n + STATE_ACTIONS > last; n--) {
		const struct state_action *a = &s->actions[n % STATE_ACTIONS];
		char age[STATUS_CELL_BYTES];

		if (a->number != n)
			continue;
		(void)fprintf(
			out, "%11s ago  %s",
			clock_format_span(status->wall > a->at ? status->wall - a->at : 0, age),
			a->severity < SEVERITIES ? severity_name(a->severity) : "?");
		if (a->rule[0] != '\0')
			(void)fputs(" rule=", out);
		status_cell_put(out, a->rule);
		if (a->unit[0] != '\0')
			(void)fputs(" unit=", out);
		status_cell_put(out, a->unit);
		(void)fputs("\n    ", out);
		status_cell_put(out, a->text);
		(void)fputc('\n', out);
	}
}

void status_print(const struct status *status, FILE *out)
{
	status_table_head(status, out);
	status_table_host(status->state, out);
	status_table_units(status, out);
	status_alive_print(status, out);
	status_restore_print(status->state, out);
	status_table_rules(status, out);
	status_alerts_print(status, out);
	status_table_actions(status, out);
}
