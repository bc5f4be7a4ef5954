/* One line of `then`: a verb and what it takes. */
#ifndef WD_CONFIG_STEP_PARSE_H
#define WD_CONFIG_STEP_PARSE_H

#include "config/config_names.h"

struct step_parsed {
	struct config_step step; /* without line and command */
	const char *command;     /* VERB_RUN: in in->text; otherwise NULL */
};

/* 0, or -EINVAL when something was told to in->tell. */
int step_parse(const struct config_expression *in, struct step_parsed *parsed);

#endif
