/* systemd: stops and starts units, and looks how they are, over D-Bus
 * (org.freedesktop.systemd1(5)). systemd_bus.c keeps the connection, systemd_step.c carries out one
 * step, systemd_jobs.c remembers how jobs ended, systemd_unit.c reads how a unit is. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

#include "base/bounds.h"
#include "base/diag.h"
#include "share/plugin.h"
#include "systemd_bus.h"
#include "systemd_jobs.h"
#include "systemd_step.h"

enum { SYSTEMD_STEPS_MAX = 32 }; /* at once; the sentinel takes one action a unit */

static struct {
	struct systemd_context all;
	struct systemd_step step[SYSTEMD_STEPS_MAX];
	bool told_lost;
} systemd_state;

static int systemd_on_removed(sd_bus_message *signal, void *arg, sd_bus_error *error)
{
	(void)arg;
	(void)error;
	systemd_jobs_note(&systemd_state.all.jobs, signal);
	return 0;
}

static void systemd_run_all(void)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		systemd_step_run(&systemd_state.step[i]);
}

/* --- the connection --- */

static void systemd_lose(int error)
{
	char text[TEXT_BYTES];

	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		systemd_step_lose(&systemd_state.step[i]);
	/* It may be another systemd that answers next, whose jobs are counted anew. */
	memset(&systemd_state.all.jobs, 0, sizeof(systemd_state.all.jobs));
	systemd_bus_drop(&systemd_state.all.bus, error);
	if (systemd_state.told_lost)
		return;
	systemd_state.told_lost = true;
	(void)snprintf(text, sizeof(text),
		       "the connection to systemd is lost: %s; it is made again",
		       diag_errno(error));
	systemd_state.all.host->log(LOG_WARNING, text);
}

/* Read what came, try to connect where nothing is, and let the steps go on. */
static void systemd_turn(void)
{
	int r = systemd_bus_process(&systemd_state.all.bus);

	if (r < 0)
		systemd_lose(r);
	systemd_bus_connect(&systemd_state.all.bus);
	if (systemd_state.all.bus.ready && systemd_state.told_lost) {
		systemd_state.told_lost = false;
		systemd_state.all.host->log(LOG_INFO, "connected to systemd again");
	}
	systemd_run_all();
}

/* --- the plugin --- */

static struct systemd_step *systemd_find_free(void)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		if (systemd_state.step[i].phase == SYSTEMD_FREE)
			return &systemd_state.step[i];
	return NULL;
}

static void systemd_ask(const struct plugin_request *request)
{
	const struct plugin_host *host = systemd_state.all.host;
	struct systemd_step *step = systemd_find_free();

	if (step == NULL) {
		host->answer(request->id, -EAGAIN, "too many units are being worked on");
	} else if (systemd_step_begin(step, &systemd_state.all, request) < 0) {
		host->answer(request->id, -EINVAL, "systemd can stop, start and look at a unit");
	} else {
		if (systemd_state.all.bus.bus == NULL)
			systemd_state.all.bus.retry = 0; /* wanted: do not sit out the back-off */
		systemd_turn();
	}
}

static int systemd_open(const struct plugin_host *host)
{
	if (!systemd_bus_is_here())
		return -ENODEV;
	memset(&systemd_state, 0, sizeof(systemd_state));
	systemd_state.all.host = host;
	systemd_bus_init(&systemd_state.all.bus, systemd_on_removed);
	systemd_turn();
	return 0;
}

static int systemd_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		systemd_step_prepare(&systemd_state.step[i], timeout_ms);
	return max > 0 ? systemd_bus_prepare(&systemd_state.all.bus, fds, timeout_ms) : 0;
}

static void systemd_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
	systemd_turn();
}

static void systemd_close(void)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		if (systemd_state.step[i].phase != SYSTEMD_FREE)
			systemd_step_answer(&systemd_state.step[i], -ECANCELED,
					    "watchdogd ends; what became of it is not known");
	systemd_bus_fini(&systemd_state.all.bus);
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "systemd",
	.open = systemd_open,
	.ask = systemd_ask,
	.prepare = systemd_prepare,
	.dispatch = systemd_dispatch,
	.close = systemd_close,
};
