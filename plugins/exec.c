/* exec: runs a command of the config: the verb `run`, and the channel of that name. No shell; the
 * event is JSON on its standard input and WATCHDOGD_* in its environment; it has a time limit; the
 * first and the last line that it printed are told.
 *
 * A command is begun at most once, over crashes too: host->begin is asked between the last thing
 * that can be refused and the start. It leads a session and process group of its own; at its limit
 * the group gets SIGTERM, 2 s later SIGKILL. What it leaves behind on an end in time is left alone:
 * a daemon that it started may live, and may keep the pipe open; we close our end when the command
 * itself has ended. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/user.h"
#include "share/plugin.h"
#include "share/request.h"
#include "words/command.h"
#include "words/verb.h"
#include "exec_output.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U /* Linux 6.3; wanted there where vm.memfd_noexec is 2 */
#endif
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
	EXEC_COMMANDS_MAX =
		16, /* at once; a rule that fires for each unit must not be a fork bomb */
	EXEC_LIMIT_MS = 30000, /* when the request names none */
	EXEC_TERM_MS = 2000,   /* from SIGTERM to SIGKILL, and from there until we stop waiting */
	EXEC_READ_MAX = 64 * 1024,   /* of one command's output before the others get their turn */
	EXEC_JSON_BYTES = 16 * 1024, /* all texts at their longest, each byte escaped to six */
	EXEC_VARIABLES = 9,
};

enum exec_phase { EXEC_FREE, EXEC_RUNNING, EXEC_TERMINATED, EXEC_KILLED, EXEC_ABANDONED };

struct exec_command {
	enum exec_phase phase;
	uint64_t id;
	pid_t pid;
	int pidfd;
	int output;          /* our end of the pipe; -1: closed */
	mono_ms began, next; /* next: when the phase has lasted long enough */
	uint32_t limit_ms;
	struct exec_output said;
};

struct exec_environment {
	char text[EXEC_VARIABLES * (TEXT_BYTES + 32)];
	char *row[EXEC_VARIABLES + 1];
};

static struct {
	const struct plugin_host *host;
	uid_t user_uid;
	gid_t user_gid;
	struct exec_command command[EXEC_COMMANDS_MAX];
} exec_state;

/* Read what is there, without waiting; at its end the pipe is closed. */
static void exec_read(struct exec_command *command)
{
	char bytes[4096];
	ssize_t n = 1;

	for (size_t all = 0; command->output >= 0 && all < EXEC_READ_MAX; all += (size_t)n) {
		n = read(command->output, bytes, sizeof(bytes));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			command->output = file_close(command->output);
		else
			exec_output_keep(&command->said, bytes, (size_t)n);
		if (n <= 0)
			return;
	}
}

/* --- how it ended --- */

static void exec_answer(struct exec_command *command, int result, const char *what)
{
	char answer[TEXT_BYTES], span[32];
	struct buffer text;

	BUFFER_OVER(&text, answer);
	buffer_addf(&text, "%s after %s", what,
		    clock_format_span(clock_mono() - command->began, span));
	if (result == -ETIMEDOUT)
		buffer_addf(&text, ", over its limit of %s",
			    clock_format_span(command->limit_ms, span));
	exec_output_tell(&text, &command->said);
	exec_state.host->answer(command->id, result, text.text);
}

static void exec_free(struct exec_command *command)
{
	command->output = file_close(command->output);
	command->pidfd = file_close(command->pidfd);
	command->phase = EXEC_FREE;
}

/* In words, only of a status that was reaped. */
static void exec_answer_end(struct exec_command *command, const siginfo_t *end)
{
	bool late = command->phase != EXEC_RUNNING;
	char what[64];
	struct buffer text;

	BUFFER_OVER(&text, what);
	if (end->si_code == CLD_EXITED)
		buffer_addf(&text, "exited with status %d", end->si_status);
	else
		buffer_addf(&text, "was terminated by SIG%s%s", verb_signal_name(end->si_status),
			    end->si_code == CLD_DUMPED ? " (core dumped)" : "");
	if (late)
		exec_answer(command, -ETIMEDOUT, what);
	else
		exec_answer(command, end->si_code == CLD_EXITED && end->si_status == 0 ? 0 : -EIO,
			    what);
}

static void exec_kill(const struct exec_command *command, int signal)
{
	/* As long as the leader is not reaped, its number is nobody else's. */
	(void)kill(-command->pid, signal);
	(void)pidfd_send_signal(command->pidfd, signal, NULL,
				0); /* it may lead another group by now */
}

/* Reap it if it has ended. */
static void exec_look_for_end(struct exec_command *command)
{
	siginfo_t end = {0};

	if (waitid(P_PIDFD, (id_t)command->pidfd, &end, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    end.si_pid == 0)
		return;
	if (command->phase != EXEC_RUNNING)
		exec_kill(command, SIGKILL); /* who of the group has survived SIGTERM */
	(void)waitid(P_PIDFD, (id_t)command->pidfd, &end, WEXITED | WNOHANG);
	exec_read(command);
	if (command->phase != EXEC_ABANDONED)
		exec_answer_end(command, &end);
	exec_free(command);
}

static void exec_step(struct exec_command *command)
{
	mono_ms now = clock_mono();

	if (now < command->next || command->phase == EXEC_ABANDONED)
		return;
	command->next = now + EXEC_TERM_MS;
	if (command->phase == EXEC_RUNNING) {
		command->phase = EXEC_TERMINATED;
		exec_kill(command, SIGTERM);
	} else if (command->phase == EXEC_TERMINATED) {
		command->phase = EXEC_KILLED;
		exec_kill(command, SIGKILL);
	} else {
		/* In an uninterruptible wait (state D): the place stays taken until it ends. */
		command->phase = EXEC_ABANDONED;
		exec_answer(command, -ETIMEDOUT, "did not end even by SIGKILL");
	}
}

/* --- how it begins --- */

static void exec_set_environment(struct exec_environment *env, const struct plugin_request *request)
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

/* The event as a file in memory, read from its start: whoever does not read it holds nobody up. The
 * descriptor, the caller's, or -errno. */
static int exec_open_input(const struct plugin_request *request)
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

static struct exec_command *exec_find_free(void)
{
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++)
		if (exec_state.command[i].phase == EXEC_FREE)
			return &exec_state.command[i];
	return NULL;
}

