/* What goes between the deliverer and the scribe: the spool's backlog at the start, then our reports of each row
 * and of each alert that is done, the latest state alone, again and again until they are confirmed. */
#ifndef WD_DELIVER_SCRIBE_H
#define WD_DELIVER_SCRIBE_H

#include <stdbool.h>

#include "deliver/deliver_parts.h"

/* Ask for the backlog where that is due. False: nothing is to be tried yet but tests. */
bool scribe_backlog(struct deliver *deliver, mono_ms now);

/* A message of the scribe that is no new alert. */
void scribe_on(struct deliver *deliver, const struct delivery *delivery, struct deliver_now now);

/* More of the backlog may come: what has come of it is not tried yet. */
void scribe_more(struct deliver *deliver, mono_ms now);

/* Tell what is due, as far as its end takes it, and let go of the alerts of which all is confirmed. */
void scribe_flush(struct deliver *deliver, mono_ms now);

#endif
