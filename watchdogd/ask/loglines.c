#include "ask/loglines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LOGLINES_JOINS_MAX 6  /* pieces a mail client makes of a kill line, and some */
#define LOGLINES_NAME_MAX  64 /* a name ends within so many bytes of its second line */
#define LOGLINES_DAY_US    ((uint64_t)24 * 3600 * 1000000)

void loglines_init(struct loglines *lines, int fd)
{
	memset(lines, 0, sizeof(*lines));
	lines->fd = fd;
}

/* More bytes in the chunk. /dev/kmsg says EPIPE where records were lost, and then goes on; opened
 * without waiting it says EAGAIN at its end. */
static bool loglines_fill(struct loglines *lines)
{
	ssize_t n;

	do {
		n = read(lines->fd, lines->chunk, sizeof(lines->chunk));
		if (n < 0 && errno == EPIPE)
			lines->overrun = true;
	} while (n < 0 && (errno == EINTR || errno == EPIPE));
	if (n < 0 && errno != EAGAIN)
		lines->error = errno;
	lines->chunk_at = 0;
	lines->chunk_len = n > 0 ? (size_t)n : 0;
	lines->ended = n <= 0;
	return n > 0;
}

/* The next line into line, as much of it as fits. */
static bool loglines_raw(struct loglines *lines)
{
	bool some = false;

	lines->line_len = 0;
	while (lines->chunk_at < lines->chunk_len || (!lines->ended && loglines_fill(lines))) {
		const char *from = lines->chunk + lines->chunk_at;
		size_t left = lines->chunk_len - lines->chunk_at;
		const char *end = memchr(from, '\n', left);
		size_t n = end ? (size_t)(end - from) : left;
		size_t room = sizeof(lines->line) - lines->line_len;

		memcpy(lines->line + lines->line_len, from, n < room ? n : room);
		lines->line_len += n < room ? n : room;
		lines->chunk_at += end ? n + 1 : n;
		some = true;
		if (end)
			return true;
	}
	return some;
}

/* Times of one clock only, which goes on. */
static void loglines_clock(struct loglines *lines, struct kmsgline *line)
{
	if (lines->clock == KMSGLINE_NO_CLOCK)
		lines->clock = line->clock;
	if (line->clock != lines->clock)
		line->at_us = 0;
	if (line->clock != KMSGLINE_DAY || line->at_us == 0)
		return;
	line->at_us += lines->days_us;
	if (line->at_us + LOGLINES_DAY_US / 2 < lines->last_us) {
		lines->days_us += LOGLINES_DAY_US;
		line->at_us += LOGLINES_DAY_US;
	}
	lines->last_us = line->at_us;
}

/* Take the colours out of what `dmesg --color` or journalctl wrote: the former begins each line
 * with one, the latter writes them behind the tag. A colour elsewhere is somebody's name. */
static void loglines_uncolour(struct loglines *lines)
{
	struct oomtext line = {lines->line, lines->line_len};
	size_t to = 0;

	if (!oomtext_begins(line, "\x1b[") && oomtext_find(line, "kernel: \x1b[") == OOMTEXT_NONE)
		return;
	for (size_t from = 0; from < line.n;) {
		size_t end = from + 2;

		if (oomtext_begins(oomtext_from(line, from), "\x1b[")) {
			while (end < line.n && (line.at[end] == ';' ||
						(line.at[end] >= '0' && line.at[end] <= '9')))
				end++;
			if (end < line.n && line.at[end] == 'm') {
				from = end + 1;
				continue;
			}
		}
		lines->line[to++] = lines->line[from++];
	}
	lines->line_len = to;
}

static bool loglines_kernel(struct loglines *lines, struct kmsgline *line)
{
	while (loglines_raw(lines)) {
		loglines_uncolour(lines);
		kmsgline_text(lines->line, lines->line_len, line);
		if (!line->kernel || line->text.n == 0)
			continue;
		loglines_clock(lines, line);
		return true;
	}
	return false;
}

/* Could the line be torn? */
static bool loglines_is_torn(const struct kmsgline *line)
{
	size_t killed = oomtext_find(line->text, "illed process ");

	if (line->raw)
		return false;
	if (killed != OOMTEXT_NONE)
		return oomtext_find(oomtext_from(line->text, killed), "oom_score_adj:") ==
		       OOMTEXT_NONE;
	if (oomtext_begins(line->text, "oom-kill:constraint="))
		return oomtext_find(line->text, ",task=") != OOMTEXT_NONE &&
		       oomtext_find(line->text, ",uid=") == OOMTEXT_NONE;
	return oomtext_find(line->text, " invoked oom-killer: gfp_mask=") != OOMTEXT_NONE &&
	       oomtext_find(line->text, "oom_score_adj=") == OOMTEXT_NONE;
}

