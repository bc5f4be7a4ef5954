/* systemd: stops and starts units, and looks how they are, over D-Bus
 * (org.freedesktop.systemd1(5)).
 *
 * A step is done when the unit is seen in the state that was asked for, never because a call
 * returned:
 *
 *     WAITING -> CALLING -> JOB -> STATE -> answered
 *
 * WAITING for the connection; CALLING StopUnit or StartUnit; the JOB it gave is waited for by the
 * signal JobRemoved, which may come before the call's own reply; then the unit's STATE is read
 * until it is an end state. When the connection breaks in between, the state is looked at first
 * (LOOKING), and the call is made again only if it is neither there nor on its way. The request's
 * time bounds it all. Callbacks only note what came; systemd_step_run alone decides. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <systemd/sd-bus.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "share/plugin.h"
#include "systemd_bus.h"
#include "systemd_unit.h"

enum {
	SYSTEMD_STEPS_MAX = 32, /* at once; the sentinel takes one action a unit */
	SYSTEMD_REMOVED_MAX =
		32, /* removed jobs remembered, as one may go before its call is answered */
	SYSTEMD_LIMIT_MS = 30000, /* when the request names none */
	SYSTEMD_LOOK_LIMIT_MS = 5000,
	SYSTEMD_CONNECT_MS =
		2000,           /* without a connection for so long: said, so that others can act */
	SYSTEMD_AGAIN_MS = 200, /* the next reading, while the unit is on its way */
	SYSTEMD_JOB_AGAIN_MS =
		1000, /* the same while its job runs: JobRemoved is what is waited for */
};

enum systemd_verb { SYSTEMD_LOOK, SYSTEMD_STOP, SYSTEMD_START, SYSTEMD_VERBS };

static const struct {
	const char *name, *call;
} systemd_verbs[SYSTEMD_VERBS] = {
	[SYSTEMD_LOOK] = {"look", NULL},
	[SYSTEMD_STOP] = {"stop", "StopUnit"},
	[SYSTEMD_START] = {"start", "StartUnit"},
};

enum systemd_phase {
	SYSTEMD_FREE,
	SYSTEMD_WAITING,
	SYSTEMD_LOOKING,
	SYSTEMD_CALLING,
	SYSTEMD_JOB,
	SYSTEMD_STATE,
};

struct systemd_removed {
	char path[64];   /* "/org/freedesktop/systemd1/job/123" */
	char result[16]; /* "done", "canceled", "timeout", "failed", "dependency", "skipped", ... */
};

struct systemd_step {
	enum systemd_phase phase;
	enum systemd_verb verb;
	uint64_t id;
	char name[LINE_BYTES + 1]; /* of the unit */
	uint32_t limit_ms;
	mono_ms began, read_at; /* read_at: when the next reading is due */
	bool called;            /* once at least: look before calling again */
	bool read_wanted;       /* a reading was begun in this phase */
	unsigned jobless;       /* readings in a row that show no job, with no JobRemoved seen */
	sd_bus_slot *call;
	int error; /* of the call: -errno, with wrong */
	char wrong[160];
	char job[64];    /* its object path; "" : not known */
	char result[16]; /* how it ended; "" : not seen */
	struct systemd_unit unit;
};

static struct {
	const struct plugin_host *host;
	struct systemd_bus bus;
	struct systemd_step step[SYSTEMD_STEPS_MAX];
	struct systemd_removed removed[SYSTEMD_REMOVED_MAX]; /* a ring */
	unsigned removed_next;
	bool told_lost;
} systemd_state;

static void systemd_set(char *text, size_t size, const char *value)
{
	struct buffer out;

	buffer_init(&out, text, size);
	buffer_add(&out, value);
}

/* --- answers --- */

static void systemd_step_cancel(struct systemd_step *step)
{
	step->call = sd_bus_slot_unref(step->call);
	systemd_unit_cancel(&step->unit);
	step->read_wanted = false;
}

static void systemd_step_answer(struct systemd_step *step, int result, const char *text)
{
	systemd_step_cancel(step);
	step->phase = SYSTEMD_FREE;
	systemd_state.host->answer(step->id, result, text);
}

