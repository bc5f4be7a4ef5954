/* exec: runs a command of the config: the verb `run`, the channel of that name, a unit's `start` and `stop`, and its
 * `alive` checks (exec_check.c). No shell; the event is on its standard input as JSON and in its environment as
 * WATCHDOGD_*; it has a time limit; the first and the last line that it printed are told.
 *
 * A command is begun at most once, over crashes too: host->begin is asked between the last thing
 * that can be refused and the start. It leads a session and process group of its own; at its limit
 * the group gets SIGTERM, 2 s later SIGKILL. What it leaves behind on an end in time is left alone:
 * a daemon that it started may live, and may keep the pipe open; we close our end when the command
 * itself has ended. What a `start` leaves is the unit, in its own cgroup or scope (exec_place.c). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
#include "words/command.h"
#include "words/verb.h"
#include "exec_check.h"
#include "exec_input.h"
#include "exec_output.h"
#include "exec_place.h"
#include "exec_run.h"

enum {
	EXEC_COMMANDS_MAX = 16, /* at once; a rule that fires for each unit must not be a fork bomb */
	EXEC_BUSY = 8,          /* so many run: no check is begun beside them */
	EXEC_LIMIT_MS = 30000,  /* when the request names none */
	EXEC_TERM_MS = 2000,    /* from SIGTERM to SIGKILL, and from there until we stop waiting */
};

enum exec_phase { EXEC_FREE, EXEC_RUNNING, EXEC_TERMINATED, EXEC_KILLED, EXEC_ABANDONED };

struct exec_command {
	enum exec_phase phase;
	uint64_t id;
	mono_ms next; /* when the phase has lasted long enough */
	uint32_t limit_ms;
	struct exec_run run;
};

/* A unit that has a cgroup of its own to be started in. */
struct exec_unit {
	char name[NAME_BYTES];
	char cgroup[PATH_BYTES];
};

static struct {
	const struct plugin_host *host;
	uid_t user_uid;
	gid_t user_gid;
	struct exec_command command[EXEC_COMMANDS_MAX];
	struct exec_unit *unit; /* on the heap */
	size_t units;
} exec_state;

static void exec_answer(struct exec_command *command, int result, const char *what)
{
	char answer[TEXT_BYTES], span[32];
	struct buffer text;

	BUFFER_OVER(&text, answer);
	buffer_addf(&text, "%s after %s", what, clock_format_span(clock_mono() - command->run.began, span));
	if (result == -ETIMEDOUT)
		buffer_addf(&text, ", over its limit of %s",
			    clock_format_span(command->limit_ms, span));
	exec_output_tell(&text, &command->run.said);
	exec_state.host->answer(command->id, result, text.text);
}

/* In words, only of a status that was reaped. */
static void exec_answer_end(struct exec_command *command, const siginfo_t *end)
{
	bool good = end->si_code == CLD_EXITED && end->si_status == 0;
	char what[64];
	struct buffer text;

	BUFFER_OVER(&text, what);
	exec_run_tell_end(&text, end);
	exec_answer(command, command->phase != EXEC_RUNNING ? -ETIMEDOUT : good ? 0 : -EIO, what);
}

/* Reap it if it has ended. */
static void exec_look_for_end(struct exec_command *command)
{
	siginfo_t end;

	if (!exec_run_has_ended(&command->run, &end))
		return;
	if (command->phase != EXEC_RUNNING)
		exec_run_kill(&command->run, SIGKILL); /* who of the group has survived SIGTERM */
	exec_run_reap(&command->run);
	if (command->phase != EXEC_ABANDONED)
		exec_answer_end(command, &end);
	exec_run_close(&command->run);
	command->phase = EXEC_FREE;
}

