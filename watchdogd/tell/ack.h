/* A person has seen it: what is open is not told again. The sentinel's repeats end here; what waits in a deliverer
 * (a channel with `after`) ends there. */
#ifndef WD_TELL_ACK_H
#define WD_TELL_ACK_H

#include "decide/decide.h"
#include "tell/alert.h"

/* MESSAGE_ACK of main: asked->id is a thread, any alert of one that is in the ledger still, or 0 for all. It is passed
 * on to who delivers in any case. answer: gets what main is to be told. */
void ack_take(struct alerts *alerts, struct decide *decide, const struct message *asked, struct message *answer,
	      mono_ms now);

#endif