/* Torn in a name by a newline of its own: dmesg and journalctl write the rest without a prefix,
 * some blanks before it. A name is short, and the kernel goes on behind it in one way. */
static bool loglines_is_rest_of_name(const struct loglines_held *held, struct oomtext near)
{
	struct oomtext sofar = {held->bytes, held->len};

	if (held->line.bare || oomtext_find(sofar, "total-vm:") != OOMTEXT_NONE)
		return false;
	if (oomtext_begins(sofar, "oom-kill:"))
		return oomtext_find(near, ",pid=") != OOMTEXT_NONE;
	return oomtext_find(sofar, " (") != OOMTEXT_NONE &&
	       (oomtext_find(near, ") total-vm:") != OOMTEXT_NONE ||
		oomtext_find(near, "), UID ") != OOMTEXT_NONE);
}

/* Is the line the rest of the one held? Only what can be nothing else: no prefix of its own, and it
 * ends the name that was open, or begins as the kernel goes on there (a mail client has wrapped
 * it). What it was torn at is put into at. */
static bool loglines_is_rest(const struct loglines_held *held, const struct kmsgline *line,
			     const char **at)
{
	static const char *const begins[] = {
		"(",         "total-vm:",      "anon-rss:", "file-rss:", "shmem-rss:",     "UID:",
		"pgtables:", "oom_score_adj:", "nodemask=", "order=",    "oom_score_adj=",
	};
	struct oomtext near = line->text;

	if (!held->any || !line->bare || held->joined == LOGLINES_JOINS_MAX)
		return false;
	if (near.n > LOGLINES_NAME_MAX)
		near.n = LOGLINES_NAME_MAX;
	*at = "\n";
	if (loglines_is_rest_of_name(held, near))
		return true;
	*at = " ";
	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (oomtext_begins(near, begins[i]))
			return true;
	return false;
}

static void loglines_add(struct loglines_held *held, struct oomtext text)
{
	size_t room = sizeof(held->bytes) - held->len;

	if (text.n > room)
		text.n = room;
	memcpy(held->bytes + held->len, text.at, text.n);
	held->len += text.n;
}

static void loglines_hold(struct loglines_held *held, const struct kmsgline *line)
{
	held->any = true;
	held->joined = 0;
	held->len = 0;
	held->line = *line;
	held->line.stamp.n =
		line->stamp.n < sizeof(held->stamp) ? line->stamp.n : sizeof(held->stamp);
	if (held->line.stamp.n > 0)
		memcpy(held->stamp, line->stamp.at, held->line.stamp.n);
	held->line.stamp.at = held->stamp;
	loglines_add(held, line->text);
}

static void loglines_give(struct loglines_held *held, struct kmsgline *line)
{
	*line = held->line;
	line->text = (struct oomtext){held->bytes, held->len};
	held->any = false;
}

/* The name at the start of a line may be torn too: its first part is then a short line before, and
 * its own is indented. */
static void loglines_mend_head(struct loglines *lines, struct kmsgline *line)
{
	bool torn = line->bare && lines->line[0] == ' ' && lines->before_len > 0 &&
		    oomtext_find(line->text, " invoked oom-killer: gfp_mask=") < LOGLINES_COMM_SIZE;
	size_t n = line->text.n;

	lines->mended_len = lines->before_len;
	memcpy(lines->mended, lines->before, lines->before_len);
	lines->before_len = 0;
	if (!line->bare && !line->raw && n < LOGLINES_COMM_SIZE) {
		memcpy(lines->before, line->text.at, n);
		lines->before_len = n;
	}
	if (!torn || n >= sizeof(lines->mended) - LOGLINES_COMM_SIZE)
		return;
	lines->mended[lines->mended_len++] = '\n';
	memcpy(lines->mended + lines->mended_len, line->text.at, n);
	line->text = (struct oomtext){lines->mended, lines->mended_len + n};
}

bool loglines_next(struct loglines *lines, struct kmsgline *line)
{
	struct loglines_held *held = &lines->held;
	const char *at;

	for (;;) {
		if (lines->waits) {
			*line = lines->next;
			lines->waits = false;
		} else if (!loglines_kernel(lines, line)) {
			if (!held->any)
				return false;
			loglines_give(held, line);
			return true;
		} else {
			loglines_mend_head(lines, line);
		}
		if (loglines_is_rest(held, line, &at)) {
			loglines_add(held, (struct oomtext){at, 1});
			loglines_add(held, line->text);
			held->joined++;
			continue;
		}
		if (held->any) {
			/* line stays in its buffer until it is asked for. */
			lines->next = *line;
			lines->waits = true;
			loglines_give(held, line);
			return true;
		}
		if (!loglines_is_torn(line))
			return true;
		loglines_hold(held, line);
	}
}
