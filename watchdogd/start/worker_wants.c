#include "start/worker_wants.h"

#include <string.h>

#include "words/verb.h"

static bool wants_channel(const struct config *config, const char *plugin)
{
	for (uint32_t i = 0; i < config->channels.count; i++)
		if (strcmp(config_channel_at(config, i)->plugin, plugin) == 0)
			return true;
	return false;
}

bool wants_email(const struct config *config)
{
	return wants_channel(config, "email");
}

bool wants_webhook(const struct config *config)
{
	return wants_channel(config, "webhook");
}

bool wants_heartbeat(const struct config *config)
{
	return config->heartbeat.url != 0;
}

bool wants_prometheus(const struct config *config)
{
	return config->prometheus.listen != 0;
}

bool wants_textfile(const struct config *config)
{
	return config->prometheus.textfile != 0;
}

/* It may leave a unit stopped. */
static bool wants_stops(const struct config *config)
{
	for (uint32_t i = 0; i < config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(config, i);

		for (uint32_t k = 0; k < rule->steps.count; k++) {
			uint32_t verb = config_step_at(config, rule, k)->verb;

			if (verb == VERB_STOP || verb == VERB_RESTART)
				return true;
		}
	}
	return false;
}

bool wants_swapfile(const struct config *config)
{
	return config->swapfile.path != 0;
}

/* What channels have not taken yet outlives us, and which units are stopped a restart of the host. */
bool wants_spool(const struct config *config)
{
	return config->channels.count > 0 || wants_stops(config);
}

bool wants_pattern(const struct config *config)
{
	for (uint32_t i = 0; i < config->units.count; i++)
		if (config_unit_at(config, i)->log_match.count > 0)
			return true;
	return false;
}

bool wants_log(const struct config *config)
{
	for (uint32_t i = 0; i < config->units.count; i++)
		if (config_unit_at(config, i)->log != 0)
			return true;
	return false;
}

bool wants_journal(const struct config *config)
{
	for (uint32_t i = 0; i < config->units.count; i++)
		if (config_unit_at(config, i)->journal != 0)
			return true;
	return false;
}

static bool wants_verb(const struct config *config, enum verb verb)
{
	for (uint32_t i = 0; i < config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(config, i);

		for (uint32_t k = 0; k < rule->steps.count; k++)
			if (config_step_at(config, rule, k)->verb == verb)
				return true;
	}
	return false;
}

/* A cap is given back by it also when the step has left the config: who has had it loaded keeps it. */
bool wants_reclaim(const struct config *config)
{
	return wants_verb(config, VERB_CAP) || wants_verb(config, VERB_UNCAP) || wants_verb(config, VERB_RECLAIM);
}

bool wants_snapshot(const struct config *config)
{
	return wants_verb(config, VERB_SNAPSHOT);
}
