#include "systemd_step.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "systemd_cap.h"
#include "systemd_ready.h"
#include "systemd_units.h"

enum {
	SYSTEMD_STEP_LIMIT_MS = 30000, /* when the request names none */
	SYSTEMD_STEP_CONNECT_MS =
		2000, /* without a connection for so long: said, so that others can act */
	SYSTEMD_STEP_AGAIN_MS = 200, /* the next reading, while the unit is on its way */
	SYSTEMD_STEP_JOB_AGAIN_MS =
		1000, /* the same while its job runs: JobRemoved is what is waited for */
};

static const struct {
	const char *name, *call;
} systemd_step_verbs[SYSTEMD_VERBS] = {
	[SYSTEMD_STOP] = {"stop", "StopUnit"},
	[SYSTEMD_START] = {"start", "StartUnit"},
	[SYSTEMD_CAP] = {"cap", NULL},
	[SYSTEMD_UNCAP] = {"uncap", NULL},
};

static void systemd_step_set(char *text, size_t size, const char *value)
{
	struct buffer out;

	buffer_init(&out, text, size);
	buffer_add(&out, value);
}

static void systemd_step_cancel(struct systemd_step *step)
{
	step->call = sd_bus_slot_unref(step->call);
	systemd_unit_cancel(&step->unit);
	reclaim_child_end(&step->child);
	step->read_wanted = step->ready = false;
}

void systemd_step_answer(struct systemd_step *step, int result, const char *text)
{
	systemd_step_cancel(step);
	step->phase = SYSTEMD_FREE;
	step->context->host->answer(step->id, result, text);
}

static bool systemd_step_is_limited(const struct systemd_step *step)
{
	const struct systemd_context *context = step->context;
	const struct systemd_watch *watch = systemd_units_find_tied(context->units, context, step->name);

	return strcmp(step->unit.text[SYSTEMD_UNIT_RESULT], "start-limit-hit") == 0 ||
	       (watch != NULL && watch->purpose.limited);
}

