#include "deliver/choose.h"

#include <string.h>

static bool choose_unit(const struct config *config, const struct config_channel *channel, const char *unit)
{
	for (uint32_t i = 0; i < channel->units.count; i++) {
		if (strcmp(config_unit_at(config, config_channel_unit(config, channel, i))->name, unit) == 0)
			return true;
	}
	return channel->units.count == 0;
}

static bool choose_rule(const struct config *config, const struct config_channel *channel, const char *rule)
{
	for (uint32_t i = 0; i < channel->rules.count; i++) {
		if (strcmp(config_rule_at(config, config_channel_rule(config, channel, i))->name, rule) == 0)
			return true;
	}
	return channel->rules.count == 0;
}

bool choose_wants(const struct config *config, const struct config_channel *channel,
		  const struct delivery_alert *alert)
{
	if (delivery_is_refusal(alert))
		return strcmp(alert->rule, channel->name) != 0;
	return alert->severity >= channel->severity && choose_unit(config, channel, alert->unit) &&
	       choose_rule(config, channel, alert->rule);
}
