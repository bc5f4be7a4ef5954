#include "start/vitals.h"

#include "base/buffer.h"
#include "base/notify.h"

void vitals_open(struct vitals *vitals)
{
	*vitals = (struct vitals){.every_ms = notify_watchdog_ms() / 2};
	if (vitals->every_ms == 0 || vitals->every_ms > VITALS_EVERY_MS)
		vitals->every_ms = VITALS_EVERY_MS;
}

/* /proc/meminfo is the one source that every host has. */
static bool vitals_is_blind(struct vitals *vitals, const struct state *state, mono_ms now)
{
	if (vitals->seen_at == 0 || state->host[HOST_AVAILABLE].known == STATE_KNOWN)
		vitals->seen_at = now;
	return now - vitals->seen_at > VITALS_BLIND_MS;
}

static uint32_t vitals_firing(const struct state *state)
{
	uint32_t firing = 0;

	for (uint32_t i = 0; i < state->rules; i++)
		firing += state->rule[i].phase >= STATE_RULE_FIRING;
	return firing;
}

static void vitals_format(const struct state *state, uint32_t firing, bool blind, struct buffer *b)
{
	const struct state_reading *available = &state->host[HOST_AVAILABLE];

	if (blind)
		buffer_addf(b, "STATUS=blind: %s", state->blind[0] != '\0' ? state->blind : "the host's memory is unknown");
	else
		buffer_addf(b, "WATCHDOG=1\nSTATUS=watching %u units; %u rules firing", state->units, firing);
	if (!blind && available->known == STATE_KNOWN && available->total > 0)
		buffer_addf(b, "; host.available %.0f %%", 100.0 * (double)available->value / (double)available->total);
}

void vitals_tell(struct vitals *vitals, const struct state *state, mono_ms now)
{
	bool blind = vitals_is_blind(vitals, state, now);
	uint32_t firing = vitals_firing(state);
	char text[160];
	struct buffer b;

	if (now < vitals->tell_at && firing == vitals->firing)
		return;
	BUFFER_OVER(&b, text);
	vitals_format(state, firing, blind, &b);
	notify_send(text);
	vitals->firing = firing;
	vitals->tell_at = now + vitals->every_ms;
}
