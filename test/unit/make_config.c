#include "make_config.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAKE_MAX = 64 };

static struct {
	struct config_unit units[MAKE_MAX];
	struct config_group groups[MAKE_MAX];
	struct config_rule rules[MAKE_MAX];
	struct config_step steps[MAKE_MAX];
	struct config_node nodes[MAKE_MAX];
	struct config_instance instances[MAKE_MAX];
	struct config_channel channels[MAKE_MAX];
	uint32_t channel_rule[MAKE_MAX], channel_unit[MAKE_MAX];
	uint32_t n_channels;
	uint32_t n_units, n_groups, n_rules, n_steps, n_nodes, n_instances;
	uint32_t holds, rule_holds;
	struct config_table *into; /* the condition that nodes belong to */
} make;

void make_begin(void)
{
	memset(&make, 0, sizeof(make));
}

struct config_unit *make_unit(const char *name, uint32_t group)
{
	struct config_unit *unit = &make.units[make.n_units++];

	assert(make.n_units < MAKE_MAX);
	(void)snprintf(unit->name, sizeof(unit->name), "%s", name);
	unit->kind = CONFIG_CGROUP;
	unit->group = group;
	unit->grace_ms = 20000;
	return unit;
}

uint32_t make_group(const char *name)
{
	assert(make.n_groups < MAKE_MAX);
	(void)snprintf(make.groups[make.n_groups].name, NAME_BYTES, "%s", name);
	return make.n_groups++;
}

static struct config_rule *make_this(void)
{
	return &make.rules[make.n_rules - 1];
}

static void make_instance(uint32_t unit)
{
	struct config_instance *instance = &make.instances[make.n_instances++];

	assert(make.n_instances < MAKE_MAX);
	instance->rule = make.n_rules - 1;
	instance->unit = unit;
	make_this()->instances++;
}

struct config_rule *make_rule(const char *name)
{
	struct config_rule *rule = &make.rules[make.n_rules++];

	assert(make.n_rules < MAKE_MAX);
	(void)snprintf(rule->name, sizeof(rule->name), "%s", name);
	rule->settle_ms = 3000;
	rule->limit_n = 5;
	rule->limit_for_ms = 3600000;
	rule->severity = SEVERITY_INFO;
	rule->text_hash = make.n_rules;
	rule->steps.at = make.n_steps;
	rule->first_instance = make.n_instances;
	make_instance(CONFIG_NONE);
	make.into = NULL;
	return rule;
}

struct config_rule *make_event_rule(const char *name, enum event_kind event, const uint32_t *units,
				    uint32_t n)
{
	struct config_rule *rule = make_rule(name);

	rule->is_event = 1;
	rule->event = event;
	for (uint32_t i = 0; i < n; i++)
		make_instance(units[i]);
	return rule;
}

void make_each(const uint32_t *units, uint32_t n)
{
	make.n_instances -= make_this()->instances;
	make_this()->instances = 0;
	for (uint32_t i = 0; i < n; i++)
		make_instance(units[i]);
}

void make_when(void)
{
	make.into = &make_this()->when;
	make.into->at = make.n_nodes;
}

void make_clear(void)
{
	make.into = &make_this()->clear;
	make.into->at = make.n_nodes;
}

void make_restore(void)
{
	make.into = &make_this()->restore;
	make.into->at = make.n_nodes;
}

static struct config_node *make_node(enum config_node_kind kind)
{
	struct config_node *node = &make.nodes[make.n_nodes++];

	assert(make.n_nodes < MAKE_MAX);
	node->kind = kind;
	make.into->count++;
	return node;
}

void make_unit_term(uint32_t unit, enum reading_unit reading, enum config_compare compare,
		    int64_t bound)
{
	struct config_node *node = make_node(CONFIG_COMPARE);

	node->unit = unit;
	node->reading = reading;
	node->compare = compare;
	node->bound = bound;
}

void make_host(enum reading_host reading, enum config_compare compare, int64_t bound)
{
	make_unit_term(CONFIG_HOST, (enum reading_unit)reading, compare, bound);
}

void make_host_pct(enum reading_host reading, enum config_compare compare, double pct)
{
	make_host(reading, compare, (int64_t)(pct * 1000));
	make.nodes[make.n_nodes - 1].bound_is_pct =
		reading_host_words[reading].dimension == READING_BYTES;
}

void make_join(enum config_node_kind kind)
{
	(void)make_node(kind);
}

void make_for(uint32_t for_ms)
{
	struct config_node *node = make_node(CONFIG_HOLD);

	node->for_ms = for_ms;
	node->hold = make_this()->holds++;
}

