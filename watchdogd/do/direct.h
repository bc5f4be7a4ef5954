/* What the kernel does at once, without blocking: signals through pidfds, cgroup.kill, cgroup.freeze.
 * Done by the sentinel itself, with no worker in between. PID 1 and watchdogd's own processes are never
 * hit, whatever a unit says. With a root prefix no signal is sent. */
#ifndef WD_DO_DIRECT_H
#define WD_DO_DIRECT_H

#include <stdbool.h>
#include <stdint.h>

#include "see/see.h"

enum { DIRECT_PIDS_MAX = 4096 };

/* Send a signal to each process of the unit. How many got it, or -errno when none could be reached
 * (-ESRCH: the unit has no process). */
int direct_signal(struct see *see, uint32_t unit, int signal);

/* Kill all of the unit: cgroup.kill where the kernel has it (v2, 5.14), otherwise SIGKILL through pidfds,
 * once over; call again until nothing is left. 0 or -errno. */
int direct_kill(struct see *see, uint32_t unit);

/* PID 1 or one of watchdogd's own processes is in the unit, however many others are: what hits the unit as a whole would
 * hit that. */
bool direct_holds_us(struct see *see, uint32_t unit);

/* Freeze or thaw the unit's cgroup: cgroup.freeze (v2, 5.2) or v1's freezer.state. Only asks: frozen is
 * what the unit's status says later. 0, -EOPNOTSUPP where there is no freezer for it, or -errno. */
int direct_freeze(struct see *see, uint32_t unit, bool freeze);

/* The unit's memory.high (v2); UINT64_MAX: none. 0, -EOPNOTSUPP where its cgroup has no such file, or -errno. */
int direct_read_high(struct see *see, uint32_t unit, uint64_t *bytes);

/* Set it, where that makes nobody wait: the kernel reclaims inside who lowers it below what is used. 0; -EWOULDBLOCK:
 * more is used than that; or as above. */
int direct_raise_high(struct see *see, uint32_t unit, uint64_t bytes);

#endif
