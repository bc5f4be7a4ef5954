/* A worker from inside: a process for what may hang, as main starts it for each role.
 *
 *     wd-worker ROLE PLUGIN_DIR [--verbose] [--root PREFIX]
 *
 * with the descriptors of share/message.h: 3 the link to main, 4 the ledger, 6 the link to the
 * sentinel, 7 the config. It carries out ledger entries by its plugins, and tells what they see of the
 * watched units. What is asked stands in the ledger, the links carry numbers; so it may be killed at any
 * instant and started again. Nothing that a peer or a plugin sends ends it: it ends on SIGTERM, when
 * what is under way is answered, and when main is gone. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/plugin.h"
#include "share/request.h"
#include "start/children.h"
#include "start/memory.h"
#include "start/plugin_load.h"
#include "start/worker_alerts.h"
#include "start/worker_answers.h"
#include "start/worker_lines.h"
#include "start/worker_requests.h"
#include "start/worker_role.h"
#include "start/worker_units.h"

enum {
	WORKER_ROWS_OURS = 3 + WORKER_ALERTS_ROWS,
	WORKER_ROWS_MAX = WORKER_ROWS_OURS + 256, /* of poll: 48 of exec, a transfer's sockets, few of the others */
	WORKER_READ_MAX = 64,       /* messages of one turn */
	WORKER_FINISH_MS = 3000,    /* main waits 5 s for all of us */
};

static struct worker {
	const struct worker_role *role;
	const char *plugin_dir, *root;
	bool verbose;
	int main_link, signals;
	bool main_is_gone;
	mono_ms finish_by; /* 0: not asked to end */
	const struct plugin *plugin[WORKER_PLUGINS_MAX];
	struct worker_requests requests;
	struct worker_units units;
	struct worker_lines lines;
	struct worker_alerts alerts;
	const struct config *first; /* that it was started with, mapped for good; NULL: none */
	bool tried[WORKER_PLUGINS_MAX]; /* to load the plugin of that row of the role */
	bool begins_anew; /* its config wants a plugin that it does not have: main starts it again */
	const struct plugin *matcher; /* of lines; NULL: none */
} worker;

/* --- what plugins get --- */

static void worker_answer(uint64_t id, int result, const char *text)
{
	worker_requests_answer(&worker.requests, id, result, text);
}

static int worker_begin(uint64_t id)
{
	return worker_requests_begin(&worker.requests, id);
}

static void worker_log(int level, const char *text)
{
	diag_event(level <= LOG_CRIT      ? SEVERITY_CRITICAL
		   : level <= LOG_WARNING ? SEVERITY_WARNING
		   : level <= LOG_INFO    ? SEVERITY_INFO
					  : SEVERITY_DEBUG,
		   NULL, NULL, "%s", text);
}

static void worker_unit(uint64_t unit, unsigned bits, int32_t pid, const char *text)
{
	worker_units_tell(&worker.units, unit, bits, pid, text);
}

static void worker_alive(uint64_t unit, int result, const char *text)
{
	worker_units_tell_alive(&worker.units, unit, result, text);
}

static void worker_line(uint64_t unit, const char *line, size_t len)
{
	worker_lines_add(&worker.lines, worker.matcher, unit, line, len);
}

static void worker_sent(uint64_t delivery, enum plugin_sent result, uint32_t again_ms, const char *text)
{
	worker_alerts_sent(&worker.alerts, delivery, result, again_ms, text);
}

static void worker_talk(uint64_t delivery, const char *line)
{
	if (worker.alerts.deliver != NULL)
		deliver_talk(worker.alerts.deliver, delivery, line);
}

static const struct state *worker_state(void)
{
	return worker_alerts_state(&worker.alerts);
}

static int worker_channel(size_t i, struct plugin_standing *standing)
{
	return worker.alerts.deliver != NULL && deliver_standing(worker.alerts.deliver, i, standing);
}

static void worker_kept(uint64_t id, int result, const char *text)
{
	worker_alerts_kept(&worker.alerts, id, result, text);
}

static int worker_deliver(unsigned deliverer, const struct delivery *delivery)
{
	return worker_alerts_deliver(&worker.alerts, deliverer, delivery);
}

static const struct plugin_host worker_host = {
	.answer = worker_answer,
	.begin = worker_begin,
	.log = worker_log,
	.unit = worker_unit,
	.alive = worker_alive,
	.line = worker_line,
	.sent = worker_sent,
	.talk = worker_talk,
	.state = worker_state,
	.channel = worker_channel,
	.kept = worker_kept,
	.deliver = worker_deliver,
};

/* --- the config, and looks --- */

