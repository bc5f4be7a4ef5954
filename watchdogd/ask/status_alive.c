#include "ask/status_alive.h"

#include <inttypes.h>
#include <string.h>

#include "ask/status_cell.h"
#include "base/buffer.h"
#include "base/escape.h"

enum { STATUS_ALIVE_WATCHED = 23, STATUS_ALIVE_PARENT = 21 };

static const char *const status_alive_words[] = {
	[STATE_ALIVE_UNKNOWN] = "-",  [STATE_ALIVE] = "alive",     [STATE_MISSING] = "missing",
	[STATE_DEAD] = "dead",        [STATE_STOPPED] = "stopped",
};

const char *status_alive_word(unsigned alive)
{
	return alive < ARRAY_LEN(status_alive_words) ? status_alive_words[alive] : "?";
}

/* "21285 claude", cut to its column; "-". */
static void status_alive_process(FILE *out, int width, const char *comm, int32_t pid)
{
	char cell[STATUS_CELL_BYTES] = "-";
	struct buffer b;

	BUFFER_OVER(&b, cell);
	if (pid > 0) {
		buffer_addf(&b, "%" PRId32 " ", pid);
		escape_line(&b, comm, strnlen(comm, 16));
	}
	(void)fprintf(out, " %-*.*s", width, width, b.len > 0 ? cell : "-");
}

/* "alive", "alive x2": two processes match. */
static void status_alive_life(FILE *out, const struct state_unit *unit)
{
	char cell[STATUS_CELL_BYTES];

	if (unit->watched > 1)
		(void)snprintf(cell, sizeof(cell), "%s x%u", status_alive_word(unit->alive), unit->watched);
	else
		(void)snprintf(cell, sizeof(cell), "%s", status_alive_word(unit->alive));
	(void)fprintf(out, " %-8s", cell);
}

/* For how long it is as it is: alive since its start, or missing. */
static mono_ms status_alive_since(const struct state_unit *unit)
{
	return unit->missing_since != 0 ? unit->missing_since : unit->watched_since;
}

static void status_alive_death(const struct state_unit *unit, const struct status *status, FILE *out)
{
	char age[STATUS_CELL_BYTES];

	if (unit->died == 0)
		return;
	(void)fprintf(out, "    died %s ago", clock_format_span(
			status->wall > unit->died ? status->wall - unit->died : 0, age));
	if (unit->deaths > 1)
		(void)fprintf(out, " (%" PRIu32 " times in all)", unit->deaths);
	(void)fputs(": ", out);
	status_cell_put(out, unit->died_text);
	(void)fputc('\n', out);
}

static void status_alive_restarts(const struct state_unit *unit, mono_ms now, FILE *out)
{
	char span[STATUS_CELL_BYTES];

	if (unit->restarts == 0 && unit->restart_at <= now)
		return;
	(void)fprintf(out, "    started by watchdogd %" PRIu32 " time%s in a row", unit->restarts,
		      unit->restarts == 1 ? "" : "s");
	if (unit->restart_at > now)
		(void)fprintf(out, "; the next start waits %s more",
			      clock_format_span(unit->restart_at - now, span));
	(void)fputc('\n', out);
}

static void status_alive_unused(const struct state_unit *unit, mono_ms now, FILE *out)
{
	char span[STATUS_CELL_BYTES];

	if (unit->use == STATE_USE_UNUSED && unit->unused_since != 0 && unit->unused_since <= now)
		(void)fprintf(out, "    unused for %s\n", clock_format_span(now - unit->unused_since, span));
}

void status_alive_print(const struct status *status, FILE *out)
{
	const struct state *s = status->state;
	char age[STATUS_CELL_BYTES];

	if (s->units == 0)
		return;
	(void)fprintf(out, "\n%-*s %-8s %-*s %-*s %11s\n", STATUS_CELL_UNIT, "UNIT", "LIFE",
		      STATUS_ALIVE_WATCHED, "PROCESS", STATUS_ALIVE_PARENT, "PARENT", "SINCE");
	for (uint32_t i = 0; i < s->units; i++) {
		const struct state_unit *u = &s->unit[i];

		status_cell_name(out, u->name, STATUS_CELL_UNIT);
		status_alive_life(out, u);
		status_alive_process(out, STATUS_ALIVE_WATCHED, u->watched_comm, u->watched_pid);
		status_alive_process(out, STATUS_ALIVE_PARENT, u->parent_comm, u->parent_pid);
		(void)fprintf(out, " %11s\n", status_cell_age(status_alive_since(u), status->now, age));
		status_alive_death(u, status, out);
		status_alive_restarts(u, status->now, out);
		status_alive_unused(u, status->now, out);
	}
}

static void status_alive_string(FILE *out, const char *key, const char *hostile)
{
	char text[1024];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_json(&b, hostile, strlen(hostile));
	if (hostile[0] != '\0')
		(void)fprintf(out, "\"%s\":\"%s\",", key, text);
	else
		(void)fprintf(out, "\"%s\":null,", key);
}

static void status_alive_span(FILE *out, const char *key, mono_ms from, mono_ms to)
{
	if (from == 0 || from > to)
		(void)fprintf(out, "\"%s\":null,", key);
	else
		(void)fprintf(out, "\"%s\":%" PRIu64 ",", key, to - from);
}

void status_alive_json(const struct state_unit *unit, mono_ms now, FILE *out)
{
	char at[21] = "";

	if (unit->died != 0)
		clock_format(unit->died, at);
	status_alive_string(out, "alive", unit->alive != STATE_ALIVE_UNKNOWN ? status_alive_word(unit->alive) : "");
	(void)fprintf(out, "\"systemd_at_it\":%s,\"watched\":%u,\"watched_pid\":%" PRId32 ",",
		      unit->systemd_at_it ? "true" : "false", unit->watched, unit->watched_pid);
	status_alive_string(out, "watched_comm", unit->watched_comm);
	status_alive_span(out, "watched_ms", unit->watched_since, now);
	(void)fprintf(out, "\"parent_pid\":%" PRId32 ",", unit->parent_pid);
	status_alive_string(out, "parent_comm", unit->parent_comm);
	status_alive_span(out, "missing_ms", unit->missing_since, now);
	status_alive_span(out, "heard_ms", unit->heard, now);
	status_alive_string(out, "died", at);
	status_alive_string(out, "died_text", unit->died_text);
	(void)fprintf(out, "\"deaths\":%" PRIu32 ",\"restarts\":%" PRIu32 ",", unit->deaths, unit->restarts);
	status_alive_span(out, "restart_in_ms", now, unit->restart_at);
	(void)fprintf(out, "\"in_use\":%s,", unit->use == STATE_USE_USED     ? "true"
					     : unit->use == STATE_USE_UNUSED ? "false"
									     : "null");
	status_alive_span(out, "unused_ms", unit->unused_since, now);
}
