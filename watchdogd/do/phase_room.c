/* A unit that is to be started waits for its back-off, and then until there is memory for it. Several come
 * back one by one, the one with the highest priority first. It waits its `restart-wait` at most: one that may
 * die again beats one that is surely mute. */
#include "do/action_ledger.h"
#include "do/action_phase.h"
#include "do/backoff.h"
#include "do/phase.h"

enum { PHASE_HELD_UNKNOWN = 256 * 1024 * 1024 }; /* what a unit needs that we never saw running */

int phase_room_enter(struct actions *actions, struct action *action, mono_ms now)
{
	struct ledger_entry *entry = ledger_find(actions->ledger, action->entry);

	if (action->worker_asked)
		action->stop_ours_at = now;
	if (entry != NULL)
		entry->phase = ACTION_ROOM;
	return 0;
}

static mono_ms phase_backoff(const struct actions *actions, const struct action *action)
{
	return backoff_until(ledger_unit(actions->ledger, action_unit_name(actions, action->unit)));
}

/* It is down, and waits for nothing of its own but memory; or will in a moment. */
static bool phase_waits_for_room(const struct actions *actions, const struct action *action, mono_ms now)
{
	bool restarts = action->verb == VERB_RESTART && action->phase == ACTION_STOP;

	return (action->phase == ACTION_ROOM ||
		(restarts && phase_state(actions, action)->status == STATE_UNIT_INACTIVE)) &&
	       now >= phase_backoff(actions, action);
}

/* Of two that wait, a goes first. */
static bool phase_is_before(const struct actions *actions, const struct action *a, const struct action *b)
{
	int32_t of_a = phase_unit(actions, a)->priority, of_b = phase_unit(actions, b)->priority;

	if (of_a != of_b)
		return of_a > of_b;
	return a->began != b->began ? a->began < b->began : a < b;
}

/* The unit that this one waits for: one that is being started, or that goes first. NULL: none. */
static const struct action *phase_goes_first(const struct actions *actions, const struct action *action, mono_ms now)
{
	for (int i = 0; i < ACTIONS_MAX; i++) {
		const struct action *other = &actions->action[i];

		if (!other->used || other == action || other->progress != ACTION_WAITS || other->unit == CONFIG_NONE)
			continue;
		if (other->phase == ACTION_START || other->phase == ACTION_LIVES)
			return other;
		if (phase_waits_for_room(actions, other, now) && phase_is_before(actions, other, action))
			return other;
	}
	return NULL;
}

static bool phase_has_room(const struct actions *actions, const struct action *action)
{
	const struct state_reading *available = &actions->state->host[HOST_AVAILABLE];
	uint64_t held = phase_state(actions, action)->held_bytes;

	return available->known == STATE_KNOWN &&
	       (uint64_t)available->value >= actions->room_bytes + (held > 0 ? held : PHASE_HELD_UNKNOWN);
}

enum action_progress phase_room_look(struct actions *actions, struct action *action, mono_ms now)
{
	mono_ms since = phase_backoff(actions, action);
	uint32_t wait_ms = phase_unit(actions, action)->restart_wait_ms;
	const struct action *first;
	char span[32];

	see_unit_refresh(actions->see, action->unit, now);
	if (phase_state(actions, action)->status == STATE_UNIT_RUNNING)
		return ACTION_PROVED; /* started by another meanwhile: nothing is asked any more */
	if (action->worker_asked && !action->worker_done) /* it was killed: systemd is at our stop still */
		action->stop_ours_at = now;
	if (phase_is_stopped_by_another(actions, action, now))
		return ACTION_NOT_DONE;
	if (now < since)
		return ACTION_WAITS;
	since = since > action->phase_began ? since : action->phase_began;
	first = phase_goes_first(actions, action, now);
	if (first == NULL && phase_has_room(actions, action))
		return ACTION_PROVED;
	if (now - since < wait_ms)
		return ACTION_WAITS;
	if (!phase_has_room(actions, action))
		action_saw(action, "started though there is no room for it after %s", clock_format_span(now - since, span));
	else
		action_saw(action, "started after %s though %s is not back yet", clock_format_span(now - since, span),
			   action_unit_name(actions, first->unit));
	return ACTION_PROVED;
}
