#include "do/action_phase.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "do/direct.h"
#include "do/phase.h"

enum {
	PHASE_FREEZE_MS = 10000,
	PHASE_AGAIN_MS = 1000,    /* an actor that has its hands full is asked again so often ... */
	PHASE_AGAIN_FOR_MS = 30000, /* ... and so long */
	PHASE_HUNG_MS = 5000,     /* beyond the time that a worker was given: it hangs */
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

const struct config_unit *phase_unit(const struct actions *actions, const struct action *action)
{
	return config_unit_at(actions->config, action->unit);
}

struct state_unit *phase_state(const struct actions *actions, const struct action *action)
{
	return &actions->state->unit[action->unit];
}

bool phase_by_systemd(const struct actions *actions, const struct action *action)
{
	const struct config_unit *unit = phase_unit(actions, action);
	bool is_known = unit->user == 0 || unit->uid != CONFIG_NONE;

	return unit->kind == CONFIG_SYSTEMD && is_known && actions->actor->fd >= 0;
}

bool phase_by_command(const struct actions *actions, const struct action *action, config_text command)
{
	return phase_unit(actions, action)->kind != CONFIG_SYSTEMD && command != 0 && actions->actor->fd >= 0;
}

int phase_ask_actor(struct actions *actions, struct action *action)
{
	int error = worker_ask(actions->actor, action->entry);

	action->worker_asked = error == 0;
	action->worker_done = false;
	if (error < 0)
		action_saw(action, "the actor cannot be asked: %s", diag_errno(error));
	return error;
}

bool phase_ask_again(struct actions *actions, struct action *action, mono_ms now)
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

enum action_progress phase_give_way(struct action *action, const char *why)
{
	action_saw(action, "%s", why);
	action->by_another = true;
	return ACTION_NOT_DONE;
}

/* What systemd had of our own stop it has told by then: two seconds after it was over. */
static bool phase_was_told_to_stop(const struct actions *actions, const struct action *action)
{
	mono_ms at = see_unit_stopped_down_at(actions->see, action->unit);

	return at >= action->began && at != 0 &&
	       (action->stop_ours_at == 0 || at > action->stop_ours_at + SEE_OURS_MS);
}

bool phase_is_stopped_by_another(struct actions *actions, struct action *action, mono_ms now)
{
	bool canceled = action->phase == ACTION_START && action->worker_done && action->worker_result == -EINTR;

	if (phase_unit(actions, action)->kind != CONFIG_SYSTEMD ||
	    (!canceled && !phase_was_told_to_stop(actions, action)))
		return false;
	see_unit_take_persons_stop(actions->see, action->unit, now);
	(void)phase_give_way(action, "stopped by somebody meanwhile");
	return true;
}

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

enum action_progress phase_answer_look(struct actions *actions, struct action *action, mono_ms now)
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
	[ACTION_ROOM] = {VERB_RESTART, phase_room_enter, phase_room_look},
	[ACTION_START] = {VERB_START, phase_start_enter, phase_start_look},
	[ACTION_LIVES] = {VERB_START, phase_lives_enter, phase_lives_look},
	[ACTION_SIGNAL] = {VERB_SIGNAL, phase_signal_enter, phase_signal_look},
	[ACTION_FREEZE] = {VERB_FREEZE, phase_freeze_enter, phase_freeze_look},
	[ACTION_THAW] = {VERB_THAW, phase_freeze_enter, phase_freeze_look},
	[ACTION_RUN] = {VERB_RUN, phase_ask_enter, phase_answer_look},
	[ACTION_OWED] = {VERB_STOP, NULL, phase_owed_look},
	[ACTION_CAP] = {VERB_CAP, phase_ask_enter, phase_cap_look},
	[ACTION_UNCAP] = {VERB_UNCAP, phase_uncap_enter, phase_uncap_look},
	[ACTION_RECLAIM] = {VERB_RECLAIM, phase_ask_enter, phase_answer_look},
	[ACTION_SNAPSHOT] = {VERB_SNAPSHOT, phase_ask_enter, phase_answer_look},
	[ACTION_SWAP_LOOK] = {VERB_SWAP, phase_ask_enter, phase_answer_look},
	[ACTION_SWAP_MAKE] = {VERB_SWAP, phase_ask_enter, phase_answer_look},
	[ACTION_SWAP_ON] = {VERB_SWAP, phase_swap_enter, phase_swap_on_look},
	[ACTION_SWAP_OFF] = {VERB_SWAP, phase_swap_enter, phase_swap_off_look},
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
