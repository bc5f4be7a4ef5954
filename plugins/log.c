/* log: follows the units' log files (`log` of a unit), the word "source" of the scribe. A path is looked at
 * once a second, and what inotify(7) tells of a file that is open at once. What is there at first is old
 * and not told, what comes later is told from its beginning. A file that lost its name (rotation) is read
 * on, before its successor; one that was truncated begins anew (log_file.c). What is renamed twice within
 * a second, or truncated before it was read, may be lost: no follower of files can see it.
 * A turn is bounded in time, files take turns. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "share/plugin.h"
#include "log_file.h"
#include "log_glob.h"
#include "log_unit.h"

enum {
	LOG_FILES_MAX = 512,    /* open at once, of all units */
	LOG_LOOK_MS = 1000,     /* from one look at the paths to the next */
	LOG_LOOK_SHARE = 20,    /* ... but a look takes at most this part of the time */
	LOG_TURN_MS = 8,        /* of reading, before others of this process get theirs */
	LOG_PAUSE_MS = 20,      /* from one turn to the next: a chatty log must not wake us at each line */
	LOG_GONE_MS = 60000,    /* a file without a name is let go when nothing came for so long */
	LOG_EVENTS_BYTES = 4096,
};

struct log_row {
	struct log_file file;
	struct log_unit *unit;
	uint32_t seen; /* by which look its path led to it; another one: it has lost its name */
	int wd;        /* of inotify; -1: none */
};

static struct {
	const struct plugin_host *host;
	int inotify; /* -1: none; each file is looked at once a second */
	struct log_unit *unit;
	size_t units;
	struct log_row row[LOG_FILES_MAX]; /* in order of their finding */
	size_t rows, first;                /* first: whose turn it is */
	uint32_t look;
	mono_ms look_at, turn_at; /* when the next one is due */
	bool told_full;
} log_state;

/* --- files --- */

static void log_watch_file(struct log_row *row)
{
	char self[32];

	row->wd = -1;
	if (log_state.inotify < 0)
		return;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", row->file.fd);
	row->wd = inotify_add_watch(log_state.inotify, self, IN_MODIFY);
}

/* Two units may follow one file, by one watch. */
static void log_unwatch_file(const struct log_row *row)
{
	for (size_t i = 0; i < log_state.rows; i++)
		if (&log_state.row[i] != row && log_state.row[i].wd == row->wd)
			return;
	if (row->wd >= 0)
		(void)inotify_rm_watch(log_state.inotify, row->wd);
}

static void log_drop(size_t i)
{
	log_unwatch_file(&log_state.row[i]);
	log_file_close(&log_state.row[i].file);
	log_state.rows--;
	memmove(&log_state.row[i], &log_state.row[i + 1], (log_state.rows - i) * sizeof(log_state.row[0]));
}

static struct log_row *log_find(const struct log_unit *unit, const struct stat *st)
{
	for (size_t i = 0; i < log_state.rows; i++) {
		struct log_row *row = &log_state.row[i];

		if (row->unit == unit && row->file.ino == st->st_ino && row->file.dev == st->st_dev)
			return row;
	}
	return NULL;
}

static void log_add(struct log_unit *unit, const char *path, mono_ms now)
{
	struct log_row *row = &log_state.row[log_state.rows];
	int error;

	if (log_state.rows == LOG_FILES_MAX) {
		if (!log_state.told_full)
			log_unit_say(log_state.host, unit, path, "too many are open; it is looked for again, this is said once");
		log_state.told_full = true;
		unit->error = -ENFILE;
		return;
	}
	error = log_file_open(&row->file, &unit->unit, path, unit->old, now);
	if (error < 0) {
		if (error == -ENOENT)
			return;
		unit->error = error != -EINVAL ? error : unit->error;
		log_unit_say_error(log_state.host, unit, path, error);
		return;
	}
	row->unit = unit;
	row->seen = log_state.look;
	log_watch_file(row);
	log_state.rows++;
}

