#include "systemd_jobs.h"

#include <stdint.h>
#include <string.h>

#include "base/buffer.h"

void systemd_jobs_note(struct systemd_jobs *jobs, sd_bus_message *signal)
{
	struct systemd_job *job;
	const char *path, *unit, *result;
	struct buffer out;
	uint32_t number;

	if (sd_bus_message_read(signal, "uoss", &number, &path, &unit, &result) <= 0)
		return;
	job = &jobs->job[jobs->next++ % SYSTEMD_JOBS_MAX];
	BUFFER_OVER(&out, job->path);
	buffer_add(&out, path);
	BUFFER_OVER(&out, job->result);
	buffer_add(&out, result);
}

const char *systemd_jobs_find(const struct systemd_jobs *jobs, const char *path)
{
	for (unsigned i = 0; i < SYSTEMD_JOBS_MAX; i++)
		if (path[0] != '\0' && strcmp(jobs->job[i].path, path) == 0)
			return jobs->job[i].result;
	return NULL;
}
