#include "exec_command.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "exec_output.h"
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
	uint64_t id;    /* of the request, or of the delivery where it sends */
	bool sends;
	bool cancelled; /* nobody waits for its end any more */
	mono_ms next;   /* when the phase has lasted long enough */
	uint32_t limit_ms;
	struct exec_run run;
};

static struct {
	const struct plugin_host *host;
	struct exec_command command[EXEC_COMMANDS_MAX];
} commands;

void exec_command_open(const struct plugin_host *host)
{
	memset(&commands, 0, sizeof(commands));
	commands.host = host;
}

/* The one way back. */
static void exec_tell(uint64_t id, bool sends, int result, const char *text)
{
	if (sends)
		commands.host->sent(id, result == 0 ? PLUGIN_TAKEN : PLUGIN_LATER, 0, text);
	else
		commands.host->answer(id, result, text);
}

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
	if (!command->cancelled)
		exec_tell(command->id, command->sends, result, text.text);
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
		if (commands.command[i].phase == EXEC_FREE)
			return &commands.command[i];
	return NULL;
}

void exec_command_refuse(const struct exec_order *order, int error, const char *what)
{
	char answer[TEXT_BYTES];
	struct buffer text;

	BUFFER_OVER(&text, answer);
	buffer_addf(&text, "not run: %s", what);
	if (error != -EINVAL && error != -EAGAIN)
		buffer_addf(&text, ": %s", diag_errno(error));
	exec_tell(order->id, order->sends, error, text.text);
}

/* From here on it counts as run. */
static void exec_start(struct exec_command *command, const struct exec_order *order, struct spawn *spawn)
{
	char what[LINE_BYTES + 64];
	struct buffer text;
	int error;

	if (!order->sends && commands.host->begin(order->id) != 0) {
		exec_tell(order->id, false, -EALREADY,
			  "begun before the actor was restarted; not known whether it ran");
		return;
	}
	error = exec_run_start(&command->run, spawn);
	if (error < 0) {
		BUFFER_OVER(&text, what);
		buffer_addf(&text, "%s%s", spawn->argv[0], spawn->cgroups > 0 ? ", in its unit's cgroup" : "");
		exec_command_refuse(order, error, text.text);
		return;
	}
	command->phase = EXEC_RUNNING;
	command->id = order->id;
	command->sends = order->sends;
	command->cancelled = false;
	command->limit_ms = order->timeout_ms > 0 ? order->timeout_ms : EXEC_LIMIT_MS;
	command->next = command->run.began + command->limit_ms;
}

/* With the pipe of its output. */
void exec_command_start(const struct exec_order *order, struct spawn *spawn)
{
	struct exec_command *command = exec_find_free();
	int error;

	if (command == NULL) {
		exec_command_refuse(order, -EAGAIN, "there is no room");
		return;
	}
	error = exec_run_open(&command->run);

	if (error < 0) {
		exec_command_refuse(order, error, "no pipe for its output");
		return;
	}
	spawn->input = order->input;
	if (order->input < 0)
		exec_command_refuse(order, order->input, "no file for its input");
	else
		exec_start(command, order, spawn);
	if (command->phase == EXEC_FREE)
		exec_run_close(&command->run);
}

bool exec_command_has_room(void)
{
	return exec_find_free() != NULL;
}

/* With all that it has started; its place stays taken until it has ended. */
void exec_command_cancel(uint64_t delivery)
{
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		struct exec_command *c = &commands.command[i];

		if (c->phase == EXEC_FREE || c->phase == EXEC_ABANDONED || !c->sends || c->id != delivery)
			continue;
		c->cancelled = true;
		c->phase = EXEC_KILLED;
		c->next = clock_mono() + EXEC_TERM_MS;
		exec_run_kill(&c->run, SIGKILL);
	}
}

bool exec_command_is_busy(void)
{
	int running = 0;

	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++)
		running += commands.command[i].phase != EXEC_FREE;
	return running >= EXEC_BUSY;
}

int exec_command_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	int rows = 0;

	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		const struct exec_command *c = &commands.command[i];
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
	return rows;
}

/* All that run are looked at: there are few, and nothing here waits. */
void exec_command_dispatch(void)
{
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		struct exec_command *c = &commands.command[i];

		if (c->phase == EXEC_FREE)
			continue;
		exec_run_read(&c->run);
		exec_look_for_end(c);
		if (c->phase != EXEC_FREE)
			exec_step(c);
	}
}

void exec_command_close(void)
{
	for (size_t i = 0; i < EXEC_COMMANDS_MAX; i++) {
		struct exec_command *c = &commands.command[i];

		if (c->phase == EXEC_FREE)
			continue;
		exec_run_kill(&c->run, SIGKILL);
		if (c->phase != EXEC_ABANDONED)
			exec_answer(c, -ECANCELED, "was killed as watchdogd ends");
		exec_run_close(&c->run);
		c->phase = EXEC_FREE;
	}
}
