#include "do/action_phase.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/root.h"
#include "do/direct.h"

enum {
	PHASE_KILL_MS = 10000,    /* a killed process that is still there then hangs in the kernel (state D) */
	PHASE_START_MS = 30000,   /* the proof of a start */
	PHASE_FREEZE_MS = 10000,
	PHASE_AGAIN_MS = 1000,    /* an actor that has its hands full is asked again so often ... */
	PHASE_AGAIN_FOR_MS = 30000, /* ... and so long */
	PHASE_HUNG_MS = 5000,     /* beyond the time that a worker was given: it hangs */
	PHASE_HELD_UNKNOWN = 256 * 1024 * 1024, /* what a unit needs that we never saw running */
};

void action_saw(struct action *action, const char *format, ...)
{
	struct buffer b = {action->saw, sizeof(action->saw), strlen(action->saw), false};
	va_list args;

	if (b.len > 0)
		buffer_add(&b, "; ");
	va_start(args, format);
	buffer_vaddf(&b, format, args);
	va_end(args);
}

static const struct config_unit *phase_unit(const struct actions *actions, const struct action *action)
{
	return config_unit_at(actions->config, action->unit);
}

static struct state_unit *phase_state(const struct actions *actions, const struct action *action)
{
	return &actions->state->unit[action->unit];
}

static bool phase_by_systemd(const struct actions *actions, const struct action *action)
{
	return phase_unit(actions, action)->kind == CONFIG_SYSTEMD && actions->actor->fd >= 0;
}

static int phase_ask_actor(struct actions *actions, struct action *action)
{
	int error = worker_ask(actions->actor, action->entry);

	action->worker_asked = error == 0;
	action->worker_done = false;
	if (error < 0)
		action_saw(action, "the actor cannot be asked: %s", diag_errno(error));
	return error;
}

/* The actor has its hands full, or does not read: it is asked again, for a while. True: wait. */
static bool phase_ask_again(struct actions *actions, struct action *action, mono_ms now)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	bool put_off = !action->worker_asked || (action->worker_done && action->worker_result == -EAGAIN);

	if (!put_off || entry == NULL || now - action->phase_began >= PHASE_AGAIN_FOR_MS)
		return false;
	if (now < entry->at_mono + PHASE_AGAIN_MS)
		return true;
	entry->at_mono = now;
	action->worker_asked = worker_ask(actions->actor, action->entry) == 0;
	action->worker_done = false;
	return true;
}

/* host.available has fallen below `floor`: there is no time for a clean end. */
static bool phase_below_floor(const struct actions *actions)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];

	return available->known == STATE_KNOWN && available->total > 0 &&
	       (double)available->value * 100000.0 < (double)actions->config->floor_mpct * (double)available->total;
}

/* --- stop and kill ------------------------------------------------------------------------------ */

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

static int phase_stop_enter(struct actions *actions, struct action *action, mono_ms now)
{
	(void)now;
	/* A frozen process would answer SIGTERM only when thawed. */
	if (phase_state(actions, action)->status == STATE_UNIT_FROZEN)
		(void)direct_freeze(actions->see, action->unit, false);
	if (phase_by_systemd(actions, action) && phase_ask_actor(actions, action) == 0)
		return 0;
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

static int phase_kill_enter(struct actions *actions, struct action *action, mono_ms now)
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

/* systemd has shown the end, or cannot any more: a kill has made sure of it. */
static bool phase_stop_is_shown(const struct action *action)
{
	return !action->worker_asked || (action->worker_done && action->worker_result == 0) || action->killed;
}

static enum action_progress phase_escalate(struct actions *actions, struct action *action, mono_ms now)
{
	uint32_t timeout_ms = phase_unit(actions, action)->stop_timeout_ms;
	int error = 0;

	if (phase_below_floor(actions)) {
		action_saw(action, "killed at once: host.available is below floor");
		error = phase_kill(actions, action, now);
	} else if (now - action->phase_began >= timeout_ms) {
		action_saw(action, "killed: not ended within its stop-timeout of %u s", timeout_ms / 1000);
		error = phase_kill(actions, action, now);
	} else if (action->worker_done && action->worker_result < 0) {
		action->worker_asked = action->worker_done = false;
		error = phase_signal_end(actions, action);
	}
	if (!phase_may_not(error))
		return ACTION_WAITS;
	action_saw(action, "cannot signal it: %s", diag_errno(error));
	return ACTION_NOT_DONE;
}

/* Who may not stop the unit may not start it either: for a restart, it is left running. */
static bool phase_is_refused(const struct action *action)
{
	static const int refusals[] = {-ENODEV, -ENOENT, -EACCES, -EPERM, -ENOTCONN};

	if (action->verb != VERB_RESTART || !action->worker_done || action->killed)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(refusals); i++)
		if (action->worker_result == refusals[i])
			return true;
	return false;
}

static enum action_progress phase_stop_look(struct actions *actions, struct action *action, mono_ms now)
{
	if (phase_is_empty(actions, action, now) && phase_stop_is_shown(action))
		return ACTION_PROVED;
	if (phase_is_refused(action))
		return ACTION_NOT_DONE;
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

/* --- room and start ------------------------------------------------------------------------------ */

static enum action_progress phase_room_look(struct actions *actions, struct action *action, mono_ms now)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];
	uint64_t held = phase_state(actions, action)->held_bytes;
	uint64_t need = actions->room_bytes + (held > 0 ? held : PHASE_HELD_UNKNOWN);
	uint32_t wait_ms = phase_unit(actions, action)->restart_wait_ms;

	if (available->known == STATE_KNOWN && (uint64_t)available->value >= need)
		return ACTION_PROVED;
	if (now - action->phase_began < wait_ms)
		return ACTION_WAITS;
	action_saw(action, "started though there is no room for it after %u s", wait_ms / 1000);
	return ACTION_PROVED;
}

