#include "systemd_props.h"

#include <stddef.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"

/* Own ones first, in the order of systemd_props_own. */
static const struct systemd_props_row {
	const char *name, *type; /* its D-Bus signature */
	size_t at, size;
} systemd_props_rows[] = {
#define ROW(name, type, field)                                                                     \
	{name, type, offsetof(struct systemd_props, field),                                        \
	 sizeof(((struct systemd_props *)0)->field)}
	ROW("Result", "s", result),
	ROW("MainPID", "u", pid),
	ROW("ExecMainExitTimestampMonotonic", "t", main_exit_us),
	ROW("RestartUSec", "t", restart_us),
	ROW("Id", "s", id),
	ROW("LoadState", "s", load),
	ROW("ActiveState", "s", active),
	ROW("SubState", "s", sub),
	ROW("InvocationID", "ay", invocation),
	ROW("Job", "(uo)", job),
	ROW("ConditionTimestampMonotonic", "t", condition_us),
	ROW("ActiveExitTimestampMonotonic", "t", active_exit_us),
#undef ROW
};

const char *const systemd_props_own[SYSTEMD_PROPS_OWN] = {
	"Result", "MainPID", "ExecMainExitTimestampMonotonic", "RestartUSec"};

static void systemd_props_take_bytes(struct buffer *out, sd_bus_message *message)
{
	const unsigned char *bytes = NULL;
	bool any = false;
	size_t n = 0;

	if (sd_bus_message_read_array(message, 'y', (const void **)&bytes, &n) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		any = any || bytes[i] != 0;
	for (size_t i = 0; any && i < n; i++)
		buffer_addf(out, "%02x", bytes[i]);
}

/* The value itself, inside its variant. */
static void systemd_props_take_value(struct systemd_props *props, const struct systemd_props_row *row,
				     sd_bus_message *message)
{
	char *field = (char *)props + row->at;
	const char *text = NULL;
	struct buffer out;

	switch (row->type[0]) {
	case 's':
		if (sd_bus_message_read(message, "s", &text) <= 0)
			return;
		buffer_init(&out, field, row->size);
		buffer_add(&out, text);
		return;
	case 'a':
		buffer_init(&out, field, row->size);
		systemd_props_take_bytes(&out, message);
		return;
	case '(':
		(void)sd_bus_message_read(message, "(uo)", (uint32_t *)(void *)field, &text);
		return;
	default:
		(void)sd_bus_message_read_basic(message, row->type[0], field);
	}
}

void systemd_props_take(struct systemd_props *props, const char *name, sd_bus_message *message)
{
	const struct systemd_props_row *row = NULL;

	for (size_t i = 0; i < ARRAY_LEN(systemd_props_rows); i++)
		if (strcmp(systemd_props_rows[i].name, name) == 0)
			row = &systemd_props_rows[i];
	if (row == NULL || sd_bus_message_enter_container(message, 'v', row->type) <= 0) {
		(void)sd_bus_message_skip(message, "v");
		return;
	}
	systemd_props_take_value(props, row, message);
	(void)sd_bus_message_exit_container(message);
}

bool systemd_props_take_all(struct systemd_props *props, sd_bus_message *message)
{
	const char *name = NULL;
	int r = sd_bus_message_enter_container(message, 'a', "{sv}");

	if (r <= 0)
		return false;
	while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		if (sd_bus_message_read(message, "s", &name) <= 0)
			return false;
		systemd_props_take(props, name, message);
		if (sd_bus_message_exit_container(message) < 0)
			return false;
	}
	return r == 0 && sd_bus_message_exit_container(message) >= 0;
}

bool systemd_props_is_up(const struct systemd_props *props)
{
	return strcmp(props->active, "active") == 0 || strcmp(props->active, "reloading") == 0 ||
	       strcmp(props->active, "refreshing") == 0;
}

bool systemd_props_is_down(const struct systemd_props *props)
{
	return strcmp(props->active, "inactive") == 0 || strcmp(props->active, "failed") == 0;
}

bool systemd_props_was_stopped(const struct systemd_props *props)
{
	/* With these systemd stops a unit of itself, without a job, or we cannot tell. */
	static const char *const other[] = {"oom-kill", "watchdog", "timeout", "start-limit-hit",
					    "resources", "protocol"};

	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		if (strcmp(props->result, other[i]) == 0)
			return false;
	return systemd_props_is_down(props) && props->job == 0 && props->active_exit_us != 0 &&
	       props->active_exit_us < props->main_exit_us;
}
