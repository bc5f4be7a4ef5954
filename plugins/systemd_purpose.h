/* Was a unit stopped on purpose, is it being restarted: what its jobs say. Pure: it is told what systemd
 * signals, in order, and asks nothing itself.
 *
 * The type of a job is no part of any signal; it has to be asked for, and a job that lasts some ms may be
 * gone by then. What it did then tells what it was (systemd 252, src/core/job.c and unit.c): a start or
 * restart gives the unit another InvocationID, or looks at its conditions, and a stop does neither; a job
 * that does nothing (try-restart of what is down) never stands in the unit's property Job. */
#ifndef WD_PLUGINS_SYSTEMD_PURPOSE_H
#define WD_PLUGINS_SYSTEMD_PURPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "systemd_props.h"

enum { SYSTEMD_RESTARTED_MS = 1000 }; /* a restart job, or a stop of what is down, counts for so long after its end */

/* How a unit was, as far as a job changes it. */
struct systemd_past {
	bool known, up, down;
	bool waits; /* to auto-restart: it has no processes left that a restart job could end */
	char invocation[33];
	uint64_t condition_us;
};

struct systemd_purpose {
	bool stopped;             /* a stop job was seen since the last start */
	char stop_invocation[33]; /* what it stopped */
	bool limited;             /* it is failed, and its last start was refused for its start limit */
	mono_ms restarted_until;  /* a restart job ended of late; 0: none */
	mono_ms stopped_down_until; /* a stop job of what was down before it; 0: none */
	uint32_t stopped_down_job;  /* its number */
	struct systemd_purpose_job {
		uint32_t number;      /* 0: none is followed */
		bool wants_type;      /* the type is to be asked for (anew) */
		bool typed, seen;     /* the type is known; it stood in the unit's property Job */
		bool stop, restart;   /* what it is */
		bool removed;         /* it is over; only its type's answer is waited for */
		char result[16];
		struct systemd_past before, after;
	} job;
};

/* The properties have changed from before to now. */
void systemd_purpose_note(struct systemd_purpose *purpose, const struct systemd_props *before,
			  const struct systemd_props *now);

/* JobNew; now: how the unit was just before. It follows the change of the unit's property Job, but for a
 * unit that was just loaded and a job that does nothing. */
void systemd_purpose_announce(struct systemd_purpose *purpose, uint32_t number,
			      const struct systemd_props *now);

/* The followed job's type: "stop", ...; NULL: it was gone when it was asked for. */
void systemd_purpose_take_type(struct systemd_purpose *purpose, const char *type,
			       const struct systemd_props *now);

/* JobRemoved: result "done", "canceled", ... True: it was the one that is followed. */
bool systemd_purpose_end(struct systemd_purpose *purpose, uint32_t number, const char *result,
			 const struct systemd_props *now);

/* The connection was away: the job that is followed may be over, what became of it was not heard. */
void systemd_purpose_lose(struct systemd_purpose *purpose);

/* The unit was read for the first time, or after it was not heard of: how did it end meanwhile? */
void systemd_purpose_catch_up(struct systemd_purpose *purpose, const struct systemd_props *now);

/* A stop job that had nothing to stop ended within the last second. */
bool systemd_purpose_is_stop_of_down(const struct systemd_purpose *purpose, mono_ms now);

/* A restart job is open, or was within the last second. */
bool systemd_purpose_is_restart(const struct systemd_purpose *purpose, mono_ms now);

#endif
