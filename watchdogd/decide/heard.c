#include "decide/heard.h"

enum { HEARD_REPEAT_MS = 3600000 }; /* the default of what is critical */

static bool heard_is_in(const struct config *config, struct config_table table, uint32_t index)
{
	const uint32_t *row = config_row(config, table, 0, 0);

	for (uint32_t i = 0; i < table.count; i++)
		if (row[i] == index)
			return true;
	return false;
}

bool heard_by(const struct config *config, const struct config_channel *channel, const struct heard *heard)
{
	return heard->severity >= (enum severity)channel->severity &&
	       (channel->rules.count == 0 || heard_is_in(config, channel->rules, heard->rule)) &&
	       (channel->units.count == 0 || heard_is_in(config, channel->units, heard->unit));
}

static uint32_t heard_rule_ms(const struct config *config, const struct heard *heard)
{
	uint32_t ms = config_rule_at(config, heard->rule)->repeat_ms;

	if (ms != 0)
		return ms;
	return heard->severity == SEVERITY_CRITICAL ? HEARD_REPEAT_MS : CONFIG_NEVER;
}

uint32_t heard_repeat_ms(const struct config *config, const struct heard *heard)
{
	uint32_t of_rule = heard_rule_ms(config, heard), least = CONFIG_NEVER;
	bool some = false;

	for (uint32_t i = 0; i < config->channels.count; i++) {
		const struct config_channel *channel = config_channel_at(config, i);
		uint32_t ms = channel->repeat_ms != 0 ? channel->repeat_ms : of_rule;

		if (!heard_by(config, channel, heard))
			continue;
		some = true;
		least = ms < least ? ms : least;
	}
	return some ? least : of_rule;
}
