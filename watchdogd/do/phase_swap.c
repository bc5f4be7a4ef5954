/* The swap file is switched on or off by the actor: done is what /proc/swaps shows. Nothing follows what is not done
 * in its time: the actor kills who waits in the kernel for it, and what was read back of a swap stays in memory. */
#include <errno.h>

#include "base/clock.h"
#include "do/action_phase.h"
#include "do/phase.h"

enum {
	PHASE_SHOWS_MS = 5000, /* what the actor says it has done is seen by then */
	PHASE_TOTAL_MS = 1000, /* SwapTotal has it by then */
};

/* The nearest: of a file the kernel leaves a page out. */
static unsigned long long phase_mib(uint64_t bytes)
{
	return (unsigned long long)((bytes + (1 << 19)) >> 20);
}

int phase_swap_enter(struct actions *actions, struct action *action, mono_ms now)
{
	const struct state *state = actions->state;

	see_swap_refresh(actions->see, now);
	action->answered_at = 0;
	action->swap_before =
		(int64_t)(action->phase == ACTION_SWAP_ON ? state->swap_total_bytes : state->swap.used_bytes);
	return phase_ask_enter(actions, action, now);
}

/* The actor was asked, and what it says of it is not shown. */
static enum action_progress phase_swap_not(struct actions *actions, struct action *action, mono_ms now)
{
	if (phase_ask_again(actions, action, now))
		return ACTION_WAITS;
	if (!action->worker_done)
		return action->worker_asked ? ACTION_WAITS : ACTION_NOT_DONE;
	if (action->worker_result == 0 && now - action->phase_began < PHASE_SHOWS_MS)
		return ACTION_WAITS;
	if (action->worker_result == 0)
		action_saw(action, "/proc/swaps does not show it");
	return ACTION_NOT_DONE;
}

enum action_progress phase_swap_on_look(struct actions *actions, struct action *action, mono_ms now)
{
	const struct state *state = actions->state;

	see_swap_refresh(actions->see, now);
	/* Without the actor's word it is no proof: a swapoff that was given up for this may still be at work, also one of
	 * before a crash. What is on already is on at once when it is asked again. */
	if (!state->swap.on || !action->worker_done || action->worker_result == -EAGAIN)
		return phase_swap_not(actions, action, now);
	if (action->answered_at == 0)
		action->answered_at = now;
	if ((int64_t)state->swap_total_bytes == action->swap_before && now - action->answered_at < PHASE_TOTAL_MS)
		return ACTION_WAITS; /* /proc/meminfo was read before the file was on */
	action_saw(action, "%llu MiB, of which %llu MiB are used", phase_mib(state->swap.size_bytes),
		   phase_mib(state->swap.used_bytes));
	if (action->swap_before >= 0 && action->swap_before != (int64_t)state->swap_total_bytes)
		action_saw(action, "SwapTotal %llu MiB -> %llu MiB", phase_mib((uint64_t)action->swap_before),
			   phase_mib(state->swap_total_bytes));
	return ACTION_PROVED;
}

enum action_progress phase_swap_off_look(struct actions *actions, struct action *action, mono_ms now)
{
	const struct state_swap *swap = &actions->state->swap;

	see_swap_refresh(actions->see, now);
	if (!swap->known || swap->on)
		return phase_swap_not(actions, action, now);
	if (action->swap_before >= 0)
		action_saw(action, "%llu MiB were used on it", phase_mib((uint64_t)action->swap_before));
	return ACTION_PROVED;
}
