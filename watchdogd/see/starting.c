#include "see/starting.h"

#include "see/source.h"

enum { STARTING_MIB = 1024 * 1024 };

/* What it took in its grace it goes on to hold, so that it stays left out until it ends. */
static void starting_look_at(struct see *see, struct unit *unit, mono_ms now, struct starting *starting)
{
	const struct state_reading *anon = &see->with.state->unit[unit->index].readings[UNIT_ANON];
	uint64_t peak = (uint64_t)unit->start_peak_mib * STARTING_MIB;

	if (unit->status != STATE_UNIT_RUNNING && unit->status != STATE_UNIT_FROZEN) {
		unit->start_taken_bytes = 0;
		return;
	}
	if (unit->started != 0 && now - unit->started < unit->grace_ms && anon->known == STATE_KNOWN) {
		uint64_t has = (uint64_t)anon->value;

		unit->start_taken_bytes = has < peak ? has : peak;
		starting->to_come_bytes += peak - unit->start_taken_bytes;
	}
	starting->taken_bytes += unit->start_taken_bytes;
}

struct starting starting_look(struct see *see, mono_ms now)
{
	struct starting starting = {0};

	for (uint32_t i = 0; i < see->units.count; i++)
		starting_look_at(see, unit_at(see, i), now, &starting);
	return starting;
}