/* With the state that was seen, and what is known of the job. */
static void systemd_step_answer_state(struct systemd_step *step, int result, const char *before)
{
	char answer[TEXT_BYTES];
	struct buffer text;

	BUFFER_OVER(&text, answer);
	if (result != 0 && strcmp(step->unit.text[SYSTEMD_UNIT_RESULT], "start-limit-hit") == 0)
		buffer_add(&text, "systemd refuses: start limit; ");
	buffer_add(&text, before);
	systemd_unit_tell(&text, &step->unit);
	if (step->result[0] != '\0' && strcmp(step->result, "done") != 0)
		buffer_addf(&text, "; its job ended as \"%s\"", step->result);
	systemd_step_answer(step, result, text.text);
}

static void systemd_step_answer_late(struct systemd_step *step)
{
	char before[96], span[32];
	struct buffer text;

	BUFFER_OVER(&text, before);
	clock_format_span(step->limit_ms, span);
	if (step->unit.known && step->unit.error == 0) {
		buffer_addf(&text, "after %s still ", span);
		systemd_step_answer_state(step, -ETIMEDOUT, text.text);
	} else {
		buffer_addf(&text, "systemd gave no answer within %s", span);
		systemd_step_answer(step, -ETIMEDOUT, text.text);
	}
}

/* --- what comes from systemd --- */

static const struct systemd_removed *systemd_find_removed(const char *path)
{
	for (size_t i = 0; i < SYSTEMD_REMOVED_MAX; i++)
		if (path[0] != '\0' && strcmp(systemd_state.removed[i].path, path) == 0)
			return &systemd_state.removed[i];
	return NULL;
}

/* A forged signal does no harm: only the state that is read next makes a step done. */
static int systemd_on_removed(sd_bus_message *signal, void *arg, sd_bus_error *error)
{
	struct systemd_removed *removed;
	const char *path, *unit, *result;
	uint32_t number;

	(void)arg;
	(void)error;
	if (sd_bus_message_read(signal, "uoss", &number, &path, &unit, &result) <= 0)
		return 0;
	removed = &systemd_state.removed[systemd_state.removed_next++ % SYSTEMD_REMOVED_MAX];
	systemd_set(removed->path, sizeof(removed->path), path);
	systemd_set(removed->result, sizeof(removed->result), result);
	return 0;
}

static int systemd_on_called(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_step *step = arg;
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	const char *path = "";
	struct buffer out;

	(void)unused;
	/* The connection broke: what became of the call is not known, systemd_lose looks into it.
	 */
	if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0)
		return 0;
	step->call = sd_bus_slot_unref(step->call);
	if (error != NULL) {
		BUFFER_OVER(&out, step->wrong);
		step->error = systemd_unit_explain(error, step->name, &out);
	} else if (sd_bus_message_read(reply, "o", &path) > 0) {
		systemd_set(step->job, sizeof(step->job), path);
	}
	return 0;
}

/* --- a step --- */

static void systemd_step_enter(struct systemd_step *step, enum systemd_phase phase,
			       uint32_t wait_ms)
{
	step->phase = phase;
	step->read_at = clock_mono() + wait_ms;
	step->read_wanted = false;
	step->jobless = 0;
}

static void systemd_step_call(struct systemd_step *step)
{
	int r;

	step->called = true;
	step->error = 0;
	step->job[0] = step->result[0] = '\0';
	/* "replace": a job of the other direction gives way, but not one of a shutdown. */
	r = sd_bus_call_method_async(systemd_state.bus.bus, &step->call, SYSTEMD_NAME, SYSTEMD_PATH,
				     SYSTEMD_MANAGER, systemd_verbs[step->verb].call,
				     systemd_on_called, step, "ss", step->name, "replace");
	systemd_step_enter(step, SYSTEMD_CALLING, 0);
	if (r < 0)
		systemd_step_answer(step, r, diag_errno(r));
}

/* Begin a reading when one is due; true: one has been completed in this phase. */
static bool systemd_step_read(struct systemd_step *step)
{
	int r;

	if (step->read_wanted)
		return !systemd_unit_is_reading(&step->unit);
	if (clock_mono() < step->read_at)
		return false;
	step->read_wanted = true;
	r = systemd_unit_read(&step->unit, systemd_state.bus.bus, step->name);
	if (r < 0)
		systemd_step_answer(step, r, diag_errno(r));
	return false;
}

static void systemd_step_read_again(struct systemd_step *step, uint32_t wait_ms)
{
	step->read_wanted = false;
	step->read_at = clock_mono() + wait_ms;
}

static bool systemd_step_is(const struct systemd_step *step, const char *active)
{
	return strcmp(step->unit.text[SYSTEMD_UNIT_ACTIVE], active) == 0;
}

