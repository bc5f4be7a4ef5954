/* Lines of units' logs, told to the sentinel as few messages: how many came (MESSAGE_LINES), how many
 * hold a pattern of log-match and how one of them reads (MESSAGE_MATCH). Counts are never lost: what
 * cannot be sent yet is added to. */
#ifndef WD_START_WORKER_LINES_H
#define WD_START_WORKER_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/message.h"
#include "share/plugin.h"

enum {
	LINES_EVERY_MS = 1000, /* one MESSAGE_LINES of a unit to the next */
	LINES_MATCH_EVERY_MS = 200, /* the same for MESSAGE_MATCH */
	LINES_READ_MAX_MS = 5000, /* who is always behind its logs says so late that it is at work */
};

struct worker_lines {
	struct worker_lines_row {
		uint64_t id;
		uint32_t lines, matches;      /* not told yet */
		mono_ms lines_at, matched_at; /* from when on they may be told */
		bool listed;                  /* stands in due */
		char text[sizeof((struct message){0}.text)]; /* the last match, cut */
	} *row;                               /* sorted by id */
	size_t count;
	uint32_t *due; /* rows with something to tell */
	size_t due_count;
	struct worker_lines_row *last; /* a line is often followed by one of the same unit */
	uint64_t question;   /* MESSAGE_READ to be answered; 0: none */
	mono_ms question_at; /* when it came */
	bool question_due;   /* the logs were read since: answered with the next telling */
	bool full;      /* the sentinel's end takes no more: wait for POLLOUT */
};

/* The units with a log; what is counted of those that stay is kept. 0, or -ENOMEM: nothing is changed. */
int worker_lines_watch(struct worker_lines *lines, const struct plugin_unit *units, size_t count);

/* A line came; match: the plugin that knows the patterns, or NULL. It is told by worker_lines_send. */
void worker_lines_add(struct worker_lines *lines, const struct plugin *match, uint64_t id, const char *line,
		      size_t len);

/* The sentinel asks whether all is told that the logs have now. */
void worker_lines_ask(struct worker_lines *lines, uint64_t question, mono_ms now);

/* All was read that there is (idle), or not yet. True: a question can be answered now. */
bool worker_lines_idle(struct worker_lines *lines, bool idle, mono_ms now);

/* Tell what is due, and before an answer all that there is; -1: nothing is left; or in how many ms the next is due. */
int worker_lines_send(struct worker_lines *lines, int link, mono_ms now);

/* The part of a line around `at` that a message has room for, "..." where it is cut; a NUL is a space. */
void worker_lines_cut(char text[sizeof((struct message){0}.text)], const char *line, size_t len, size_t at);

#endif
