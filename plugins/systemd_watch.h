/* One watched unit: how systemd has it, told to the host when it changes and when it is asked for.
 *
 * It is read once when the connection is made (and after a daemon-reload), and then followed by systemd's
 * signals, which carry the values; a look reads anew. One connection keeps the order of signals and
 * answers, so that what came last is what holds. Callbacks only note what came; systemd_watch_run
 * decides and tells, once a turn. */
#ifndef WD_PLUGINS_SYSTEMD_WATCH_H
#define WD_PLUGINS_SYSTEMD_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "share/plugin.h"
#include "systemd_context.h"
#include "systemd_props.h"
#include "systemd_purpose.h"

enum { SYSTEMD_WATCH_TYPE = 1 + SYSTEMD_PROPS_OWN, SYSTEMD_WATCH_CALLS };

struct systemd_watch {
	const struct plugin_host *host;  /* borrowed */
	struct systemd_context *context; /* borrowed: whose it is; NULL: of a systemd that cannot be asked */
	uint64_t id;
	char name[LINE_BYTES + 1];   /* of the unit, as the config has it */
	char section[NAME_BYTES];
	char user[NAME_BYTES];
	uint32_t uid;
	struct systemd_props props;
	struct systemd_purpose purpose;
	/* Open calls: GetAll of Unit, Get of each own property, Get of the job's type. */
	struct systemd_watch_call {
		struct systemd_watch *watch;
		sd_bus_slot *slot;
	} call[SYSTEMD_WATCH_CALLS];
	uint32_t type_of;            /* the job whose type is asked for */
	bool read_wanted;
	bool half;                   /* its kind's own properties have come, those of Unit follow */
	bool known;                  /* read completely on this connection */
	bool catch_up;               /* this reading is the first since it was not heard of */
	bool was_down;               /* it was down before that */
	unsigned seen_anew;          /* the context's count when it was last read */
	mono_ms read_at;             /* when a reading that failed is tried again; 0: none did */
	int error;                   /* why it cannot be read: -errno, with wrong; 0 */
	char wrong[160];
	mono_ms look_by;             /* a look is answered then at the latest; 0: none is open */
	bool tie_told;               /* that its stop would take another watched unit along */
	bool told;
	unsigned told_bits;
	int32_t told_pid;
};

/* A new one, in place. context: NULL where there is none. */
void systemd_watch_init(struct systemd_watch *watch, const struct plugin_unit *unit,
			const struct plugin_host *host, struct systemd_context *context);

/* It is asked for: read anew, answer within a second. */
void systemd_watch_look(struct systemd_watch *watch);

/* Is it the unit that systemd's signals call so? */
bool systemd_watch_is_named(const struct systemd_watch *watch, const char *name);

/* Signals about it. */
void systemd_watch_on_changed(struct systemd_watch *watch, sd_bus_message *signal);
void systemd_watch_on_job_new(struct systemd_watch *watch, uint32_t number);
void systemd_watch_on_job_removed(struct systemd_watch *watch, uint32_t number, const char *result);

/* Do what can be done now, and tell what is to be told. may_read: a reading may be begun. */
void systemd_watch_run(struct systemd_watch *watch, bool may_read);

/* It was seen as something that a stop would end. */
bool systemd_watch_is_up(const struct systemd_watch *watch);

/* Its readings are under way. */
bool systemd_watch_is_reading(const struct systemd_watch *watch);

/* The connection is lost, or the unit no longer watched: give up the slots. */
void systemd_watch_lose(struct systemd_watch *watch);

/* Lower *timeout_ms to when it has to run again without anything having come. */
void systemd_watch_prepare(const struct systemd_watch *watch, int *timeout_ms);

#endif
