/* A unit is started: until it is active and runs. */
#include <errno.h>

#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/backoff.h"
#include "do/debt.h"
#include "do/phase.h"

enum {
	PHASE_START_MS = 30000, /* the proof of a start */
	PHASE_SEEN_MS = 5000,   /* who asked it to start says that it is up: it is seen to run, or has died already */
};

static bool phase_runs(const struct actions *actions, const struct action *action)
{
	return phase_state(actions, action)->status == STATE_UNIT_RUNNING;
}

int phase_start_enter(struct actions *actions, struct action *action, mono_ms now)
{
	int error;

	see_unit_refresh(actions->see, action->unit, now);
	if (phase_runs(actions, action)) {
		action_saw(action, "it runs already");
		return 0;
	}
	if (!phase_by_systemd(actions, action) &&
	    !phase_by_command(actions, action, phase_unit(actions, action)->start))
		return -EOPNOTSUPP;
	/* Before it is asked: a crash between the two waits too long rather than starts too often. */
	backoff_count(ledger_unit(actions->ledger, action_unit_name(actions, action->unit)), now);
	backoff_publish(actions, action->unit);
	error = phase_ask_actor(actions, action);
	return error == -EAGAIN ? 0 : error; /* phase_ask_again */
}

/* It is back: whatever becomes of it now, it is not stopped by us any more. */
static enum action_progress phase_started(struct actions *actions, struct action *action)
{
	ledger_unmark(actions->ledger, action_unit_name(actions, action->unit));
	debt_end(actions, action->unit);
	return ACTION_PROVED;
}

/* Who was asked says that it is up; or it was started by another; or nobody knows (a command whose worker was
 * killed) but that it runs. */
static bool phase_start_is_shown(const struct action *action)
{
	if (!action->worker_asked)
		return true;
	return action->worker_done && (action->worker_result == 0 || action->worker_result == -EALREADY);
}

enum action_progress phase_start_look(struct actions *actions, struct action *action, mono_ms now)
{
	see_unit_refresh(actions->see, action->unit, now);
	if (phase_runs(actions, action) && phase_start_is_shown(action))
		return phase_started(actions, action);
	if (phase_is_stopped_by_another(actions, action, now))
		return ACTION_NOT_DONE;
	if (phase_ask_again(actions, action, now))
		return ACTION_WAITS;
	if (action->worker_done && action->worker_result < 0 && action->worker_result != -EALREADY)
		return ACTION_NOT_DONE;
	if (action->worker_done && action->worker_result == 0 && action->answered_at == 0)
		action->answered_at = now;
	if (now - action->phase_began >= PHASE_START_MS ||
	    (action->answered_at != 0 && now - action->answered_at >= PHASE_SEEN_MS &&
	     !phase_state(actions, action)->systemd_at_it)) {
		char span[32];

		action_saw(action, "not seen running after %s%s", clock_format_span(now - action->phase_began, span),
			   phase_state(actions, action)->systemd_at_it ? ": systemd is still at it, and it may come up yet" : "");
		return ACTION_NOT_DONE;
	}
	return ACTION_WAITS;
}
