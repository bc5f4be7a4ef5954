/* watchdogctl explain: the OOM kills in a kernel log, told so that a person understands them, or as
 * JSON. The log may be of any size and its lines of any length: what is kept is bounded. */
#ifndef WD_ASK_EXPLAIN_H
#define WD_ASK_EXPLAIN_H

#include <stdbool.h>
#include <stdio.h>

/* Read the log at path (NULL: standard input) to its end and write each kill to out: text, or one
 * JSON object a line. What could not be understood is counted, at the end of the text or, with
 * json, on err. 0; 1 when the log could not be read or out could not be written, said on err. */
int explain_run(const char *path, bool json, FILE *out, FILE *err);

#endif
