/* The watched units as a worker knows them: from the config block to its plugins (watch, look), and what
 * its plugins see of them to the sentinel (MESSAGE_UNIT, MESSAGE_ALIVE). Of each unit the latest state
 * alone is kept while the sentinel's end is full. */
#ifndef WD_START_WORKER_UNITS_H
#define WD_START_WORKER_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "share/message.h"
#include "share/plugin.h"

enum { WORKER_PLUGINS_MAX = 8 };

struct worker_units {
	const struct plugin *const *plugin; /* WORKER_PLUGINS_MAX of them, NULL: none; borrowed */
	const struct config *config;        /* mapped; NULL: none yet */
	struct plugin_unit *unit;           /* a row for each of config's */
	const char **pattern;               /* what their `patterns` lie in */
	size_t count;
	struct worker_state {
		uint64_t id;
		struct worker_state_part {
			bool waits;
			int32_t result, pid;
			char text[sizeof((struct message){0}.text)];
		} unit, alive;
	} *state;                           /* of each, sorted by id */
	bool waits;
};

/* plugin: borrowed for good; filled by the time of worker_units_take. */
void worker_units_init(struct worker_units *units, const struct plugin *const *plugin);

/* Take the config block of fd (which stays the caller's) and hand its units to all plugins; one that is not
 * newer than what is there changes nothing. 1: taken; 0: not newer; -errno: nothing is changed. */
int worker_units_take(struct worker_units *units, int fd);

bool worker_units_has(const struct worker_units *units, uint64_t id);

/* MESSAGE_LOOK: to the plugin `systemd`; where none can be asked, that is told. */
void worker_units_look(struct worker_units *units, uint64_t id);

/* What a plugin says: kept until worker_units_send has sent it. A unit that is not watched is passed over. */
void worker_units_tell(struct worker_units *units, uint64_t id, unsigned bits, int32_t pid, const char *text);
void worker_units_tell_alive(struct worker_units *units, uint64_t id, int result, const char *text);

/* Send what waits, as far as link takes it; units->waits: something is left, wait for POLLOUT. */
void worker_units_send(struct worker_units *units, int link);

#endif
