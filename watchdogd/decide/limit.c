#include "decide/limit.h"

#include <string.h>

/* Seconds since boot, from 1: 0 marks a free place of the ring. */
static uint32_t limit_s(mono_ms now)
{
	return (uint32_t)(now / 1000) + 1;
}

uint32_t limit_next_ms(const struct ledger_ladder *ladder, const struct config_rule *rule,
		       mono_ms now)
{
	uint32_t n = rule->limit_n < LIMIT_MAX ? rule->limit_n : LIMIT_MAX, at;
	uint64_t gone_ms;

	if (n == 0)
		return 0;
	at = ladder->limit_at_s[(ladder->limit_next % LIMIT_MAX + LIMIT_MAX - n) % LIMIT_MAX];
	gone_ms = (uint64_t)(limit_s(now) - at) * 1000;
	if (at == 0 || at > limit_s(now) || gone_ms >= rule->limit_for_ms)
		return 0;
	return rule->limit_for_ms - (uint32_t)gone_ms;
}

bool limit_is_reached(const struct ledger_ladder *ladder, const struct config_rule *rule,
		      mono_ms now)
{
	return limit_next_ms(ladder, rule, now) > 0;
}

void limit_count(struct ledger_ladder *ladder, mono_ms now)
{
	uint32_t place = ladder->limit_next % LIMIT_MAX;

	ladder->limit_at_s[place] = limit_s(now);
	ladder->limit_next = (uint16_t)((place + 1) % LIMIT_MAX);
}

void limit_clear(struct ledger_ladder *ladder)
{
	memset(ladder->limit_at_s, 0, sizeof(ladder->limit_at_s));
	ladder->limit_next = 0;
}
