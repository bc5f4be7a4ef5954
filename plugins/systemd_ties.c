#include "systemd_ties.h"

#include <stddef.h>
#include <string.h>

#include "base/bounds.h"

struct systemd_tie {
	const char *property;
	enum systemd_ties_side side;
	const char *why;
};

static const struct systemd_tie *systemd_ties_find(const char *property)
{
	static const struct systemd_tie known[] = {
		{"RequiredBy", SYSTEMD_TIES_TAKES, "it requires it"},
		{"RequisiteOf", SYSTEMD_TIES_TAKES, "it requires it"},
		{"BoundBy", SYSTEMD_TIES_TAKES, "it is bound to it"},
		{"ConsistsOf", SYSTEMD_TIES_TAKES, "it is part of it"},
		{"PropagatesStopTo", SYSTEMD_TIES_TAKES, "its stop is passed on to it"},
		{"Requires", SYSTEMD_TIES_IS_TAKEN, "it requires it"},
		{"Requisite", SYSTEMD_TIES_IS_TAKEN, "it requires it"},
		{"BindsTo", SYSTEMD_TIES_IS_TAKEN, "it is bound to it"},
		{"PartOf", SYSTEMD_TIES_IS_TAKEN, "it is part of it"},
		{"StopPropagatedFrom", SYSTEMD_TIES_IS_TAKEN, "its stop is passed on to it"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(known[i].property, property) == 0)
			return &known[i];
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

void systemd_ties_read(sd_bus_message *all, enum systemd_ties_side side,
		       void (*each)(void *arg, const char *name, const char *why), void *arg)
{
	const char *property;

	if (sd_bus_message_rewind(all, 1) < 0 || sd_bus_message_enter_container(all, 'a', "{sv}") <= 0)
		return;
	while (sd_bus_message_enter_container(all, 'e', "sv") > 0) {
		const struct systemd_tie *tie;

		if (sd_bus_message_read(all, "s", &property) <= 0)
			return;
		tie = systemd_ties_find(property);
		if (tie != NULL && tie->side == side)
			systemd_ties_read_names(all, tie->why, each, arg);
		else if (sd_bus_message_skip(all, "v") < 0)
			return;
		if (sd_bus_message_exit_container(all) < 0)
			return;
	}
}
