#include "systemd_purpose.h"

#include <string.h>

#include "base/buffer.h"

static void systemd_purpose_copy(char *to, size_t size, const char *text)
{
	struct buffer out;

	buffer_init(&out, to, size);
	buffer_add(&out, text);
}

static void systemd_past_take(struct systemd_past *past, const struct systemd_props *props)
{
	past->known = props->active[0] != '\0';
	past->up = systemd_props_is_up(props);
	past->down = systemd_props_is_down(props);
	past->waits = strncmp(props->sub, "auto-restart", strlen("auto-restart")) == 0;
	past->condition_us = props->condition_us;
	systemd_purpose_copy(past->invocation, sizeof(past->invocation), props->invocation);
}

static bool systemd_past_is_other_run(const struct systemd_past *past, const char *invocation)
{
	return past->invocation[0] != '\0' && invocation[0] != '\0' &&
	       strcmp(past->invocation, invocation) != 0;
}

static void systemd_purpose_stop(struct systemd_purpose *purpose, const char *invocation)
{
	purpose->stopped = true;
	systemd_purpose_copy(purpose->stop_invocation, sizeof(purpose->stop_invocation), invocation);
}

/* What a job was whose type was not to be had: see the header. */
static void systemd_purpose_judge(struct systemd_purpose *purpose)
{
	struct systemd_purpose_job *job = &purpose->job;
	const struct systemd_past *before = &job->before, *after = &job->after;

	if (job->stop || job->restart || !job->seen || strcmp(job->result, "done") != 0)
		return;
	if (before->up && systemd_past_is_other_run(before, after->invocation)) {
		job->restart = true;
	} else if (!job->typed && before->known && after->down &&
		   before->condition_us == after->condition_us &&
		   (after->invocation[0] == '\0' || strcmp(before->invocation, after->invocation) == 0)) {
		job->stop = true;
		systemd_purpose_stop(purpose, after->invocation);
	}
}

/* A start that fails without a new invocation never began. Result says "start-limit-hit" only where the
 * unit had not failed before, which in a loop of crashes it has (systemd 252, service_enter_dead). */
static bool systemd_purpose_is_refused(const struct systemd_purpose_job *job)
{
	return !job->stop && job->before.known && job->after.down &&
	       strcmp(job->result, "failed") == 0 &&
	       strcmp(job->before.invocation, job->after.invocation) == 0;
}

static void systemd_purpose_finish(struct systemd_purpose *purpose)
{
	struct systemd_purpose_job *job = &purpose->job;

	systemd_purpose_judge(purpose);
	if (job->stop && job->before.down && job->after.down && strcmp(job->result, "done") == 0) {
		purpose->stopped_down_until = clock_mono() + SYSTEMD_RESTARTED_MS;
		purpose->stopped_down_job = job->number;
	}
	purpose->limited = purpose->limited || systemd_purpose_is_refused(job);
	/* The stop was called off before it did anything. */
	if (job->stop && job->after.up && strcmp(job->result, "canceled") == 0)
		purpose->stopped = false;
	if (job->restart)
		purpose->restarted_until = clock_mono() + SYSTEMD_RESTARTED_MS;
	memset(job, 0, sizeof(*job));
}

static void systemd_purpose_begin(struct systemd_purpose *purpose, uint32_t number,
				  const struct systemd_props *now)
{
	struct systemd_purpose_job *job = &purpose->job;

	if (number == 0 || number == job->number)
		return;
	if (job->number != 0)
		systemd_purpose_finish(purpose);
	*job = (struct systemd_purpose_job){.number = number, .wants_type = true};
	systemd_past_take(&job->before, now);
	systemd_past_take(&job->after, now);
}

void systemd_purpose_announce(struct systemd_purpose *purpose, uint32_t number,
			      const struct systemd_props *now)
{
	/* One that does nothing may be beside the one that stands in the unit's property. */
	if (purpose->job.number == 0 || !purpose->job.seen)
		systemd_purpose_begin(purpose, number, now);
}

/* A start ends what a stop was for. */
static void systemd_purpose_note_start(struct systemd_purpose *purpose,
				       const struct systemd_props *before,
				       const struct systemd_props *now)
{
	bool rises = systemd_props_is_down(before) &&
		     (systemd_props_is_up(now) || strcmp(now->active, "activating") == 0);
	bool other = now->invocation[0] != '\0' &&
		     strcmp(now->invocation, purpose->stop_invocation) != 0;

	if (purpose->stopped && (rises || other))
		purpose->stopped = false;
}

void systemd_purpose_note(struct systemd_purpose *purpose, const struct systemd_props *before,
			  const struct systemd_props *now)
{
	struct systemd_purpose_job *job = &purpose->job;

	systemd_purpose_note_start(purpose, before, now);
	if (strcmp(now->active, "failed") != 0)
		purpose->limited = false; /* also by systemctl reset-failed */
	systemd_purpose_begin(purpose, now->job, before);
	if (job->number == 0 || job->removed)
		return;
	job->seen = job->seen || now->job == job->number;
	systemd_past_take(&job->after, now);
	/* A restart may be merged into a start or reload that is under way, and keeps its number. */
	if (job->typed && !job->stop && !job->restart && systemd_props_is_up(before) &&
	    !systemd_props_is_up(now))
		job->wants_type = true;
}

void systemd_purpose_take_type(struct systemd_purpose *purpose, const char *type,
			       const struct systemd_props *now)
{
	struct systemd_purpose_job *job = &purpose->job;

	if (job->number == 0)
		return;
	if (type != NULL) {
		job->typed = true;
		if (strcmp(type, "stop") == 0) {
			job->stop = true;
			systemd_purpose_stop(purpose, now->invocation);
		} else if (strcmp(type, "restart") == 0 || strcmp(type, "try-restart") == 0) {
			job->restart = !job->before.down && !job->before.waits;
		} else if (strcmp(type, "start") == 0 && job->before.up &&
			   (!systemd_props_is_up(now) ||
			    systemd_past_is_other_run(&job->before, now->invocation))) {
			job->restart = true; /* its stop is over, systemd calls the rest a start */
		}
	}
	if (job->removed)
		systemd_purpose_finish(purpose);
}

bool systemd_purpose_end(struct systemd_purpose *purpose, uint32_t number, const char *result,
			 const struct systemd_props *now)
{
	struct systemd_purpose_job *job = &purpose->job;

	if (number == 0 || number != job->number || job->removed)
		return false;
	systemd_past_take(&job->after, now);
	systemd_purpose_copy(job->result, sizeof(job->result), result);
	job->removed = true;
	return true;
}

void systemd_purpose_lose(struct systemd_purpose *purpose)
{
	if (purpose->job.restart)
		purpose->restarted_until = clock_mono() + SYSTEMD_RESTARTED_MS;
	memset(&purpose->job, 0, sizeof(purpose->job));
}

void systemd_purpose_catch_up(struct systemd_purpose *purpose, const struct systemd_props *now)
{
	if (!purpose->stopped && purpose->job.number == 0 && systemd_props_was_stopped(now))
		systemd_purpose_stop(purpose, now->invocation);
}

bool systemd_purpose_is_stop_of_down(const struct systemd_purpose *purpose, mono_ms now)
{
	return now < purpose->stopped_down_until;
}

bool systemd_purpose_is_restart(const struct systemd_purpose *purpose, mono_ms now)
{
	return purpose->job.restart || now < purpose->restarted_until;
}