static int phase_start_enter(struct actions *actions, struct action *action, mono_ms now)
{
	int error;

	(void)now;
	if (!phase_by_systemd(actions, action))
		return -EOPNOTSUPP;
	error = phase_ask_actor(actions, action);
	return error == -EAGAIN ? 0 : error; /* phase_ask_again */
}

static enum action_progress phase_start_look(struct actions *actions, struct action *action, mono_ms now)
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

/* --- signal, freeze, thaw ------------------------------------------------------------------------ */

static int phase_signal_enter(struct actions *actions, struct action *action, mono_ms now)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);
	int signal = entry != NULL ? verb_signal_find(entry->target) : 0;
	int n = direct_signal(actions->see, action->unit, signal);

	(void)now;
	if (n < 0)
		return n;
	action_saw(action, "SIG%s to %d process%s", verb_signal_name(signal), n, n == 1 ? "" : "es");
	return 0;
}

static enum action_progress phase_signal_look(struct actions *actions, struct action *action, mono_ms now)
{
	(void)actions;
	(void)action;
	(void)now;
	return ACTION_PROVED; /* that the kernel took the signal is all there is to see */
}

static int phase_freeze_enter(struct actions *actions, struct action *action, mono_ms now)
{
	(void)now;
	return direct_freeze(actions->see, action->unit, action->phase == ACTION_FREEZE);
}

static enum action_progress phase_freeze_look(struct actions *actions, struct action *action, mono_ms now)
{
	bool want = action->phase == ACTION_FREEZE;

	see_unit_refresh(actions->see, action->unit, now);
	if ((phase_state(actions, action)->status == STATE_UNIT_FROZEN) == want)
		return ACTION_PROVED;
	if (now - action->phase_began < PHASE_FREEZE_MS)
		return ACTION_WAITS;
	action_saw(action, "not %s after %d s", want ? "frozen" : "thawed", PHASE_FREEZE_MS / 1000);
	if (want)
		(void)direct_freeze(actions->see, action->unit, false); /* half frozen is worse than running */
	return ACTION_NOT_DONE;
}

/* --- commands, and what is owed to systemd ------------------------------------------------------- */

static int phase_run_enter(struct actions *actions, struct action *action, mono_ms now)
{
	int error = phase_ask_actor(actions, action);

	(void)now;
	return error == -EAGAIN ? 0 : error; /* phase_ask_again */
}

static enum action_progress phase_answer_look(struct actions *actions, struct action *action, mono_ms now)
{
	if (phase_ask_again(actions, action, now))
		return ACTION_WAITS;
	if (!action->worker_done)
		return action->worker_asked ? ACTION_WAITS : ACTION_NOT_DONE;
	return action->worker_result < 0 ? ACTION_NOT_DONE : ACTION_PROVED;
}

static enum action_progress phase_owed_look(struct actions *actions, struct action *action, mono_ms now)
{
	uint64_t cgroup_id = phase_state(actions, action)->cgroup_id;

	(void)now;
	/* Another cgroup: it was started since, and a stop would be of that. */
	if (action->worker_done || (action->cgroup_id != 0 && cgroup_id != 0 && cgroup_id != action->cgroup_id))
		return ACTION_PROVED;
	if (!action->worker_asked)
		action->worker_asked = worker_ask(actions->actor, action->entry) == 0;
	return ACTION_WAITS;
}

static const struct {
	enum verb verb;
	int (*enter)(struct actions *actions, struct action *action, mono_ms now);
	enum action_progress (*look)(struct actions *actions, struct action *action, mono_ms now);
} phases[ACTION_PHASES] = {
	[ACTION_STOP] = {VERB_STOP, phase_stop_enter, phase_stop_look},
	[ACTION_KILL] = {VERB_KILL, phase_kill_enter, phase_stop_look},
	[ACTION_ROOM] = {VERB_RESTART, NULL, phase_room_look},
	[ACTION_START] = {VERB_START, phase_start_enter, phase_start_look},
	[ACTION_SIGNAL] = {VERB_SIGNAL, phase_signal_enter, phase_signal_look},
	[ACTION_FREEZE] = {VERB_FREEZE, phase_freeze_enter, phase_freeze_look},
	[ACTION_THAW] = {VERB_THAW, phase_freeze_enter, phase_freeze_look},
	[ACTION_RUN] = {VERB_RUN, phase_run_enter, phase_answer_look},
	[ACTION_OWED] = {VERB_STOP, NULL, phase_owed_look},
};

enum verb action_phase_verb(enum action_phase phase)
{
	return phases[phase].verb;
}

int action_phase_enter(struct actions *actions, struct action *action, mono_ms now)
{
	action->phase_began = now;
	action->empty_looks = 0;
	return phases[action->phase].enter != NULL ? phases[action->phase].enter(actions, action, now) : 0;
}

/* A worker that has not answered long after its time hangs, whatever it is asked. */
static bool phase_is_hung(const struct actions *actions, const struct action *action, mono_ms now)
{
	const struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	return entry != NULL && action->worker_asked && !action->worker_done &&
	       now > entry->at_mono + entry->timeout_ms + PHASE_HUNG_MS;
}

enum action_progress action_phase_look(struct actions *actions, struct action *action, mono_ms now)
{
	if (phase_is_hung(actions, action, now)) {
		actions->actor_hung = true;
		action->worker_done = true;
		action->worker_result = -ETIMEDOUT;
		action_saw(action, "the actor did not answer in time");
	}
	return phases[action->phase].look(actions, action, now);
}
