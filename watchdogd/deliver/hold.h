/* Which rows go at once, which wait, which become one: `after`, `fold`, quiet hours, threads, all-clears,
 * acknowledgements. */
#ifndef WD_DELIVER_HOLD_H
#define WD_DELIVER_HOLD_H

#include <stdbool.h>

#include "deliver/deliver_parts.h"

/* How many texts of a dropped row begin that was made part of another message. */
#define HOLD_FOLDED "folded into "

/* A new alert at one channel: does it want it? Gives it a row then, held or not, or ended already (an all-clear
 * of what was held). */
void hold_choose(struct deliver *deliver, struct waiting_alert *alert, struct channel *channel, struct deliver_now now);

/* What the spool knows of a row: goes on from there. */
void hold_restore(struct waiting_alert *alert, struct waiting_row *row, const struct delivery_row *spooled,
		  struct deliver_now now);

/* Is what it waited for over? Rows that are held alone. */
void hold_look(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now);

/* The row is about to be tried for the first time: those that were held beside it become one with it. The last of
 * them is sent, in its place in the order; alert and row are set to it. */
void hold_merge(struct deliver *deliver, struct waiting_alert **alert, struct waiting_row **row);

/* A person has acknowledged the thread: is the row dropped for that? */
bool hold_is_acked(const struct waiting_alert *alert, const struct waiting_row *row);

#endif
