/* A channel takes no alerts: a dead letter of it is told by an alert to all other channels, of either worker, whatever
 * their filters, once an hour. That it was told stands in the ledger. */
#ifndef WD_TELL_REFUSAL_H
#define WD_TELL_REFUSAL_H

#include "base/clock.h"
#include "tell/alert.h"

enum { REFUSAL_TELL_MS = 3600000 };

/* MESSAGE_REFUSED of a deliverer; its text may be anything. Answered once people are told, or were within the hour. What
 * is no channel of its own is passed over; what finds no room now is said again. */
void refusal_take(struct alerts *alerts, enum handed_who who, const struct message *message, mono_ms now);

/* At the start of a sentinel, before an entry is freed: the one before may have ended between an alert and the note that
 * it was told. */
void refusal_begin(struct alerts *alerts);

#endif
