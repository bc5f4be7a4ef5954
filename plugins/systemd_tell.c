#include "systemd_tell.h"

#include <errno.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "share/message.h"

static bool systemd_tell_is_at_it(const struct systemd_watch *watch)
{
	static const char *const states[] = {"activating", "deactivating", "reloading", "refreshing"};

	for (size_t i = 0; i < ARRAY_LEN(states); i++)
		if (strcmp(watch->props.active, states[i]) == 0)
			return true;
	/* The one that is over counts until its type is known, or a stop would look like a death. */
	return watch->props.job != 0 || (watch->purpose.job.number != 0 && watch->purpose.job.seen);
}

/* What is down was told to stop, and not by us: a failed unit is stopped too before it is started anew. */
static bool systemd_tell_is_stop_of_down(const struct systemd_watch *watch)
{
	return systemd_purpose_is_stop_of_down(&watch->purpose, clock_mono()) &&
	       (watch->context == NULL || !systemd_jobs_is_own(&watch->context->jobs, watch->purpose.stopped_down_job));
}

unsigned systemd_tell_bits(const struct systemd_watch *watch)
{
	const struct systemd_props *props = &watch->props;

	if (watch->error != 0)
		return watch->error == -ENOENT ? UNIT_NONE_SUCH : UNIT_NO_ANSWER;
	return (systemd_props_is_up(props) ? UNIT_ACTIVE : 0u) |
	       (strcmp(props->active, "failed") == 0 ? UNIT_FAILED : 0u) |
	       (systemd_tell_is_at_it(watch) ? UNIT_AT_IT : 0u) |
	       (watch->purpose.stopped ? UNIT_STOP_JOB : 0u) |
	       (strcmp(props->load, "not-found") == 0 ? UNIT_NONE_SUCH : 0u) |
	       (watch->purpose.limited || strcmp(props->result, "start-limit-hit") == 0 ? UNIT_START_LIMIT
											: 0u) |
	       (systemd_purpose_is_restart(&watch->purpose, clock_mono()) ? UNIT_RESTART_JOB : 0u) |
	       (systemd_tell_is_stop_of_down(watch) ? UNIT_STOP_DOWN : 0u);
}

/* "failed (failed), result oom-kill, job 7 open; stop job seen". */
static void systemd_tell_say(const struct systemd_watch *watch, unsigned bits, struct buffer *out)
{
	const struct systemd_props *props = &watch->props;
	char span[32];

	if (watch->error != 0) {
		buffer_add(out, watch->wrong);
		return;
	}
	if (bits & UNIT_NONE_SUCH)
		buffer_add(out, "systemd has no such unit; ");
	else if (strcmp(props->load, "loaded") != 0)
		buffer_addf(out, "%s; ", props->load);
	buffer_addf(out, "%s (%s)", props->active, props->sub);
	if (props->result[0] != '\0' && strcmp(props->result, "success") != 0)
		buffer_addf(out, ", result %s", props->result);
	if (strncmp(props->sub, "auto-restart", 12) == 0 && props->restart_us < UINT64_MAX)
		buffer_addf(out, ", auto-restart in %s", clock_format_span(props->restart_us / 1000, span));
	if (props->job != 0)
		buffer_addf(out, ", job %u open", props->job);
	if (watch->purpose.limited)
		buffer_add(out, "; its start limit is reached");
	if (bits & UNIT_RESTART_JOB)
		buffer_add(out, "; restart job seen");
	if (bits & UNIT_STOP_JOB)
		buffer_add(out, "; stop job seen");
}

void systemd_tell(struct systemd_watch *watch, unsigned bits)
{
	const struct plugin_host *host = watch->host;
	unsigned looked = watch->look_by != 0 ? UNIT_LOOKED : 0u;
	int32_t pid = bits & UNIT_NO_ANSWER ? 0 : (int32_t)watch->props.pid;
	char text[TEXT_BYTES];
	struct buffer out;

	if (!looked && watch->told && bits == watch->told_bits && (pid == watch->told_pid || watch->half))
		return;
	BUFFER_OVER(&out, text);
	if (watch->context == NULL)
		buffer_addf(&out, "the systemd of user %s cannot be asked", watch->user);
	else if ((bits & UNIT_NO_ANSWER) && watch->error == 0)
		systemd_context_explain(watch->context, &out);
	else
		systemd_tell_say(watch, bits, &out);
	watch->told = true;
	watch->told_bits = bits;
	watch->told_pid = pid;
	watch->look_by = 0;
	host->unit(watch->id, bits | looked, pid, text);
}
