/* A small config built by hand, for tests: begin, name units and rules, then make_done. One at a
 * time is being built; a test that fails in between does no harm, as make_begin begins anew. */
#ifndef WD_TEST_MAKE_CONFIG_H
#define WD_TEST_MAKE_CONFIG_H

#include "config/config.h"

void make_begin(void);

/* Units and groups; a unit joins a group by its index, CONFIG_NONE for none. The row may be changed
 * until the next call. */
struct config_unit *make_unit(const char *name, uint32_t group);
uint32_t make_group(const char *name);

/* A rule: conditions and steps that follow are its own. settle 3 s, limit 5 per 1 h, one instance
 * without a unit. An event rule has an instance for each unit of `units` (n), and one without. */
struct config_rule *make_rule(const char *name);
struct config_rule *make_event_rule(const char *name, enum event_kind event, const uint32_t *units,
				    uint32_t n);
/* The rule is one for each of these units. */
void make_each(const uint32_t *units, uint32_t n);

/* What follows belongs to this condition of the rule. */
void make_when(void);
void make_clear(void);
void make_restore(void);
/* Postfix: terms, then what joins them. pct: bound in %. */
void make_host(enum reading_host reading, enum config_compare compare, int64_t bound);
void make_host_pct(enum reading_host reading, enum config_compare compare, double pct);
void make_unit_term(uint32_t unit, enum reading_unit reading, enum config_compare compare,
		    int64_t bound);
void make_join(enum config_node_kind kind); /* NOT, AND, OR */
void make_for(uint32_t for_ms);

void make_alert(enum severity severity);
struct config_step *make_step(enum verb verb, uint32_t unit);
struct config_step *make_step_of(enum verb verb, enum config_target target, uint32_t group);

/* A channel; of one rule and one unit alone, CONFIG_NONE: of all. */
struct config_channel *make_channel(const char *name, const char *plugin, enum severity severity);
void make_channel_of(uint32_t rule, uint32_t unit);

/* The block; the caller's, to be freed. */
struct config *make_done(void);

#endif
