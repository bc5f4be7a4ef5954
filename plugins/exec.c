/* exec: runs a command of the config: the verb `run`, the channel of that name, a unit's `start` and `stop`, and its
 * `alive` checks (exec_check.c). No shell; the event is on its standard input as JSON and in its environment as
 * WATCHDOGD_*; it has a time limit; the first and the last line that it printed are told.
 *
 * A command that was asked for (a step) is begun at most once, over crashes too: host->begin is asked between the
 * last thing that can be refused and the start. One of a channel (`send`) is an attempt to deliver, made at least once:
 * until it exits with 0 it is run again, with the same id, also after a crash in which it may have done its
 * work; who must not do it twice keeps the ids. It leads a session and process group of its own; at its limit
 * the group gets SIGTERM, 2 s later SIGKILL. What it leaves behind on an end in time is left alone:
 * a daemon that it started may live, and may keep the pipe open; we close our end when the command
 * itself has ended. What a `start` leaves is the unit, in its own cgroup or scope (exec_place.c). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/spawn.h"
#include "base/user.h"
#include "share/plugin.h"
#include "words/command.h"
#include "words/verb.h"
#include "exec_check.h"
#include "exec_command.h"
#include "exec_input.h"
#include "exec_place.h"

/* A unit that has a cgroup of its own to be started in. */
struct exec_unit {
	char name[NAME_BYTES];
	char cgroup[PATH_BYTES];
};

static struct {
	const struct plugin_host *host;
	uid_t user_uid;
	gid_t user_gid;
	struct exec_unit *unit; /* on the heap */
	size_t units;
} exec_state;

static const char *exec_cgroup_of(const char *unit)
{
	for (size_t i = 0; i < exec_state.units; i++)
		if (strcmp(exec_state.unit[i].name, unit) == 0)
			return exec_state.unit[i].cgroup;
	return "";
}

/* A unit's start: where what it leaves behind belongs. */
static void exec_start_unit(const struct exec_order *order, const char *unit, const struct spawn *spawn,
			    struct command *words)
{
	struct spawn inside = *spawn;
	const char *cgroup = exec_cgroup_of(unit);
	struct exec_place place;
	char why[PATH_BYTES + 16];
	struct buffer text;
	int error;

	BUFFER_OVER(&text, why);
	error = exec_place_open(&place, cgroup, unit, words, &text);
	inside.argv = place.argv;
	inside.cgroup = place.cgroup;
	inside.cgroups = place.cgroups;
	if (error < 0)
		exec_command_refuse(order, error, text.text);
	else
		exec_command_start(order, &inside);
	exec_place_close(&place);
}

/* The words of the command, and there is a place for it; false: refused. */
static bool exec_take(const struct exec_order *order, struct command *words, const char *text)
{
	if (command_parse(words, text) < 0)
		exec_command_refuse(order, -EINVAL, words->wrong);
	else if (!exec_command_has_room())
		exec_command_refuse(order, -EAGAIN, "16 commands are running already");
	else
		return true;
	return false;
}

static int exec_open_nothing(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

static void exec_ask(const struct plugin_request *request)
{
	bool starts = strcmp(request->verb, verb_words[VERB_START].name) == 0;
	bool stops = strcmp(request->verb, verb_words[VERB_STOP].name) == 0;
	struct exec_order order = {.id = request->id, .timeout_ms = request->timeout_ms};
	struct command words;
	struct exec_environment env;
	struct spawn spawn = {
		.argv = words.argv,
		.environment = env.row,
		/* An ordinary user has no privileges to drop, but still gets no new ones. */
		.drops = request->as_nobody,
		.uid = geteuid() == 0 ? exec_state.user_uid : geteuid(),
		.gid = geteuid() == 0 ? exec_state.user_gid : getegid(),
	};

	if (!exec_take(&order, &words, request->target))
		return;
	exec_input_environment(&env, request);
	order.input = starts || stops ? exec_open_nothing() : exec_input_event(request);
	if (starts)
		exec_start_unit(&order, request->unit, &spawn, &words);
	else
		exec_command_start(&order, &spawn);
	(void)file_close(order.input);
}

static void exec_send(uint64_t delivery, const struct plugin_channel *channel, const struct plugin_message *message)
{
	struct exec_order order = {.id = delivery, .sends = true, .timeout_ms = channel->timeout_ms};
	struct command words;
	struct exec_environment env;
	struct spawn spawn = {
		.argv = words.argv,
		.environment = env.row,
		.drops = true,
		.uid = geteuid() == 0 ? exec_state.user_uid : geteuid(),
		.gid = geteuid() == 0 ? exec_state.user_gid : getegid(),
	};

	if (!exec_take(&order, &words, channel->command))
		return;
	exec_input_message_environment(&env, message);
	order.input = exec_input_message(message);
	exec_command_start(&order, &spawn);
	(void)file_close(order.input);
}

static int exec_open(const struct plugin_host *host)
{
	memset(&exec_state, 0, sizeof(exec_state));
	exec_state.host = host;
	exec_command_open(host);
	if (!user_find("watchdogd", &exec_state.user_uid, &exec_state.user_gid) && geteuid() == 0)
		host->log(LOG_INFO, "there is no user watchdogd: nobody runs the commands of channels");
	exec_check_open(&(struct exec_check_with){host, exec_state.user_uid, exec_state.user_gid});
	return 0;
}

static int exec_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	int rows = exec_command_prepare(fds, max, timeout_ms);

	return rows + exec_check_prepare(fds + rows, max - rows, timeout_ms, exec_command_is_busy());
}

static void exec_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
	exec_command_dispatch();
	exec_check_dispatch(exec_command_is_busy());
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

static void exec_close(void)
{
	exec_command_close();
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
	.send = exec_send,
	.cancel = exec_command_cancel,
};
