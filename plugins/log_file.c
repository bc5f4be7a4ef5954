/* No line is kept: reading goes on at the beginning of the line that has no end yet, so one buffer serves
 * all files. Truncation and rewriting are seen by what stood before that place: it is read again with
 * what follows; where it is another text, all of the file is new. */
#include "log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/diag.h"
#include "base/file.h"

enum {
	LOG_READ_BYTES = 4 * LOG_LINE_BYTES,
	LOG_CLOCK_LINES = 16,          /* from one look at the clock to the next */
	LOG_CLOCK_BYTES = 4096,        /* ... or so many bytes */
	LOG_BEHIND_BYTES = 64 * 1024 * 1024,
	LOG_BEHIND_SAID = 5,           /* so many checks in a row: a burst is not worth a line */
};

static char log_bytes[LOG_FINGER_BYTES + LOG_READ_BYTES];

/* --- open --- */

/* By way of O_PATH: to open a device may do something (a hardware watchdog starts to count), a FIFO may keep
 * its writer, and between a stat and an open the name may come to mean another file. */
static int log_open_regular(const char *path, struct stat *st)
{
	char self[32];
	int place = open(path, O_PATH | O_CLOEXEC), fd;

	if (place < 0)
		return -errno;
	if (fstat(place, st) < 0 || !S_ISREG(st->st_mode)) {
		(void)close(place);
		return -EINVAL;
	}
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", place);
	fd = open(self, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		fd = -errno;
	(void)close(place);
	return fd;
}

int log_file_open(struct log_file *file, const struct plugin_unit *unit, const char *path, bool old, mono_ms now)
{
	struct stat st = {0};
	int fd = log_open_regular(path, &st);
	ssize_t n = 0;

	if (fd < 0)
		return fd;
	*file = (struct log_file){.unit = unit->id, .name = unit->name, .fd = fd, .dev = st.st_dev, .ino = st.st_ino,
				  .grown_at = now, .more = true};
	file->path = strdup(path);
	if (file->path == NULL) {
		(void)close(fd);
		return -ENOMEM;
	}
	if (!old)
		return 0;
	file->at = st.st_size;
	file->finger_len = st.st_size < LOG_FINGER_BYTES ? (size_t)st.st_size : LOG_FINGER_BYTES;
	n = pread(fd, file->finger, file->finger_len, file->at - (off_t)file->finger_len);
	if (n != (ssize_t)file->finger_len) { /* it is being truncated: all that it holds then is new */
		file->at = 0;
		file->finger_len = 0;
	}
	return 0;
}

void log_file_close(struct log_file *file)
{
	file->fd = file_close(file->fd);
	free(file->path);
	file->path = NULL;
}

/* --- what is said of a file --- */

static void log_file_say(const struct log_file *file, const struct plugin_host *host, const char *what, off_t bytes)
{
	char text[PATH_BYTES + 128];

	(void)snprintf(text, sizeof(text), "%s: the log %s %s (%lld KiB)", file->name, file->path, what,
		       (long long)(bytes >> 10));
	host->log(LOG_INFO, text);
}

void log_file_check(struct log_file *file, const struct plugin_host *host)
{
	struct stat st;

	if (fstat(file->fd, &st) < 0)
		return;
	if (file->behind < LOG_BEHIND_SAID) {
		file->behind = st.st_size - file->at > LOG_BEHIND_BYTES ? file->behind + 1 : 0;
		if (file->behind == LOG_BEHIND_SAID)
			log_file_say(file, host, "grows faster than it is read; what is new in it is told late",
				     st.st_size - file->at);
	} else if (!file->more) {
		file->behind = 0;
		log_file_say(file, host, "is read up to its end again", st.st_size);
	}
}

/* --- lines --- */

/* NULs before a line are the page of a hole that a writer left which did not see the truncation. */
static void log_file_tell(struct log_file *file, const struct plugin_host *host, const char *line, size_t len)
{
	bool rest = file->halved;

	file->halved = false;
	if (len > 0 && line[len - 1] == '\r')
		len--;
	for (; len > 0 && line[0] == '\0'; len--)
		line++;
	if (rest && len == 0)
		return;
	host->line(file->unit, line, len < LOG_LINE_BYTES ? len : LOG_LINE_BYTES);
}

static void log_file_remember(struct log_file *file, const char *end, size_t before)
{
	file->finger_len = before < LOG_FINGER_BYTES ? before : LOG_FINGER_BYTES;
	memcpy(file->finger, end - file->finger_len, file->finger_len);
}

/* Tell the lines of the n bytes at text; gives how many bytes are done with. What is left is a line without
 * its end, or there was no more time (*over). */
static size_t log_file_split(struct log_file *file, const struct plugin_host *host, const char *text, size_t n,
			     mono_ms until, bool *over)
{
	size_t done = 0, looked = 0;
	const char *end;

	*over = false;
	for (int lines = 0; !*over && (end = memchr(text + done, '\n', n - done)) != NULL; lines++) {
		if (!file->skips)
			log_file_tell(file, host, text + done, (size_t)(end - text) - done);
		file->skips = false;
		done = (size_t)(end - text) + 1;
		if (lines % LOG_CLOCK_LINES == 0 || done - looked > LOG_CLOCK_BYTES) {
			looked = done;
			*over = clock_mono() >= until;
		}
	}
	if (*over)
		return done;
	if (n - done >= LOG_LINE_BYTES && !file->skips) {
		log_file_tell(file, host, text + done, LOG_LINE_BYTES);
		file->skips = true;
	}
	return file->skips ? n : done;
}

/* A line without its end: 0 while it grows or is young, else its bytes, told. */
static size_t log_file_half(struct log_file *file, const struct plugin_host *host, const char *text, size_t n, mono_ms now)
{
	if (n != file->half) {
		file->half = n;
		file->half_at = now;
	}
	if (n == 0 || now - file->half_at < LOG_HALF_MS)
		return 0;
	log_file_tell(file, host, text, n);
	file->halved = true;
	file->half = 0;
	return n;
}

/* --- reading --- */

/* All of it is new: it was truncated, and perhaps has grown since. Who writes on at the old place leaves a
 * hole before it. */
static void log_file_restart(struct log_file *file, const struct plugin_host *host)
{
	off_t data = lseek(file->fd, 0, SEEK_DATA);

	if (file->behind == LOG_BEHIND_SAID)
		log_file_say(file, host, "was truncated before it was read up to its end", file->at);
	file->behind = 0;
	file->at = data > 0 ? data : 0;
	file->finger_len = 0;
	file->half = 0;
	file->skips = file->halved = false;
}

/* What follows `at` into log_bytes, behind the finger. Its bytes; -EAGAIN: all of it is new; or -errno. */
static ssize_t log_file_fetch(const struct log_file *file)
{
	ssize_t n = pread(file->fd, log_bytes, file->finger_len + LOG_READ_BYTES, file->at - (off_t)file->finger_len);

	if (n < 0)
		return errno == EAGAIN ? -EIO : -errno;
	if ((size_t)n < file->finger_len || memcmp(log_bytes, file->finger, file->finger_len) != 0)
		return -EAGAIN;
	return n - (ssize_t)file->finger_len;
}

int log_file_read(struct log_file *file, const struct plugin_host *host, mono_ms until)
{
	bool over = false;

	while (file->more && !over) {
		const char *text = log_bytes + file->finger_len;
		ssize_t n = log_file_fetch(file);
		mono_ms now = clock_mono();
		size_t done;

		if (n == -EAGAIN) {
			log_file_restart(file, host);
			over = now >= until;
			continue;
		}
		if (n < 0)
			return (int)n;
		if ((size_t)n > file->half)
			file->grown_at = now;
		done = log_file_split(file, host, text, (size_t)n, until, &over);
		file->more = over || n == LOG_READ_BYTES;
		if (done > 0)
			file->half = 0;
		if (!file->more)
			done += log_file_half(file, host, text + done, (size_t)n - done, now);
		if (done > 0)
			log_file_remember(file, text + done, file->finger_len + done);
		file->at += (off_t)done;
	}
	return 0;
}

void log_file_finish(struct log_file *file, const struct plugin_host *host)
{
	ssize_t n = log_file_fetch(file);

	if (n > 0 && !file->skips)
		log_file_tell(file, host, log_bytes + file->finger_len, (size_t)n);
}