/* --- looking --- */

static void log_on_path(void *arg, const char *path)
{
	struct log_unit *unit = arg;
	struct log_row *row;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR) {
			unit->error = -errno;
			log_unit_say_error(log_state.host, unit, path, unit->error);
		}
		return;
	}
	if (!S_ISREG(st.st_mode)) {
		log_unit_say_error(log_state.host, unit, path, -EINVAL);
		return;
	}
	row = log_find(unit, &st);
	if (row != NULL)
		row->seen = log_state.look;
	else
		log_add(unit, path, clock_mono());
}

/* What could not be read yet was there all the same, and is old when it can be; of many files that is not
 * waited for: the others that come are new. */
static void log_look_at(struct log_unit *unit)
{
	bool many = log_glob_is(unit->unit.log);
	int error = 0;

	unit->error = 0;
	if (many)
		error = log_glob(unit->unit.log, log_on_path, unit);
	else
		log_on_path(unit, unit->unit.log);
	if (error < 0)
		log_unit_say_error(log_state.host, unit, unit->unit.log, error);
	unit->said_error = unit->said_error && (error < 0 || unit->error < 0);
	unit->old = unit->old && unit->error < 0 && !many;
}

/* One without a name that nobody writes to any more. */
static bool log_is_over(const struct log_row *row, mono_ms now)
{
	return row->seen != log_state.look && !row->file.more && now - row->file.grown_at >= LOG_GONE_MS;
}

static void log_look(mono_ms now)
{
	mono_ms took;

	log_state.look++;
	for (size_t i = 0; i < log_state.units; i++)
		log_look_at(&log_state.unit[i]);
	for (size_t i = log_state.rows; i-- > 0;) {
		if (!log_is_over(&log_state.row[i], now))
			continue;
		log_file_finish(&log_state.row[i].file, log_state.host);
		log_drop(i);
	}
	for (size_t i = 0; i < log_state.rows; i++) {
		log_file_check(&log_state.row[i].file, log_state.host);
		log_state.row[i].file.more = true;
	}
	took = clock_mono() - now;
	log_state.look_at = now + (took * LOG_LOOK_SHARE > LOG_LOOK_MS ? took * LOG_LOOK_SHARE : LOG_LOOK_MS);
}

/* --- reading --- */

static void log_on_event(const struct inotify_event *event)
{
	for (size_t i = 0; i < log_state.rows; i++)
		if (log_state.row[i].wd == event->wd || (event->mask & IN_Q_OVERFLOW) != 0)
			log_state.row[i].file.more = true;
}

static void log_read_events(void)
{
	char bytes[LOG_EVENTS_BYTES] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t n;

	while (log_state.inotify >= 0 && (n = read(log_state.inotify, bytes, sizeof(bytes))) > 0)
		for (ssize_t i = 0; i < n;) {
			const struct inotify_event *event = (const void *)(bytes + i);

			log_on_event(event);
			i += (ssize_t)(sizeof(*event) + event->len);
		}
}

/* A predecessor of its unit, which has lost its name, is not read to its end yet. */
static bool log_must_wait(size_t of)
{
	for (size_t i = 0; i < of; i++)
		if (log_state.row[i].unit == log_state.row[of].unit && log_state.row[i].seen != log_state.look &&
		    log_state.row[i].file.more)
			return true;
	return false;
}

/* It is opened anew at the next look, at its end: what it held is not told twice. */
static void log_on_error(size_t i, int error)
{
	struct log_row *row = &log_state.row[i];

	if (!row->unit->said_read)
		log_unit_say(log_state.host, row->unit, row->file.path, diag_errno(error));
	row->unit->said_read = true;
	row->unit->old = true;
	log_drop(i);
}

