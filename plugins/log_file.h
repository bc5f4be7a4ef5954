/* One file that is followed: what is appended to it, as lines, and that it was truncated or written anew. */
#ifndef WD_LOG_FILE_H
#define WD_LOG_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/clock.h"
#include "share/plugin.h"

enum {
	LOG_LINE_BYTES = 64 * 1024, /* of a line; the rest of a longer one is passed over */
	LOG_FINGER_BYTES = 32,      /* what stood before the place where reading goes on */
	LOG_HALF_MS = 2000,         /* a line without its end is told when nothing came for so long */
};

struct log_file {
	uint64_t unit;
	const char *name;     /* of the unit; borrowed */
	char *path;           /* by which it was found first */
	int fd;
	dev_t dev;
	ino_t ino;
	off_t at;             /* where the next line begins */
	unsigned char finger[LOG_FINGER_BYTES]; /* the bytes before `at` */
	size_t finger_len;
	bool skips;           /* inside a line that was told already, as far as there was room or time */
	bool halved;          /* a line was told before it had its end: an empty rest is none */
	size_t half;          /* bytes of a line without its end, from `at` on */
	mono_ms half_at;      /* when they became so many */
	mono_ms grown_at;     /* when there was something new last */
	bool more;            /* there may be something to read */
	unsigned behind;      /* checks in a row that found it far behind */
};

/* Open it without setting off what a device or FIFO would do. old: begin at its end, else at its beginning.
 * path: copied. 0; -EINVAL: it is no regular file; -errno. */
int log_file_open(struct log_file *file, const struct plugin_unit *unit, const char *path, bool old, mono_ms now);

/* Tell the lines that came, until nothing is left (file->more is false then) or the time is over. 0, or
 * -errno: it cannot be read. */
int log_file_read(struct log_file *file, const struct plugin_host *host, mono_ms until);

/* Once a second: say when it grows faster than it is read, and when that is over. */
void log_file_check(struct log_file *file, const struct plugin_host *host);

/* Tell the line that has no end and will get none. */
void log_file_finish(struct log_file *file, const struct plugin_host *host);
void log_file_close(struct log_file *file);

#endif
