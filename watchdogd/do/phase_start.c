/* A unit is started: until it is active and runs. */
#include <errno.h>

#include "do/action_phase.h"
#include "do/phase.h"

enum { PHASE_START_MS = 30000 }; /* the proof of a start */

int phase_start_enter(struct actions *actions, struct action *action, mono_ms now)
{
	int error;

	(void)now;
	if (!phase_by_systemd(actions, action))
		return -EOPNOTSUPP;
	error = phase_ask_actor(actions, action);
	return error == -EAGAIN ? 0 : error; /* phase_ask_again */
}

enum action_progress phase_start_look(struct actions *actions, struct action *action, mono_ms now)
{
	const struct state_unit *unit = phase_state(actions, action);

	see_unit_refresh(actions->see, action->unit, now);
	if (phase_ask_again(actions, action, now))
		return ACTION_WAITS;
	if (action->worker_done && action->worker_result < 0)
		return ACTION_NOT_DONE;
	if (action->worker_done && unit->status == STATE_UNIT_RUNNING)
		return ACTION_PROVED;
	if (now - action->phase_began < PHASE_START_MS)
		return ACTION_WAITS;
	action_saw(action, "not seen running after %d s", PHASE_START_MS / 1000);
	return ACTION_NOT_DONE;
}
