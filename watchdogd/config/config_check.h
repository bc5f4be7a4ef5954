/* What is right by itself and wrong together: across the keys of a section, and across sections. */
#ifndef WD_CONFIG_CONFIG_CHECK_H
#define WD_CONFIG_CONFIG_CHECK_H

#include "config/config_draft.h"

/* Check one section when all are read; tells to draft->findings. */
void config_check_section(struct config_draft *draft, const struct config_section *section);

#endif