static void exec_refuse(const struct plugin_request *request, int error, const char *what)
{
	char answer[TEXT_BYTES];
	struct buffer text;

	BUFFER_OVER(&text, answer);
	buffer_addf(&text, "not run: %s", what);
	if (error != -EINVAL && error != -EAGAIN)
		buffer_addf(&text, ": %s", diag_errno(error));
	exec_state.host->answer(request->id, error, text.text);
}

/* From here on it counts as run. */
static void exec_start(struct exec_command *command, const struct plugin_request *request,
		       struct spawn *spawn)
{
	mono_ms now = clock_mono();
	pid_t pid;

	if (exec_state.host->begin(request->id) != 0) {
		exec_state.host->answer(
			request->id, -EALREADY,
			"begun before the actor was restarted; not known whether it ran");
		return;
	}
	pid = spawn_start(spawn, &command->pidfd);
	if (pid < 0) {
		exec_refuse(request, pid, spawn->argv[0]);
		return;
	}
	command->phase = EXEC_RUNNING;
	command->id = request->id;
	command->pid = pid;
	command->began = now;
	command->limit_ms = request->timeout_ms > 0 ? request->timeout_ms : EXEC_LIMIT_MS;
	command->next = now + command->limit_ms;
}

/* Its input and the pipe of its output. */
static void exec_start_with_files(struct exec_command *command,
				  const struct plugin_request *request, struct spawn *spawn)
{
	int ends[2] = {-1, -1};

	memset(command, 0, sizeof(*command));
	command->pidfd = command->output = -1;
	spawn->input = exec_open_input(request);
	if (spawn->input < 0) {
		exec_refuse(request, spawn->input, "no file for its input");
		return;
	}
	if (pipe2(ends, O_CLOEXEC) < 0) {
		exec_refuse(request, -errno, "no pipe for its output");
	} else {
		/* Our end alone waits for nothing; the command's is an ordinary one. */
		(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
		command->output = ends[0];
		spawn->output = ends[1];
		exec_start(command, request, spawn);
		(void)file_close(ends[1]);
		if (command->phase == EXEC_FREE)
			exec_free(command);
	}
	(void)file_close(spawn->input);
}

static void exec_ask(const struct plugin_request *request)
{
	struct exec_command *command = exec_find_free();
	struct exec_environment env;
	struct command words;
	struct spawn spawn = {
		.argv = words.argv,
		.environment = env.row,
		/* An ordinary user has no privileges to drop, but still gets no new ones. */
		.drops = request->as_nobody,
		.uid = geteuid() == 0 ? exec_state.user_uid : geteuid(),
		.gid = geteuid() == 0 ? exec_state.user_gid : getegid(),
	};

	if (command_parse(&words, request->target) < 0) {
		exec_refuse(request, -EINVAL, words.wrong);
	} else if (command == NULL) {
		exec_refuse(request, -EAGAIN, "16 commands are running already");
	} else {
		exec_set_environment(&env, request);
		exec_start_with_files(command, request, &spawn);
	}
}

/* --- the plugin --- */

static int exec_open(const struct plugin_host *host)
{
	memset(&exec_state, 0, sizeof(exec_state));
	exec_state.host = host;
	if (!user_find_ours(&exec_state.user_uid, &exec_state.user_gid) && geteuid() == 0)
		host->log(LOG_INFO, "there is no user watchdogd: nobody runs the commands of channels");
	return 0;
}

static int exec_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	int rows = 0;

	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		const struct exec_command *c = &exec_state.command[i];
		int left;

		if (c->phase == EXEC_FREE)
			continue;
		if (rows < max)
			fds[rows++] = (struct pollfd){.fd = c->pidfd, .events = POLLIN};
		if (rows < max && c->output >= 0)
			fds[rows++] = (struct pollfd){.fd = c->output, .events = POLLIN};
		if (c->phase == EXEC_ABANDONED)
			continue;
		left = c->next > now ? (int)(c->next - now) : 0;
		if (*timeout_ms < 0 || left < *timeout_ms)
			*timeout_ms = left;
	}
	return rows;
}

/* All that run are looked at: there are few, and nothing here waits. */
static void exec_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		struct exec_command *c = &exec_state.command[i];

		if (c->phase == EXEC_FREE)
			continue;
		exec_read(c);
		exec_look_for_end(c);
		if (c->phase != EXEC_FREE)
			exec_step(c);
	}
}

/* Nobody is left to hold them to their time. */
static void exec_close(void)
{
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		struct exec_command *c = &exec_state.command[i];

		if (c->phase == EXEC_FREE)
			continue;
		exec_kill(c, SIGKILL);
		if (c->phase != EXEC_ABANDONED)
			exec_answer(c, -ECANCELED, "was killed as watchdogd ends");
		exec_free(c);
	}
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "exec",
	.open = exec_open,
	.ask = exec_ask,
	.prepare = exec_prepare,
	.dispatch = exec_dispatch,
	.close = exec_close,
};