static bool systemd_step_is_there(const struct systemd_step *step)
{
	if (step->verb == SYSTEMD_STOP)
		return systemd_step_is(step, "inactive") || systemd_step_is(step, "failed");
	return systemd_step_is(step, "active");
}

/* It may still come to be what was asked for, by itself. */
static bool systemd_step_is_on_its_way(const struct systemd_step *step)
{
	if (step->result[0] != '\0' && strcmp(step->result, "done") != 0)
		return false;
	if (step->verb == SYSTEMD_STOP)
		return !systemd_step_is(step, "active") && !systemd_step_is(step, "activating") &&
		       !systemd_step_is(step, "reloading");
	return !systemd_step_is(step, "inactive") && !systemd_step_is(step, "failed");
}

static int systemd_step_error(const struct systemd_step *step)
{
	if (strcmp(step->result, "timeout") == 0)
		return -ETIMEDOUT;
	return strcmp(step->result, "canceled") == 0 ? -ECANCELED : -EIO;
}

/* The job is over: is the unit where it should be? */
static void systemd_step_run_state(struct systemd_step *step)
{
	if (!systemd_step_read(step))
		return;
	if (step->unit.error != 0)
		systemd_step_answer(step, step->unit.error, step->unit.wrong);
	else if (systemd_step_is_there(step))
		systemd_step_answer_state(step, 0, "");
	else if (systemd_step_is_on_its_way(step))
		systemd_step_read_again(step, SYSTEMD_AGAIN_MS);
	else
		systemd_step_answer_state(step, systemd_step_error(step), "it is ");
}

/* JobRemoved ends it. In case that was lost (a reconnection), the unit is read now and then: two
 * readings without a job are an end too, as the signal would have come before the second. */
static void systemd_step_run_job(struct systemd_step *step)
{
	const struct systemd_removed *removed = systemd_find_removed(step->job);

	if (removed != NULL) {
		systemd_set(step->result, sizeof(step->result), removed->result);
		systemd_unit_cancel(&step->unit);
		systemd_step_enter(step, SYSTEMD_STATE, 0);
	} else if (systemd_step_read(step)) {
		step->jobless =
			step->unit.error == 0 && step->unit.job == 0 ? step->jobless + 1 : 0;
		if (step->jobless >= 2)
			systemd_step_enter(step, SYSTEMD_STATE, 0);
		else
			systemd_step_read_again(step, SYSTEMD_JOB_AGAIN_MS);
	}
}

/* A look, or what became of a step while the connection was away. */
static void systemd_step_run_looking(struct systemd_step *step)
{
	char text[TEXT_BYTES];
	struct buffer out;

	if (!systemd_step_read(step))
		return;
	if (step->unit.error != 0) {
		systemd_step_answer(step, step->unit.error, step->unit.wrong);
	} else if (step->verb == SYSTEMD_LOOK) {
		BUFFER_OVER(&out, text);
		systemd_unit_tell_all(&out, &step->unit);
		systemd_step_answer(step, 0, text);
	} else if (step->unit.job != 0) {
		systemd_set(step->job, sizeof(step->job), step->unit.text[SYSTEMD_UNIT_JOB]);
		systemd_step_enter(step, SYSTEMD_JOB, SYSTEMD_JOB_AGAIN_MS);
	} else if (systemd_step_is_there(step)) {
		systemd_step_answer_state(step, 0, "");
	} else {
		systemd_step_call(step);
	}
}

static void systemd_step_run_waiting(struct systemd_step *step)
{
	char text[TEXT_BYTES];
	struct buffer out;

	if (systemd_state.bus.ready) {
		if (step->called || step->verb == SYSTEMD_LOOK)
			systemd_step_enter(step, SYSTEMD_LOOKING, 0);
		else
			systemd_step_call(step);
	} else if (clock_mono() >= step->read_at) {
		BUFFER_OVER(&out, text);
		buffer_addf(&out, "no connection to systemd: %s",
			    systemd_state.bus.error != 0 ? diag_errno(systemd_state.bus.error)
							 : "it does not answer");
		systemd_step_answer(step, -ENOTCONN, text);
	}
}

static void systemd_step_run_calling(struct systemd_step *step)
{
	if (step->call != NULL)
		return;
	if (step->error != 0)
		systemd_step_answer(step, step->error, step->wrong);
	else
		systemd_step_enter(step, SYSTEMD_JOB, SYSTEMD_JOB_AGAIN_MS);
}