/* Does it want a plugin that could not be loaded any more, now that all is given up? */
static bool worker_lacks_plugin(const struct config *config)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX && worker.role->plugin[i].name != NULL; i++)
		if (worker.role->plugin[i].is_wanted != NULL && worker.role->plugin[i].is_wanted(config) &&
		    !worker.tried[i])
			return true;
	return false;
}

/* Does it name other directories to write in than the first one did, to which it is confined? */
static bool worker_lacks_directory(const struct config *config)
{
	const struct config *first = worker.first;

	return first != NULL && worker.role->confined && !worker.role->network &&
	       (strcmp(config_string(first, first->state), config_string(config, config->state)) != 0 ||
		strcmp(config_string(first, first->prometheus.textfile),
		       config_string(config, config->prometheus.textfile)) != 0);
}

/* fd: stays the caller's. */
static void worker_take_config(int fd)
{
	int taken = worker_units_take(&worker.units, fd);

	if (taken > 0)
		taken = worker_lines_watch(&worker.lines, worker.units.unit, worker.units.count);
	if (worker_alerts_take_config(&worker.alerts, fd))
		worker.begins_anew = worker_lacks_plugin(worker.alerts.config) ||
				     worker_lacks_directory(worker.alerts.config);
	if (taken < 0)
		diag_warning("%s cannot take the config: %s; it goes on without", worker.role->process,
			     diag_errno(taken));
}

/* A person's word about the spool. */
static void worker_on_command(const struct message *asked)
{
	struct message answer;
	char text[sizeof(answer.text)];
	int result = worker_alerts_command(&worker.alerts, asked->text, text, sizeof(text));

	message_make(&answer, MESSAGE_SPOOLED, asked->id, result, text);
	if (message_send(worker.main_link, &answer, -1) < 0)
		diag_warning("cannot answer what was asked of the spool");
}

/* main sends configs, files, and what people ask; what else can be read is its end. */
static void worker_on_main(void)
{
	struct message message;
	int fd, got;

	while ((got = message_receive(worker.main_link, &message, &fd)) > 0 || got == -EPROTO) {
		if (got == -EPROTO)
			continue;
		if (message.type == MESSAGE_CONFIG && fd >= 0)
			worker_take_config(fd);
		else if (message.type == MESSAGE_VAULT && fd >= 0)
			worker_alerts_take_vault(&worker.alerts, fd);
		else if (message.type == MESSAGE_SPOOL)
			worker_on_command(&message);
		(void)file_close(fd);
	}
	if (got != -EAGAIN)
		worker.main_is_gone = true;
}

/* The config that names the unit was sent before the sentinel could ask; but it may have come after this
 * turn's poll. */
static void worker_on_look(uint64_t id)
{
	if (!worker_units_has(&worker.units, id))
		worker_on_main();
	if (worker_units_has(&worker.units, id))
		worker_units_look(&worker.units, id);
	else
		worker_answers_add(&worker.requests.answers, worker.requests.link, MESSAGE_UNIT, id,
				   UNIT_NO_ANSWER | UNIT_LOOKED, "it is not watched");
}

/* An alert is delivered or kept, whatever else is to end; all else is carried out. */
static void worker_on_ask(uint64_t id)
{
	const struct ledger_entry *found = ledger_find(worker.requests.ledger, id);
	struct ledger_entry entry;

	if (found == NULL || found->kind != LEDGER_ALERT) {
		worker_requests_ask(&worker.requests, id, worker.finish_by != 0);
		return;
	}
	request_copy_entry(&entry, found);
	worker_alerts_ask(&worker.alerts, &entry);
}

/* --- the loop --- */

static void worker_on_message(const struct message *message)
{
	if (message->type == MESSAGE_ASK)
		worker_on_ask(message->id);
	else if (message->type == MESSAGE_ACK)
		worker_alerts_ack(&worker.alerts, message->id);
	else if (message->type == MESSAGE_REFUSED)
		worker_alerts_refused(&worker.alerts, message->text);
	else if (message->type == MESSAGE_LOOK)
		worker_on_look(message->id);
	else if (message->type == MESSAGE_READ)
		worker_lines_ask(&worker.lines, message->id, clock_mono());
	else
		diag_warning("the sentinel sent \"%s\", which is not for a worker; passed over",
			     message_name(message->type));
}

