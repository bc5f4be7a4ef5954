/* journal: follows the journal of the units that say `journal = yes` (sd-journal(3)), all by one reader. What
 * is there at first is old and not told. Without systemd there is no journal: it is looked for again from
 * time to time, quietly, and one that comes later is read from the time that watching began. A test with a
 * root prefix has its files in PREFIX/var/log/journal. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-journal.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/root.h"
#include "share/plugin.h"
#include "journal_unit.h"

enum {
	JOURNAL_RETRY_MS = 30000, /* to look for one again where there was none */
	JOURNAL_TURN_MS = 8,      /* of reading, before others of this process get theirs */
	JOURNAL_LINE_BYTES = 64 * 1024,
};

static struct {
	const struct plugin_host *host;
	struct journal_unit *unit; /* with a journal alone */
	size_t units;
	sd_journal *journal; /* NULL: none; tried again at retry_at */
	mono_ms retry_at;
	char *cursor;        /* of the last entry that was told; NULL: none yet */
	bool opened;         /* once: later on all that was not told is new */
	bool catches_up;     /* on the way from the cursor to the end: old ones of a new unit may come */
	bool pending;        /* the reader stands on an entry that is to be told */
	bool more, told;
} journal_state;

/* --- open --- */

static int journal_open_files(sd_journal **journal)
{
	char path[PATH_BYTES];

	if (!root_is_fake())
		return sd_journal_open(journal, SD_JOURNAL_LOCAL_ONLY);
	if (root_join("/var/log/journal", path, sizeof(path)) < 0)
		return -ENAMETOOLONG;
	return sd_journal_open_directory(journal, path, 0);
}

/* To behind what was told: after a reload the last entry, at first the last there is; of a journal that was not
 * there then, the time when watching began. */
static int journal_seek(sd_journal *journal)
{
	int found;

	if (journal_state.cursor != NULL) {
		found = sd_journal_seek_cursor(journal, journal_state.cursor);
		if (found >= 0)
			found = sd_journal_next(journal);
		/* Another one: the last was of a unit that is watched no more, or is deleted by now. */
		journal_state.pending = found > 0 && sd_journal_test_cursor(journal, journal_state.cursor) <= 0;
		return found;
	}
	if (journal_state.opened)
		return sd_journal_seek_realtime_usec(journal, journal_unit_oldest(journal_state.unit, journal_state.units) * 1000);
	/* Of sd_journal_seek_tail: only the step back makes it a place that next goes on from. */
	found = sd_journal_seek_tail(journal);
	if (found >= 0)
		found = sd_journal_previous(journal);
	return found == 0 ? sd_journal_seek_head(journal) : found;
}

static bool journal_is_there(sd_journal *journal)
{
	return root_is_fake() || sd_journal_has_runtime_files(journal) > 0 ||
	       sd_journal_has_persistent_files(journal) > 0;
}

static void journal_drop(mono_ms retry_at)
{
	sd_journal_close(journal_state.journal);
	journal_state.journal = NULL;
	journal_state.retry_at = retry_at;
	journal_state.more = journal_state.pending = false;
}

static void journal_say(int error)
{
	char text[TEXT_BYTES];

	if (journal_state.told)
		return;
	journal_state.told = true;
	(void)snprintf(text, sizeof(text), "cannot read the journal: %s; it is tried again", diag_errno(error));
	journal_state.host->log(LOG_WARNING, text);
}

static void journal_connect(mono_ms now)
{
	int error = journal_open_files(&journal_state.journal);

	if (error < 0)
		journal_state.journal = NULL;
	for (size_t i = 0; error >= 0 && i < journal_state.units; i++)
		error = journal_unit_match(journal_state.journal, &journal_state.unit[i]);
	if (error >= 0 && !journal_is_there(journal_state.journal))
		error = -ENOENT;
	if (error >= 0)
		error = journal_seek(journal_state.journal);
	if (error >= 0)
		error = sd_journal_get_fd(journal_state.journal); /* from now on changes are seen */
	if (error < 0 && error != -ENOENT)
		journal_say(error);
	journal_state.opened = true;
	journal_state.more = journal_state.catches_up = error >= 0;
	if (error < 0)
		journal_drop(now + JOURNAL_RETRY_MS);
	else
		journal_state.told = false;
}

/* --- entries --- */

/* The text after FIELD= of this entry; NULL: it has no such field. */
static const char *journal_field(const char *name, size_t *len)
{
	const void *data;
	size_t n = strlen(name) + 1;

	if (sd_journal_get_data(journal_state.journal, name, &data, len) < 0 || *len < n)
		return NULL;
	*len -= n;
	return (const char *)data + n;
}

/* The texts of sd_journal_get_data last until the next one is asked for. */
static void journal_read_field(const char *name, char *value, size_t size)
{
	size_t len;
	const char *text = journal_field(name, &len);
	struct buffer b;

	buffer_init(&b, value, size);
	if (text != NULL)
		buffer_add_bytes(&b, text, len);
}

/* An entry may have more than one line: each is one to us. */
static void journal_tell_lines(uint64_t unit, const char *text, size_t len)
{
	const char *end;

	do {
		size_t n;

		end = memchr(text, '\n', len);
		n = end != NULL ? (size_t)(end - text) : len;
		journal_state.host->line(unit, text, n < JOURNAL_LINE_BYTES ? n : JOURNAL_LINE_BYTES);
		len -= end != NULL ? n + 1 : n;
		text += n + 1;
	} while (end != NULL && len > 0);
}

