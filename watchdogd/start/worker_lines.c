#include "start/worker_lines.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"

enum {
	LINES_TEXT_BYTES = sizeof((struct message){0}.text) - 1,
	LINES_BEFORE_BYTES = 80, /* what stood before the match tells who said it, and when */
	LINES_DOTS_BYTES = 3,
	LINES_UTF8_MORE = 3,     /* bytes of a character after its first */
};

static int worker_lines_compare(const void *a, const void *b)
{
	const struct worker_lines_row *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

static struct worker_lines_row *worker_lines_find(const struct worker_lines *lines, uint64_t id)
{
	struct worker_lines_row key = {.id = id};

	return lines->count == 0
		       ? NULL
		       : bsearch(&key, lines->row, lines->count, sizeof(lines->row[0]), worker_lines_compare);
}

int worker_lines_watch(struct worker_lines *lines, const struct plugin_unit *units, size_t count)
{
	struct worker_lines next = {.question = lines->question, .question_at = lines->question_at,
				    .question_due = lines->question_due, .full = lines->full};

	next.row = calloc(count + 1, sizeof(next.row[0]));
	next.due = calloc(count + 1, sizeof(next.due[0]));
	if (next.row == NULL || next.due == NULL) {
		free(next.row);
		free(next.due);
		return -ENOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		const struct worker_lines_row *known = worker_lines_find(lines, units[i].id);

		if (units[i].log[0] == '\0' && !units[i].journal)
			continue;
		next.row[next.count].id = units[i].id;
		if (known != NULL)
			next.row[next.count] = *known;
		next.count++;
	}
	qsort(next.row, next.count, sizeof(next.row[0]), worker_lines_compare);
	for (size_t i = 0; i < next.count; i++)
		if (next.row[i].listed)
			next.due[next.due_count++] = (uint32_t)i;
	free(lines->row);
	free(lines->due);
	*lines = next;
	return 0;
}

/* --- counting --- */

static bool lines_is_inside_character(char c)
{
	return ((unsigned char)c & 0xc0) == 0x80;
}

/* Before the match some, after it the more; no character of UTF-8 is cut in two. */
void worker_lines_cut(char text[sizeof((struct message){0}.text)], const char *line, size_t len, size_t at)
{
	size_t from = 0, n = len;
	struct buffer b;

	if (len > LINES_TEXT_BYTES) {
		from = at > LINES_BEFORE_BYTES ? at - LINES_BEFORE_BYTES : 0;
		if (from > len - LINES_TEXT_BYTES)
			from = len - LINES_TEXT_BYTES;
		if (from > 0)
			from += LINES_DOTS_BYTES;
		for (int i = 0; i < LINES_UTF8_MORE && from > 0 && lines_is_inside_character(line[from]); i++)
			from++;
		n = LINES_TEXT_BYTES - (from > 0 ? LINES_DOTS_BYTES : 0);
		if (from + n < len) {
			n -= LINES_DOTS_BYTES;
			for (int i = 0; i < LINES_UTF8_MORE && lines_is_inside_character(line[from + n]); i++)
				n--;
		}
		if (n > len - from)
			n = len - from;
	}
	buffer_init(&b, text, LINES_TEXT_BYTES + 1);
	buffer_add(&b, from > 0 ? "..." : "");
	for (size_t i = 0; i < n; i++)
		buffer_add_char(&b, line[from + i] != '\0' ? line[from + i] : ' ');
	buffer_add(&b, from + n < len ? "..." : "");
}

static void lines_count(uint32_t *counter)
{
	if (*counter < INT32_MAX) /* what a message's result can say */
		(*counter)++;
}

void worker_lines_add(struct worker_lines *lines, const struct plugin *match, uint64_t id, const char *line,
		      size_t len)
{
	struct worker_lines_row *row = lines->last;
	size_t at;

	if (row == NULL || row->id != id)
		row = lines->last = worker_lines_find(lines, id);
	if (row == NULL)
		return;
	lines_count(&row->lines);
	if (match != NULL && match->match(id, line, len, &at) != 0) {
		lines_count(&row->matches);
		worker_lines_cut(row->text, line, len, at < len ? at : 0);
	}
	if (!row->listed)
		lines->due[lines->due_count++] = (uint32_t)(row - lines->row);
	row->listed = true;
}

/* --- telling --- */

/* One count, if it is due. False: the sentinel's end is full. */
static bool lines_tell(const struct worker_lines_row *row, enum message_type type, uint32_t *counter, int link)
{
	struct message message;
	int error;

	message_make(&message, type, row->id, (int)*counter, type == MESSAGE_MATCH ? row->text : "");
	error = link >= 0 ? message_send(link, &message, -1) : 0;
	if (error == -EAGAIN || error == -ENOBUFS)
		return false;
	if (error < 0)
		diag_warning("cannot tell the sentinel of a log: %s", diag_errno(error));
	*counter = 0;
	return true;
}

/* False: the sentinel's end is full. */
static bool lines_tell_due(struct worker_lines_row *row, int link, bool all, mono_ms now)
{
	if (row->matches > 0 && (all || now >= row->matched_at)) {
		if (!lines_tell(row, MESSAGE_MATCH, &row->matches, link))
			return false;
		row->matched_at = now + LINES_MATCH_EVERY_MS;
	}
	if (row->lines > 0 && (all || now >= row->lines_at)) {
		if (!lines_tell(row, MESSAGE_LINES, &row->lines, link))
			return false;
		row->lines_at = now + LINES_EVERY_MS;
	}
	return true;
}

static int lines_sooner(int wait_ms, uint32_t counter, mono_ms at, mono_ms now)
{
	int left = at > now ? (int)(at - now) : 0;

	return counter > 0 && (wait_ms < 0 || left < wait_ms) ? left : wait_ms;
}

void worker_lines_ask(struct worker_lines *lines, uint64_t question, mono_ms now)
{
	lines->question = question;
	lines->question_at = now;
	lines->question_due = false;
}

bool worker_lines_idle(struct worker_lines *lines, bool idle, mono_ms now)
{
	if (lines->question != 0 && (idle || now - lines->question_at >= LINES_READ_MAX_MS))
		lines->question_due = true;
	return lines->question_due;
}

static void lines_answer(struct worker_lines *lines, int link)
{
	struct message message;
	int error;

	message_make(&message, MESSAGE_READ, lines->question, 0, "");
	error = link >= 0 ? message_send(link, &message, -1) : 0;
	lines->full = error == -EAGAIN || error == -ENOBUFS;
	if (lines->full)
		return;
	lines->question = 0;
	lines->question_due = false;
}

int worker_lines_send(struct worker_lines *lines, int link, mono_ms now)
{
	int wait_ms = -1;
	size_t left = 0;

	lines->full = false;
	for (size_t i = 0; i < lines->due_count; i++) {
		struct worker_lines_row *row = &lines->row[lines->due[i]];

		if (!lines->full && !lines_tell_due(row, link, lines->question_due, now))
			lines->full = true;
		row->listed = row->matches > 0 || row->lines > 0;
		if (!row->listed)
			continue;
		lines->due[left++] = lines->due[i];
		wait_ms = lines_sooner(wait_ms, row->matches, row->matched_at, now);
		wait_ms = lines_sooner(wait_ms, row->lines, row->lines_at, now);
	}
	lines->due_count = left;
	if (lines->question_due && !lines->full)
		lines_answer(lines, link);
	return lines->full ? -1 : wait_ms;
}