static void exec_step(struct exec_command *command)
{
	mono_ms now = clock_mono();

	if (now < command->next || command->phase == EXEC_ABANDONED)
		return;
	command->next = now + EXEC_TERM_MS;
	if (command->phase == EXEC_RUNNING) {
		command->phase = EXEC_TERMINATED;
		exec_run_kill(&command->run, SIGTERM);
	} else if (command->phase == EXEC_TERMINATED) {
		command->phase = EXEC_KILLED;
		exec_run_kill(&command->run, SIGKILL);
	} else {
		/* In an uninterruptible wait (state D): the place stays taken until it ends. */
		command->phase = EXEC_ABANDONED;
		exec_answer(command, -ETIMEDOUT, "did not end even by SIGKILL");
	}
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
static void exec_start(struct exec_command *command, const struct plugin_request *request, struct spawn *spawn)
{
	char what[LINE_BYTES + 64];
	struct buffer text;
	int error;

	if (exec_state.host->begin(request->id) != 0) {
		exec_state.host->answer(
			request->id, -EALREADY,
			"begun before the actor was restarted; not known whether it ran");
		return;
	}
	error = exec_run_start(&command->run, spawn);
	if (error < 0) {
		BUFFER_OVER(&text, what);
		buffer_addf(&text, "%s%s", spawn->argv[0], spawn->cgroups > 0 ? ", in its unit's cgroup" : "");
		exec_refuse(request, error, text.text);
		return;
	}
	command->phase = EXEC_RUNNING;
	command->id = request->id;
	command->limit_ms = request->timeout_ms > 0 ? request->timeout_ms : EXEC_LIMIT_MS;
	command->next = command->run.began + command->limit_ms;
}

/* Its input and the pipe of its output. */
static void exec_start_with_files(struct exec_command *command, const struct plugin_request *request,
				  struct spawn *spawn, bool event)
{
	int error = exec_run_open(&command->run);

	if (error < 0) {
		exec_refuse(request, error, "no pipe for its output");
		return;
	}
	spawn->input = event ? exec_input_event(request) : open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (spawn->input < 0)
		exec_refuse(request, event ? spawn->input : -errno, "no file for its input");
	else
		exec_start(command, request, spawn);
	(void)file_close(spawn->input);
	if (command->phase == EXEC_FREE)
		exec_run_close(&command->run);
}

static const char *exec_cgroup_of(const char *unit)
{
	for (size_t i = 0; i < exec_state.units; i++)
		if (strcmp(exec_state.unit[i].name, unit) == 0)
			return exec_state.unit[i].cgroup;
	return "";
}

/* A unit's start: where what it leaves behind belongs. */
static void exec_start_unit(struct exec_command *command, const struct plugin_request *request,
			    const struct spawn *spawn, struct command *words)
{
	struct spawn inside = *spawn;
	const char *cgroup = exec_cgroup_of(request->unit);
	struct exec_place place;
	char why[PATH_BYTES + 16];
	struct buffer text;
	int error;

	BUFFER_OVER(&text, why);
	error = exec_place_open(&place, cgroup, request->unit, words, &text);
	inside.argv = place.argv;
	inside.cgroup = place.cgroup;
	inside.cgroups = place.cgroups;
	if (error < 0)
		exec_refuse(request, error, text.text);
	else
		exec_start_with_files(command, request, &inside, false);
	exec_place_close(&place);
}

static void exec_ask(const struct plugin_request *request)
{
	bool starts = strcmp(request->verb, verb_words[VERB_START].name) == 0;
	bool stops = strcmp(request->verb, verb_words[VERB_STOP].name) == 0;
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
		return;
	}
	if (command == NULL) {
		exec_refuse(request, -EAGAIN, "16 commands are running already");
		return;
	}
	exec_input_environment(&env, request);
	if (starts)
		exec_start_unit(command, request, &spawn, &words);
	else
		exec_start_with_files(command, request, &spawn, !stops);
}

static int exec_open(const struct plugin_host *host)
{
	memset(&exec_state, 0, sizeof(exec_state));
	exec_state.host = host;
	if (!user_find("watchdogd", &exec_state.user_uid, &exec_state.user_gid) && geteuid() == 0)
		host->log(LOG_INFO, "there is no user watchdogd: nobody runs the commands of channels");
	exec_check_open(&(struct exec_check_with){host, exec_state.user_uid, exec_state.user_gid});
	return 0;
}

static bool exec_is_busy(void)
{
	int running = 0;

	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++)
		running += exec_state.command[i].phase != EXEC_FREE;
	return running >= EXEC_BUSY;
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
		rows += exec_run_prepare(&c->run, fds + rows, max - rows);
		if (c->phase == EXEC_ABANDONED)
			continue;
		left = c->next > now ? (int)(c->next - now) : 0;
		if (*timeout_ms < 0 || left < *timeout_ms)
			*timeout_ms = left;
	}
	return rows + exec_check_prepare(fds + rows, max - rows, timeout_ms, exec_is_busy());
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
		exec_run_read(&c->run);
		exec_look_for_end(c);
		if (c->phase != EXEC_FREE)
			exec_step(c);
	}
	exec_check_dispatch(exec_is_busy());
}

static void exec_watch(const struct plugin_unit *units, size_t count)
{
	struct exec_unit *rows = calloc(count + 1, sizeof(*rows));
	size_t n = 0;

	exec_check_watch(units, count);
	if (rows == NULL) {
		exec_state.host->log(LOG_WARNING, "no memory for the units of the new config: those of the old one stay");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (units[i].cgroup[0] == '\0')
			continue;
		(void)snprintf(rows[n].name, sizeof(rows[n].name), "%s", units[i].name);
		(void)snprintf(rows[n].cgroup, sizeof(rows[n].cgroup), "%s", units[i].cgroup);
		n++;
	}
	free(exec_state.unit);
	exec_state.unit = rows;
	exec_state.units = n;
}

/* Nobody is left to hold them to their time. */
static void exec_close(void)
{
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		struct exec_command *c = &exec_state.command[i];

		if (c->phase == EXEC_FREE)
			continue;
		exec_run_kill(&c->run, SIGKILL);
		if (c->phase != EXEC_ABANDONED)
			exec_answer(c, -ECANCELED, "was killed as watchdogd ends");
		exec_run_close(&c->run);
		c->phase = EXEC_FREE;
	}
	exec_check_close();
	free(exec_state.unit);
	exec_state.unit = NULL;
	exec_state.units = 0;
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "exec",
	.open = exec_open,
	.ask = exec_ask,
	.prepare = exec_prepare,
	.dispatch = exec_dispatch,
	.close = exec_close,
	.watch = exec_watch,
};
