/* What the files of report share: the message being made and its texts. Not for others. */
#ifndef WD_DELIVER_REPORT_PARTS_H
#define WD_DELIVER_REPORT_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "deliver/report.h"
#include "share/plugin.h"

enum {
	REPORT_UNITS = 12,        /* shown; what is beyond is counted */
	REPORT_PROCESSES = 5,
	REPORT_FACTS = REPORT_UNITS + REPORT_PROCESSES + 6,
	REPORT_SUBJECT_CHARS = 150, /* what mail programs and lock screens show at most */
	REPORT_VALUE_BYTES = 256, /* of one fact */
	REPORT_TEXTS_BYTES = 24576, /* all texts at their longest: a byte of an alert may become four */
};

struct report {
	struct plugin_message message;
	struct plugin_pair facts[REPORT_FACTS];
	size_t used;              /* of texts */
	char texts[REPORT_TEXTS_BYTES];
};

/* Begin a text of at most max bytes behind the last one; report_end ends it and gives it, which lives as long as the
 * report. One that was cut ends in an ellipsis, never inside of a character. One at a time. */
void report_begin(struct report *report, struct buffer *text, size_t max);
const char *report_end(struct report *report, struct buffer *text);

/* A text of at most size bytes, escaped as for a log line; one that is full was cut by who wrote it, and an
 * incomplete character at its end is left out. */
void report_add_hostile(struct buffer *out, const char *text, size_t size);

/* "5.1 GiB", "310 MiB" */
void report_add_size(struct buffer *out, uint64_t bytes);

/* "41 s", "41 min", "9 h", "3 d": as short as a phone's line wants it. */
void report_add_span(struct buffer *out, uint64_t for_ms);

/* "12 %", "0.4 %" */
void report_add_pct(struct buffer *out, double pct);

/* The name of this host, escaped. */
void report_add_host(struct buffer *out);

/* The numbers now: report->facts. All take an `of` whose state, if any, is report_state_new's. */
void report_facts(struct report *report, const struct report_of *of);
/* What watchdogd will do, what the reader may do; the last hour. */
const char *report_doing(struct report *report, const struct report_of *of);
const char *report_todo(struct report *report, const struct report_of *of);
const char *report_history(struct report *report, const struct state *state);

/* The rule of that name, the unit of that name; NULL: not in this config, or no config. */
const struct config_rule *report_find_rule(const struct config *config, const char *name);
const struct config_unit *report_find_unit(const struct config *config, const char *name);

#endif
