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

enum { EXEC_JSON_BYTES = 16 * 1024 }; /* all texts at their longest, each byte escaped to six */

void exec_input_environment(struct exec_environment *env, const struct plugin_request *request)
{
	char id[24], at[21];
	const char *const pair[EXEC_VARIABLES][2] = {
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"LANG", "C.UTF-8"},
		{"WATCHDOGD_ID", id},
		{"WATCHDOGD_TIME", at},
		{"WATCHDOGD_SEVERITY", request->severity},
		{"WATCHDOGD_RULE", request->rule},
		{"WATCHDOGD_UNIT", request->unit},
		{"WATCHDOGD_EVENT", request->event},
		{"WATCHDOGD_TEXT", request->text},
	};
	struct buffer text;

	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)request->id);
	clock_format(request->at_wall_ms, at);
	BUFFER_OVER(&text, env->text);
	for (size_t i = 0; i < EXEC_VARIABLES; i++) {
		env->row[i] = text.text + text.len;
		buffer_addf(&text, "%s=%.*s", pair[i][0], TEXT_BYTES, pair[i][1]);
		buffer_add_bytes(&text, "", 1); /* its NUL */
	}
	env->row[EXEC_VARIABLES] = NULL;
}

int exec_input_event(const struct plugin_request *request)
{
	static char json[EXEC_JSON_BYTES];
	struct buffer text;
	int fd;

	BUFFER_OVER(&text, json);
	request_format_json(&text, request);
	if (text.cut)
		return -EMSGSIZE;
	fd = memfd_create("event", MFD_CLOEXEC | MFD_NOEXEC_SEAL);
	if (fd < 0 && errno == EINVAL)
		fd = memfd_create("event", MFD_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* pwrite: the position, which the command shares, stays at the start. */
	if (pwrite(fd, text.text, text.len, 0) != (ssize_t)text.len) {
		(void)file_close(fd);
		return -ENOSPC;
	}
	return fd;
}
