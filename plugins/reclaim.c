/* reclaim: makes the kernel take memory from a cgroup (v2), for the verbs cap and uncap (memory.high, of units that
 * systemd does not have) and reclaim (memory.reclaim). reclaim_child.c is the process that writes; what became of it is
 * read back from the kernel: memory.high, and memory.current before and after. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/bytes.h"
#include "base/diag.h"
#include "base/file.h"
#include "share/plugin.h"
#include "words/verb.h"
#include "reclaim_cgroup.h"
#include "reclaim_child.h"

enum {
	RECLAIM_JOBS_MAX = 16,
	RECLAIM_LIMIT_MS = 8000,         /* when the request names none */
	RECLAIM_LEAST_BYTES = 256 * 1024, /* what changes by itself while nothing happens: the kernel's stock of a CPU */
};

struct reclaim_job {
	uint64_t id; /* 0: free */
	enum reclaim_what what;
	char path[LINE_BYTES + 1];
	int dir;
	uint64_t bytes, before; /* before: memory.current */
	struct reclaim_child child;
};

static struct {
	const struct plugin_host *host;
	struct reclaim_job job[RECLAIM_JOBS_MAX];
} reclaim;

static void reclaim_answer(struct reclaim_job *job, int result, const char *text)
{
	uint64_t id = job->id;

	reclaim_child_end(&job->child);
	job->dir = file_close(job->dir);
	job->id = 0;
	reclaim.host->answer(id, result, text);
}

static void reclaim_tell_held(const struct reclaim_job *job, struct buffer *out)
{
	uint64_t now;

	if (reclaim_cgroup_read(job->dir, "memory.current", &now) < 0)
		return;
	buffer_add(out, "; it holds ");
	bytes_format(out, (int64_t)now);
}

/* The kernel takes the number first, and then takes what is above it: also one that was killed has set it. */
static void reclaim_end_high(struct reclaim_job *job, int error)
{
	char text[TEXT_BYTES];
	struct buffer out;
	uint64_t high;
	int read = reclaim_cgroup_read(job->dir, "memory.high", &high);

	BUFFER_OVER(&out, text);
	if (read < 0 || high != job->bytes) {
		buffer_addf(&out, "cannot set memory.high: %s", diag_errno(error != 0 ? error : read != 0 ? read : EIO));
		reclaim_answer(job, error != 0 ? error : -EIO, text);
		return;
	}
	buffer_add(&out, "memory.high is ");
	reclaim_cgroup_tell(&out, high);
	reclaim_tell_held(job, &out);
	buffer_add(&out, error == -ETIMEDOUT ? ", and the kernel takes more" : "");
	reclaim_answer(job, 0, text);
}

static void reclaim_end_give(struct reclaim_job *job, int error)
{
	char text[TEXT_BYTES];
	struct buffer out;
	uint64_t now = job->before, gave;
	bool normal = error == 0 || error == -EAGAIN || error == -ETIMEDOUT;

	BUFFER_OVER(&out, text);
	(void)reclaim_cgroup_read(job->dir, "memory.current", &now);
	gave = job->before > now ? job->before - now : 0;
	if (!normal || (error != 0 && gave < RECLAIM_LEAST_BYTES)) {
		buffer_addf(&out, "nothing could be reclaimed%s%s", normal ? "" : ": ", normal ? "" : diag_errno(error));
		reclaim_tell_held(job, &out);
		/* EAGAIN would mean: ask again. */
		reclaim_answer(job, error == -EAGAIN ? -ENODATA : error, text);
		return;
	}
	buffer_add(&out, "it gave back ");
	bytes_format(&out, (int64_t)gave);
	if (gave < job->bytes) {
		buffer_add(&out, " of ");
		bytes_format(&out, (int64_t)job->bytes);
	}
	reclaim_tell_held(job, &out);
	reclaim_answer(job, 0, text);
}

