/* Stopped on purpose, until its next start; and what the ledger keeps of a unit on this boot, so that a sentinel
 * that was killed knows it again. The ledger is searched only when that changes. */
#ifndef WD_SEE_PURPOSE_H
#define WD_SEE_PURPOSE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "share/ledger.h"

struct see;
struct unit;

struct purpose {
	bool stopped;    /* on purpose */
	uint16_t flags;  /* enum ledger_unit_flag: what the ledger has of ours */
	mono_ms since;   /* when it was stopped, or that ended; 0: never */
	mono_ms down_stop_at; /* when a stop job of what was down before it was last seen; 0: never */
	mono_ms ours_at; /* while it carries our mark: the last look with a step of ours on it; 0: none */
};

/* What the ledger remembers of a unit that is new here. */
void purpose_load(struct see *see, struct unit *unit, mono_ms now);

/* Change a flag in the ledger, where it is another. */
void purpose_note(struct see *see, struct unit *unit, enum ledger_unit_flag flag, bool is);

/* It is stopped on purpose; why: for the log, NULL: nothing is said. */
void purpose_stop(struct see *see, struct unit *unit, const char *why, mono_ms now);

/* It was started since. */
void purpose_start(struct see *see, struct unit *unit, mono_ms now);

/* A stop job was seen: on purpose, but for the stop inside a restart of ours. */
void purpose_see_stop_job(struct see *see, struct unit *unit, mono_ms now);

/* At each look: is a step of ours under way, or its stop owed to systemd? */
void purpose_look(struct see *see, struct unit *unit, mono_ms now);

/* A stop job of a unit that was down before it, and not ours: a person's. What carries our mark is theirs now, and is
 * not started again. While a step of ours is under way, that step decides whose it was (see_unit_stopped_down_at). */
void purpose_see_stop_of_down(struct see *see, struct unit *unit, mono_ms now);

/* A person has stopped it: no start of ours is owed, it carries our stopped mark no more, and is stopped on purpose. */
void purpose_take_persons_stop(struct see *see, struct unit *unit, mono_ms now);

/* It is inactive, not failed, and first looked at: stopped on purpose, unless we know that it was missing, or is
 * to be started by us. One that ran when last seen on this boot is a warning and an event. */
void purpose_judge_inactive(struct see *see, struct unit *unit, mono_ms now);

/* A restart of ours stopped it, and has not started it yet. */
bool purpose_is_owed(struct see *see, const struct unit *unit);

#endif