struct config_step *make_step(enum verb verb, uint32_t unit)
{
	struct config_step *step = &make.steps[make.n_steps++];

	assert(make.n_steps < MAKE_MAX);
	step->verb = verb;
	step->unit = unit;
	step->group = CONFIG_NONE;
	make_this()->steps.count++;
	return step;
}

struct config_step *make_step_of(enum verb verb, enum config_target target, uint32_t group)
{
	struct config_step *step = make_step(verb, CONFIG_NONE);

	step->target = target;
	step->group = group;
	return step;
}

void make_alert(enum severity severity)
{
	make_step(VERB_ALERT, CONFIG_NONE)->severity = severity;
	if (severity > make_this()->severity)
		make_this()->severity = severity;
}

struct config_channel *make_channel(const char *name, const char *plugin, enum severity severity)
{
	struct config_channel *channel = &make.channels[make.n_channels];

	assert(make.n_channels < MAKE_MAX);
	(void)snprintf(channel->name, sizeof(channel->name), "%s", name);
	(void)snprintf(channel->plugin, sizeof(channel->plugin), "%s", plugin);
	channel->severity = severity;
	make.n_channels++;
	make_channel_of(CONFIG_NONE, CONFIG_NONE);
	return channel;
}

void make_channel_of(uint32_t rule, uint32_t unit)
{
	make.channel_rule[make.n_channels - 1] = rule;
	make.channel_unit[make.n_channels - 1] = unit;
}

/* Rows behind the header; tables that were counted in rows become offsets. */
static uint32_t make_copy(struct config *config, struct config_table *table, const void *rows,
			  uint32_t count, size_t row_bytes)
{
	table->at = config->size;
	table->count = count;
	memcpy((char *)config + config->size, rows, count * row_bytes);
	config->size += (uint32_t)(count * row_bytes + 7) & ~7u;
	return table->at;
}

static void make_groups(struct config *config)
{
	for (uint32_t g = 0; g < make.n_groups; g++) {
		uint32_t members[MAKE_MAX], n = 0;

		for (uint32_t u = 0; u < make.n_units; u++)
			if (make.units[u].group == g)
				members[n++] = u;
		(void)make_copy(config, &make.groups[g].units, members, n, sizeof(members[0]));
	}
	(void)make_copy(config, &config->groups, make.groups, make.n_groups,
			sizeof(make.groups[0]));
}

static void make_channels(struct config *config)
{
	for (uint32_t i = 0; i < make.n_channels; i++) {
		(void)make_copy(config, &make.channels[i].rules, &make.channel_rule[i],
				make.channel_rule[i] != CONFIG_NONE, sizeof(make.channel_rule[i]));
		(void)make_copy(config, &make.channels[i].units, &make.channel_unit[i],
				make.channel_unit[i] != CONFIG_NONE, sizeof(make.channel_unit[i]));
	}
	(void)make_copy(config, &config->channels, make.channels, make.n_channels, sizeof(make.channels[0]));
}

struct config *make_done(void)
{
	struct config *config = calloc(1, sizeof(*config) + sizeof(make) + 4096);
	uint32_t nodes, steps, hold = 0;

	assert(config != NULL);
	config->magic = CONFIG_MAGIC;
	config->version = CONFIG_VERSION;
	config->size = (uint32_t)(sizeof(*config) + 7) & ~7u;
	(void)make_copy(config, &config->units, make.units, make.n_units, sizeof(make.units[0]));
	make_groups(config);
	nodes = make_copy(config, &config->nodes, make.nodes, make.n_nodes, sizeof(make.nodes[0]));
	steps = make_copy(config, &config->steps, make.steps, make.n_steps, sizeof(make.steps[0]));
	for (uint32_t r = 0; r < make.n_rules; r++) {
		struct config_rule *rule = &make.rules[r];

		rule->when.at = nodes + rule->when.at * (uint32_t)sizeof(make.nodes[0]);
		rule->clear.at = nodes + rule->clear.at * (uint32_t)sizeof(make.nodes[0]);
		rule->restore.at = nodes + rule->restore.at * (uint32_t)sizeof(make.nodes[0]);
		rule->steps.at = steps + rule->steps.at * (uint32_t)sizeof(make.steps[0]);
		for (uint32_t i = 0; i < rule->instances; i++, hold += rule->holds)
			make.instances[rule->first_instance + i].first_hold = hold;
	}
	(void)make_copy(config, &config->rules, make.rules, make.n_rules, sizeof(make.rules[0]));
	(void)make_copy(config, &config->instances, make.instances, make.n_instances,
			sizeof(make.instances[0]));
	make_channels(config);
	return config;
}
