#include "systemd_jobs.h"

#include <stdlib.h>
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

/* "/org/freedesktop/systemd1/job/123"; 0: it is none. */
static uint32_t systemd_jobs_number(const char *path)
{
	const char *last = strrchr(path, '/');

	return last != NULL ? (uint32_t)strtoul(last + 1, NULL, 10) : 0;
}

void systemd_jobs_note_own(struct systemd_jobs *jobs, const char *path)
{
	jobs->own[jobs->own_next++ % SYSTEMD_JOBS_MAX] =
		(struct systemd_own_job){.number = systemd_jobs_number(path), .at = clock_mono()};
}

bool systemd_jobs_is_own(const struct systemd_jobs *jobs, uint32_t number)
{
	for (unsigned i = 0; i < SYSTEMD_JOBS_MAX; i++)
		if (number != 0 && jobs->own[i].number == number)
			return true;
	return false;
}

bool systemd_jobs_has_own_since(const struct systemd_jobs *jobs, const char *path, mono_ms since)
{
	uint32_t number = systemd_jobs_number(path);

	for (unsigned i = 0; i < SYSTEMD_JOBS_MAX; i++)
		if (jobs->own[i].number != 0 && jobs->own[i].number != number && jobs->own[i].at >= since)
			return true;
	return false;
}
