/* One message on its way to one channel, from its begin to what came of it. */
#ifndef WD_DELIVER_ATTEMPT_H
#define WD_DELIVER_ATTEMPT_H

#include "deliver/deliver_parts.h"

enum { ATTEMPT_GRACE_MS = 10000 }; /* an attempt ends inside its plugin; so long after its time we end it */

/* Send it: the channel has none under way. The answer may come before this returns. */
void attempt_begin(struct deliver *deliver, struct waiting_alert *alert, struct waiting_row *row, struct deliver_now now);

/* How it ended; the channel's place is free again. text: hostile. */
void attempt_end(struct deliver *deliver, struct channel *channel, enum plugin_sent result, uint32_t again_ms,
		 const char *text, struct deliver_now now);

/* One without an answer for too long is given up, to be tried again. */
void attempt_look(struct deliver *deliver, struct channel *channel, struct deliver_now now);

/* End it without a word, the plugin's too. */
void attempt_cancel(struct channel *channel);

#endif
