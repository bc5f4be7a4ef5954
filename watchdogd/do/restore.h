/* Giving back: what an ORDER_RESTORE says. The start of what we stopped is the end of a restart (start, then it has to
 * live); what we froze is thawed, what we capped has its memory.high of before. When and in which order is decide's (decide/decide_restore.c). */
#ifndef WD_DO_RESTORE_H
#define WD_DO_RESTORE_H

#include "do/action.h"

/* Begin it: one at a time, while no other action is under way. OUTCOME_BEGUN: the result comes by actions_next, with
 * gives_back; BUSY: not now, it is asked again; SKIPPED: there is no way to. why: TEXT_BYTES, set when it is SKIPPED. */
enum outcome restore_begin(struct actions *actions, const struct order *order, mono_ms now, char *why);

/* At its end, before it is told: what was not done is remembered, and waits. False: that was told before. */
bool restore_end(struct actions *actions, const struct action *action, mono_ms now);

/* " again", where that stands behind the verb and the unit: "start xtts again", but "uncap xtts". */
const char *restore_again(enum verb verb);

/* "started xtts again, after 12 min"; that in full, with what was seen. */
void restore_title(const struct actions *actions, const struct action *action, struct buffer *title);
void restore_format(const struct actions *actions, const struct action *action, mono_ms now, struct buffer *text);

#endif
