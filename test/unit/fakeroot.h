/* For the tests of what sees: a made-up /proc, /sys, /dev below a temporary directory, a clock that
 * is turned by hand, and a see that watches them. */
#ifndef WD_TEST_FAKEROOT_H
#define WD_TEST_FAKEROOT_H

#include "see/see.h"

#define FAKEROOT_START ((mono_ms)1000000)

/* A unit of the config; grace is 20 s. */
struct fakeroot_unit {
	const char *name;
	enum config_unit_kind kind;
	const char *target;
	const char *process; /* NULL: none */
};

struct fakeroot {
	char dir[64];
	mono_ms now;
	struct see *see;
	struct see_with with;
};
extern struct fakeroot fakeroot;

/* cmocka's setup and teardown: an empty root, the clock at FAKEROOT_START. */
int fakeroot_setup(void **state);
int fakeroot_teardown(void **state);

/* Write a file below the root, with its directories; one that is there keeps its inode, as a
 * kernel's does. */
void fakeroot_put(const char *path, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A symbolic link below the root, with its directories; one that is there is replaced. */
void fakeroot_link(const char *path, const char *to);

/* Remove a file, or a directory with all in it. */
void fakeroot_remove(const char *path);

/* A sealed block of these units, as config_parse makes it. Stays mapped. */
const struct config *fakeroot_config(const struct fakeroot_unit *units, uint32_t count);

/* see_open on them and on a fresh state page and ledger; see_look at FAKEROOT_START. */
void fakeroot_open(const struct fakeroot_unit *units, uint32_t count);

/* Another see on the same ledger, as after a kill -9 of the sentinel. */
void fakeroot_reopen(const struct fakeroot_unit *units, uint32_t count);

/* Turn the clock by ms, empty the events, look. */
void fakeroot_look(uint32_t ms);

/* A reading of the host, of a unit. */
const struct state_reading *fakeroot_host(enum reading_host reading);
const struct state_reading *fakeroot_unit(uint32_t unit, enum reading_unit reading);

#define assert_known(reading, expected)                                                            \
	do {                                                                                       \
		assert_int_equal((reading)->known, STATE_KNOWN);                                   \
		assert_int_equal((reading)->value, (expected));                                    \
	} while (0)
#define assert_unknown(reading) assert_int_equal((reading)->known, STATE_UNKNOWN)

#endif
