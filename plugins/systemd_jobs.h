/* The jobs that systemd removed of late: the signal may come before the reply that names the job. And those that are
 * ours: what such a job does to a unit is no person's doing.
 */
#ifndef WD_PLUGINS_SYSTEMD_JOBS_H
#define WD_PLUGINS_SYSTEMD_JOBS_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "base/clock.h"

enum {
	SYSTEMD_JOBS_MAX = 32
}; /* when one is pushed out early, its step reads the unit a second later */

struct systemd_jobs {
	struct systemd_job {
		char path[64];   /* "/org/freedesktop/systemd1/job/123" */
		char result[16]; /* "done", "canceled", "timeout", "failed", "dependency",
				    "skipped", ... */
	} job[SYSTEMD_JOBS_MAX];
	unsigned next; /* a ring */
	struct systemd_own_job {
		uint32_t number; /* 0: free */
		mono_ms at;      /* when systemd named it */
	} own[SYSTEMD_JOBS_MAX];
	unsigned own_next; /* a ring */
};

/* Note a signal JobRemoved (org.freedesktop.systemd1(5)). A forged one does no harm: only the state
 * of the unit, which is read next, makes a step done. */
void systemd_jobs_note(struct systemd_jobs *jobs, sd_bus_message *signal);

/* How the job of that object path ended, or NULL. */
const char *systemd_jobs_find(const struct systemd_jobs *jobs, const char *path);

/* A step of ours got the job of that object path. */
void systemd_jobs_note_own(struct systemd_jobs *jobs, const char *path);

/* Is it one of the last that steps of ours got? */
bool systemd_jobs_is_own(const struct systemd_jobs *jobs, uint32_t number);

/* Has a step of ours got another job than the one of that object path since then? */
bool systemd_jobs_has_own_since(const struct systemd_jobs *jobs, const char *path, mono_ms since);

#endif
