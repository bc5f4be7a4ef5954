#include "config/config_names.h"

#include <string.h>

uint32_t config_names_unit(const struct config_names *names, const char *name, size_t len)
{
	for (uint32_t i = 0; i < names->unit_count; i++)
		if (strlen(names->units[i].name) == len &&
		    memcmp(names->units[i].name, name, len) == 0)
			return i;
	return CONFIG_NONE;
}

uint32_t config_names_group(const struct config_names *names, const char *name, size_t len)
{
	for (uint32_t i = 0; i < names->group_count; i++)
		if (strlen(names->groups[i].name) == len &&
		    memcmp(names->groups[i].name, name, len) == 0)
			return i;
	return CONFIG_NONE;
}

void config_names_suggest_units(const struct config_names *names, struct suggest *s)
{
	for (uint32_t i = 0; i < names->unit_count; i++)
		suggest_offer(s, names->units[i].name);
}

void config_names_suggest_groups(const struct config_names *names, struct suggest *s)
{
	for (uint32_t i = 0; i < names->group_count; i++)
		suggest_offer(s, names->groups[i].name);
}

bool config_names_is_name(const char *name)
{
	return name[0] >= 'a' && name[0] <= 'z' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_-")] == '\0';
}

bool config_names_is_word(const char *name)
{
	static const char *const words[] = {"host",   "unit",    "and", "or", "not",
					    "for",    "never",   "per", "of", "largest",
					    "lowest", "growing", "idle"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i], name) == 0)
			return true;
	return verb_find(name, strlen(name)) >= 0 || event_find(name, strlen(name)) >= 0;
}
