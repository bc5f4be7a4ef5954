/* The state page as one JSON object. Names of keys and readings are those of the config; a number
 * has its unit in its key; what is unknown is null. */
#include "ask/status.h"

#include <inttypes.h>
#include <string.h>

#include "ask/status_alerts.h"
#include "ask/status_alive.h"
#include "ask/status_swap.h"
#include "ask/status_restore.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/severity.h"
#include "config/config.h"
#include "words/verb.h"

static void status_json_string(FILE *out, const char *key, const char *hostile)
{
	char text[2048];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_json(&b, hostile, strlen(hostile));
	(void)fprintf(out, "\"%s\":\"%s\"", key, text);
}

static void status_json_string_or_null(FILE *out, const char *key, const char *hostile)
{
	if (hostile[0] != '\0')
		status_json_string(out, key, hostile);
	else
		(void)fprintf(out, "\"%s\":null", key);
}

/* How long ago an instant was, in ms; null when it never was. */
static void status_json_age(FILE *out, const char *key, mono_ms at, mono_ms now)
{
	if (at == 0 || at > now)
		(void)fprintf(out, "\"%s\":null", key);
	else
		(void)fprintf(out, "\"%s\":%" PRIu64, key, now - at);
}

/* 1/1000 as a decimal fraction, without the rounding of a float. */
static void status_json_thousandths(FILE *out, const char *key, int64_t value)
{
	uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	(void)fprintf(out, "\"%s\":%s%" PRIu64 ".%03" PRIu64, key, value < 0 ? "-" : "",
		      size / 1000, size % 1000);
}

/* In 1/1000 %, whatever a broken page says: within what both types hold. */
static int64_t status_json_share(const struct state_reading *reading)
{
	const double most = 1e15;
	double share = (double)reading->value * 100000 / (double)reading->total;

	return (int64_t)(share > most ? most : share < -most ? -most : share);
}

static void status_json_bytes(FILE *out, const struct state_reading *reading)
{
	(void)fprintf(out, "{\"bytes\":%" PRId64, reading->value);
	if (reading->total > 0) {
		(void)fputc(',', out);
		status_json_thousandths(out, "percent", status_json_share(reading));
	}
	(void)fputc('}', out);
}

static void status_json_value(FILE *out, const struct reading_word *word,
			      const struct state_reading *reading)
{
	if (reading->known == STATE_NEVER) {
		(void)fputs("\"never\"", out);
		return;
	}
	if (reading->known != STATE_KNOWN) {
		(void)fputs("null", out);
		return;
	}
	switch (word->dimension) {
	case READING_BYTES:
		status_json_bytes(out, reading);
		break;
	case READING_PERCENT:
		(void)fputc('{', out);
		status_json_thousandths(out, "percent", reading->value);
		(void)fputc('}', out);
		break;
	case READING_DURATION:
		(void)fprintf(out, "{\"ms\":%" PRId64 "}", reading->value);
		break;
	case READING_COUNT:
		(void)fprintf(out, "{\"count\":%" PRId64 "}", reading->value);
		break;
	case READING_BYTES_PER_MIN:
		(void)fprintf(out, "{\"bytes_per_min\":%" PRId64 "}", reading->value);
		break;
	}
}

static void status_json_readings(FILE *out, const struct reading_word *words,
				 const struct state_reading *readings, int count)
{
	(void)fputs("\"readings\":{", out);
	for (int i = 0; i < count; i++) {
		(void)fprintf(out, "%s\"%s\":", i > 0 ? "," : "", words[i].name);
		status_json_value(out, &words[i], &readings[i]);
	}
	(void)fputc('}', out);
}

static void status_json_head(FILE *out, const struct status *status)
{
	const struct state *s = status->state;

	(void)fprintf(out, "{\"alive\":%s,", status->not_alive == NULL ? "true" : "false");
	status_json_string_or_null(out, "why_not",
				   status->not_alive != NULL ? status->not_alive : "");
	(void)fprintf(out, ",\"pid\":%" PRId32 ",\"dry_run\":%s,\"generation\":%" PRIu32 ",",
		      s->sentinel_pid, s->dry_run ? "true" : "false", s->generation);
	status_json_string_or_null(out, "config", s->config_path);
	(void)fputc(',', out);
	status_json_age(out, "up_ms", s->started, status->now);
	(void)fputc(',', out);
	status_json_age(out, "tick_age_ms", s->tick, status->now);
	(void)fprintf(out, ",\"looks\":%" PRIu64 ",\"firings\":%" PRIu64 ",", s->looks, s->firings);
	status_json_string_or_null(out, "blind", s->blind);
}

