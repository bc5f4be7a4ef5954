/* The patience with a unit that is given back: one that is shed again soon after was given back in vain, and waits
 * longer before the next try, 6 h, 12 h, then 24 h. The wait counts only while there is room for it without a
 * break: memory that comes and goes in waves shorter than that starts nothing. All of it stands in its row of the
 * ledger. */
#ifndef WD_DECIDE_PATIENCE_H
#define WD_DECIDE_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/ledger.h"

/* It is given back now: noted before it is asked. It was not, after all (that was not done): true, the first time of
 * several in a row. */
void patience_note_given(struct ledger_unit *row, mono_ms now);
bool patience_note_not_given(struct ledger_unit *row, mono_ms now);

/* It is shed: in vain was what came before, or not. Called before it carries a mark, once. */
void patience_note_shed(struct ledger_unit *row, mono_ms now);

/* There is room for it, or not, as this look sees it. */
void patience_note_fit(struct ledger_unit *row, bool fits, mono_ms now);

/* A person has started it, or says that it is to be tried again: nothing was in vain. */
void patience_end(struct ledger_unit *row);

/* How long there must be room for it, and how much of that is to come; 0: it may be given back. */
uint32_t patience_wait_ms(const struct ledger_unit *row);
uint32_t patience_left_ms(const struct ledger_unit *row, mono_ms now);

/* How long what was not done is not tried again; 0: it may be. A start has a wait of its own (do/backoff.h). */
uint32_t patience_refused_ms(const struct ledger_unit *row, mono_ms now);

#endif
