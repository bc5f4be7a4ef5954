#include "config/config_draft.h"

#include <stdlib.h>
#include <string.h>

enum { DRAFT_ALIGN = 8, DRAFT_OWN_TEXTS = 8 * PATH_BYTES /* path, defaults */ };

struct config_draft *config_draft_new(const char *text, size_t size)
{
	struct config_draft *draft = calloc(1, sizeof(*draft));

	if (draft == NULL)
		return NULL;
	config_findings_init(&draft->findings);
	draft->names.units = draft->units;
	draft->names.groups = draft->groups;
	if (config_tree_init(&draft->tree, text, size, &draft->findings) != 0)
		return config_draft_free(draft);
	draft->texts_size = draft->tree.texts_len + DRAFT_OWN_TEXTS;
	draft->texts = malloc(draft->texts_size);
	draft->joined = malloc(draft->texts_size);
	if (draft->texts == NULL || draft->joined == NULL)
		return config_draft_free(draft);
	return draft;
}

struct config_draft *config_draft_free(struct config_draft *draft)
{
	if (draft == NULL)
		return NULL;
	config_tree_fini(&draft->tree);
	config_findings_fini(&draft->findings);
	free(draft->texts);
	free(draft->joined);
	free(draft);
	return NULL;
}

config_text config_draft_text(struct config_draft *draft, const char *text)
{
	size_t size = strlen(text) + 1, at = draft->texts_len;

	if (size > draft->texts_size - at) {
		config_findings_error(&draft->findings, &(struct config_place){0},
				      "the texts have no room; shorten them");
		return 0;
	}
	memcpy(draft->texts + at, text, size);
	draft->texts_len += size;
	return (config_text)(sizeof(struct config) + at);
}

const char *config_draft_string(const struct config_draft *draft, config_text text)
{
	return text == 0 ? "" : draft->texts + (text - sizeof(struct config));
}

bool config_draft_scope_has(const struct config_draft *draft, const struct config_rule *rule,
			    uint32_t unit)
{
	if (rule->scope_unit != CONFIG_NONE)
		return rule->scope_unit == unit;
	return rule->scope_group == CONFIG_NONE || draft->units[unit].group == rule->scope_group;
}

/* A table of the block: its rows, copied to `at`. */
struct config_draft_part {
	struct config_table *table;
	const void *rows;
	size_t row_bytes;
	uint32_t count;
};

/* Index of a row in the draft -> offset in the block. */
static void config_draft_place(struct config_table *table, const struct config_table *all,
			       size_t row_bytes)
{
	table->at = all->at + table->at * (uint32_t)row_bytes;
}

static void config_draft_place_all(struct config *config)
{
	for (uint32_t i = 0; i < config->groups.count; i++) {
		struct config_group *group =
			(struct config_group *)(uintptr_t)config_group_at(config, i);

		config_draft_place(&group->units, &config->group_units, sizeof(uint32_t));
	}
	for (uint32_t i = 0; i < config->units.count; i++) {
		struct config_unit *unit =
			(struct config_unit *)(uintptr_t)config_unit_at(config, i);

		config_draft_place(&unit->log_match, &config->patterns, sizeof(config_text));
	}
	for (uint32_t i = 0; i < config->rules.count; i++) {
		struct config_rule *rule =
			(struct config_rule *)(uintptr_t)config_rule_at(config, i);

		config_draft_place(&rule->when, &config->nodes, sizeof(struct config_node));
		config_draft_place(&rule->clear, &config->nodes, sizeof(struct config_node));
		config_draft_place(&rule->restore, &config->nodes, sizeof(struct config_node));
		config_draft_place(&rule->steps, &config->steps, sizeof(struct config_step));
	}
}

static void config_draft_place_channels(struct config *config)
{
	for (uint32_t i = 0; i < config->channels.count; i++) {
		struct config_channel *channel =
			(struct config_channel *)(uintptr_t)config_channel_at(config, i);

		config_draft_place(&channel->units, &config->channel_units, sizeof(uint32_t));
		config_draft_place(&channel->rules, &config->channel_rules, sizeof(uint32_t));
		config_draft_place(&channel->secrets, &config->secrets, sizeof(struct config_secret));
		config_draft_place(&channel->to, &config->lists, sizeof(config_text));
		config_draft_place(&channel->headers, &config->lists, sizeof(config_text));
	}
	config_draft_place(&config->heartbeat.secrets, &config->secrets, sizeof(struct config_secret));
}

static size_t config_draft_aligned(size_t at)
{
	return (at + DRAFT_ALIGN - 1) / DRAFT_ALIGN * DRAFT_ALIGN;
}

struct config *config_draft_seal(const struct config_draft *draft)
{
	struct config head = draft->config, *config;
	const struct config_draft_part parts[] = {
		{&head.units, draft->units, sizeof(draft->units[0]), draft->names.unit_count},
		{&head.groups, draft->groups, sizeof(draft->groups[0]), draft->names.group_count},
		{&head.group_units, draft->group_units, sizeof(uint32_t), draft->group_unit_count},
		{&head.patterns, draft->patterns, sizeof(draft->patterns[0]), draft->pattern_count},
		{&head.nodes, draft->nodes, sizeof(draft->nodes[0]), draft->node_count},
		{&head.steps, draft->steps, sizeof(draft->steps[0]), draft->step_count},
		{&head.rules, draft->rules, sizeof(draft->rules[0]), draft->rule_count},
		{&head.instances, draft->instances, sizeof(draft->instances[0]),
		 draft->instance_count},
		{&head.channels, draft->channels, sizeof(draft->channels[0]), draft->channel_count},
		{&head.secrets, draft->secrets, sizeof(draft->secrets[0]), draft->secret_count},
		{&head.lists, draft->lists, sizeof(draft->lists[0]), draft->list_count},
		{&head.channel_units, draft->channel_units, sizeof(uint32_t), draft->channel_unit_count},
		{&head.channel_rules, draft->channel_rules, sizeof(uint32_t), draft->channel_rule_count},
	};
	size_t at = config_draft_aligned(sizeof(head) + draft->texts_len);

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		*parts[i].table = (struct config_table){(uint32_t)at, parts[i].count};
		at = config_draft_aligned(at + parts[i].row_bytes * parts[i].count);
	}
	head.magic = CONFIG_MAGIC;
	head.version = CONFIG_VERSION;
	head.size = (uint32_t)at;
	config = calloc(1, at);
	if (config == NULL)
		return NULL;
	memcpy(config, &head, sizeof(head));
	memcpy((char *)config + sizeof(head), draft->texts, draft->texts_len);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		memcpy((char *)config + parts[i].table->at, parts[i].rows,
		       parts[i].row_bytes * parts[i].count);
	config_draft_place_all(config);
	config_draft_place_channels(config);
	return config;
}
