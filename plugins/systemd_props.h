/* What systemd says of one unit: the properties that matter here, as they come in an answer to GetAll
 * or in a signal PropertiesChanged (org.freedesktop.systemd1(5)). Pure: message to struct. */
#ifndef WD_PLUGINS_SYSTEMD_PROPS_H
#define WD_PLUGINS_SYSTEMD_PROPS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

enum { SYSTEMD_NAME_BYTES = 256 }; /* a unit's name: UNIT_NAME_MAX of systemd, with its NUL */

/* Texts are "" where systemd has none, instants 0 (CLOCK_MONOTONIC, us, as all of systemd's). */
struct systemd_props {
	char id[SYSTEMD_NAME_BYTES]; /* the name it goes by; another than ours, if ours is an alias */
	char load[24], active[24], sub[32], result[32];
	char invocation[33]; /* hexadecimal; another one at each start */
	uint32_t job;        /* number of the open job; 0: none */
	uint32_t pid;        /* the main process; 0: none */
	uint64_t condition_us;   /* when a start last looked at its conditions */
	uint64_t active_exit_us; /* when it last ceased to be active */
	uint64_t main_exit_us;   /* when its last main process ended */
	uint64_t restart_us;     /* RestartSec= */
};

/* Those of the properties that are no part of the interface Unit but of Service, Scope, ... */
extern const char *const systemd_props_own[];
enum { SYSTEMD_PROPS_OWN = 4 };

/* Take what is known from a{sv}; the rest, and what has another type than we know, is left out.
 * False: it breaks off. */
bool systemd_props_take_all(struct systemd_props *props, sd_bus_message *message);

/* Take the one value v of that name. */
void systemd_props_take(struct systemd_props *props, const char *name, sd_bus_message *message);

/* Active, or reloading. */
bool systemd_props_is_up(const struct systemd_props *props);

/* Inactive or failed. */
bool systemd_props_is_down(const struct systemd_props *props);

/* Its end shows that it was told to stop: it ceased to be active before its main process ended (which
 * leaves active first when it ends by itself), and systemd gives no other reason for that. For when a
 * job could not be seen. */
bool systemd_props_was_stopped(const struct systemd_props *props);

#endif
