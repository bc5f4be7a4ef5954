/* The sentinel's signs of life to the service manager, by sd_notify(3): WATCHDOG=1 says that its loop runs and that it
 * sees, so a sentinel that is blind to the host is started again as one that hangs. STATUS= is what `systemctl
 * status` shows. Where no service manager listens nothing is sent. */
#ifndef WD_START_VITALS_H
#define WD_START_VITALS_H

#include <stdint.h>

#include "base/clock.h"
#include "share/state.h"

enum {
	VITALS_EVERY_MS = 60000,  /* STATUS, where no watchdog asks for more */
	VITALS_BLIND_MS = 30000,  /* the host's memory unknown for longer: no sign of life */
};

struct vitals {
	mono_ms tell_at;
	uint32_t every_ms;
	uint32_t firing;     /* rules firing when STATUS was last sent */
	mono_ms seen_at;     /* when the host's memory was last known, or the first look; 0: none yet */
};

/* How often they are asked for (WATCHDOG_USEC). */
void vitals_open(struct vitals *vitals);

/* Tell what is due. At each turn of the loop, by what its last look has seen. */
void vitals_tell(struct vitals *vitals, const struct state *state, mono_ms now);

#endif
