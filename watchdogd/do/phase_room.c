/* A unit that is to be started waits until there is memory for it. */
#include "do/action_phase.h"
#include "do/phase.h"

enum { PHASE_HELD_UNKNOWN = 256 * 1024 * 1024 }; /* what a unit needs that we never saw running */

enum action_progress phase_room_look(struct actions *actions, struct action *action, mono_ms now)
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
