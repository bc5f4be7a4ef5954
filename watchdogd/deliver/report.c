#include "deliver/report.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/escape.h"
#include "base/file.h"
#include "base/severity.h"
#include "deliver/report_parts.h"
#include "deliver/report_processes.h"
#include "deliver/report_state.h"
#include "share/ledger.h"

#define REPORT_CUT "\u2026"

enum {
	REPORT_CUT_BYTES = sizeof(REPORT_CUT) - 1,
	REPORT_ESCAPED = 4, /* bytes that one may become */
	REPORT_CHAR_BYTES = 4,
	REPORT_COUNT_BYTES = 32,
	REPORT_HOST_BYTES = 64 + 1, /* HOST_NAME_MAX of Linux */
	REPORT_LOST_BYTES = 1024,
};

static const char *const report_told[] = {
	[TOLD_ALERT] = "alert",   [TOLD_RESULT] = "result",  [TOLD_REPLY] = "reply",
	[TOLD_REPEAT] = "repeat", [TOLD_CLEAR] = "resolved", [TOLD_TEST] = "test",
};
_Static_assert(ARRAY_LEN(report_told) == TOLDS, "a word for each");

/* --- texts --- */

void report_begin(struct report *report, struct buffer *text, size_t max)
{
	size_t room = sizeof(report->texts) - report->used;

	buffer_init(text, report->texts + report->used, max < room ? max : room);
}

