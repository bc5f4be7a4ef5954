/* systemd: stops, starts and caps units, and tells how the watched ones are, over D-Bus
 * (org.freedesktop.systemd1(5)). systemd_context.c is one systemd, the host's or a user's, systemd_bus.c
 * the connection to it; systemd_step.c carries out one step, systemd_jobs.c remembers how jobs ended,
 * systemd_unit.c reads how a unit is. systemd_units.c has the watched units, systemd_watch.c is one of
 * them, systemd_props.c what systemd says of it, systemd_purpose.c whether it was stopped on purpose,
 * systemd_ties.c what a stop of it takes along, systemd_ready.c refuses one that would, systemd_cap.c sets how much memory
 * it may have, systemd_tell.c what is told. */
#include <errno.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "share/message.h"
#include "share/plugin.h"
#include "words/verb.h"
#include "systemd_context.h"
#include "systemd_step.h"
#include "systemd_units.h"

enum {
	SYSTEMD_STEPS_MAX = 32, /* at once; the sentinel takes one action a unit */
	SYSTEMD_USERS_MAX = 8,  /* whose systemd is spoken with; bots run as one or two */
	SYSTEMD_CONTEXTS_MAX = 1 + SYSTEMD_USERS_MAX,
};

static struct {
	const struct plugin_host *host;
	struct systemd_context context[SYSTEMD_CONTEXTS_MAX]; /* the first is the host's */
	struct systemd_units units;
	struct systemd_step step[SYSTEMD_STEPS_MAX];
} systemd_state;

static int systemd_on_signal(sd_bus_message *signal, void *arg, sd_bus_error *error)
{
	struct systemd_context *context = arg;

	(void)error;
	if (sd_bus_message_is_signal(signal, SYSTEMD_MANAGER, "JobRemoved"))
		systemd_jobs_note(&context->jobs, signal);
	systemd_units_on_signal(&systemd_state.units, context, signal);
	return 0;
}

static struct systemd_context *systemd_find_context(uint32_t uid)
{
	struct systemd_context *free = NULL;

	for (size_t i = 0; i < SYSTEMD_CONTEXTS_MAX; i++) {
		struct systemd_context *context = &systemd_state.context[i];

		if (context->used && context->bus.uid == uid)
			return context;
		if (!context->used && free == NULL)
			free = context;
	}
	if (free != NULL)
		systemd_context_init(free, &systemd_state.units, uid, systemd_on_signal);
	return free;
}

static void systemd_lose(struct systemd_context *context, int error)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		if (systemd_state.step[i].context == context)
			systemd_step_lose(&systemd_state.step[i]);
	systemd_units_lose(&systemd_state.units, context);
	systemd_context_lose(context, error);
}

/* Read what came, try to connect where nothing is, and let the steps and the watched units go on. */
static void systemd_turn(void)
{
	for (size_t i = 0; i < SYSTEMD_CONTEXTS_MAX; i++) {
		struct systemd_context *context = &systemd_state.context[i];
		int r = context->used ? systemd_context_read(context) : 0;

		if (r < 0)
			systemd_lose(context, r);
		if (context->used)
			systemd_context_connect(context);
	}
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		systemd_step_run(&systemd_state.step[i]);
	systemd_units_run(&systemd_state.units);
}

/* It is wanted: do not sit out the back-off. */
static void systemd_hurry(struct systemd_context *context)
{
	if (context->bus.bus == NULL)
		context->bus.retry = 0;
}

static struct systemd_step *systemd_find_free(void)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++)
		if (systemd_state.step[i].phase == SYSTEMD_FREE)
			return &systemd_state.step[i];
	return NULL;
}

/* Whose unit it is: as the watched unit of that name has it, else (it has left the config, or the worker is
 * new) as the request does. */
static struct systemd_context *systemd_context_of(const struct plugin_request *request)
{
	const struct systemd_watch *watch =
		systemd_units_find_named(&systemd_state.units, request->unit, request->target);

	return watch != NULL ? watch->context : systemd_find_context(request->uid);
}

