/* A unit is asked to end, then killed: until nothing is left of it. */
#include <errno.h>
#include <signal.h>

#include "base/diag.h"
#include "base/root.h"
#include "do/action_phase.h"
#include "do/direct.h"
#include "do/phase.h"

enum {
	PHASE_WORD_MS = 300,   /* systemd's time to say what a stop would take along */
	PHASE_KILL_MS = 10000, /* a killed process that is still there then hangs in the kernel (state D) */
};

/* host.available has fallen below `floor`: there is no time for a clean end. */
static bool phase_below_floor(const struct actions *actions)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];

	return available->known == STATE_KNOWN && available->total > 0 &&
	       (double)available->value * 100000.0 < (double)actions->config->floor_mpct * (double)available->total;
}

/* The kernel lets us signal none of its processes: no kill will do more. A made-up host takes no
 * signals at all, and may show an end all the same. */
static bool phase_may_not(int error)
{
	return error == -EPERM && !root_is_fake();
}

/* Ask the processes themselves. Who has none left needs no signal. 0, or -EPERM: we may not. */
static int phase_signal_end(struct actions *actions, struct action *action)
{
	int n = direct_signal(actions->see, action->unit, SIGTERM);

	if (phase_may_not(n))
		return n;
	if (n < 0 && n != -ESRCH)
		action_saw(action, "cannot send SIGTERM: %s", diag_errno(n));
	return 0;
}

int phase_stop_enter(struct actions *actions, struct action *action, mono_ms now)
{
	(void)now;
	/* A frozen process would answer SIGTERM only when thawed. */
	if (phase_state(actions, action)->status == STATE_UNIT_FROZEN)
		(void)direct_freeze(actions->see, action->unit, false);
	if ((phase_by_systemd(actions, action) ||
	     phase_by_command(actions, action, phase_unit(actions, action)->stop)) &&
	    phase_ask_actor(actions, action) == 0)
		return 0;
	action->signalled = true;
	return phase_signal_end(actions, action);
}

/* 0, or -EPERM: we may not. */
static int phase_kill(struct actions *actions, struct action *action, mono_ms now)
{
	int error = direct_kill(actions->see, action->unit);

	if (!action->killed) {
		action->killed = true;
		action->phase_began = now;
		if (phase_may_not(error))
			return error;
		if (error < 0 && error != -ESRCH)
			action_saw(action, "cannot kill: %s", diag_errno(error));
	}
	return 0;
}

int phase_kill_enter(struct actions *actions, struct action *action, mono_ms now)
{
	return phase_kill(actions, action, now);
}

/* Nothing left, seen twice: between two reads of cgroup.procs or /proc a fork may hide. A cgroup that is
 * gone or another one (restarted since) is proof at once. */
static bool phase_is_empty(struct actions *actions, struct action *action, mono_ms now)
{
	const struct state_unit *unit = phase_state(actions, action);

	see_unit_refresh(actions->see, action->unit, now);
	if (action->cgroup_id != 0 && unit->cgroup_id != action->cgroup_id)
		return true;
	if (unit->status == STATE_UNIT_INACTIVE)
		action->empty_looks++;
	else
		action->empty_looks = 0;
	return action->empty_looks >= 2;
}

/* systemd has shown the end, or cannot any more: a kill has made sure of it. What a stop command says shows
 * nothing, but a start must not meet it. */
static bool phase_stop_is_shown(const struct actions *actions, const struct action *action)
{
	if (phase_unit(actions, action)->kind != CONFIG_SYSTEMD)
		return !action->worker_asked || action->worker_done || action->verb != VERB_RESTART;
	return !action->worker_asked || (action->worker_done && action->worker_result == 0) || action->killed;
}

/* Its time is over: a command is followed by SIGTERM, and that by SIGKILL. 0, or -EPERM: we may not. */
static int phase_stop_late(struct actions *actions, struct action *action, mono_ms now)
{
	const struct config_unit *unit = phase_unit(actions, action);

	if (unit->kind != CONFIG_SYSTEMD && !action->signalled) {
		action->signalled = true;
		action->phase_began = now;
		action_saw(action, "SIGTERM: its stop command did not end it within %u s", unit->stop_timeout_ms / 1000);
		return phase_signal_end(actions, action);
	}
	action_saw(action, "killed: not ended within its stop-timeout of %u s", unit->stop_timeout_ms / 1000);
	return phase_kill(actions, action, now);
}

/* That the stop would take another watched unit along (-EBUSY) is said before systemd begins with it, or not at all, and a
 * kill is not taken back: systemd does to what is bound to a unit that failed what it does at a stop. So long nothing is
 * killed, below `floor` either; who does not answer by then hangs, or has begun. */
static bool phase_may_be_refused(const struct actions *actions, const struct action *action, mono_ms now)
{
	return phase_by_systemd(actions, action) && !action->worker_done && !action->signalled &&
	       now - action->phase_began < PHASE_WORD_MS;
}

static enum action_progress phase_escalate(struct actions *actions, struct action *action, mono_ms now)
{
	uint32_t timeout_ms = phase_unit(actions, action)->stop_timeout_ms;
	int error = 0;

	if (phase_may_be_refused(actions, action, now))
		return ACTION_WAITS;
	if (phase_below_floor(actions)) {
		action_saw(action, "killed: host.available is below floor");
		error = phase_kill(actions, action, now);
	} else if (now - action->phase_began >= timeout_ms) {
		error = phase_stop_late(actions, action, now);
	} else if (action->worker_done && action->worker_result < 0 && action->worker_result != -EALREADY) {
		action->worker_asked = action->worker_done = false;
		action->signalled = true;
		error = phase_signal_end(actions, action);
	}
	if (!phase_may_not(error))
		return ACTION_WAITS;
	action_saw(action, "cannot signal it: %s", diag_errno(error));
	return ACTION_NOT_DONE;
}

/* Who may not stop the unit may not start it either: for a restart, it is left running. */
static bool phase_is_refused(const struct actions *actions, const struct action *action)
{
	static const int refusals[] = {-ENODEV, -ENOENT, -EACCES, -EPERM, -ENOTCONN};

	if (!action->worker_done || action->killed)
		return false;
	/* It would take another watched unit along: no step does that, nor goes round it by signals. */
	if (action->worker_result == -EBUSY)
		return true;
	if (action->verb != VERB_RESTART)
		return false;
	if (phase_unit(actions, action)->kind != CONFIG_SYSTEMD)
		return action->worker_result == -ENODEV;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (action->worker_result == refusals[i])
			return true;
	return false;
}

enum action_progress phase_stop_look(struct actions *actions, struct action *action, mono_ms now)
{
	if (phase_is_empty(actions, action, now) && phase_stop_is_shown(actions, action))
		return ACTION_PROVED;
	if (phase_is_refused(actions, action))
		return ACTION_NOT_DONE;
	if (action->worker_done && action->worker_result == -EINTR && !action->killed)
		return phase_give_way(action, "started by somebody meanwhile: it is left alone");
	if (!action->killed)
		return phase_escalate(actions, action, now);
	if (now - action->phase_began >= PHASE_KILL_MS) {
		action_saw(action, "killed, but processes are still there after %d s: %u",
			   PHASE_KILL_MS / 1000, phase_state(actions, action)->processes);
		return ACTION_NOT_DONE;
	}
	(void)phase_kill(actions, action, now);
	return ACTION_WAITS;
}
