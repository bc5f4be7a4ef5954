/* How a unit is, read from systemd: the proof of what was done. */
#ifndef WD_PLUGINS_SYSTEMD_UNIT_H
#define WD_PLUGINS_SYSTEMD_UNIT_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/buffer.h"

enum systemd_unit_property {
	SYSTEMD_UNIT_ACTIVE,
	SYSTEMD_UNIT_SUB,
	SYSTEMD_UNIT_JOB,
	SYSTEMD_UNIT_RESULT,
	SYSTEMD_UNIT_PROPERTIES,
};

/* One reading of a unit; the texts are "" where systemd has none (a target has no Result). */
struct systemd_unit {
	char text[SYSTEMD_UNIT_PROPERTIES]
		 [160]; /* as systemd writes them; the job's: its object path */
	uint32_t job;   /* its number; 0: none */
	bool known;     /* a reading has been completed */
	int error;      /* why not: -errno; the text below */
	char wrong[160];
	struct systemd_unit_call {
		struct systemd_unit *unit;
		sd_bus_slot *slot; /* NULL: answered, or not asked */
	} call[SYSTEMD_UNIT_PROPERTIES];
};

/* Ask for all properties of the unit (name with its suffix, "x.service"), which stays in place
 * until the answers are there or systemd_unit_cancel. 0 or -errno. */
int systemd_unit_read(struct systemd_unit *unit, sd_bus *bus, const char *name);

/* Answers are still to come. */
bool systemd_unit_is_reading(const struct systemd_unit *unit);

/* Give up the open questions; to be called before the bus is closed. */
void systemd_unit_cancel(struct systemd_unit *unit);

/* "inactive (dead), result success". */
void systemd_unit_tell(struct buffer *out, const struct systemd_unit *unit);

/* "org.freedesktop.systemd1.Service" of "x.service". */
void systemd_unit_add_interface(struct buffer *out, const char *name);

/* What an error of systemd means: -errno, and a text for a person. */
int systemd_unit_explain(const sd_bus_error *error, const char *name, struct buffer *out);

#endif
