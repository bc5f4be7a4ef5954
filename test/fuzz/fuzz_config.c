/* libFuzzer over config_parse: whatever the bytes are, the parser ends, tells why when it refuses,
 * and what it accepts is a whole block. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_parse.h"

static void fuzz_config_tell(void *arg, enum config_finding finding, const char *line)
{
	size_t *errors = arg;

	assert(strpbrk(line, "\n\r") == NULL);
	*errors += finding == CONFIG_ERROR;
}

static void fuzz_config_text(const struct config *config, config_text text)
{
	assert(text < config->size);
	assert(memchr(config_string(config, text), '\0', config->size - text) != NULL);
}

static void fuzz_config_secrets(const struct config *config, struct config_table secrets)
{
	for (uint32_t i = 0; i < secrets.count; i++) {
		const struct config_secret *secret = config_secret_at(config, secrets, i);

		assert(secret->name[0] != '\0' && memchr(secret->name, '\0', NAME_BYTES) != NULL);
		assert(config_string(config, secret->path)[0] != '\0');
		fuzz_config_text(config, secret->path);
	}
}

/* What stands in a header, a url or an SMTP command is one line. */
static void fuzz_config_list(const struct config *config, struct config_table list)
{
	for (uint32_t i = 0; i < list.count; i++) {
		fuzz_config_text(config, config_list_at(config, list, i));
		assert(strpbrk(config_string(config, config_list_at(config, list, i)), "\r\n") == NULL);
	}
}

static void fuzz_config_channel(const struct config *config, const struct config_channel *channel)
{
	const config_text texts[] = {channel->command, channel->url,    channel->proxy, channel->ca,  channel->from,
				     channel->user,    channel->format, channel->chat,  channel->sign};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		fuzz_config_text(config, texts[i]);
	for (uint32_t i = 0; i < channel->units.count; i++)
		assert(config_channel_unit(config, channel, i) < config->units.count);
	for (uint32_t i = 0; i < channel->rules.count; i++)
		assert(config_channel_rule(config, channel, i) < config->rules.count);
	assert(channel->quiet_from_min < 1440 && channel->quiet_to_min < 1440);
	assert(channel->tls <= CONFIG_TLS_NEVER);
	fuzz_config_list(config, channel->to);
	fuzz_config_list(config, channel->headers);
	fuzz_config_secrets(config, channel->secrets);
}

/* Every offset of the block lies within it. */
static void fuzz_config_walk(const struct config *config)
{
	for (uint32_t i = 0; i < config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(config, i);
		uint32_t depth = 0;

		for (uint32_t j = 0; j < rule->when.count; j++) {
			uint32_t kind = config_nodes(config, rule->when)[j].kind;

			depth += kind == CONFIG_COMPARE;
			depth -= kind == CONFIG_AND || kind == CONFIG_OR;
			assert(depth >= 1 && depth <= CONDITION_DEPTH);
		}
		assert(rule->is_event || depth == 1);
		for (uint32_t j = 0; j < rule->steps.count; j++)
			assert(strlen(config_string(config,
						    config_step_at(config, rule, j)->command)) <
			       config->size);
		for (uint32_t j = 0; j < rule->instances; j++)
			assert(config_instance_at(config, rule->first_instance + j)->rule == i);
	}
	for (uint32_t i = 0; i < config->units.count; i++)
		assert(config_string(config, config_unit_at(config, i)->target)[0] != '\0');
	for (uint32_t i = 0; i < config->channels.count; i++)
		fuzz_config_channel(config, config_channel_at(config, i));
	fuzz_config_secrets(config, config->heartbeat.secrets);
	fuzz_config_text(config, config->heartbeat.url);
	fuzz_config_text(config, config->prometheus.listen);
	fuzz_config_text(config, config->prometheus.textfile);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t errors = 0;
	struct config *config =
		config_parse("fuzz", (const char *)data, size, fuzz_config_tell, &errors);

	assert((config == NULL) == (errors > 0));
	if (config != NULL)
		fuzz_config_walk(config);
	free(config);
	return 0;
}
