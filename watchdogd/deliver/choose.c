#include "deliver/choose.h"

#include <string.h>

static bool choose_unit(const struct config *config, const struct config_channel *channel, const char *unit)
{
	for (uint32_t i = 0; i < channel->units.count; i++) {
		uint32_t at = *(const uint32_t *)config_row(config, channel->units, sizeof(uint32_t), i);

		if (strcmp(config_unit_at(config, at)->name, unit) == 0)
			return true;
	}
	return channel->units.count == 0;
}

static bool choose_rule(const struct config *config, const struct config_channel *channel, const char *rule)
{
	for (uint32_t i = 0; i < channel->rules.count; i++) {
		uint32_t at = *(const uint32_t *)config_row(config, channel->rules, sizeof(uint32_t), i);

		if (strcmp(config_rule_at(config, at)->name, rule) == 0)
			return true;
	}
	return channel->rules.count == 0;
}

bool choose_wants(const struct config *config, const struct config_channel *channel,
		  const struct delivery_alert *alert)
{
	return alert->severity >= channel->severity && choose_unit(config, channel, alert->unit) &&
	       choose_rule(config, channel, alert->rule);
}
