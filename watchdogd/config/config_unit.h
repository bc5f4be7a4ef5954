/* The keys of a unit that fill more than one field. */
#ifndef WD_CONFIG_CONFIG_UNIT_H
#define WD_CONFIG_CONFIG_UNIT_H

#include <stdbool.h>

#include "config/config_field.h"

/* Setters of KEY_PATTERNS (one line of it) and KEY_USER. */
void config_unit_pattern(struct config_field *field, const char *text);
void config_unit_user(struct config_field *field, const char *text);

/* A text of log-match is "/.../" or "/.../i", a pattern of PCRE2, and not to be taken as it stands. */
bool config_unit_is_pattern(const char *text);

#endif
