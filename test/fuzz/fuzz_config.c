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
