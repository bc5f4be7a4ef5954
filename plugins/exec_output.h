/* What a command printed, bounded: its first and its last line, each cut, however much it was. */
#ifndef WD_PLUGINS_EXEC_OUTPUT_H
#define WD_PLUGINS_EXEC_OUTPUT_H

#include <stddef.h>

#include "base/buffer.h"

enum { EXEC_LINE_BYTES = 80 }; /* of a line; an answer to the sentinel holds 255 bytes in all */

struct exec_output {
	char first[EXEC_LINE_BYTES + 1], last[EXEC_LINE_BYTES + 1], line[EXEC_LINE_BYTES + 1];
	size_t len;     /* bytes of line so far */
	unsigned lines; /* that were not empty */
};

/* Take n bytes that were printed; hostile. Empty lines do not count. */
void exec_output_keep(struct exec_output *said, const char *bytes, size_t n);

/* Nothing more comes: what stands without a newline is a line too. */
void exec_output_end(struct exec_output *said);

/* `; it said "first" .. "last"`, nothing when nothing was said; not escaped. Ends the last line. */
void exec_output_tell(struct buffer *text, struct exec_output *said);

#endif
