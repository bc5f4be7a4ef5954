/* A unit is capped, given back what it had, or made to give back memory. The kernel reclaims inside who lowers
 * memory.high or writes memory.reclaim, so that is the actor's; a memory.high that is raised holds up nobody, and is
 * set here at once. systemd, which has a memory.high of its own for its units, is told by the actor. */
#include <errno.h>

#include "base/bytes.h"
#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/direct.h"
#include "do/phase.h"

enum {
	PHASE_SHOWS_MS = 5000, /* who was asked says that it is done: the kernel shows it by then */
	PHASE_OURS_MS = 5000,  /* systemd has set all of a unit so long after its start */
};

int phase_ask_enter(struct actions *actions, struct action *action, mono_ms now)
{
	int error = phase_ask_actor(actions, action);

	(void)now;
	return error == -EAGAIN ? 0 : error; /* phase_ask_again */
}

static void phase_saw_high(struct action *action, uint64_t high)
{
	char text[32];
	struct buffer b;

	BUFFER_OVER(&b, text);
	if (high == UINT64_MAX)
		buffer_add(&b, "without a limit");
	else
		bytes_format(&b, (int64_t)high);
	action_saw(action, "memory.high is %s", text);
}

/* Nothing is left half done: what had more before has it again. */
static enum action_progress phase_cap_not(struct actions *actions, struct action *action)
{
	if (action->high_was != 0)
		(void)direct_raise_high(actions->see, action->unit, action->high_was);
	return ACTION_NOT_DONE;
}

enum action_progress phase_cap_look(struct actions *actions, struct action *action, mono_ms now)
{
	uint64_t high = 0;
	int error;

	see_unit_refresh(actions->see, action->unit, now);
	if (phase_ask_again(actions, action, now))
		return ACTION_WAITS;
	if (action->worker_asked && !action->worker_done)
		return ACTION_WAITS;
	if (!action->worker_asked || action->worker_result < 0)
		return phase_cap_not(actions, action);
	error = direct_read_high(actions->see, action->unit, &high);
	if (error == 0 && high == action->bytes)
		return ACTION_PROVED;
	if (action->answered_at == 0)
		action->answered_at = now;
	if (now - action->answered_at < PHASE_SHOWS_MS)
		return ACTION_WAITS;
	if (error == 0)
		phase_saw_high(action, high);
	else
		action_saw(action, "its cgroup is gone");
	return phase_cap_not(actions, action);
}

/* Another has set it since: that is to stay. Of a unit that systemd starts just now it may be not set yet. */
static bool phase_is_anothers(struct actions *actions, const struct action *action, uint64_t high, mono_ms now)
{
	const struct state_unit *unit = phase_state(actions, action);
	const struct ledger_mark *mark = ledger_mark_find(actions->ledger, action_unit_name(actions, action->unit));

	if (phase_unit(actions, action)->kind == CONFIG_SYSTEMD &&
	    (unit->status == STATE_UNIT_INACTIVE || now - unit->since < PHASE_OURS_MS))
		return false;
	return mark != NULL && high != mark->cap_bytes && high != action->bytes;
}

/* That the kernel has it is not all of it. */
static bool phase_uncap_asks(const struct actions *actions, const struct action *action)
{
	return action->unit == CONFIG_NONE || action->cap_under_way ||
	       phase_unit(actions, action)->kind == CONFIG_SYSTEMD;
}

int phase_uncap_enter(struct actions *actions, struct action *action, mono_ms now)
{
	bool asks;
	uint64_t high;
	int error;

	if (action->unit == CONFIG_NONE)
		return phase_ask_enter(actions, action, now);
	asks = phase_uncap_asks(actions, action);
	error = direct_read_high(actions->see, action->unit, &high);
	if (error == 0 && phase_is_anothers(actions, action, high, now)) {
		action->left_alone = true;
		phase_saw_high(action, high);
		action_saw(action, "which is another's, and stays");
		return 0;
	}
	if (error == 0)
		error = direct_raise_high(actions->see, action->unit, action->bytes);
	return asks || error == -EWOULDBLOCK ? phase_ask_enter(actions, action, now) : 0;
}

/* There is no such unit any more, nor a cgroup of it. */
static bool phase_uncap_is_of_none(struct actions *actions, const struct action *action)
{
	uint64_t high;

	return action->worker_result == -ENOENT &&
	       (action->unit == CONFIG_NONE || direct_read_high(actions->see, action->unit, &high) < 0);
}

enum action_progress phase_uncap_look(struct actions *actions, struct action *action, mono_ms now)
{
	bool known = action->unit != CONFIG_NONE;
	bool asks = phase_uncap_asks(actions, action);
	uint64_t high;

	if (action->left_alone)
		return ACTION_PROVED;
	if (known)
		see_unit_refresh(actions->see, action->unit, now);
	if (asks && phase_ask_again(actions, action, now))
		return ACTION_WAITS;
	if (action->worker_asked && !action->worker_done)
		return ACTION_WAITS;
	if ((asks && !action->worker_asked) ||
	    (action->worker_asked && action->worker_result < 0 && !phase_uncap_is_of_none(actions, action)))
		return ACTION_NOT_DONE;
	/* Without a cgroup there is nothing that holds it down; systemd has said what the next one will have. */
	if (!known || direct_read_high(actions->see, action->unit, &high) < 0 || high == action->bytes)
		return ACTION_PROVED;
	if (action->answered_at == 0)
		action->answered_at = now;
	if (now - action->answered_at < PHASE_SHOWS_MS)
		return ACTION_WAITS;
	phase_saw_high(action, high);
	return ACTION_NOT_DONE;
}
