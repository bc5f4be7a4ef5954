/* The config while it is built: tables as long as bounds.h allows, which end as one block. In a
 * draft the `at` of a config_table is the index of its first row. */
#ifndef WD_CONFIG_CONFIG_DRAFT_H
#define WD_CONFIG_CONFIG_DRAFT_H

#include "config/config_findings.h"
#include "config/config_keys.h"
#include "config/config_names.h"
#include "config/config_tree.h"

struct config_draft {
	struct config config; /* without tables */
	struct config_unit units[UNITS_MAX];
	bool unit_has_start[UNITS_MAX]; /* a `start` command */
	struct config_group groups[GROUPS_MAX];
	struct config_node nodes[NODES_MAX];
	struct config_step steps[STEPS_MAX];
	struct config_rule rules[RULES_MAX];
	struct config_instance instances[INSTANCES_MAX];
	struct config_channel channels[CHANNELS_MAX];
	config_text patterns[PATTERNS_MAX];
	struct config_secret secrets[SECRETS_MAX];
	config_text lists[LISTS_MAX];
	/* Each at most once for a channel, so there is room for all. */
	uint32_t channel_units[CHANNELS_MAX * UNITS_MAX], channel_rules[CHANNELS_MAX * RULES_MAX];
	uint32_t group_units[UNITS_MAX];
	uint32_t group_unit_count, node_count, step_count, rule_count, instance_count, hold_count,
		channel_count, pattern_count, secret_count, list_count, channel_unit_count,
		channel_rule_count;
	struct config_names names; /* of units and groups above, and how many */
	bool seen[CONFIG_KINDS];   /* sections without a name */
	char *texts;               /* own */
	size_t texts_len, texts_size;
	char *joined; /* own; room for the lines of any one key */
	const struct config_judge *judge; /* of the patterns; NULL: nobody */
	bool unjudged;                    /* told once that nobody here can say */
	struct config_tree tree;
	struct config_findings findings;
};

/* A draft for that text, with its tree read. NULL when memory is short. */
struct config_draft *config_draft_new(const char *text, size_t size);
struct config_draft *config_draft_free(struct config_draft *draft);

/* Keep a text; what the block will call it. */
config_text config_draft_text(struct config_draft *draft, const char *text);

/* A text of the draft again. */
const char *config_draft_string(const struct config_draft *draft, config_text text);

/* The rule's scope (of `on` or `each`) has the unit; one without a scope has all. */
bool config_draft_scope_has(const struct config_draft *draft, const struct config_rule *rule,
			    uint32_t unit);

/* The whole as one block of the heap, the caller's. NULL when memory is short. */
struct config *config_draft_seal(const struct config_draft *draft);

#endif
