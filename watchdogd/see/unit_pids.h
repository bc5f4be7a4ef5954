/* The processes of a unit as they are now, zombies too. */
#ifndef WD_SEE_UNIT_PIDS_H
#define WD_SEE_UNIT_PIDS_H

#include <stdbool.h>
#include <stdint.h>

struct see;
struct unit;

/* From its cgroup, which is open; of a `match` unit from our own table. The number, at most max. */
int unit_pids(struct see *see, const struct unit *unit, int32_t *pids, int max);

#endif
