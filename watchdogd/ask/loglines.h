/* A log cut into the kernel's lines: lines of any length in bounded memory, prefixes taken off,
 * lines of programs left out, and what a mail client or a newline in a name has torn put together
 * again. */
#ifndef WD_ASK_LOGLINES_H
#define WD_ASK_LOGLINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "see/kmsgline.h"

#define LOGLINES_LINE_SIZE  8192  /* more of a line is passed over; a record has about 2 KiB */
#define LOGLINES_CHUNK_SIZE 65536 /* also more than a record of /dev/kmsg, which is read whole */
#define LOGLINES_STAMP_SIZE 64
#define LOGLINES_COMM_SIZE  16 /* TASK_COMM_LEN */

/* A line that may be torn, waiting for the rest. */
struct loglines_held {
	bool any;
	unsigned joined;
	size_t len;
	struct kmsgline line; /* its text is in bytes */
	char bytes[LOGLINES_LINE_SIZE];
	char stamp[LOGLINES_STAMP_SIZE];
};

struct loglines {
	int fd;       /* borrowed */
	int error;    /* errno of the read that failed */
	bool overrun; /* /dev/kmsg: records were lost before they could be read */
	bool ended;
	size_t chunk_at, chunk_len;
	char chunk[LOGLINES_CHUNK_SIZE];
	size_t line_len;
	char line[LOGLINES_LINE_SIZE];
	enum kmsgline_clock clock; /* of the first line with a time; others count as without */
	uint64_t days_us, last_us; /* a clock of the day goes on over midnight */
	bool waits;                /* next is a line read that has not been given yet */
	struct kmsgline next;
	struct loglines_held held;
	size_t before_len; /* the line before, where it could be the first part of a name */
	char before[LOGLINES_COMM_SIZE];
	size_t mended_len;
	char mended[LOGLINES_LINE_SIZE];
};

/* Begin with what is read from fd, which stays the caller's. */
void loglines_init(struct loglines *lines, int fd);

/* The next of the kernel's lines; it lasts until the next call. False at the end, or when reading
 * failed (error is then set). */
bool loglines_next(struct loglines *lines, struct kmsgline *line);

#endif
