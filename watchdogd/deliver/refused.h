/* A channel that refuses an alert for good is told by the other channels of this worker: by an alert of our own,
 * once for each channel and hour. It is in memory alone; but the alert that was refused is not done before that
 * one is, so that it comes back from the spool to a deliverer that was started anew, which tells it again, under the
 * same id. */
#ifndef WD_DELIVER_REFUSED_H
#define WD_DELIVER_REFUSED_H

#include "deliver/deliver_parts.h"

enum { REFUSED_TELL_MS = 3600000 };

/* The alert is dead at that channel. why: of one line, hostile. */
void refused_tell(struct deliver *deliver, struct waiting_alert *dead, struct channel *channel, const char *why,
		  struct deliver_now now);

/* The alert's own refusal is still on its way. */
bool refused_waits(const struct deliver *deliver, const struct waiting_alert *dead);

#endif