/* With the state that was seen, and what is known of the job. */
static void systemd_step_answer_state(struct systemd_step *step, int result, const char *before)
{
	char answer[TEXT_BYTES];
	struct buffer text;

	BUFFER_OVER(&text, answer);
	if (result != 0 && systemd_step_is_limited(step))
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

static int systemd_step_on_called(sd_bus_message *reply, void *arg, sd_bus_error *unused)
{
	struct systemd_step *step = arg;
	const sd_bus_error *error = sd_bus_message_get_error(reply);
	const char *path = "";
	struct buffer out;

	(void)unused;
	/* The connection broke: what became of the call is not known, systemd_step_lose looks into
	 * it.
	 */
	if (sd_bus_is_open(sd_bus_message_get_bus(reply)) <= 0)
		return 0;
	step->call = sd_bus_slot_unref(step->call);
	if (error != NULL) {
		BUFFER_OVER(&out, step->wrong);
		step->error = systemd_unit_explain(error, step->name, &out);
	} else if (sd_bus_message_read(reply, "o", &path) > 0) {
		systemd_step_set(step->job, sizeof(step->job), path);
		systemd_jobs_note_own(&step->context->jobs, path);
	}
	return 0;
}

void systemd_step_enter(struct systemd_step *step, enum systemd_phase phase, uint32_t wait_ms)
{
	step->phase = phase;
	step->read_at = clock_mono() + wait_ms;
	step->read_wanted = false;
	step->jobless = 0;
}

/* One connection keeps the order, so the start that follows finds it done. No reply is asked for: what it
 * has not done, the start will tell. */
static void systemd_step_reset(struct systemd_step *step)
{
	(void)sd_bus_call_method_async(step->context->bus.bus, NULL, SYSTEMD_NAME, SYSTEMD_PATH, SYSTEMD_MANAGER,
				       "ResetFailedUnit", NULL, NULL, "s", step->name);
}

static void systemd_step_call(struct systemd_step *step)
{
	int r;

	if (step->verb == SYSTEMD_STOP && !step->ready) {
		systemd_ready_begin(step);
		return;
	}
	if (step->reset && !step->called)
		systemd_step_reset(step);
	step->called = true;
	step->error = 0;
	step->job[0] = step->result[0] = '\0';
	/* "replace": a job of the other direction gives way, but not one of a shutdown. */
	r = sd_bus_call_method_async(step->context->bus.bus, &step->call, SYSTEMD_NAME,
				     SYSTEMD_PATH, SYSTEMD_MANAGER,
				     systemd_step_verbs[step->verb].call, systemd_step_on_called,
				     step, "ss", step->name, "replace");
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
	r = systemd_unit_read(&step->unit, step->context->bus.bus, step->name);
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

static bool systemd_step_is_canceled(const struct systemd_step *step)
{
	return strcmp(step->result, "canceled") == 0;
}

/* It may still come to be what was asked for, by itself. A stop that a start canceled after it had begun goes on: systemd
 * starts the unit when it has ended. */
static bool systemd_step_is_on_its_way(const struct systemd_step *step)
{
	if (step->verb == SYSTEMD_STOP && systemd_step_is_canceled(step))
		return systemd_step_is(step, "deactivating");
	if (step->result[0] != '\0' && strcmp(step->result, "done") != 0)
		return false;
	if (step->verb == SYSTEMD_STOP)
		return !systemd_step_is(step, "active") && !systemd_step_is(step, "activating") &&
		       !systemd_step_is(step, "reloading");
	return !systemd_step_is(step, "inactive") && !systemd_step_is(step, "failed");
}

/* -EINTR: another job took its place, as somebody wants the other of it. That it was no other step of ours, of this unit or
 * of one that takes it along, is sure only where there was none since. */
static int systemd_step_error(const struct systemd_step *step)
{
	if (strcmp(step->result, "timeout") == 0)
		return -ETIMEDOUT;
	if (!systemd_step_is_canceled(step))
		return -EIO;
	return systemd_jobs_has_own_since(&step->context->jobs, step->job, step->began) ? -ECANCELED : -EINTR;
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
		systemd_step_read_again(step, SYSTEMD_STEP_AGAIN_MS);
	else
		systemd_step_answer_state(step, systemd_step_error(step), "it is ");
}

/* JobRemoved ends it. In case that was lost (a reconnection), the unit is read now and then: two
 * readings without a job are an end too, as the signal would have come before the second. */
static void systemd_step_run_job(struct systemd_step *step)
{
	const char *result = systemd_jobs_find(&step->context->jobs, step->job);

	if (result != NULL) {
		systemd_step_set(step->result, sizeof(step->result), result);
		systemd_unit_cancel(&step->unit);
		systemd_step_enter(step, SYSTEMD_STATE, 0);
	} else if (systemd_step_read(step)) {
		step->jobless =
			step->unit.error == 0 && step->unit.job == 0 ? step->jobless + 1 : 0;
		if (step->jobless >= 2)
			systemd_step_enter(step, SYSTEMD_STATE, 0);
		else
			systemd_step_read_again(step, SYSTEMD_STEP_JOB_AGAIN_MS);
	}
}

/* What became of the step while the connection was away? */
static void systemd_step_run_looking(struct systemd_step *step)
{
	if (!systemd_step_read(step))
		return;
	if (step->unit.error != 0) {
		systemd_step_answer(step, step->unit.error, step->unit.wrong);
	} else if (step->unit.job != 0) {
		systemd_step_set(step->job, sizeof(step->job), step->unit.text[SYSTEMD_UNIT_JOB]);
		systemd_step_enter(step, SYSTEMD_JOB, SYSTEMD_STEP_JOB_AGAIN_MS);
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

	if (step->context->bus.ready) {
		if (step->verb == SYSTEMD_CAP || step->verb == SYSTEMD_UNCAP)
			systemd_cap_begin(step);
		else if (step->called)
			systemd_step_enter(step, SYSTEMD_LOOKING, 0);
		else
			systemd_step_call(step);
	} else if (clock_mono() >= step->read_at) {
		BUFFER_OVER(&out, text);
		systemd_context_explain(step->context, &out);
		systemd_step_answer(step, -ENOTCONN, text);
	}
}

static void systemd_step_run_readying(struct systemd_step *step)
{
	if (step->call != NULL)
		return;
	if (step->error != 0)
		systemd_step_answer(step, step->error, step->wrong);
	else
		systemd_step_call(step);
}

static void systemd_step_run_calling(struct systemd_step *step)
{
	if (step->call != NULL)
		return;
	if (step->error != 0)
		systemd_step_answer(step, step->error, step->wrong);
	else
		systemd_step_enter(step, SYSTEMD_JOB, SYSTEMD_STEP_JOB_AGAIN_MS);
}

/* Each phase's turn, until one waits: the next may have what it needs already. */
void systemd_step_run(struct systemd_step *step)
{
	static void (*const run[])(struct systemd_step *) = {
		[SYSTEMD_WAITING] = systemd_step_run_waiting,
		[SYSTEMD_LOOKING] = systemd_step_run_looking,
		[SYSTEMD_READYING] = systemd_step_run_readying,
		[SYSTEMD_CALLING] = systemd_step_run_calling,
		[SYSTEMD_JOB] = systemd_step_run_job,
		[SYSTEMD_STATE] = systemd_step_run_state,
		[SYSTEMD_CAP_READY] = systemd_cap_run_ready,
		[SYSTEMD_CAP_CALL] = systemd_cap_run_call,
		[SYSTEMD_CAP_READ] = systemd_cap_run_read,
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

int systemd_step_begin(struct systemd_step *step, struct systemd_context *context,
		       const struct plugin_request *request)
{
	size_t verb = 0;

	while (verb < SYSTEMD_VERBS && strcmp(systemd_step_verbs[verb].name, request->verb) != 0)
		verb++;
	if (verb == SYSTEMD_VERBS || request->target[0] == '\0')
		return -EINVAL;
	memset(step, 0, sizeof(*step));
	step->context = context;
	step->id = request->id;
	step->verb = (enum systemd_verb)verb;
	step->reset = request->reset && verb == SYSTEMD_START;
	step->bytes = request->bytes;
	step->cgroup_id = request->cgroup_id;
	step->began = clock_mono();
	step->limit_ms = request->timeout_ms;
	if (step->limit_ms == 0)
		step->limit_ms = SYSTEMD_STEP_LIMIT_MS;
	systemd_step_set(step->name, sizeof(step->name), request->target);
	systemd_step_enter(step, SYSTEMD_WAITING, SYSTEMD_STEP_CONNECT_MS);
	return 0;
}

void systemd_step_lose(struct systemd_step *step)
{
	systemd_step_cancel(step);
	if (step->phase != SYSTEMD_FREE && step->phase != SYSTEMD_WAITING)
		systemd_step_enter(step, SYSTEMD_WAITING, SYSTEMD_STEP_CONNECT_MS);
}

void systemd_step_prepare(const struct systemd_step *step, int *timeout_ms)
{
	if (step->phase == SYSTEMD_FREE)
		return;
	systemd_bus_lower(timeout_ms, step->began + step->limit_ms);
	if (step->phase != SYSTEMD_READYING && step->phase != SYSTEMD_CALLING && step->phase < SYSTEMD_CAP_READY &&
	    !step->read_wanted)
		systemd_bus_lower(timeout_ms, step->read_at);
}

int systemd_step_prepare_child(const struct systemd_step *step, struct pollfd *fds, int max, int *timeout_ms)
{
	return step->phase != SYSTEMD_FREE ? reclaim_child_prepare(&step->child, fds, max, timeout_ms) : 0;
}