/* An uncap ends the cap that is under way; two in a row must not overtake each other. */
static void systemd_end_caps(const struct systemd_context *context, const struct plugin_request *request)
{
	bool caps = strcmp(request->verb, verb_words[VERB_CAP].name) == 0 ||
		    strcmp(request->verb, verb_words[VERB_UNCAP].name) == 0;

	for (size_t i = 0; caps && i < SYSTEMD_STEPS_MAX; i++) {
		struct systemd_step *step = &systemd_state.step[i];

		if (step->phase != SYSTEMD_FREE && step->context == context &&
		    (step->verb == SYSTEMD_CAP || step->verb == SYSTEMD_UNCAP) && strcmp(step->name, request->target) == 0)
			systemd_step_answer(step, -ECANCELED, "something else is asked of it now");
	}
}

static void systemd_ask(const struct plugin_request *request)
{
	const struct plugin_host *host = systemd_state.host;
	struct systemd_context *context = systemd_context_of(request);
	struct systemd_step *step;

	systemd_end_caps(context, request);
	step = systemd_find_free();
	if (step == NULL) {
		host->answer(request->id, -EAGAIN, "too many units are being worked on");
	} else if (context == NULL) {
		host->answer(request->id, -ENOTCONN, "its user's systemd cannot be asked");
	} else if (systemd_step_begin(step, context, request) < 0) {
		host->answer(request->id, -EINVAL, "systemd can stop, start and cap a unit");
	} else {
		systemd_hurry(context);
		systemd_turn();
	}
}

/* Forget the systemd of a user none of whose units is watched any more. */
static void systemd_forget_contexts(void)
{
	for (size_t i = 1; i < SYSTEMD_CONTEXTS_MAX; i++) {
		struct systemd_context *context = &systemd_state.context[i];
		bool wanted = !context->used;

		for (size_t j = 0; j < systemd_state.units.count; j++)
			wanted = wanted || systemd_state.units.watch[j]->context == context;
		for (size_t j = 0; j < SYSTEMD_STEPS_MAX; j++)
			wanted = wanted || (systemd_state.step[j].phase != SYSTEMD_FREE &&
					    systemd_state.step[j].context == context);
		if (wanted)
			continue;
		systemd_bus_fini(&context->bus);
		context->used = false;
	}
}

static void systemd_watch(const struct plugin_unit *unit, size_t count)
{
	if (systemd_units_set(&systemd_state.units, unit, count) < 0)
		systemd_state.host->log(LOG_WARNING, "no memory to watch how systemd has the units");
	systemd_forget_contexts();
	systemd_turn();
}

static void systemd_look(uint64_t unit)
{
	struct systemd_watch *watch = systemd_units_find(&systemd_state.units, unit);

	if (watch == NULL) {
		systemd_state.host->unit(unit, UNIT_NO_ANSWER | UNIT_LOOKED, 0, "systemd is not asked for it");
		return;
	}
	systemd_watch_look(watch);
	if (watch->context != NULL)
		systemd_hurry(watch->context);
	systemd_turn();
}

static int systemd_open(const struct plugin_host *host)
{
	if (!systemd_bus_is_here())
		return -ENODEV;
	memset(&systemd_state, 0, sizeof(systemd_state));
	systemd_state.host = host;
	systemd_state.units = (struct systemd_units){.host = host, .context = systemd_find_context};
	(void)systemd_find_context(SYSTEMD_HOST);
	systemd_turn();
	return 0;
}

static int systemd_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	int rows = 0;

	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++) {
		systemd_step_prepare(&systemd_state.step[i], timeout_ms);
		rows += systemd_step_prepare_child(&systemd_state.step[i], fds + rows, max - rows, timeout_ms);
	}
	systemd_units_prepare(&systemd_state.units, timeout_ms);
	for (size_t i = 0; i < SYSTEMD_CONTEXTS_MAX && rows < max; i++)
		if (systemd_state.context[i].used)
			rows += systemd_bus_prepare(&systemd_state.context[i].bus, &fds[rows], timeout_ms);
	return rows;
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
	systemd_units_clear(&systemd_state.units);
	for (size_t i = 0; i < SYSTEMD_CONTEXTS_MAX; i++)
		if (systemd_state.context[i].used)
			systemd_bus_fini(&systemd_state.context[i].bus);
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "systemd",
	.open = systemd_open,
	.ask = systemd_ask,
	.prepare = systemd_prepare,
	.dispatch = systemd_dispatch,
	.close = systemd_close,
	.watch = systemd_watch,
	.look = systemd_look,
};
