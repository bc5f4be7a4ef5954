/* The units and groups of a file, by name, as conditions and steps refer to them, and the words
 * that are none of theirs. */
#ifndef WD_CONFIG_CONFIG_NAMES_H
#define WD_CONFIG_CONFIG_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "config/suggest.h"

struct config_names {
	const struct config_unit *units;
	const struct config_group *groups;
	uint32_t unit_count, group_count;
};

/* An expression to be parsed: of a condition or a step. All borrowed. */
struct config_expression {
	const char *text;
	const struct config_names *names;
	bool has_unit; /* `unit` means something here */
	/* Gets what is wrong, and at which byte of text. */
	void (*tell)(void *arg, size_t at, const char *what);
	void *arg;
};

/* The index of that name (len bytes), or CONFIG_NONE. */
uint32_t config_names_unit(const struct config_names *names, const char *name, size_t len);
uint32_t config_names_group(const struct config_names *names, const char *name, size_t len);

/* Offer all of them. */
void config_names_suggest_units(const struct config_names *names, struct suggest *s);
void config_names_suggest_groups(const struct config_names *names, struct suggest *s);

/* [a-z][a-z0-9_-]* */
bool config_names_is_name(const char *name);

/* The word means something in conditions, steps or events, so nothing can be called so. */
bool config_names_is_word(const char *name);

#endif
