#include "heartbeat_verdict.h"

#include <stdbool.h>

#include "base/severity.h"

/* From its alert to its all-clear. */
static bool heartbeat_rule_fires(const struct state_rule *rule)
{
	return rule->severity == SEVERITY_CRITICAL &&
	       (rule->phase == STATE_RULE_FIRING || rule->phase == STATE_RULE_STANDING ||
		rule->phase == STATE_RULE_GIVEN_UP);
}

static bool heartbeat_some_rule_fires(const struct state *state, struct buffer *why)
{
	unsigned firing = 0;

	for (uint32_t i = 0; i < state->rules && i < INSTANCES_MAX; i++) {
		const struct state_rule *rule = &state->rule[i];

		if (!heartbeat_rule_fires(rule) || firing++ > 0)
			continue;
		buffer_addf(why, "critical: rule %.*s", NAME_BYTES, rule->rule);
		if (rule->unit[0] != '\0')
			buffer_addf(why, " of %.*s", NAME_BYTES, rule->unit);
		buffer_add(why, " fires");
	}
	if (firing > 1)
		buffer_addf(why, ", and %u more", firing - 1);
	return firing > 0;
}

enum heartbeat_verdict heartbeat_verdict(const struct state *state, mono_ms since, mono_ms now, struct buffer *why)
{
	mono_ms looked = state->tick != 0 ? state->tick : since;
	char span[32];

	if (now > looked && now - looked > HEARTBEAT_STALE_MS) {
		buffer_addf(why, "the sentinel has not looked for %s", clock_format_span(now - looked, span));
		return HEARTBEAT_ILL;
	}
	if (state->tick == 0)
		return HEARTBEAT_NOT_YET;
	if (state->blind[0] != '\0') {
		buffer_addf(why, "it cannot see all: %.*s", (int)sizeof(state->blind), state->blind);
		return HEARTBEAT_ILL;
	}
	return heartbeat_some_rule_fires(state, why) ? HEARTBEAT_ILL : HEARTBEAT_WELL;
}