/* Each phase's turn, until one waits: the next may have what it needs already. */
static void systemd_step_run(struct systemd_step *step)
{
	static void (*const run[])(struct systemd_step *) = {
		[SYSTEMD_WAITING] = systemd_step_run_waiting,
		[SYSTEMD_LOOKING] = systemd_step_run_looking,
		[SYSTEMD_CALLING] = systemd_step_run_calling,
		[SYSTEMD_JOB] = systemd_step_run_job,
		[SYSTEMD_STATE] = systemd_step_run_state,
	};
	enum systemd_phase before;

	do {
		before = step->phase;
		if (before != SYSTEMD_FREE)
			run[before](step);
	} while (step->phase != before);
	if (step->phase != SYSTEMD_FREE && clock_mono() >= step->began + step->limit_ms)
		systemd_step_answer_late(step);
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

	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++) {
		struct systemd_step *step = &systemd_state.step[i];

		systemd_step_cancel(step);
		if (step->phase != SYSTEMD_FREE && step->phase != SYSTEMD_WAITING)
			systemd_step_enter(step, SYSTEMD_WAITING, SYSTEMD_CONNECT_MS);
	}
	/* It may be another systemd that answers next, whose jobs are counted anew. */
	memset(systemd_state.removed, 0, sizeof(systemd_state.removed));
	systemd_bus_drop(&systemd_state.bus, error);
	if (systemd_state.told_lost)
		return;
	systemd_state.told_lost = true;
	(void)snprintf(text, sizeof(text),
		       "the connection to systemd is lost: %s; it is made again",
		       diag_errno(error));
	systemd_state.host->log(LOG_WARNING, text);
}

/* Read what came, try to connect where nothing is, and let the steps go on. */
static void systemd_turn(void)
{
	int r = systemd_bus_process(&systemd_state.bus);

	if (r < 0)
		systemd_lose(r);
	systemd_bus_connect(&systemd_state.bus);
	if (systemd_state.bus.ready && systemd_state.told_lost) {
		systemd_state.told_lost = false;
		systemd_state.host->log(LOG_INFO, "connected to systemd again");
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
	struct systemd_step *step = systemd_find_free();
	size_t verb = 0;

	while (verb < SYSTEMD_VERBS && strcmp(systemd_verbs[verb].name, request->verb) != 0)
		verb++;
	if (verb == SYSTEMD_VERBS || request->target[0] == '\0') {
		systemd_state.host->answer(request->id, -EINVAL,
					   "systemd can stop, start and look at a unit");
		return;
	}
	if (step == NULL) {
		systemd_state.host->answer(request->id, -EAGAIN,
					   "too many units are being worked on");
		return;
	}
	memset(step, 0, sizeof(*step));
	step->id = request->id;
	step->verb = (enum systemd_verb)verb;
	step->began = clock_mono();
	step->limit_ms = request->timeout_ms;
	if (step->limit_ms == 0)
		step->limit_ms = verb == SYSTEMD_LOOK ? SYSTEMD_LOOK_LIMIT_MS : SYSTEMD_LIMIT_MS;
	systemd_set(step->name, sizeof(step->name), request->target);
	systemd_step_enter(step, SYSTEMD_WAITING, SYSTEMD_CONNECT_MS);
	if (systemd_state.bus.bus == NULL)
		systemd_state.bus.retry = 0; /* wanted: do not sit out the back-off */
	systemd_turn();
}

static int systemd_open(const struct plugin_host *host)
{
	if (!systemd_bus_is_here())
		return -ENODEV;
	memset(&systemd_state, 0, sizeof(systemd_state));
	systemd_state.host = host;
	systemd_bus_init(&systemd_state.bus, systemd_on_removed);
	systemd_turn();
	return 0;
}

static void systemd_lower(int *timeout_ms, mono_ms at)
{
	mono_ms now = clock_mono();
	int left = at > now ? (int)(at - now) : 0;

	if (*timeout_ms < 0 || left < *timeout_ms)
		*timeout_ms = left;
}

static int systemd_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	for (size_t i = 0; i < SYSTEMD_STEPS_MAX; i++) {
		const struct systemd_step *step = &systemd_state.step[i];

		if (step->phase == SYSTEMD_FREE)
			continue;
		systemd_lower(timeout_ms, step->began + step->limit_ms);
		if (step->phase != SYSTEMD_CALLING && !step->read_wanted)
			systemd_lower(timeout_ms, step->read_at);
	}
	return max > 0 ? systemd_bus_prepare(&systemd_state.bus, fds, timeout_ms) : 0;
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
	systemd_bus_fini(&systemd_state.bus);
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
