/* `idle` and what follows from it: what a unit with stop-when-idle needs, what `idle of` needs, and the rule that stops
 * the units with stop-when-idle: one of the program's own, "on = idle, then = stop unit". */
#ifndef WD_CONFIG_CONFIG_IDLE_H
#define WD_CONFIG_CONFIG_IDLE_H

#include "config/config_draft.h"

#define CONFIG_IDLE_RULE "stop-when-idle"

/* Check the keys of a unit. */
void config_idle_check_unit(struct config_draft *draft, const struct config_section *section);

/* Check a rule: its name, and its steps that name `idle of` a group. */
void config_idle_check_rule(struct config_draft *draft, const struct config_section *section,
			    const struct config_rule *rule);

/* When all sections are right: add that rule, if some unit has stop-when-idle. */
void config_idle_finish(struct config_draft *draft);

#endif