static void worker_on_link(void)
{
	struct message message;

	/* Who does not read answers is not listened to: so no answer is ever pushed out by others.
	 */
	for (int i = 0; i < WORKER_READ_MAX && !worker_answers_wait(&worker.requests.answers); i++) {
		int n = message_receive(worker.requests.link, &message, NULL);

		if (n == -EAGAIN)
			return;
		if (n == -EPROTO) {
			diag_warning("the sentinel sent what is no message; passed over");
		} else if (n == 1) {
			worker_on_message(&message);
		} else {
			/* main keeps the far end, so this comes with main's end, or never. */
			diag_warning("cannot hear the sentinel: %s",
				     n == 0 ? "its link is closed" : diag_errno(n));
			worker.requests.link = file_close(worker.requests.link);
			return;
		}
	}
}

static void worker_on_signal(void)
{
	struct signalfd_siginfo info;

	if (read(worker.signals, &info, sizeof(info)) == (ssize_t)sizeof(info) &&
	    worker.finish_by == 0)
		worker.finish_by = clock_mono() + WORKER_FINISH_MS;
}

static bool worker_is_done(void)
{
	return worker.main_is_gone || worker.begins_anew ||
	       (worker.finish_by != 0 && (worker_requests_idle(&worker.requests) || clock_mono() >= worker.finish_by));
}

/* What is due to be told, as far as the sentinel's end takes it. In how many ms there is more, or it is
 * time to end; -1: neither is known. */
static int worker_tell(void)
{
	mono_ms now = clock_mono();
	int wait_ms = worker_lines_send(&worker.lines, worker.requests.link, now);
	int alerts_ms = worker_alerts_turn(&worker.alerts);
	int finish_ms = worker.finish_by > now ? (int)(worker.finish_by - now) : 0;

	worker_units_send(&worker.units, worker.requests.link);
	if (alerts_ms >= 0 && (wait_ms < 0 || alerts_ms < wait_ms))
		wait_ms = alerts_ms;
	if (worker.finish_by != 0 && (wait_ms < 0 || finish_ms < wait_ms))
		wait_ms = finish_ms;
	return wait_ms;
}

static short worker_link_events(void)
{
	if (worker_answers_wait(&worker.requests.answers))
		return POLLOUT;
	return worker.units.waits || worker.lines.full ? POLLIN | POLLOUT : POLLIN;
}

static void worker_dispatch(const struct pollfd *fds, const int *rows)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		if (worker.plugin[i] != NULL)
			worker.plugin[i]->dispatch(fds, rows[i]);
		fds += rows[i];
	}
}

static void worker_turn(void)
{
	int rows[WORKER_PLUGINS_MAX] = {0}, used = WORKER_ROWS_OURS, timeout_ms = worker_tell();
	struct pollfd fds[WORKER_ROWS_MAX] = {
		{.fd = worker.main_link, .events = POLLIN},
		{.fd = worker.signals, .events = POLLIN},
		{.fd = worker.requests.link, .events = worker_link_events()},
	};

	worker_alerts_prepare(&worker.alerts, fds + 3);
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		if (worker.plugin[i] != NULL)
			rows[i] = worker.plugin[i]->prepare(fds + used, WORKER_ROWS_MAX - used,
							    &timeout_ms);
		used += rows[i];
	}
	if (worker_lines_idle(&worker.lines, timeout_ms != 0, clock_mono()) && !worker.lines.full)
		timeout_ms = 0;
	if (poll(fds, (nfds_t)used, timeout_ms) < 0)
		return; /* EINTR, or ENOMEM for an instant */
	if (fds[0].revents != 0)
		worker_on_main();
	if (fds[1].revents != 0)
		worker_on_signal();
	if (fds[2].revents & POLLOUT)
		worker_answers_send(&worker.requests.answers, worker.requests.link);
	if (fds[2].revents & ~POLLOUT)
		worker_on_link();
	worker_alerts_dispatch(&worker.alerts, fds + 3);
	worker_dispatch(fds + WORKER_ROWS_OURS, rows);
}

/* --- start, downwards --- */

static void worker_usage(const char *why)
{
	(void)fprintf(
		stderr,
		"wd-worker: %s\n"
		"usage: wd-worker ROLE PLUGIN_DIR [--verbose] [--root PREFIX]; watchdogd starts it\n",
		why);
	exit(2);
}

/* What is kept is copied: worker_take_name writes over the arguments. */
static char *worker_copy(const char *argument)
{
	char *copy = strdup(argument);

	if (copy == NULL)
		worker_usage("no memory");
	return copy;
}

static void worker_read_arguments(int argc, char **argv)
{
	if (argc < 3)
		worker_usage("too few arguments");
	worker.role = worker_role_find(argv[1]);
	if (worker.role == NULL)
		worker_usage("no such role");
	worker.plugin_dir = worker_copy(argv[2]);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0)
			worker.verbose = true;
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			worker.root = worker_copy(argv[++i]);
		else
			worker_usage("no such option");
	}
	root_set(worker.root != NULL ? worker.root : "");
}

