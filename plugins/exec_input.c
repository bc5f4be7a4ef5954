#include "exec_input.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "share/request.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3; wanted there where vm.memfd_noexec is 2 */
#endif

/* A message's text and title at their longest, each byte escaped to six, and the short ones. */
enum { EXEC_JSON_BYTES = 64 * 1024 };

/* What both have. */
struct exec_event {
	const char *id;
	uint64_t at_wall_ms;
	const char *severity, *rule, *unit, *event, *text;
};

static void exec_input_fill(struct exec_environment *env, const struct exec_event *event)
{
	char at[21];
	const char *const pair[EXEC_VARIABLES][2] = {
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"LANG", "C.UTF-8"},
		{"WATCHDOGD_ID", event->id},
		{"WATCHDOGD_TIME", at},
		{"WATCHDOGD_SEVERITY", event->severity},
		{"WATCHDOGD_RULE", event->rule},
		{"WATCHDOGD_UNIT", event->unit},
		{"WATCHDOGD_EVENT", event->event},
		{"WATCHDOGD_TEXT", event->text},
	};
	struct buffer text;

	clock_format(event->at_wall_ms, at);
	BUFFER_OVER(&text, env->text);
	for (size_t i = 0; i < EXEC_VARIABLES; i++) {
		env->row[i] = text.text + text.len;
		buffer_addf(&text, "%s=%.*s", pair[i][0], TEXT_BYTES, pair[i][1]);
		buffer_add_bytes(&text, "", 1); /* its NUL */
	}
	env->row[EXEC_VARIABLES] = NULL;
}

void exec_input_environment(struct exec_environment *env, const struct plugin_request *request)
{
	char id[24];

	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)request->id);
	exec_input_fill(env, &(struct exec_event){id, request->at_wall_ms, request->severity, request->rule,
						  request->unit, request->event, request->text});
}

void exec_input_message_environment(struct exec_environment *env, const struct plugin_message *message)
{
	exec_input_fill(env, &(struct exec_event){message->id, message->at_wall_ms, message->severity, message->rule,
						  message->unit, message->event, message->text});
}

static int exec_input_file(const struct buffer *text)
{
	int fd;

	if (text->cut)
		return -EMSGSIZE;
	fd = memfd_create("event", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("event", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* pwrite: the position, which the command shares, stays at the start. */
	if (pwrite(fd, text->text, text->len, 0) != (ssize_t)text->len) {
		(void)file_close(fd);
		return -ENOSPC;
	}
	return fd;
}

static char exec_input_json[EXEC_JSON_BYTES];

int exec_input_event(const struct plugin_request *request)
{
	struct buffer text;

	BUFFER_OVER(&text, exec_input_json);
	request_format_json(&text, request);
	return exec_input_file(&text);
}

int exec_input_message(const struct plugin_message *message)
{
	struct buffer text;

	BUFFER_OVER(&text, exec_input_json);
	request_format_message(&text, message);
	return exec_input_file(&text);
}