/* So many of its n bytes are whole characters. */
static size_t report_whole(const char *text, size_t n)
{
	size_t lead = n;

	while (lead > 0 && n - lead < REPORT_CHAR_BYTES - 1 && (text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead > 0 && (text[lead - 1] & 0xc0) == 0xc0 && escape_utf8_len(text + lead - 1, n - lead + 1) == 0)
		return lead - 1;
	return n;
}

const char *report_end(struct report *report, struct buffer *text)
{
	if (text->cut && text->size > REPORT_CUT_BYTES) {
		size_t room = text->size - 1 - REPORT_CUT_BYTES;

		text->len = report_whole(text->text, text->len < room ? text->len : room);
		buffer_add(text, REPORT_CUT);
	}
	report->used += text->len + 1;
	/* The last byte is a NUL always: where nothing is left texts are empty. */
	if (report->used >= sizeof(report->texts))
		report->used = sizeof(report->texts) - 1;
	return text->text;
}

void report_add_hostile(struct buffer *out, const char *text, size_t size)
{
	size_t n = strnlen(text, size);

	if (n + 1 < size) {
		escape_line(out, text, n);
		return;
	}
	escape_line(out, text, report_whole(text, n));
}

void report_add_size(struct buffer *out, uint64_t bytes)
{
	const double kib = 1024, value = (double)bytes;

	if (value >= kib * kib * kib / 2)
		buffer_addf(out, "%.1f GiB", value / (kib * kib * kib));
	else if (value >= kib * kib)
		buffer_addf(out, "%.0f MiB", value / (kib * kib));
	else
		buffer_addf(out, "%.0f KiB", value / kib);
}

void report_add_span(struct buffer *out, uint64_t for_ms)
{
	/* So many of a unit are told in it, before the next one says as much. */
	static const struct {
		const char *name;
		uint64_t ms, below;
	} units[] = {{"s", 1000, 60}, {"min", 60000, 120}, {"h", 3600000, 48}, {"d", 86400000, UINT64_MAX}};
	size_t i = 0;

	while (for_ms / units[i].ms >= units[i].below)
		i++;
	buffer_addf(out, "%" PRIu64 " %s", for_ms / units[i].ms, units[i].name);
}

void report_add_pct(struct buffer *out, double pct)
{
	buffer_addf(out, pct > 0 && pct < 0.95 ? "%.1f %%" : "%.0f %%", pct);
}

/* From /proc, so that a made-up host has its name too. */
void report_add_host(struct buffer *out)
{
	char name[REPORT_HOST_BYTES + 1] = "";

	if (report_processes_proc() < 0 ||
	    file_read_at(report_processes_proc(), "sys/kernel/hostname", name, sizeof(name)) <= 0)
		(void)gethostname(name, sizeof(name) - 1);
	name[strcspn(name, "\n")] = '\0';
	if (name[0] == '\0')
		buffer_add(out, "localhost");
	report_add_hostile(out, name, sizeof(name));
}

static const char *report_keep(struct report *report, const char *text, size_t size)
{
	struct buffer b;

	report_begin(report, &b, size * REPORT_ESCAPED);
	report_add_hostile(&b, text, size);
	return report_end(report, &b);
}

/* --- the parts of a message --- */

const struct config_rule *report_find_rule(const struct config *config, const char *name)
{
	for (uint32_t i = 0; config != NULL && i < config->rules.count; i++)
		if (strcmp(config_rule_at(config, i)->name, name) == 0)
			return config_rule_at(config, i);
	return NULL;
}

const struct config_unit *report_find_unit(const struct config *config, const char *name)
{
	uint32_t i = config != NULL && name[0] != '\0' ? config_find_unit(config, name) : CONFIG_NONE;

	return i != CONFIG_NONE ? config_unit_at(config, i) : NULL;
}

/* At most so many characters; a longer one ends in an ellipsis. */
static void report_cut(struct buffer *text, size_t chars)
{
	size_t at = 0, last = 0;

	for (size_t i = 0; i < chars; i++) {
		if (at >= text->len)
			return;
		last = at;
		at += escape_utf8_len(text->text + at, text->len - at);
	}
	if (at >= text->len)
		return;
	text->len = last;
	text->text[last] = '\0';
	text->cut = false;
	buffer_add(text, REPORT_CUT);
}

static size_t report_chars(const char *text)
{
	size_t chars = 0;

	for (; *text != '\0'; text++)
		chars += ((unsigned char)*text & 0xc0) != 0x80;
	return chars;
}

/* "[critical] nodira: claude killed by the OOM killer (5.1 GiB); claudir lives on (3 times)": the count stays whole
 * however long the title is. */
static const char *report_subject(struct report *report, const struct report_of *of)
{
	const struct plugin_message *m = &report->message;
	char times[REPORT_COUNT_BYTES];
	struct buffer b, count;

	BUFFER_OVER(&count, times);
	if (of->count > 1)
		buffer_addf(&count, " (%u times)", of->count);
	report_begin(report, &b, sizeof(of->alert->text) * REPORT_ESCAPED);
	buffer_addf(&b, "[%s] %s: ", m->severity, m->unit[0] != '\0' ? m->unit : m->host);
	if (of->alert->title[0] != '\0')
		report_add_hostile(&b, of->alert->title, sizeof(of->alert->title));
	else
		report_add_hostile(&b, of->alert->text, sizeof(of->alert->text));
	report_cut(&b, REPORT_SUBJECT_CHARS - report_chars(times));
	buffer_add(&b, times);
	return report_end(report, &b);
}

/* As a sentence; nothing is changed at its beginning, which may be a name. */
static void report_add_stop(struct buffer *text)
{
	if (text->len > 0 && strchr(".!?", text->text[text->len - 1]) == NULL)
		buffer_add_char(text, '.');
}

static const char *report_text(struct report *report, const struct report_of *of)
{
	struct buffer b;

	report_begin(report, &b, (TEXT_BYTES + REPORT_LOST_BYTES) * REPORT_ESCAPED);
	report_add_hostile(&b, of->alert->text, sizeof(of->alert->text));
	report_add_stop(&b);
	if (of->count > 1) {
		buffer_addf(&b, " %u alerts %s", of->count, of->within_ms > 0 ? "within " : "in one message");
		if (of->within_ms > 0)
			report_add_span(&b, of->within_ms);
		buffer_add(&b, ", this is the last.");
	}
	if (of->lost != NULL && of->lost[0] != '\0') {
		buffer_add_char(&b, ' ');
		report_add_hostile(&b, of->lost, REPORT_LOST_BYTES);
		report_add_stop(&b);
	}
	return report_end(report, &b);
}

/* Of the alert itself. */
static void report_fill_alert(struct report *report, const struct report_of *of)
{
	const struct delivery_alert *alert = of->alert;
	struct plugin_message *m = &report->message;
	char id[16], thread[16];

	delivery_format_id(alert->id, id);
	delivery_format_id(alert->thread != 0 ? alert->thread : alert->id, thread);
	m->id = report_keep(report, id, sizeof(id));
	m->thread = report_keep(report, thread, sizeof(thread));
	m->told = report_told[alert->told < TOLDS ? alert->told : TOLD_ALERT];
	m->severity = severity_name(alert->severity < SEVERITIES ? (enum severity)alert->severity : SEVERITY_CRITICAL);
	m->rule = report_keep(report, alert->rule, sizeof(alert->rule));
	m->unit = report_keep(report, alert->unit, sizeof(alert->unit));
	m->event = report_keep(report, alert->event, sizeof(alert->event));
	m->at_wall_ms = alert->at;
	m->attempt = of->attempt;
	m->count = of->count > 0 ? of->count : 1;
}

static void report_fill(struct report *report, const struct report_of *of)
{
	struct plugin_message *m = &report->message;
	struct buffer host;

	report_fill_alert(report, of);
	report_begin(report, &host, (size_t)REPORT_HOST_BYTES * REPORT_ESCAPED);
	report_add_host(&host);
	m->host = report_end(report, &host);
	m->subject = report_subject(report, of);
	m->title = report_keep(report, of->alert->title, sizeof(of->alert->title));
	m->text = report_text(report, of);
	m->doing = report_doing(report, of);
	m->todo = report_todo(report, of);
	m->history = report_history(report, of->state);
	m->facts = report->facts;
	report_facts(report, of);
}

/* Whatever came in it, its texts end. */
static void report_end_texts(struct delivery_alert *alert)
{
	alert->rule[sizeof(alert->rule) - 1] = '\0';
	alert->unit[sizeof(alert->unit) - 1] = '\0';
	alert->event[sizeof(alert->event) - 1] = '\0';
	alert->title[sizeof(alert->title) - 1] = '\0';
	alert->text[sizeof(alert->text) - 1] = '\0';
}

struct report *report_new(const struct report_of *of)
{
	struct report *report = calloc(1, sizeof(*report));
	struct state *state = report_state_new(of->state);
	struct delivery_alert alert = *of->alert;
	struct report_of with = *of;

	report_end_texts(&alert);
	with.alert = &alert;
	with.state = state;
	if (report != NULL)
		report_fill(report, &with);
	report_state_free(state);
	return report;
}

const struct plugin_message *report_message(const struct report *report)
{
	return &report->message;
}

void report_free(struct report *report)
{
	free(report);
}
