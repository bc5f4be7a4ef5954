/* Which processes of this host are which unit, by one look at them: for a person who asks. The sentinel has
 * its own way (see/), which remembers what it found. */
#ifndef WD_ASK_BELONG_H
#define WD_ASK_BELONG_H

#include "ask/processes.h"
#include "config/config.h"

struct belong_owner {
	uint32_t first, second; /* `match` units whose name it bears; CONFIG_NONE: none */
	uint32_t unit;          /* the `match` unit that it belongs to, perhaps by its parents; CONFIG_NONE */
};

struct belong {
	const struct config *config;
	struct processes_now processes;
	struct belong_owner *owner; /* own; a row for each process */
};

/* Look at all processes now. 0 or -errno; to be given to belong_fini in any case. */
int belong_init(struct belong *belong, const struct config *config);
void belong_fini(struct belong *belong);

/* Process i is of the unit: in its cgroup or below, or of a `match` unit itself or by its parents. */
bool belong_is_in(const struct belong *belong, uint32_t unit, size_t i);

#endif
