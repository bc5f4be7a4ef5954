/* What a firing leaves shed, for its all-clear, and what a person does about that. */
#ifndef WD_DECIDE_UNDO_H
#define WD_DECIDE_UNDO_H

#include <stdbool.h>

#include "base/buffer.h"
#include "decide/ladder.h"

/* "; xtts is still stopped (systemctl start xtts_server.service)": what carries our mark with the name of the ladder's
 * rule. with_command: and, of what no `restore` gives back, the command that does. */
void undo_format(const struct ladder *ladder, bool with_command, struct buffer *text);

#endif
