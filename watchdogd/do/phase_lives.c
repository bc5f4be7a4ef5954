/* A unit that was started lives: its watched process has lived for the unit's `grace`. What dies before is
 * not done, so that the next step, or the next start, does not wait for it. A process that its parent has back
 * within a few seconds begins its life anew: who brings its child up by itself is not fought. */
#include "base/clock.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/phase.h"

enum {
	PHASE_BACK_MS = 5000, /* its parent, or systemd, has it back by then: as a `death` is answered */
	PHASE_GONE_MS = 1000, /* of its unit nothing is left, and systemd is not seen to be at it */
};

int phase_lives_enter(struct actions *actions, struct action *action, mono_ms now)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	(void)now;
	action->alive_since = see_unit_alive_since(actions->see, action->unit);
	action->lost_at = 0;
	if (entry != NULL)
		entry->phase = ACTION_LIVES;
	return 0;
}

/* "it lived 3 s of its grace of 20 s: claude (pid 71) exited with status 1". The cause is of a process that
 * ended since the start. */
static void phase_say_death(struct actions *actions, struct action *action, mono_ms ended)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	const struct state_unit *unit = phase_state(actions, action);
	char lived[32], grace[32];

	if (action->alive_since == 0)
		action_saw(action, "its process was not seen to live within %s",
			   clock_format_span(ended - action->phase_began, lived));
	else
		action_saw(action, "it lived %s of its grace of %s",
			   clock_format_span(ended - action->alive_since, lived),
			   clock_format_span(phase_unit(actions, action)->grace_ms, grace));
	if (entry != NULL && unit->died >= entry->at && unit->died_text[0] != '\0')
		action_saw(action, "%s", unit->died_text);
}

/* None of its processes is there. The last one is gone with the unit, or may be brought back by its parent. */
static enum action_progress phase_lives_not(struct actions *actions, struct action *action, mono_ms now)
{
	uint32_t grace_ms = phase_unit(actions, action)->grace_ms;
	const struct state_unit *unit = phase_state(actions, action);
	bool gone = unit->status == STATE_UNIT_INACTIVE && !unit->systemd_at_it;
	mono_ms until;

	if ((action->alive_since != 0 || gone) && action->lost_at == 0)
		action->lost_at = now;
	until = action->lost_at != 0 ? action->lost_at + (gone ? PHASE_GONE_MS : PHASE_BACK_MS)
				     : action->phase_began + (grace_ms > PHASE_BACK_MS ? grace_ms : PHASE_BACK_MS);
	if (now < until)
		return ACTION_WAITS;
	phase_say_death(actions, action, action->lost_at != 0 ? action->lost_at : now);
	return ACTION_NOT_DONE;
}

enum action_progress phase_lives_look(struct actions *actions, struct action *action, mono_ms now)
{
	uint32_t grace_ms = phase_unit(actions, action)->grace_ms;
	mono_ms since;
	char span[32];

	see_unit_refresh(actions->see, action->unit, now);
	since = see_unit_alive_since(actions->see, action->unit);
	if (since == 0)
		return phase_lives_not(actions, action, now);
	action->alive_since = since;
	action->lost_at = 0;
	if (now - since >= grace_ms) {
		action_saw(action, "its process has lived for %s", clock_format_span(now - since, span));
		return ACTION_PROVED;
	}
	if (now - action->phase_began < 2 * (mono_ms)grace_ms + PHASE_BACK_MS)
		return ACTION_WAITS;
	phase_say_death(actions, action, now);
	return ACTION_NOT_DONE;
}