static void journal_tell(void)
{
	struct journal_writer writer;
	uint64_t at_us = UINT64_MAX;

	journal_read_field("_SYSTEMD_UNIT", writer.unit, sizeof(writer.unit));
	journal_read_field("_SYSTEMD_USER_UNIT", writer.user_unit, sizeof(writer.user_unit));
	journal_read_field("_UID", writer.uid, sizeof(writer.uid));
	(void)sd_journal_get_realtime_usec(journal_state.journal, &at_us);
	for (size_t i = 0; i < journal_state.units; i++) {
		const struct journal_unit *unit = &journal_state.unit[i];
		const char *text;
		size_t len;

		if (!journal_unit_wrote(unit, &writer) || (journal_state.catches_up && at_us / 1000 < unit->since))
			continue;
		text = journal_field("MESSAGE", &len);
		journal_tell_lines(unit->id, text != NULL ? text : "", text != NULL ? len : 0);
	}
}

static void journal_keep_cursor(void)
{
	char *cursor = NULL;

	if (sd_journal_get_cursor(journal_state.journal, &cursor) < 0)
		return;
	free(journal_state.cursor);
	journal_state.cursor = cursor;
}

/* What came, for a while. */
static void journal_read(mono_ms until)
{
	int got = 1;

	if (journal_state.pending)
		journal_tell();
	journal_state.pending = false;
	while (got > 0 && clock_mono() < until) {
		got = sd_journal_next(journal_state.journal);
		if (got > 0)
			journal_tell();
		else if (got == 0)
			journal_state.catches_up = false;
		if (got == -EBADMSG || got == -EADDRNOTAVAIL)
			got = 1; /* a damaged entry: on to the next */
	}
	journal_state.more = got > 0;
	if (got < 0) {
		journal_say(got);
		journal_keep_cursor();
		journal_drop(clock_mono() + JOURNAL_RETRY_MS);
	}
}

/* --- the plugin --- */

static void journal_forget_place(void)
{
	free(journal_state.cursor);
	journal_state.cursor = NULL;
	journal_state.opened = false;
}

static void journal_watch(const struct plugin_unit *units, size_t count)
{
	size_t n;
	struct journal_unit *copy = journal_unit_copy(units, count, &n);

	if (copy == NULL) {
		journal_state.host->log(LOG_WARNING,
					"no memory for the journals of the new config: those of the old one are followed");
		return;
	}
	if (journal_unit_is_same(copy, n, journal_state.unit, journal_state.units)) {
		journal_unit_free(copy, n);
		return;
	}
	/* What came before this is read by the old matches, the rest by the new. */
	if (journal_state.journal != NULL)
		journal_read(clock_mono() + JOURNAL_TURN_MS);
	if (journal_state.journal != NULL)
		journal_keep_cursor();
	journal_drop(0);
	journal_unit_keep_since(copy, n, journal_state.unit, journal_state.units);
	journal_unit_free(journal_state.unit, journal_state.units);
	journal_state.unit = copy;
	journal_state.units = n;
	if (n == 0)
		journal_forget_place();
}

static int journal_open(const struct plugin_host *host)
{
	memset(&journal_state, 0, sizeof(journal_state));
	journal_state.host = host;
	return 0;
}

static void journal_ask(const struct plugin_request *request)
{
	journal_state.host->answer(request->id, -EINVAL, "a journal is read, nothing is carried out by it");
}

static void journal_sooner(int *timeout_ms, mono_ms at, mono_ms now)
{
	int left = at > now ? (int)(at - now) : 0;

	if (*timeout_ms < 0 || left < *timeout_ms)
		*timeout_ms = left;
}

static int journal_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	uint64_t at_us = UINT64_MAX; /* CLOCK_MONOTONIC: what our clock counts */

	if (journal_state.units == 0)
		return 0;
	if (journal_state.journal == NULL) {
		journal_sooner(timeout_ms, journal_state.retry_at, now);
		return 0;
	}
	if (journal_state.more)
		journal_sooner(timeout_ms, now, now);
	else if (sd_journal_get_timeout(journal_state.journal, &at_us) >= 0 && at_us != UINT64_MAX)
		journal_sooner(timeout_ms, at_us / 1000 + 1, now);
	if (max < 1)
		return 0;
	fds[0] = (struct pollfd){.fd = sd_journal_get_fd(journal_state.journal),
				 .events = (short)sd_journal_get_events(journal_state.journal)};
	return 1;
}

static void journal_dispatch(const struct pollfd *fds, int count)
{
	mono_ms now = clock_mono();
	int changed;

	(void)fds;
	(void)count;
	if (journal_state.units == 0)
		return;
	if (journal_state.journal == NULL) {
		if (now >= journal_state.retry_at)
			journal_connect(now);
		return;
	}
	changed = sd_journal_process(journal_state.journal);
	if (changed < 0) {
		journal_say(changed);
		journal_keep_cursor();
		journal_drop(now + JOURNAL_RETRY_MS);
		return;
	}
	if (changed != SD_JOURNAL_NOP || journal_state.more)
		journal_read(now + JOURNAL_TURN_MS);
}

static void journal_close(void)
{
	journal_drop(0);
	journal_unit_free(journal_state.unit, journal_state.units);
	journal_forget_place();
	journal_state.unit = NULL;
	journal_state.units = 0;
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "journal",
	.open = journal_open,
	.ask = journal_ask,
	.prepare = journal_prepare,
	.dispatch = journal_dispatch,
	.close = journal_close,
	.watch = journal_watch,
};
