/* Root speaks with PID 1 on its own socket, which needs no bus daemon: that one may be what hangs,
 * or was killed, when memory is short. Others, or where that socket does not answer, use the system
 * bus; so does everyone when DBUS_SYSTEM_BUS_ADDRESS names one (sd_bus_open_system(3)), as a test
 * does. A user's systemd has such a socket too, in the user's runtime directory, for the user and for
 * root. All calls here only queue or try: sd-bus connects, authenticates and says Hello in the
 * background. */
#include "systemd_bus.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"

enum {
	SYSTEMD_BUS_WAIT_MS = 100, /* before the first new try; doubled each time */
	SYSTEMD_BUS_WAIT_MAX_MS = 10000,
	SYSTEMD_BUS_TURN_MAX = 256, /* messages of one turn, for the other plugins' sake */
};
#define SYSTEMD_BUS_CALL_US                                                                        \
	(3600ull * 1000 * 1000) /* our own limits are what counts, not sd-bus's 25 s */
#define SYSTEMD_BUS_PRIVATE "/run/systemd/private"
#define SYSTEMD_BUS_SYSTEM  "/run/dbus/system_bus_socket"

/* "/run/user/1000/systemd/private"; the user's own runtime directory may be elsewhere. */
static bool systemd_bus_find(const struct systemd_bus *bus, const char *name, char path[PATH_BYTES])
{
	const char *dir = bus->uid == geteuid() ? getenv("XDG_RUNTIME_DIR") : NULL;
	struct buffer out;

	buffer_init(&out, path, PATH_BYTES);
	if (dir != NULL && dir[0] == '/')
		buffer_add(&out, dir);
	else
		buffer_addf(&out, "/run/user/%u", bus->uid);
	buffer_addf(&out, "/%s", name);
	return !out.cut && access(path, F_OK) == 0;
}

static bool systemd_bus_has_private(const struct systemd_bus *bus)
{
	char path[PATH_BYTES];

	if (bus->uid != SYSTEMD_HOST)
		return systemd_bus_find(bus, "systemd/private", path);
	return geteuid() == 0 && getenv("DBUS_SYSTEM_BUS_ADDRESS") == NULL &&
	       access(SYSTEMD_BUS_PRIVATE, F_OK) == 0;
}

static bool systemd_bus_has_bus(const struct systemd_bus *bus)
{
	char path[PATH_BYTES];

	if (bus->uid != SYSTEMD_HOST)
		return systemd_bus_find(bus, "bus", path);
	return getenv("DBUS_SYSTEM_BUS_ADDRESS") != NULL || access(SYSTEMD_BUS_SYSTEM, F_OK) == 0;
}

bool systemd_bus_is_here(void)
{
	static const struct systemd_bus host = {.uid = SYSTEMD_HOST};

	return systemd_bus_has_private(&host) || systemd_bus_has_bus(&host);
}

void systemd_bus_init(struct systemd_bus *bus, uint32_t uid, sd_bus_message_handler_t on_signal, void *arg)
{
	*bus = (struct systemd_bus){
		.uid = uid, .on_signal = on_signal, .arg = arg, .wait_ms = SYSTEMD_BUS_WAIT_MS};
}

/* Connect to the socket: to systemd itself, or (is_bus) to a bus daemon. */
static int systemd_bus_open_path(sd_bus **made, const char *path, bool is_bus)
{
	char address[PATH_BYTES + 16];
	sd_bus *bus = NULL;
	struct buffer out;
	int r = sd_bus_new(&bus);

	BUFFER_OVER(&out, address);
	buffer_addf(&out, "unix:path=%s", path);
	if (r >= 0)
		r = sd_bus_set_address(bus, address);
	if (r >= 0 && is_bus)
		r = sd_bus_set_bus_client(bus, 1);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		*made = bus;
	else
		(void)sd_bus_unref(bus);
	return r;
}

static int systemd_bus_open(struct systemd_bus *bus, bool private)
{
	char path[PATH_BYTES];

	if (bus->uid == SYSTEMD_HOST)
		return private ? systemd_bus_open_path(&bus->bus, SYSTEMD_BUS_PRIVATE, false)
			       : sd_bus_open_system(&bus->bus);
	if (!systemd_bus_find(bus, private ? "systemd/private" : "bus", path))
		return -ENOENT;
	return systemd_bus_open_path(&bus->bus, path, !private);
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

/* Another systemd has taken the name (a re-execution, or a user's manager that comes late): it knows
 * nothing of our subscription. */
static int systemd_bus_on_owner(sd_bus_message *signal, void *arg, sd_bus_error *error)
{
	struct systemd_bus *bus = arg;
	const char *name, *old, *owner;

	(void)error;
	if (sd_bus_message_read(signal, "sss", &name, &old, &owner) > 0 && owner[0] != '\0')
		bus->renewed = true;
	return 0;
}

static int systemd_bus_match(struct systemd_bus *bus, const char *sender, const char *what)
{
	char rule[256];
	struct buffer out;

	BUFFER_OVER(&out, rule);
	buffer_add(&out, "type='signal',");
	if (sender != NULL)
		buffer_addf(&out, "sender='%s',", sender);
	buffer_add(&out, what);
	return sd_bus_add_match_async(bus->bus, NULL, rule, bus->on_signal, NULL, bus->arg);
}

/* One connection keeps the order, so whatever is called after these is heard of. */
static int systemd_bus_subscribe(struct systemd_bus *bus, bool private)
{
	static const char *const signals[] = {
		"interface='" SYSTEMD_MANAGER "',member='JobNew'",
		"interface='" SYSTEMD_MANAGER "',member='JobRemoved'",
		"interface='" SYSTEMD_MANAGER "',member='Reloading'",
		/* One for all units: a bus daemon allows no match for each of a thousand. */
		"interface='org.freedesktop.DBus.Properties',member='PropertiesChanged',"
		"path_namespace='" SYSTEMD_PATH "/unit'",
	};
	/* On the bus only systemd's signals; on systemd's own socket there is nobody else, and
	 * whether messages name a sender depends on its version. */
	const char *sender = private ? NULL : SYSTEMD_NAME;
	int r = sd_bus_set_method_call_timeout(bus->bus, SYSTEMD_BUS_CALL_US);

	for (size_t i = 0; i < ARRAY_LEN(signals) && r >= 0; i++)
		r = systemd_bus_match(bus, sender, signals[i]);
	if (r >= 0 && !private)
		r = sd_bus_add_match_async(bus->bus, NULL,
					   "type='signal',sender='org.freedesktop.DBus',"
					   "member='NameOwnerChanged',arg0='" SYSTEMD_NAME "'",
					   systemd_bus_on_owner, NULL, bus);
	/* systemd sends all signals to its own socket, and to a bus once somebody has subscribed. */
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
	bus->renewed = false;
	private = systemd_bus_has_private(bus) && !(bus->private_failed && systemd_bus_has_bus(bus));
	bus->private_failed = private; /* until it has answered */
	r = systemd_bus_open(bus, private);
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
	if (r >= 0 && bus->bus != NULL && (bus->renewed || sd_bus_is_open(bus->bus) <= 0))
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
