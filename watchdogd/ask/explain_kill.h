/* One kill as sentences, and as JSON. */
#ifndef WD_ASK_EXPLAIN_KILL_H
#define WD_ASK_EXPLAIN_KILL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "see/oomrecord.h"

#define EXPLAIN_STAMP_SIZE 64
#define EXPLAIN_KILL_SIZE  32768 /* text or JSON of a kill whose every byte needs six */

struct explain_kill {
	struct oomrecord record;
	bool reaper_known; /* record.reaped says whether the memory came back */
	size_t stamp_len;
	char stamp[EXPLAIN_STAMP_SIZE]; /* the time, as the log has it */
};

/* Two or three lines, newline at the end; hostile names escaped. */
void explain_kill_text(const struct explain_kill *kill, struct buffer *out);

/* One object and a newline, valid UTF-8; a key that the log does not tell is left out. */
void explain_kill_json(const struct explain_kill *kill, struct buffer *out);

#endif
