/* The roles of the worker: which plugins each one has, and what it gives up. */
#ifndef WD_START_WORKER_ROLE_H
#define WD_START_WORKER_ROLE_H

#include <stdbool.h>

#include "start/worker_units.h"

struct worker_role {
	const char *name, *process; /* "scribe"; "wd-scribe", in ps */
	bool confined;              /* gives up all that it does not need */
	bool network;               /* ... but the network */
	uint32_t capabilities;      /* ... but these, a bit for each */
	struct worker_plugin {
		const char *name;
		bool acts_on_host; /* not opened with a root prefix: the host is made up then */
		bool (*is_wanted)(const struct config *config); /* NULL: always */
	} plugin[WORKER_PLUGINS_MAX];
};

/* NULL: no such. */
const struct worker_role *worker_role_find(const char *name);

/* Some of its plugins has something to do by that config. */
bool worker_role_has_work(const struct worker_role *role, const struct config *config);

/* Touch the stack, lock what memory is there (of an unconfined role also what will come), then give up
 * what the role does not need: as root, its user (the one named as the process, see base/user.h), its groups and
 * capabilities; as anyone, the network where the kernel allows it, new privileges, and being
 * looked into; then what confine.h says: of config (NULL: none) the scribe's directories. 0, or -errno when a privilege could not be given up (told): it must not go on then. */
int worker_role_begin(const struct worker_role *role, const struct config *config);

#endif
