#include "ask/spool_list.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ask/spool_read.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/severity.h"
#include "share/delivery.h"
#include "share/ledger.h"
#include "share/spool.h"

enum {
	SPOOL_LIST_DONE = 0,
	SPOOL_LIST_UNREADABLE = 1,
	SPOOL_LIST_CHANNEL = 12,   /* columns */
	SPOOL_LIST_STATE = 8,
	SPOOL_LIST_TRIES = 9,
	SPOOL_LIST_NEXT = 16,
	SPOOL_LIST_TEXT = 1024,    /* bytes of one text that are shown; what we write is shorter */
	SPOOL_LIST_MAX = SPOOL_ALERTS_MAX + SPOOL_DEAD_MAX,
};

struct spool_list {
	struct spool_read read;
	bool json;
	wall_ms now;
	FILE *out;
	uint64_t id[SPOOL_LIST_MAX]; /* alerts to show; a made-up database may have more: those are counted */
	size_t alerts, more;
	int error;
};

/* Columns of an alert, in both lists. */
enum spool_list_alert { ALERT_ID, ALERT_THREAD, ALERT_AT, ALERT_TOLD, ALERT_SEVERITY, ALERT_RULE, ALERT_UNIT, ALERT_EVENT,
			ALERT_TITLE, ALERT_TEXT, ALERT_COLUMNS };
#define SPOOL_LIST_ALERT "alerts.id, thread, alerts.at, told, severity, rule, unit, event, title, text"

/* Columns of a row; of a dead letter they come after the alert's. */
enum spool_list_row { ROW_CHANNEL, ROW_STATE, ROW_ATTEMPTS, ROW_NEXT, ROW_WHY, ROW_AT };
#define SPOOL_LIST_ROW "channel, state, attempts, next_at, why, rows.at"

static const char *const spool_list_told_words[TOLDS] = {
	[TOLD_ALERT] = "alert",   [TOLD_RESULT] = "result",  [TOLD_REPLY] = "reply",
	[TOLD_REPEAT] = "repeat", [TOLD_CLEAR] = "resolved", [TOLD_TEST] = "test",
};

static const char *spool_list_told(uint64_t told)
{
	return told < TOLDS ? spool_list_told_words[told] : "?";
}

static const char *spool_list_severity(uint64_t severity)
{
	return severity < SEVERITIES ? severity_name((enum severity)severity) : "?";
}

static const char *spool_list_state(uint64_t state)
{
	return delivery_state_word(state < UINT32_MAX ? (uint32_t)state : UINT32_MAX);
}

/* "3 min 4 s"; of an instant that is still to come: none. */
static const char *spool_list_span(wall_ms from, wall_ms to, char text[32])
{
	return clock_format_span(to > from ? to - from : 0, text);
}

/* --- for a person --- */

static void spool_list_put(const struct spool_list *list, int column)
{
	char text[4 * SPOOL_LIST_TEXT + 1];
	size_t len;
	const char *found = spool_read_text(&list->read, column, &len);
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_line(&b, found, len < SPOOL_LIST_TEXT ? len : SPOOL_LIST_TEXT);
	(void)fputs(text, list->out);
}

/* At the left of a column; what is wider pushes the rest of its line. */
static void spool_list_pad(const struct spool_list *list, int column, int width)
{
	char text[4 * SPOOL_LIST_TEXT + 1];
	size_t len;
	const char *found = spool_read_text(&list->read, column, &len);
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_line(&b, found, len < SPOOL_LIST_TEXT ? len : SPOOL_LIST_TEXT);
	(void)fprintf(list->out, "%-*s ", width, text);
}

/* "00000000A7  critical  3 min 4 s ago  nodira", and the title below. */
static void spool_list_show_alert(struct spool_list *list)
{
	char id[16], span[32];
	size_t len;

	delivery_format_id(spool_read_number(&list->read, ALERT_ID), id);
	(void)fprintf(list->out, "%s  %-8s  %s ago  ", id,
		      spool_list_severity(spool_read_number(&list->read, ALERT_SEVERITY)),
		      spool_list_span(spool_read_number(&list->read, ALERT_AT), list->now, span));
	(void)spool_read_text(&list->read, ALERT_UNIT, &len);
	if (len > 0)
		spool_list_put(list, ALERT_UNIT);
	else
		(void)fputs("(the host)", list->out);
	(void)fputs("\n    ", list->out);
	spool_list_put(list, ALERT_TITLE);
	(void)fputc('\n', list->out);
}

