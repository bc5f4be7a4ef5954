#include "systemd_ties.h"

#include <stddef.h>
#include <string.h>

#include "base/bounds.h"

static const char *systemd_ties_why(const char *property)
{
	static const struct {
		const char *property, *why;
	} known[] = {
		{"RequiredBy", "it requires it"},
		{"RequisiteOf", "it requires it"},
		{"BoundBy", "it is bound to it"},
		{"ConsistsOf", "it is part of it"},
		{"PropagatesStopTo", "its stop is passed on to it"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].property, property) == 0)
			return known[i].why;
	return NULL;
}

static void systemd_ties_read_names(sd_bus_message *all, const char *why,
				    void (*each)(void *arg, const char *name, const char *why), void *arg)
{
	const char *name;

	if (sd_bus_message_enter_container(all, 'v', "as") <= 0) {
		(void)sd_bus_message_skip(all, "v");
		return;
	}
	if (sd_bus_message_enter_container(all, 'a', "s") > 0) {
		while (sd_bus_message_read(all, "s", &name) > 0)
			each(arg, name, why);
		(void)sd_bus_message_exit_container(all);
	}
	(void)sd_bus_message_exit_container(all);
}

void systemd_ties_read(sd_bus_message *all, void (*each)(void *arg, const char *name, const char *why),
		       void *arg)
{
	const char *property;

	if (sd_bus_message_rewind(all, 1) < 0 || sd_bus_message_enter_container(all, 'a', "{sv}") <= 0)
		return;
	while (sd_bus_message_enter_container(all, 'e', "sv") > 0) {
		const char *why;

		if (sd_bus_message_read(all, "s", &property) <= 0)
			return;
		why = systemd_ties_why(property);
		if (why != NULL)
			systemd_ties_read_names(all, why, each, arg);
		else if (sd_bus_message_skip(all, "v") < 0)
			return;
		if (sd_bus_message_exit_container(all) < 0)
			return;
	}
}
