/* A systemd made up for tests: a D-Bus server on a socket of the test, in the same thread, that
 * DBUS_SYSTEM_BUS_ADDRESS names (or, as a user's systemd, on XDG_RUNTIME_DIR/systemd/private). */
#ifndef WD_TEST_FAKE_SYSTEMD_H
#define WD_TEST_FAKE_SYSTEMD_H

#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"

#define FAKE_MANAGER "org.freedesktop.systemd1.Manager"

enum { FAKE_UNITS_MAX = 40 };

struct fake_unit {
	const char *name;       /* NULL: there is none */
	const char *id;         /* its own name where name is an alias; NULL: name */
	const char *load, *active, *sub, *result;
	uint32_t job, pid;
	const char *job_type;   /* of the open job; NULL: gone before anyone can ask */
	unsigned char invocation; /* first byte of its id; 0: none */
	uint64_t condition_us, active_exit_us, main_exit_us, restart_us;
	const char *required_by, *bound_by, *propagates, *consists, *binds_to; /* one name each, or NULL */
};

/* How the made-up systemd behaves. */
struct fake {
	struct fake_unit unit[FAKE_UNITS_MAX];
	const char *error;      /* of StopUnit and StartUnit: its name; NULL: none */
	const char *read_error; /* of all readings; NULL: none */
	const char *removed;    /* result of JobRemoved; NULL: never sent */
	int before_reply;       /* JobRemoved goes first */
	int late_ms;            /* so long after the call it goes, and the state changes */
	int cut_at_call;        /* the connection is cut once, when this call comes; 1: the first */
	int deaf;               /* does not answer at all */
	int deaf_to_reads;      /* answers no Get and GetAll */
	const char *then_active, *then_sub; /* of the first unit, after a call */
	const char *cgroup;     /* ControlGroup of every unit; NULL: "" */
	int forgets_high;       /* MemoryHigh stays as it was, whatever is set */
	/* what was seen */
	int calls, subscribed, connections, reads, resets, sets;
	uint64_t high;          /* MemoryHigh of every unit */
	int runtime;            /* of the last SetUnitProperties */
	char asked[128], last[32];
	int subscribed_before_call;
	mono_ms due;            /* when the late end comes; 0: none */
	char job_path[64];      /* of the last job; each call gives another, as systemd does */
	sd_bus *bus;
	int listening;
};
extern struct fake fake;

/* A new one, that listens; its units are empty. as_user: in place of a user's. */
void fake_open(int as_user);
void fake_close(void);

/* Nobody listens any more, or again. */
void fake_go_away(void);
void fake_come_back(void);

/* One turn of its loop: to be called in each turn of the test. */
void fake_turn(void);

struct fake_unit *fake_add(const char *name, const char *active, const char *sub, unsigned char invocation);

/* Signals, with what is so now. */
void fake_send_changed(const struct fake_unit *unit);
void fake_send_job_new(const struct fake_unit *unit, uint32_t job);
void fake_send_job_removed(const struct fake_unit *unit, uint32_t job, const char *result);
void fake_send_reloading(int active);

#endif
