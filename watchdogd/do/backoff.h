/* The back-off between the starts of one unit that we ask for, whoever wanted them: 0, 10, 30, 90, 270 s, then
 * 10 min after the last one, each +-20 %; after ten minutes of life the next is the first again. It is kept
 * in the ledger (struct ledger_unit), counted when a start is asked. */
#ifndef WD_DO_BACKOFF_H
#define WD_DO_BACKOFF_H

#include "do/action.h"
#include "share/ledger.h"

/* When the next start may be asked; 0: at once. */
mono_ms backoff_until(const struct ledger_unit *row);

/* A start is asked now. */
void backoff_count(struct ledger_unit *row, mono_ms now);

/* Its process has lived without a break since then (0: it does not live): the count may be over. True: it is. */
bool backoff_forgive(struct ledger_unit *row, mono_ms alive_since, mono_ms now);

/* Once a second: counts that are over end, and the state page says how it is with each. */
void backoff_look(struct actions *actions, mono_ms now);

/* The unit's rows of the state page, from the ledger. */
void backoff_publish(struct actions *actions, uint32_t unit);

#endif