static const char *status_json_kind(unsigned kind)
{
	return kind == CONFIG_SYSTEMD ? "systemd" : kind == CONFIG_CGROUP ? "cgroup" : "match";
}

static void status_json_unit(FILE *out, const struct state_unit *unit, mono_ms now)
{
	(void)fputc('{', out);
	status_json_string(out, "unit", unit->name);
	(void)fprintf(out, ",\"kind\":\"%s\",\"status\":\"%s\",", status_json_kind(unit->kind),
		      status_unit_word(unit->status));
	status_json_string_or_null(out, "mark", status_mark_word(unit->mark));
	if (unit->cap_bytes != 0)
		(void)fprintf(out, ",\"cap_bytes\":%" PRIu64 ",", unit->cap_bytes);
	else
		(void)fputs(",\"cap_bytes\":null,", out);
	status_json_string_or_null(
		out, "busy",
		unit->busy > 0 && unit->busy <= VERBS ? verb_words[unit->busy - 1].name : "");
	(void)fputc(',', out);
	status_json_age(out, "since_ms", unit->since, now);
	(void)fputc(',', out);
	status_json_age(out, "started_ms", unit->started, now);
	(void)fprintf(out,
		      ",\"cgroup_id\":%" PRIu64 ",\"oom_kills\":%" PRIu64 ",\"processes\":%" PRIu32
		      ",",
		      unit->cgroup_id, unit->oom_kills, unit->processes);
	status_json_string_or_null(out, "main_comm", unit->main_comm);
	(void)fprintf(out, ",\"main_pid\":%" PRId32 ",", unit->main_pid);
	status_alive_json(unit, now, out);
	status_restore_json(unit, out);
	status_json_readings(out, reading_unit_words, unit->readings, UNIT_READINGS);
	(void)fputc('}', out);
}

static void status_json_rule(FILE *out, const struct state_rule *rule, mono_ms now)
{
	(void)fputc('{', out);
	status_json_string(out, "rule", rule->rule);
	(void)fputc(',', out);
	status_json_string_or_null(out, "unit", rule->unit);
	(void)fprintf(out, ",\"state\":\"%s\",\"step\":%d,\"fired\":%" PRIu32 ",",
		      status_phase_word(rule->phase), rule->step, rule->fired);
	status_alerts_json(rule, now, out);
	status_json_age(out, "since_ms", rule->since, now);
	(void)fputc('}', out);
}

static void status_json_action(FILE *out, const struct state_action *action)
{
	char at[21];

	clock_format(action->at, at);
	(void)fprintf(out, "{\"number\":%" PRIu64 ",\"at\":\"%s\",\"at_ms\":%" PRIu64 ",\"severity\":\"%s\",",
		      action->number, at, action->at,
		      action->severity < SEVERITIES ? severity_name(action->severity) : "?");
	status_json_string_or_null(out, "rule", action->rule);
	(void)fputc(',', out);
	status_json_string_or_null(out, "unit", action->unit);
	(void)fputc(',', out);
	status_json_string(out, "text", action->text);
	(void)fputc('}', out);
}

static void status_json_actions(FILE *out, const struct state *s)
{
	const char *comma = "";
	uint64_t last = 0;

	for (int i = 0; i < STATE_ACTIONS; i++)
		last = s->actions[i].number > last ? s->actions[i].number : last;
	(void)fputs("\"actions\":[", out);
	for (uint64_t n = last; n > 0 && n + STATE_ACTIONS > last; n--) {
		if (s->actions[n % STATE_ACTIONS].number != n)
			continue;
		(void)fputs(comma, out);
		status_json_action(out, &s->actions[n % STATE_ACTIONS]);
		comma = ",";
	}
	(void)fputc(']', out);
}

void status_print_json(const struct status *status, FILE *out)
{
	const struct state *s = status->state;

	status_json_head(out, status);
	(void)fprintf(
		out, ",\"mem_total_bytes\":%" PRIu64 ",\"swap_total_bytes\":%" PRIu64 ",\"host\":{",
		s->mem_total_bytes, s->swap_total_bytes);
	status_json_readings(out, reading_host_words, s->host, HOST_READINGS);
	(void)fputs("},", out);
	status_swap_json(s, out);
	(void)fputs(",\"units\":[", out);
	for (uint32_t i = 0; i < s->units; i++) {
		(void)fputs(i > 0 ? "," : "", out);
		status_json_unit(out, &s->unit[i], status->now);
	}
	(void)fputs("],\"rules\":[", out);
	for (uint32_t i = 0; i < s->rules; i++) {
		(void)fputs(i > 0 ? "," : "", out);
		status_json_rule(out, &s->rule[i], status->now);
	}
	(void)fputs("],", out);
	status_json_actions(out, s);
	(void)fputs("}\n", out);
}
