#include "see/hour.h"

enum { HOUR_MINUTE_MS = 60000 };

/* Each minute from the last one to this one begins unknown; a gap of an hour is all of them. */
static void hour_go_to(struct state *state, uint32_t minute)
{
	uint32_t passed = minute - state->hour_minute;

	for (uint32_t i = 0; i < passed && i < STATE_MINUTES; i++)
		state->hour_permille[(minute - i) % STATE_MINUTES] = STATE_MINUTE_UNKNOWN;
	state->hour_minute = minute;
}

void hour_look(struct state *state, mono_ms now)
{
	const struct state_reading *used = &state->host[HOST_USED];
	uint16_t *highest;
	int64_t permille;

	hour_go_to(state, (uint32_t)(now / HOUR_MINUTE_MS));
	if (used->known != STATE_KNOWN || used->total <= 0 || used->value < 0 || used->value > used->total)
		return;
	highest = &state->hour_permille[state->hour_minute % STATE_MINUTES];
	permille = (int64_t)((double)used->value * 1000 / (double)used->total);
	if (*highest == STATE_MINUTE_UNKNOWN || permille > *highest)
		*highest = (uint16_t)permille;
}