/* Its channel has not come to it: those before it go first. */
static bool spool_list_is_in_line(const struct spool_list *list, int base)
{
	size_t len;

	(void)spool_read_text(&list->read, base + ROW_WHY, &len);
	return len == 0 && spool_read_number(&list->read, base + ROW_STATE) == DELIVERY_WAITING &&
	       spool_read_number(&list->read, base + ROW_ATTEMPTS) == 0 &&
	       spool_read_number(&list->read, base + ROW_NEXT) <= list->now;
}

static void spool_list_show_next(const struct spool_list *list, int base)
{
	wall_ms next = spool_read_number(&list->read, base + ROW_NEXT);
	char span[32], text[48];

	if (spool_read_number(&list->read, base + ROW_STATE) != DELIVERY_WAITING)
		(void)snprintf(text, sizeof(text), "-");
	else if (spool_list_is_in_line(list, base))
		(void)snprintf(text, sizeof(text), "in its turn");
	else if (next <= list->now)
		(void)snprintf(text, sizeof(text), "now");
	else
		(void)snprintf(text, sizeof(text), "in %s", spool_list_span(list->now, next, span));
	(void)fprintf(list->out, "%-*s ", SPOOL_LIST_NEXT, text);
}

static void spool_list_show_row(const struct spool_list *list, int base)
{
	char tries[24];

	(void)snprintf(tries, sizeof(tries), "%" PRIu64, spool_read_number(&list->read, base + ROW_ATTEMPTS));
	(void)fputs("    ", list->out);
	spool_list_pad(list, base + ROW_CHANNEL, SPOOL_LIST_CHANNEL);
	(void)fprintf(list->out, "%-*s %-*s ", SPOOL_LIST_STATE,
		      spool_list_state(spool_read_number(&list->read, base + ROW_STATE)), SPOOL_LIST_TRIES, tries);
	spool_list_show_next(list, base);
	if (spool_list_is_in_line(list, base))
		(void)fputs("not tried yet: those before it go first", list->out);
	else
		spool_list_put(list, base + ROW_WHY);
	(void)fputc('\n', list->out);
}

static void spool_list_show_columns(const struct spool_list *list)
{
	(void)fprintf(list->out, "    %-*s %-*s %-*s %-*s %s\n", SPOOL_LIST_CHANNEL, "CHANNEL", SPOOL_LIST_STATE, "STATE",
		      SPOOL_LIST_TRIES, "ATTEMPTS", SPOOL_LIST_NEXT, "NEXT", "WHY");
}

/* --- as JSON --- */

static void spool_list_json_bytes(FILE *out, const char *key, const char *bytes, size_t len)
{
	char text[6 * SPOOL_LIST_TEXT + 1];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_json(&b, bytes, len < SPOOL_LIST_TEXT ? len : SPOOL_LIST_TEXT);
	(void)fprintf(out, "\"%s\":\"%s\"", key, text);
}

static void spool_list_json_text(const struct spool_list *list, const char *key, int column)
{
	size_t len;
	const char *text = spool_read_text(&list->read, column, &len);

	if (len > 0)
		spool_list_json_bytes(list->out, key, text, len);
	else
		(void)fprintf(list->out, "\"%s\":null", key);
}

/* An instant: ISO 8601 and ms; null where there is none. */
static void spool_list_json_at(FILE *out, const char *key, wall_ms at)
{
	char text[21];

	if (at == 0) {
		(void)fprintf(out, "\"%s\":null,\"%s_ms\":null", key, key);
		return;
	}
	clock_format(at, text);
	(void)fprintf(out, "\"%s\":\"%s\",\"%s_ms\":%" PRIu64, key, text, key, at);
}

