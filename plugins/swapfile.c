/* swapfile: the actor's hand on the file of [swapfile]. It looks whether the file is there, makes it, switches it on
 * and off; each in a child (swapfile_job.h), one at a time, with a time limit. Asking for the same twice does no harm:
 * what is made is found, what is on is on. Which request it is stands in its target (swapfile_order.h). */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "share/plugin.h"
#include "swapfile_job.h"

enum { SWAPFILE_LIMIT_MS = 60000 }; /* where the request names none, and for what we do by ourselves */

static struct {
	const struct plugin_host *host;
	struct swapfile_job job;
	uint64_t id;                /* of the request that it carries out; 0: nobody waits for it any more */
	uint64_t next_id;           /* what waits for its end; 0: nothing */
	struct swapfile_order next;
	uint32_t next_limit_ms;
} swapfile;

static int swapfile_open(const struct plugin_host *host)
{
	memset(&swapfile, 0, sizeof(swapfile));
	swapfile.host = host;
	return 0;
}

static void swapfile_start(uint64_t id, const struct swapfile_order *order, uint32_t limit_ms)
{
	int error = swapfile_job_start(&swapfile.job, order, limit_ms > 0 ? limit_ms : SWAPFILE_LIMIT_MS);

	swapfile.id = error == 0 ? id : 0;
	if (error < 0 && id != 0)
		swapfile.host->answer(id, error == -EAGAIN ? -ENOMEM : error, "there can be no process for it");
}

/* Memory is short again: what is being switched off stays on. */
static void swapfile_turn_round(uint64_t id, const struct swapfile_order *order, uint32_t limit_ms)
{
	swapfile.host->answer(swapfile.id, -ECANCELED, "given up: swap is wanted again");
	swapfile.id = 0;
	swapfile_job_kill(&swapfile.job);
	swapfile.next_id = id;
	swapfile.next = *order;
	swapfile.next_limit_ms = limit_ms;
}

static void swapfile_ask(const struct plugin_request *request)
{
	const struct swapfile_job *job = &swapfile.job;
	struct swapfile_order order;

	if (swapfile_order_parse(&order, request->target) < 0)
		swapfile.host->answer(request->id, -EINVAL, "what is asked of the swap file is not understood");
	else if (job->state == JOB_FREE)
		swapfile_start(request->id, &order, request->timeout_ms);
	else if (job->state == JOB_RUNS && job->order.work == SWAPFILE_OFF && order.work == SWAPFILE_ON &&
		 swapfile.id != 0 && strcmp(job->order.path, order.path) == 0)
		swapfile_turn_round(request->id, &order, request->timeout_ms);
	else
		swapfile.host->answer(request->id, -EAGAIN, "the swap file is being worked on");
}

static int swapfile_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	return swapfile_job_prepare(&swapfile.job, fds, max, timeout_ms);
}

/* In words, where the child had none. */
static const char *swapfile_say(const struct swapfile_end *end)
{
	static const char *const late[SWAPFILE_WORKS] = {
		[SWAPFILE_LOOK] = "it could not be looked at in its time",
		[SWAPFILE_MAKE] = "it was not made in its time, and what there was of it is removed",
		[SWAPFILE_ON] = "it was not switched on in its time",
		[SWAPFILE_OFF] = "it was not switched off in its time: what was read back is in memory, the rest stays on it",
		[SWAPFILE_CLEAN] = "",
	};

	if (end->text[0] != '\0')
		return end->text;
	return end->result == -ETIMEDOUT ? late[swapfile.job.order.work] : "who worked on it ended without a word";
}

static void swapfile_dispatch(const struct pollfd *fds, int count)
{
	const struct swapfile_order done = swapfile.job.order;
	struct swapfile_end end;
	uint64_t next = swapfile.next_id;

	(void)fds;
	(void)count;
	if (!swapfile_job_step(&swapfile.job, &end))
		return;
	if (swapfile.id != 0)
		swapfile.host->answer(swapfile.id, end.result, swapfile_say(&end));
	swapfile.id = swapfile.next_id = 0;
	if (swapfile.job.state == JOB_ABANDONED) {
		if (next != 0)
			swapfile.host->answer(next, -EAGAIN, "it is still being switched off");
	} else if (next != 0) {
		swapfile_start(next, &swapfile.next, swapfile.next_limit_ms);
	} else if (done.work == SWAPFILE_MAKE && end.text[0] == '\0') { /* it left half a file */
		struct swapfile_order clean = done;

		clean.work = SWAPFILE_CLEAN;
		swapfile_start(0, &clean, SWAPFILE_LIMIT_MS);
	}
}

/* What it leaves half made is removed by the next one. */
static void swapfile_close(void)
{
	if (swapfile.job.state == JOB_RUNS)
		swapfile_job_kill(&swapfile.job);
	if (swapfile.id != 0)
		swapfile.host->answer(swapfile.id, -ECANCELED, "watchdogd ends");
	if (swapfile.next_id != 0)
		swapfile.host->answer(swapfile.next_id, -ECANCELED, "watchdogd ends");
	swapfile.id = swapfile.next_id = 0;
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "swapfile",
	.open = swapfile_open,
	.ask = swapfile_ask,
	.prepare = swapfile_prepare,
	.dispatch = swapfile_dispatch,
	.close = swapfile_close,
};
