/* The lines of a unit's log, as the scribe tells them: the events log-match and silence. */
#ifndef WD_SEE_SILENCE_H
#define WD_SEE_SILENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/message.h"

struct see;
struct unit;

struct silence {
	mono_ms heard; /* the last new line; 0: never */
	mono_ms from;  /* counted from then; 0: not counted */
	bool told;     /* the event has begun, and not ended */
	bool owes_end; /* one that began before a reload or a start of watchdogd is to be ended, if it is over */
};

/* MESSAGE_LINES, MESSAGE_MATCH. */
void silence_report(struct see *see, struct unit *unit, const struct message *report, mono_ms now);

/* counts: it is neither stopped nor dead nor frozen. A start of the unit begins the count anew, as its end does;
 * a silence that was told ends with that. When it would be told, if nothing comes; UINT64_MAX: never. */
mono_ms silence_look(struct see *see, struct unit *unit, bool counts, mono_ms now);

/* Who reads its log has begun anew, and not seen what came before: one that is not told yet is counted from now. */
void silence_anew(struct unit *unit, mono_ms now);

/* After a reload the rules may be others: it is told again. */
void silence_config(struct unit *unit);

#endif