/* What is asked of a cgroup ends what was asked of it before. */
static void reclaim_end_others(const char *path)
{
	for (size_t i = 0; i < RECLAIM_JOBS_MAX; i++)
		if (reclaim.job[i].id != 0 && strcmp(reclaim.job[i].path, path) == 0)
			reclaim_answer(&reclaim.job[i], -ECANCELED, "something else is asked of it now");
}

static struct reclaim_job *reclaim_find_free(void)
{
	for (size_t i = 0; i < RECLAIM_JOBS_MAX; i++)
		if (reclaim.job[i].id == 0)
			return &reclaim.job[i];
	return NULL;
}

static void reclaim_begin(struct reclaim_job *job, const struct plugin_request *request)
{
	uint32_t limit_ms = request->timeout_ms != 0 ? request->timeout_ms : RECLAIM_LIMIT_MS;
	struct buffer path;
	int error;

	*job = (struct reclaim_job){.id = request->id, .bytes = request->bytes, .what = RECLAIM_HIGH};
	if (strcmp(request->verb, verb_words[VERB_RECLAIM].name) == 0)
		job->what = RECLAIM_GIVE;
	BUFFER_OVER(&path, job->path);
	buffer_add(&path, request->target);
	job->dir = reclaim_cgroup_open(job->path, request->cgroup_id);
	if (job->dir < 0) {
		error = job->dir;
		reclaim_answer(job, error, error == -ESTALE ? "its cgroup is another one by now" : "its cgroup is gone");
		return;
	}
	if (reclaim_cgroup_read(job->dir, "memory.current", &job->before) < 0)
		job->before = 0;
	error = reclaim_child_start(&job->child, job->dir, job->what, job->bytes, limit_ms);
	if (error < 0)
		reclaim_answer(job, error, diag_errno(error));
}

static void reclaim_ask(const struct plugin_request *request)
{
	bool known = strcmp(request->verb, verb_words[VERB_CAP].name) == 0 ||
		     strcmp(request->verb, verb_words[VERB_UNCAP].name) == 0 ||
		     strcmp(request->verb, verb_words[VERB_RECLAIM].name) == 0;
	struct reclaim_job *job;

	if (!known || request->target[0] == '\0') {
		reclaim.host->answer(request->id, -EINVAL, "that is nothing to be done to the memory of a cgroup");
		return;
	}
	reclaim_end_others(request->target);
	job = reclaim_find_free();
	if (job == NULL)
		reclaim.host->answer(request->id, -EAGAIN, "too many cgroups are being worked on");
	else
		reclaim_begin(job, request);
}

static int reclaim_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	int rows = 0;

	for (size_t i = 0; i < RECLAIM_JOBS_MAX; i++)
		if (reclaim.job[i].id != 0)
			rows += reclaim_child_prepare(&reclaim.job[i].child, fds + rows, max - rows, timeout_ms);
	return rows;
}

static void reclaim_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
	for (size_t i = 0; i < RECLAIM_JOBS_MAX; i++) {
		struct reclaim_job *job = &reclaim.job[i];
		int error;

		if (job->id == 0 || !reclaim_child_is_over(&job->child, &error))
			continue;
		if (job->what == RECLAIM_HIGH)
			reclaim_end_high(job, error);
		else
			reclaim_end_give(job, error);
	}
}

static int reclaim_open(const struct plugin_host *host)
{
	memset(&reclaim, 0, sizeof(reclaim));
	reclaim.host = host;
	return 0;
}

static void reclaim_close(void)
{
	for (size_t i = 0; i < RECLAIM_JOBS_MAX; i++)
		if (reclaim.job[i].id != 0)
			reclaim_answer(&reclaim.job[i], -ECANCELED, "watchdogd ends");
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "reclaim",
	.open = reclaim_open,
	.ask = reclaim_ask,
	.prepare = reclaim_prepare,
	.dispatch = reclaim_dispatch,
	.close = reclaim_close,
};
