/* The keys of a rule that are a language of their own, and what follows from the rule as a whole:
 * its instances, its hash. */
#ifndef WD_CONFIG_CONFIG_RULE_H
#define WD_CONFIG_CONFIG_RULE_H

#include "config/config_field.h"

/* Setters of KEY_EVENT, KEY_STEPS (one line of it) and KEY_CONDITION. */
void config_rule_event(struct config_field *field, const char *text);
void config_rule_step(struct config_field *field, const char *text);
void config_rule_condition(struct config_field *field, const char *text);

/* When all sections are read: severity, holds, hash and instances of one rule. */
void config_rule_finish(struct config_draft *draft, const struct config_section *section);

/* The hash with what a rule about that unit depends on besides its own text: another where another process is meant. */
uint64_t config_rule_hash_unit(const struct config_draft *draft, const struct config_unit *unit, uint64_t hash);

#endif
