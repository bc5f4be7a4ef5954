/* A dead letter is told to the sentinel, again and again until that has seen to it that people know; before that its
 * alert is not done, so that it comes back from the spool to a deliverer that was started anew, which tells it again.
 * That an alert about a dead letter became one itself is told to nobody. */
#ifndef WD_DELIVER_REFUSED_H
#define WD_DELIVER_REFUSED_H

#include "deliver/deliver_parts.h"

enum { REFUSED_AGAIN_MS = 5000 };

/* The row is dead. */
void refused_note(const struct waiting_alert *alert, struct waiting_row *row);

/* Tell what was not told yet: of each channel one at a time. */
void refused_turn(struct deliver *deliver, mono_ms now);

/* People are not told yet of some row that is dead. */
bool refused_waits(const struct waiting_alert *alert);

#endif
