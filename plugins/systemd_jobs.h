/* The jobs that systemd removed of late: the signal may come before the reply that names the job.
 */
#ifndef WD_PLUGINS_SYSTEMD_JOBS_H
#define WD_PLUGINS_SYSTEMD_JOBS_H

#include <systemd/sd-bus.h>

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
};

/* Note a signal JobRemoved (org.freedesktop.systemd1(5)). A forged one does no harm: only the state
 * of the unit, which is read next, makes a step done. */
void systemd_jobs_note(struct systemd_jobs *jobs, sd_bus_message *signal);

/* How the job of that object path ended, or NULL. */
const char *systemd_jobs_find(const struct systemd_jobs *jobs, const char *path);

#endif
