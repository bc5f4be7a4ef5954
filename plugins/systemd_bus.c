/* Root speaks with PID 1 on its own socket, which needs no bus daemon: that one may be what hangs,
 * or was killed, when memory is short. Others, or where that socket does not answer, use the system
 * bus; so does everyone when DBUS_SYSTEM_BUS_ADDRESS names one (sd_bus_open_system(3)), as a test
 * does. All calls here only queue or try: sd-bus connects, authenticates and says Hello in the
 * background. */
#include "systemd_bus.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

enum {
	SYSTEMD_BUS_WAIT_MS = 100, /* before the first new try; doubled each time */
	SYSTEMD_BUS_WAIT_MAX_MS = 10000,
	SYSTEMD_BUS_TURN_MAX = 256, /* messages of one turn, for the other plugins' sake */
};
#define SYSTEMD_BUS_CALL_US                                                                        \
	(3600ull * 1000 * 1000) /* our own limits are what counts, not sd-bus's 25 s */
#define SYSTEMD_BUS_PRIVATE "/run/systemd/private"
#define SYSTEMD_BUS_SYSTEM  "/run/dbus/system_bus_socket"

static bool systemd_bus_has_private(void)
{
	return geteuid() == 0 && getenv("DBUS_SYSTEM_BUS_ADDRESS") == NULL &&
	       access(SYSTEMD_BUS_PRIVATE, F_OK) == 0;
}

static bool systemd_bus_has_system(void)
{
	return getenv("DBUS_SYSTEM_BUS_ADDRESS") != NULL || access(SYSTEMD_BUS_SYSTEM, F_OK) == 0;
}

bool systemd_bus_is_here(void)
{
	return systemd_bus_has_private() || systemd_bus_has_system();
}

void systemd_bus_init(struct systemd_bus *bus, sd_bus_message_handler_t on_removed)
{
	*bus = (struct systemd_bus){.on_removed = on_removed, .wait_ms = SYSTEMD_BUS_WAIT_MS};
}

static int systemd_bus_open_private(sd_bus **made)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, "unix:path=" SYSTEMD_BUS_PRIVATE);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		*made = bus;
	else
		(void)sd_bus_unref(bus);
	return r;
}

/* The answer to Subscribe. An error that is no broken connection (no systemd on this bus, refused
 * by its policy) is met again, and told, by the first step's own call. */
static int systemd_bus_on_subscribed(sd_bus_message *reply, void *arg, sd_bus_error *error)
{
	struct systemd_bus *bus = arg;

	(void)error;
	if (sd_bus_is_ready(sd_bus_message_get_bus(reply)) <= 0)
		return 0;
	bus->ready = true;
	bus->private_failed = false;
	bus->wait_ms = SYSTEMD_BUS_WAIT_MS;
	return 0;
}

/* One connection keeps the order, so whatever is called after these two is heard of. */
static int systemd_bus_subscribe(struct systemd_bus *bus, bool private)
{
	/* On the bus only systemd's signals; on PID 1's own socket there is nobody else, and
	 * whether messages name a sender depends on its version. */
	const char *sender = private ? NULL : SYSTEMD_NAME;
	int r = sd_bus_set_method_call_timeout(bus->bus, SYSTEMD_BUS_CALL_US);

	if (r >= 0)
		r = sd_bus_match_signal_async(bus->bus, NULL, sender, SYSTEMD_PATH, SYSTEMD_MANAGER,
					      "JobRemoved", bus->on_removed, NULL, NULL);
	if (r >= 0)
		r = sd_bus_call_method_async(bus->bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH,
					     SYSTEMD_MANAGER, "Subscribe",
					     systemd_bus_on_subscribed, bus, NULL);
	return r;
}

void systemd_bus_connect(struct systemd_bus *bus)
{
	bool private;
	int r;

	if (bus->bus != NULL || clock_mono() < bus->retry)
		return;
	private = systemd_bus_has_private() && !(bus->private_failed && systemd_bus_has_system());
	bus->private_failed = private; /* until it has answered */
	r = private ? systemd_bus_open_private(&bus->bus) : sd_bus_open_system(&bus->bus);
	if (r >= 0)
		r = systemd_bus_subscribe(bus, private);
	if (r < 0)
		systemd_bus_drop(bus, r);
}

int systemd_bus_process(struct systemd_bus *bus)
{
	int r = 1;

	for (int i = 0; i < SYSTEMD_BUS_TURN_MAX && bus->bus != NULL && r > 0; i++)
		r = sd_bus_process(bus->bus, NULL);
	if (r >= 0 && bus->bus != NULL && sd_bus_is_open(bus->bus) <= 0)
		r = -ECONNRESET;
	return r < 0 ? r : 0;
}

void systemd_bus_drop(struct systemd_bus *bus, int error)
{
	bus->bus = sd_bus_close_unref(bus->bus);
	bus->ready = false;
	bus->error = error;
	bus->retry = clock_mono() + bus->wait_ms;
	bus->wait_ms *= 2;
	if (bus->wait_ms > SYSTEMD_BUS_WAIT_MAX_MS)
		bus->wait_ms = SYSTEMD_BUS_WAIT_MAX_MS;
}

void systemd_bus_lower(int *timeout_ms, mono_ms at)
{
	mono_ms now = clock_mono();
	int left = at > now ? (int)(at - now) : 0;

	if (*timeout_ms < 0 || left < *timeout_ms)
		*timeout_ms = left;
}

int systemd_bus_prepare(struct systemd_bus *bus, struct pollfd *row, int *timeout_ms)
{
	uint64_t until_us = UINT64_MAX;
	int fd, events;

	if (bus->bus == NULL) {
		systemd_bus_lower(timeout_ms, bus->retry);
		return 0;
	}
	fd = sd_bus_get_fd(bus->bus);
	events = sd_bus_get_events(bus->bus);
	if (fd < 0 || events < 0) {
		*timeout_ms = 0; /* it is closing: the next turn drops it */
		return 0;
	}
	/* Absolute, CLOCK_MONOTONIC; 0: messages are waiting in memory. Rounded up, or the last
	 * millisecond would be spent turning. */
	if (sd_bus_get_timeout(bus->bus, &until_us) >= 0 && until_us != UINT64_MAX)
		systemd_bus_lower(timeout_ms, (until_us + 999) / 1000);
	*row = (struct pollfd){.fd = fd, .events = (short)events};
	return 1;
}

void systemd_bus_fini(struct systemd_bus *bus)
{
	bus->bus = sd_bus_close_unref(bus->bus);
	bus->ready = false;
}
