/* Was the end of a process asked for: by a step of ours on its unit, or by a stop or restart job of systemd's? A job
 * that systemd begins because of the end (its own Restart=) is none. */
#ifndef WD_SEE_ASKED_H
#define WD_SEE_ASKED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"

struct see;
struct unit;

enum {
	ASKED_END_MS = 1000,    /* the longest that a death waits for the actor's word on the job; where CPU is short
				   that takes some hundred ms, and a person's stop is no death then either */
	ASKED_SIGNAL_MS = 2000, /* a process takes so long at most to end by our signal */
};

struct asked {
	bool job_open;                 /* of stop or restart */
	mono_ms job_from, job_until;   /* when the last such job was first and last seen; 0: never */
	mono_ms ours_from, ours_until; /* the same of a step of ours that ends processes; from: it was not yet there */
	mono_ms ours_not_at;           /* the last look without one */
	uint32_t ours_slack_ms;        /* of a signal: it is over at once, what it does comes later */
	bool ours_on, ours_down;       /* one is under way; it is a restart whose stop is over */
};

/* At each look: our own step on it. */
void asked_look(struct see *see, struct unit *unit, mono_ms now);

/* systemd's word was `was`, and is `is` (enum message_unit). */
void asked_follow_job(struct unit *unit, uint32_t was, uint32_t is, mono_ms now);

/* A process of it ended at `at`: why; "": by itself; NULL: not known yet, systemd is asked. */
const char *asked_why(struct see *see, struct unit *unit, mono_ms at, mono_ms now);

#endif
