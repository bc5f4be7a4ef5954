/* What became of a death that was told: one reply. The process is back (another that has lived 5 s), was restarted
 * by us, or the unit is dead or was stopped. */
#ifndef WD_SEE_REPLY_H
#define WD_SEE_REPLY_H

#include "base/clock.h"

struct see;
struct unit;

/* A death of the unit was told. */
void reply_begin(struct see *see, struct unit *unit, mono_ms at);

/* The replies that can be given. */
void reply_look(struct see *see, mono_ms now);

#endif