/* In ps: comm, and the arguments, which lie one behind the other, overwritten by the name. */
static void worker_take_name(int argc, char **argv)
{
	size_t room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
	struct buffer name;

	(void)prctl(PR_SET_NAME, worker.role->process);
	memset(argv[0], 0, room);
	buffer_init(&name, argv[0], room + 1);
	buffer_add(&name, worker.role->process);
}

static void worker_take_descriptors(void)
{
	static const int given[] = {MESSAGE_FD_MAIN, MESSAGE_FD_LEDGER, MESSAGE_FD_ACTOR,
				   MESSAGE_FD_CONFIG};

	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		if (fcntl(given[i], F_SETFD, FD_CLOEXEC) < 0)
			worker_usage("it was started without its descriptors");
	worker.main_link = MESSAGE_FD_MAIN;
	worker.requests.link = MESSAGE_FD_ACTOR;
	worker.requests.ledger = ledger_map(MESSAGE_FD_LEDGER);
	if (worker.requests.ledger == NULL) {
		diag_critical("cannot map the ledger: %s", diag_errno(errno));
		exit(1);
	}
}

/* Ctrl-C and the end of a terminal reach every process of the group: only main answers them. */
static void worker_take_signals(void)
{
	sigset_t ends;

	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGCHLD, SIG_DFL); /* ignored, children would not wait to be reaped */
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	(void)sigprocmask(SIG_SETMASK, &ends, NULL);
	worker.signals = signalfd(-1, &ends, SFD_CLOEXEC | SFD_NONBLOCK);
}

static void worker_open_plugin(size_t i, const char *name)
{
	const struct plugin *plugin;
	char text[TEXT_BYTES];
	struct buffer wrong;
	int error;

	BUFFER_OVER(&wrong, text);
	plugin = plugin_load(worker.plugin_dir, name, &wrong);
	if (plugin == NULL) {
		diag_warning("cannot load plugin %s: %s; what needs it is told as not done", name,
			     text);
		return;
	}
	error = plugin->open(&worker_host);
	if (error == 0 && plugin->match != NULL && worker.matcher == NULL)
		worker.matcher = plugin;
	if (error == 0)
		worker.plugin[i] = plugin;
	else if (error == -ENODEV)
		diag_debug("plugin %s: this host has nothing of its kind", name);
	else
		diag_warning("cannot open plugin %s: %s; what needs it is told as not done", name,
			     diag_errno(error));
}

static void worker_open_plugins(void)
{
	const struct config *config = worker.first = config_map(MESSAGE_FD_CONFIG);

	for (size_t i = 0; i < WORKER_PLUGINS_MAX && worker.role->plugin[i].name != NULL; i++) {
		const struct worker_plugin *row = &worker.role->plugin[i];

		if (row->is_wanted != NULL && (config == NULL || !row->is_wanted(config)))
			continue;
		worker.tried[i] = true;
		if (!row->acts_on_host || !root_is_fake())
			worker_open_plugin(i, row->name);
	}
}

/* The first config and what main has read for it; later ones come from main. */
static void worker_take_units(void)
{
	worker.requests.plugin = worker.plugin;
	worker_units_init(&worker.units, worker.plugin);
	worker_alerts_init(&worker.alerts, worker.plugin, &worker.requests.answers, worker.requests.link);
	worker_alerts_take_vault(&worker.alerts, MESSAGE_FD_VAULT);
	if (worker_alerts_open(&worker.alerts) < 0)
		diag_critical("%s has no memory for alerts", worker.role->process);
	worker_take_config(MESSAGE_FD_CONFIG);
	(void)close(MESSAGE_FD_CONFIG);
}

static void worker_warm(void)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (worker.plugin[i] != NULL && worker.plugin[i]->warm != NULL)
			worker.plugin[i]->warm();
}

int main(int argc, char **argv)
{
	worker_read_arguments(argc, argv);
	worker_take_name(argc, argv);
	diag_open(worker.verbose);
	worker_take_descriptors();
	worker_take_signals();
	(void)mallopt(M_ARENA_MAX, 1);
	worker_open_plugins();
	worker_take_units();
	memory_trim();
	worker_warm();
	if (worker_role_begin(worker.role, worker.alerts.config) < 0)
		return 1;
	diag_debug("%s is ready", worker.role->process);
	while (!worker_is_done())
		worker_turn();
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (worker.plugin[i] != NULL)
			worker.plugin[i]->close();
	return worker.begins_anew ? CHILD_AGAIN : 0;
}