static void spool_list_json_alert(const struct spool_list *list)
{
	static const struct {
		const char *key;
		int column;
	} texts[] = {{"rule", ALERT_RULE}, {"unit", ALERT_UNIT}, {"event", ALERT_EVENT}, {"title", ALERT_TITLE},
		     {"text", ALERT_TEXT}};
	char id[16], thread[16];

	delivery_format_id(spool_read_number(&list->read, ALERT_ID), id);
	delivery_format_id(spool_read_number(&list->read, ALERT_THREAD), thread);
	(void)fprintf(list->out, "\"id\":\"%s\",\"thread\":\"%s\",", id, thread);
	spool_list_json_at(list->out, "at", spool_read_number(&list->read, ALERT_AT));
	(void)fprintf(list->out, ",\"told\":\"%s\",\"severity\":\"%s\"",
		      spool_list_told(spool_read_number(&list->read, ALERT_TOLD)),
		      spool_list_severity(spool_read_number(&list->read, ALERT_SEVERITY)));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		(void)fputc(',', list->out);
		spool_list_json_text(list, texts[i].key, texts[i].column);
	}
}

static void spool_list_json_row(const struct spool_list *list, int base)
{
	uint64_t state = spool_read_number(&list->read, base + ROW_STATE);

	spool_list_json_text(list, "channel", base + ROW_CHANNEL);
	(void)fprintf(list->out, ",\"state\":\"%s\",\"attempts\":%" PRIu64 ",", spool_list_state(state),
		      spool_read_number(&list->read, base + ROW_ATTEMPTS));
	spool_list_json_at(list->out, "next_at", state == DELIVERY_WAITING ? spool_read_number(&list->read, base + ROW_NEXT) : 0);
	(void)fputc(',', list->out);
	spool_list_json_at(list->out, "reported_at", spool_read_number(&list->read, base + ROW_AT));
	(void)fputc(',', list->out);
	spool_list_json_text(list, "why", base + ROW_WHY);
}

/* --- both --- */

static bool spool_list_query(struct spool_list *list, const char *sql, uint64_t id)
{
	if (list->error == 0 && !spool_read_begin(&list->read, sql, id))
		list->error = -EIO;
	return list->error == 0;
}

static bool spool_list_next(struct spool_list *list)
{
	return list->error == 0 && spool_read_next(&list->read, &list->error);
}

/* First the ids, as the rows of each are a query of their own. */
static void spool_list_find_alerts(struct spool_list *list)
{
	if (!spool_list_query(list, "SELECT id FROM alerts WHERE owed != 0 ORDER BY id", 0))
		return;
	while (spool_list_next(list)) {
		if (list->alerts < ARRAY_LEN(list->id))
			list->id[list->alerts++] = spool_read_number(&list->read, 0);
		else
			list->more++;
	}
}

static void spool_list_rows(struct spool_list *list, uint64_t id)
{
	size_t rows = 0;

	(void)spool_list_query(list, "SELECT " SPOOL_LIST_ROW " FROM rows WHERE alert = ?1 ORDER BY channel", id);
	for (; spool_list_next(list); rows++) {
		if (list->json) {
			(void)fputs(rows > 0 ? ",{" : "{", list->out);
			spool_list_json_row(list, 0);
			(void)fputc('}', list->out);
			continue;
		}
		if (rows == 0)
			spool_list_show_columns(list);
		spool_list_show_row(list, 0);
	}
	if (rows == 0 && !list->json)
		(void)fputs("    nobody has tried to deliver it yet\n", list->out);
}

static void spool_list_alert(struct spool_list *list, size_t i)
{
	if (!spool_list_query(list, "SELECT " SPOOL_LIST_ALERT " FROM alerts WHERE id = ?1", list->id[i]) ||
	    !spool_list_next(list))
		return;
	if (list->json) {
		(void)fputs(i > 0 ? ",{" : "{", list->out);
		spool_list_json_alert(list);
		(void)fputs(",\"channels\":[", list->out);
	} else {
		(void)fputc('\n', list->out);
		spool_list_show_alert(list);
	}
	spool_list_rows(list, list->id[i]);
	if (list->json)
		(void)fputs("]}", list->out);
}