/* Each once, beginning with the one after the last that had its turn, until the time is over. */
static void log_read_files(mono_ms until)
{
	size_t count = log_state.rows, at = log_state.first;

	for (size_t i = 0; i < count && clock_mono() < until; i++, at++) {
		int error;

		if (at >= log_state.rows)
			at = 0;
		if (log_state.rows == 0)
			break;
		if (!log_state.row[at].file.more || log_must_wait(at))
			continue;
		error = log_file_read(&log_state.row[at].file, log_state.host, until);
		if (error < 0)
			log_on_error(at, error);
	}
	log_state.first = at;
}

static bool log_has_more(void)
{
	for (size_t i = 0; i < log_state.rows; i++)
		if (log_state.row[i].file.more)
			return true;
	return false;
}

/* --- the plugin --- */

/* The rows of unit `from` become those of `to`, or are closed (NULL). */
static void log_move_rows(const struct log_unit *from, struct log_unit *to)
{
	for (size_t i = log_state.rows; i-- > 0;) {
		struct log_row *row = &log_state.row[i];

		if (row->unit != from)
			continue;
		if (to == NULL) {
			log_drop(i);
			continue;
		}
		row->unit = to;
		row->file.name = to->unit.name;
	}
}

static void log_watch(const struct plugin_unit *units, size_t count)
{
	size_t n;
	struct log_unit *next = log_unit_copy(units, count, &n), *same;

	if (next == NULL) {
		log_state.host->log(LOG_WARNING, "no memory for the logs of the new config: those of the old one are followed");
		return;
	}
	for (size_t i = 0; i < log_state.units; i++) {
		same = log_unit_find(next, n, &log_state.unit[i].unit);
		if (same != NULL) {
			same->old = log_state.unit[i].old;
			same->said_kind = log_state.unit[i].said_kind;
			same->said_error = log_state.unit[i].said_error;
			same->said_read = log_state.unit[i].said_read;
		}
		log_move_rows(&log_state.unit[i], same);
	}
	log_unit_free(log_state.unit, log_state.units);
	log_state.unit = next;
	log_state.units = n;
	log_state.look_at = 0; /* now: what is appended from now on is news */
}

static int log_open(const struct plugin_host *host)
{
	memset(&log_state, 0, sizeof(log_state));
	log_state.host = host;
	log_state.inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	return 0;
}

static void log_ask(const struct plugin_request *request)
{
	log_state.host->answer(request->id, -EINVAL, "a log is read, nothing is carried out by it");
}

static int log_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono(), next = log_state.look_at;
	bool pauses = now < log_state.turn_at;
	int left;

	if (log_state.units == 0)
		return 0;
	if (log_has_more() && log_state.turn_at < next)
		next = log_state.turn_at;
	if (pauses && log_state.turn_at < next)
		next = log_state.turn_at;
	left = next > now ? (int)(next - now) : 0;
	if (*timeout_ms < 0 || left < *timeout_ms)
		*timeout_ms = left;
	if (pauses || max < 1 || log_state.inotify < 0)
		return 0;
	fds[0] = (struct pollfd){.fd = log_state.inotify, .events = POLLIN};
	return 1;
}

static void log_dispatch(const struct pollfd *fds, int count)
{
	mono_ms now = clock_mono();

	(void)fds;
	(void)count;
	if (log_state.units == 0 || now < log_state.turn_at)
		return;
	log_read_events();
	if (now >= log_state.look_at)
		log_look(now);
	if (!log_has_more())
		return;
	now = clock_mono();
	log_read_files(now + LOG_TURN_MS);
	/* What is behind has no pause. */
	log_state.turn_at = log_has_more() ? 0 : now + LOG_PAUSE_MS;
}

static void log_close(void)
{
	while (log_state.rows > 0)
		log_drop(log_state.rows - 1);
	log_unit_free(log_state.unit, log_state.units);
	log_state.unit = NULL;
	log_state.units = 0;
	log_state.inotify = file_close(log_state.inotify);
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "log",
	.open = log_open,
	.ask = log_ask,
	.prepare = log_prepare,
	.dispatch = log_dispatch,
	.close = log_close,
	.watch = log_watch,
};
