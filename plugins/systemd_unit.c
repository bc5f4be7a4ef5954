#include "systemd_unit.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "systemd_bus.h"

static const struct {
	const char *name;
	const char *type; /* its D-Bus signature */
	bool own;         /* of the interface of its kind (Service, Scope, ...); else of Unit */
} systemd_unit_properties[SYSTEMD_UNIT_PROPERTIES] = {
	[SYSTEMD_UNIT_ACTIVE] = {"ActiveState", "s", false},
	[SYSTEMD_UNIT_SUB] = {"SubState", "s", false},
	[SYSTEMD_UNIT_JOB] = {"Job", "(uo)", false},
	[SYSTEMD_UNIT_RESULT] = {"Result", "s", true},
};

int systemd_unit_explain(const sd_bus_error *error, const char *name, struct buffer *out)
{
	static const struct {
		const char *name;
		int error;
		const char *text;
	} known[] = {
		{SYSTEMD_NAME ".NoSuchUnit", -ENOENT, "systemd has no such unit (not loaded)"},
		{SYSTEMD_NAME ".UnitMasked", -EPERM, "the unit is masked"},
		{SYSTEMD_NAME ".ShuttingDown", -ECANCELED, "the host is shutting down"},
		{SD_BUS_ERROR_ACCESS_DENIED, -EACCES, "systemd does not let us"},
		{SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, -EACCES,
		 "systemd does not let us"},
		{SD_BUS_ERROR_SERVICE_UNKNOWN, -ENODEV, "no systemd on the system bus"},
		{SD_BUS_ERROR_NAME_HAS_NO_OWNER, -ENODEV, "no systemd on the system bus"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		if (!sd_bus_error_has_name(error, known[i].name))
			continue;
		buffer_addf(out, "%s: %s", name, known[i].text);
		return known[i].error;
	}
	buffer_addf(out, "%s: systemd refuses: %s", name,
		    error->message != NULL ? error->message : error->name);
	return -EIO;
}

/* The value of property i; one of another type than we know is left out. */
static void systemd_unit_take(struct systemd_unit *unit, size_t i, sd_bus_message *reply)
{
	const char *type = systemd_unit_properties[i].type, *text = NULL;
	struct buffer out;

	if (sd_bus_message_enter_container(reply, 'v', type) <= 0)
		return;
	if (*type == '(' ? sd_bus_message_read(reply, "(uo)", &unit->job, &text) <= 0
			 : sd_bus_message_read(reply, "s", &text) <= 0)
		return;
	BUFFER_OVER(&out, unit->text[i]);
	buffer_add(&out, text);
}

bool systemd_unit_is_reading(const struct systemd_unit *unit)
{
	for (size_t i = 0; i < SYSTEMD_UNIT_PROPERTIES; i++)
		if (unit->call[i].slot != NULL)
			return true;
	return false;
}

static int systemd_unit_on_value(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_unit_call *call = arg;
	struct systemd_unit *unit = call->unit;
	size_t i = (size_t)(call - unit->call);
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	struct buffer out;

	(void)unused;
	call->slot = sd_bus_slot_unref(call->slot);
	if (error == NULL) {
		systemd_unit_take(unit, i, reply);
	} else if (i == SYSTEMD_UNIT_ACTIVE) {
		/* Any kind of unit has this one. */
		BUFFER_OVER(&out, unit->wrong);
		unit->error = systemd_unit_explain(error, "its state", &out);
	}
	unit->known = !systemd_unit_is_reading(unit);
	return 0;
}

void systemd_unit_add_interface(struct buffer *out, const char *name)
{
	const char *suffix = strrchr(name, '.');

	buffer_add(out, SYSTEMD_NAME ".");
	if (suffix == NULL || !islower((unsigned char)suffix[1])) {
		buffer_add(out, "Unit");
		return;
	}
	buffer_add_char(out, (char)toupper((unsigned char)suffix[1]));
	buffer_add(out, suffix + 2);
}

static int systemd_unit_ask(struct systemd_unit *unit, sd_bus *bus, const char *path,
			    const char *own)
{
	for (size_t i = 0; i < SYSTEMD_UNIT_PROPERTIES; i++) {
		const char *interface = systemd_unit_properties[i].own ? own : SYSTEMD_NAME ".Unit";
		int r;

		unit->call[i].unit = unit;
		r = sd_bus_call_method_async(bus, &unit->call[i].slot, SYSTEMD_NAME, path,
					     "org.freedesktop.DBus.Properties", "Get",
					     systemd_unit_on_value, &unit->call[i], "ss", interface,
					     systemd_unit_properties[i].name);
		if (r < 0) {
			systemd_unit_cancel(unit);
			return r;
		}
	}
	return 0;
}

int systemd_unit_read(struct systemd_unit *unit, sd_bus *bus, const char *name)
{
	char interface[96], *path = NULL;
	struct buffer out;
	int r;

	systemd_unit_cancel(unit);
	memset(unit, 0, sizeof(*unit));
	BUFFER_OVER(&out, interface);
	systemd_unit_add_interface(&out, name);
	/* The path of a unit is its name, escaped; systemd loads it then, so that one that was
	 * unloaded when it stopped (GetUnit: NoSuchUnit) reads as inactive. */
	r = sd_bus_path_encode(SYSTEMD_PATH "/unit", name, &path);
	if (r >= 0)
		r = systemd_unit_ask(unit, bus, path, interface);
	free(path);
	return r;
}

void systemd_unit_cancel(struct systemd_unit *unit)
{
	for (size_t i = 0; i < SYSTEMD_UNIT_PROPERTIES; i++)
		unit->call[i].slot = sd_bus_slot_unref(unit->call[i].slot);
}

void systemd_unit_tell(struct buffer *out, const struct systemd_unit *unit)
{
	buffer_addf(out, "%s (%s)", unit->text[SYSTEMD_UNIT_ACTIVE], unit->text[SYSTEMD_UNIT_SUB]);
	if (unit->text[SYSTEMD_UNIT_RESULT][0] != '\0')
		buffer_addf(out, ", result %s", unit->text[SYSTEMD_UNIT_RESULT]);
	if (unit->job != 0)
		buffer_addf(out, ", job %u pending", unit->job);
}