static size_t spool_list_dead(struct spool_list *list)
{
	size_t dead = 0;

	(void)spool_list_query(list,
			       "SELECT " SPOOL_LIST_ALERT ", " SPOOL_LIST_ROW " FROM rows JOIN alerts ON rows.alert = alerts.id"
			       " WHERE state = 2 ORDER BY rows.at, alerts.id, channel",
			       0);
	for (; spool_list_next(list); dead++) {
		if (list->json) {
			(void)fputs(dead > 0 ? ",{" : "{", list->out);
			spool_list_json_alert(list);
			(void)fputc(',', list->out);
			spool_list_json_row(list, ALERT_COLUMNS);
			(void)fputc('}', list->out);
			continue;
		}
		(void)fputs(dead == 0 ? "\nDEAD LETTERS, which were refused for good\n\n" : "\n", list->out);
		spool_list_show_alert(list);
		spool_list_show_columns(list);
		spool_list_show_row(list, ALERT_COLUMNS);
	}
	return dead;
}

static void spool_list_all(struct spool_list *list)
{
	spool_list_find_alerts(list);
	if (list->error < 0)
		return;
	if (list->json)
		(void)fputs("{\"alerts\":[", list->out);
	else if (list->alerts + list->more == 0)
		(void)fputs("Nothing waits.\n", list->out);
	else
		(void)fprintf(list->out, "%zu %s.\n", list->alerts + list->more,
			      list->alerts + list->more == 1 ? "alert waits" : "alerts wait");
	for (size_t i = 0; i < list->alerts; i++)
		spool_list_alert(list, i);
	if (list->more > 0 && !list->json)
		(void)fprintf(list->out, "\nand %zu more\n", list->more);
	if (list->json)
		(void)fputs("],\"dead\":[", list->out);
	(void)spool_list_dead(list);
	if (list->json)
		(void)fprintf(list->out, "],\"alerts_not_shown\":%zu}\n", list->more);
}

static int spool_list_cannot(const struct spool_list *list, const char *path, FILE *err)
{
	char text[2048];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_line(&b, list->read.why, strlen(list->read.why));
	if (list->error == -ENOENT)
		(void)fprintf(err, "watchdogctl: there is no spool at %s; --state names another directory\n", path);
	else
		(void)fprintf(err, "watchdogctl: cannot read %s: %s%s\n", path, text,
			      list->error == -EACCES ? "; root and the group of its directory may" : "");
	return SPOOL_LIST_UNREADABLE;
}

/* All of it in memory before a byte is shown: who reads slowly holds up no writer. */
static void spool_list_take(struct spool_list *list, const char *path, FILE *out)
{
	char *text = NULL;
	size_t len = 0;

	list->out = open_memstream(&text, &len);
	list->error = list->out != NULL ? spool_read_open(&list->read, path) : -ENOMEM;
	if (list->error == 0)
		spool_list_all(list);
	if (list->out != NULL && fclose(list->out) != 0 && list->error == 0)
		list->error = -ENOMEM;
	if (list->error == -ENOMEM)
		(void)snprintf(list->read.why, sizeof(list->read.why), "no memory");
	if (list->error == 0) {
		spool_read_close(&list->read); /* while it is open, what is written ahead is never cut: it would grow */
		(void)fwrite(text, 1, len, out);
	}
	free(text);
}

int spool_list(const char *path, bool json, wall_ms now, FILE *out, FILE *err)
{
	struct spool_list *list = calloc(1, sizeof(*list));
	int result = SPOOL_LIST_DONE;

	if (list == NULL) {
		(void)fputs("watchdogctl: no memory\n", err);
		return SPOOL_LIST_UNREADABLE;
	}
	list->json = json;
	list->now = now;
	spool_list_take(list, path, out);
	if (list->error < 0)
		result = spool_list_cannot(list, path, err);
	spool_read_close(&list->read);
	free(list);
	return result;
}
