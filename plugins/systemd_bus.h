/* One connection of the systemd plugin, to the host's systemd or to a user's: made, and made again,
 * without ever waiting. */
#ifndef WD_PLUGINS_SYSTEMD_BUS_H
#define WD_PLUGINS_SYSTEMD_BUS_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"

#define SYSTEMD_NAME    "org.freedesktop.systemd1"
#define SYSTEMD_PATH    "/org/freedesktop/systemd1"
#define SYSTEMD_MANAGER "org.freedesktop.systemd1.Manager"
#define SYSTEMD_PROPERTIES "org.freedesktop.DBus.Properties"

struct systemd_bus {
	sd_bus *bus;         /* NULL: not connected */
	bool ready;          /* the signals are matched and Subscribe answered: calls may follow */
	bool private_failed; /* the last try at systemd's own socket: the bus is next */
	bool renewed;        /* another systemd has come to the bus: connect anew */
	int error;        /* why the last connection ended or was not made: -errno; 0: none did */
	uint32_t wait_ms; /* before the next try */
	mono_ms retry;    /* when that is */
	uint32_t uid;     /* SYSTEMD_HOST, or whose systemd it is */
	sd_bus_message_handler_t on_signal;
	void *arg;
};

#define SYSTEMD_HOST UINT32_MAX /* in place of a user's id: PID 1 */

/* Is there a socket of PID 1 that we may use, or a system bus? */
bool systemd_bus_is_here(void);

/* Begin, for the systemd of uid. on_signal is called with arg for each of the manager's signals JobNew,
 * JobRemoved and Reloading, and for each unit's PropertiesChanged (org.freedesktop.systemd1(5)). */
void systemd_bus_init(struct systemd_bus *bus, uint32_t uid, sd_bus_message_handler_t on_signal, void *arg);

/* Connect, if it is not and a try is due. */
void systemd_bus_connect(struct systemd_bus *bus);

/* Read, write and call back all there is. 0, or -errno: the connection is lost; the caller gives up
 * its slots and then calls systemd_bus_drop. */
int systemd_bus_process(struct systemd_bus *bus);
void systemd_bus_drop(struct systemd_bus *bus, int error);

/* Lower a time of poll(2) (-1: no limit) to that instant. */
void systemd_bus_lower(int *timeout_ms, mono_ms at);

/* Fill in what poll(2) is to wait for, and lower *timeout_ms. Rows used: 0 or 1. */
int systemd_bus_prepare(struct systemd_bus *bus, struct pollfd *row, int *timeout_ms);

/* Leave for good. */
void systemd_bus_fini(struct systemd_bus *bus);

#endif
