/* A cap of a unit, or its end: systemd's MemoryHigh=, for this boot (SetUnitProperties, runtime).
 *
 *     WAITING -> CAP_READY -> CAP_CALL -> CAP_READ -> answered
 *
 * systemd writes memory.high itself, and the kernel then reclaims inside PID 1 what is above it, however long that
 * takes. So before it is asked, a process of ours writes the same into the unit's cgroup (CAP_READY), and systemd finds
 * nothing left to take; where that does not come to an end in half of the request's time, it is refused. The property lasts over a restart of the unit; it is read back. A cut connection begins anew:
 * to set it twice does no harm. */
#ifndef WD_PLUGINS_SYSTEMD_CAP_H
#define WD_PLUGINS_SYSTEMD_CAP_H

#include "systemd_step.h"

/* Connected: begin. */
void systemd_cap_begin(struct systemd_step *step);

/* Its phases' turns, as those of systemd_step.c. */
void systemd_cap_run_ready(struct systemd_step *step);
void systemd_cap_run_call(struct systemd_step *step);
void systemd_cap_run_read(struct systemd_step *step);

#endif
