/* What is right by itself and wrong together: across the keys of a section, and across sections. */
#ifndef WD_CONFIG_CONFIG_CHECK_H
#define WD_CONFIG_CONFIG_CHECK_H

#include <stdbool.h>

#include "config/config_draft.h"

/* Check one section when all are read; tells to draft->findings. */
void config_check_section(struct config_draft *draft, const struct config_section *section);

/* config_check_unit.c: the keys of a unit; whether the units of a rule's event can ever tell it. */
void config_check_unit(struct config_draft *draft, const struct config_section *section);
void config_check_event(struct config_draft *draft, const struct config_section *section,
			const struct config_rule *rule);

/* config_check_channel.c: the keys of a channel, of [heartbeat], of [prometheus]. */
void config_check_channel(struct config_draft *draft, const struct config_section *section);
void config_check_heartbeat(struct config_draft *draft, const struct config_section *section);
void config_check_prometheus(struct config_draft *draft, const struct config_section *section);

/* config_check_swapfile.c: the keys of [swapfile]; the rules that switch it on. */
void config_check_swapfile(struct config_draft *draft, const struct config_section *section);
void config_check_swap_on(struct config_draft *draft, const struct config_section *section,
			  const struct config_rule *rule);

/* config_check_restore.c: what a rule sheds, and whether that is ever given back. */
void config_check_restore(struct config_draft *draft, const struct config_section *section,
			  const struct config_rule *rule);

/* The step may act on that unit: it, or one of its group. Some step of the rule with one of these verbs (bits,
 * 1 << enum verb) may. */
bool config_check_aims(const struct config_draft *draft, const struct config_rule *rule,
		       const struct config_step *step, uint32_t unit);
bool config_check_does(const struct config_draft *draft, const struct config_rule *rule, uint32_t verbs,
		       uint32_t unit);

/* config_check_secret.c: every ${NAME} of the section has its secret, and every secret is used. */
void config_check_secrets(struct config_draft *draft, const struct config_section *section);

/* The section has a secret of that name. */
bool config_check_has_secret(const struct config_section *section, const char *name);

/* Tell that the key names a secret that there is none of, and what is near. */
void config_check_no_secret(struct config_draft *draft, const struct config_section *section,
			    const struct config_place *place, const char *name);

/* What all are made of. Tell an error at the key's line, or (key NULL) at the section's. */
void config_check_tell(struct config_draft *draft, const struct config_section *section,
		       const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* The same of what is accepted, but hardly meant. */
void config_check_warn(struct config_draft *draft, const struct config_section *section,
		       const char *key, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
bool config_check_has(const struct config_section *section, const char *key);

/* The first line of the key's value; "" where there is none. */
const char *config_check_value(const struct config_section *section, const char *key);

/* Tell that a key is missing, unless it may stand in what could not be read. */
void config_check_missing(struct config_draft *draft, const struct config_section *section,
			  const char *what);
void config_check_name(struct config_draft *draft, const struct config_section *section,
		       const char *key, const char *name);

#endif
