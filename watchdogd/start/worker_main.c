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
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "share/ledger.h"
#include "share/message.h"
#include "share/request.h"
#include "start/children.h"
#include "start/memory.h"
#include "start/worker_host.h"
#include "start/worker_role.h"

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
	bool begins_anew;  /* its config wants what it lacks: main starts it again */
} worker;

/* --- the config, and looks --- */

/* fd: stays the caller's. */
static void worker_take_config(int fd)
{
	int units = worker_units_take(&worker_host.units, fd);
	int alerts = worker_alerts_take_config(&worker_host.alerts, fd);

	if (units > 0)
		units = worker_lines_watch(&worker_host.lines, worker_host.units.unit, worker_host.units.count);
	if (alerts > 0)
		worker.begins_anew = worker_plugins_lack(&worker_host.plugins, worker_host.alerts.config);
	if (units < 0 || alerts < 0)
		diag_warning("%s cannot take the config: %s; it goes on without", worker.role->process,
			     diag_errno(units < 0 ? units : alerts));
}

/* A person's word about the spool. */
static void worker_on_command(const struct message *asked)
{
	struct message answer;
	char text[sizeof(answer.text)];
	int result = worker_alerts_command(&worker_host.alerts, asked->text, text, sizeof(text));

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
			(void)worker_alerts_take_vault(&worker_host.alerts, fd);
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
	if (!worker_units_has(&worker_host.units, id))
		worker_on_main();
	if (worker_units_has(&worker_host.units, id))
		worker_units_look(&worker_host.units, id);
	else
		worker_answers_add(&worker_host.requests.answers, worker_host.requests.link, MESSAGE_UNIT, id,
				   UNIT_NO_ANSWER | UNIT_LOOKED, "it is not watched");
}

/* An alert is delivered or kept, whatever else is to end; all else is carried out. */
static void worker_on_ask(uint64_t id)
{
	const struct ledger_entry *found = ledger_find(worker_host.requests.ledger, id);
	struct ledger_entry entry;

	if (found != NULL && found->kind == LEDGER_ALERT && request_copy_entry(&entry, found, id)) {
		worker_alerts_ask(&worker_host.alerts, &entry);
		return;
	}
	worker_requests_ask(&worker_host.requests, id, worker.finish_by != 0);
	if (ledger_find(worker_host.requests.ledger, id) == NULL)
		worker_alerts_missed(&worker_host.alerts);
}

/* --- the loop --- */

static void worker_on_message(const struct message *message)
{
	if (message->type == MESSAGE_ASK)
		worker_on_ask(message->id);
	else if (message->type == MESSAGE_ACK)
		worker_alerts_ack(&worker_host.alerts, message->id);
	else if (message->type == MESSAGE_REFUSED)
		worker_alerts_refused(&worker_host.alerts, message->text);
	else if (message->type == MESSAGE_LOOK)
		worker_on_look(message->id);
	else if (message->type == MESSAGE_READ)
		worker_lines_ask(&worker_host.lines, message->id, clock_mono());
	else if (message->type == MESSAGE_KEEP)
		worker_lasting_changed(&worker_host.lasting);
	else
		diag_warning("the sentinel sent \"%s\", which is not for a worker; passed over",
			     message_name(message->type));
}

static void worker_on_link(void)
{
	struct message message;

	/* Who does not read answers is not listened to: so no answer is ever pushed out by others.
	 */
	for (int i = 0; i < WORKER_READ_MAX && !worker_answers_wait(&worker_host.requests.answers); i++) {
		int n = message_receive(worker_host.requests.link, &message, NULL);

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
			worker_host.requests.link = file_close(worker_host.requests.link);
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
	       (worker.finish_by != 0 && (worker_requests_idle(&worker_host.requests) || clock_mono() >= worker.finish_by));
}

/* The sooner of two waits; -1: none. */
static int worker_sooner(int a_ms, int b_ms)
{
	return a_ms < 0 || (b_ms >= 0 && b_ms < a_ms) ? b_ms : a_ms;
}

/* What is due to be told, as far as the sentinel's end takes it. In how many ms there is more, or it is
 * time to end; -1: neither is known. */
static int worker_tell(void)
{
	mono_ms now = clock_mono();
	int link = worker_host.requests.link;
	int wait_ms = worker_lines_send(&worker_host.lines, link, now);
	int finish_ms = worker.finish_by > now ? (int)(worker.finish_by - now) : 0;

	worker_units_send(&worker_host.units, link);
	wait_ms = worker_sooner(wait_ms, worker_alerts_turn(&worker_host.alerts));
	wait_ms = worker_sooner(wait_ms,
				worker_lasting_turn(&worker_host.lasting, link, worker_host.alerts.config, now));
	return worker_sooner(wait_ms, worker.finish_by != 0 ? finish_ms : -1);
}

static short worker_link_events(void)
{
	if (worker_answers_wait(&worker_host.requests.answers))
		return POLLOUT;
	return worker_host.units.waits || worker_host.lines.full ? POLLIN | POLLOUT : POLLIN;
}

static void worker_turn(void)
{
	int rows[WORKER_PLUGINS_MAX], used = WORKER_ROWS_OURS, timeout_ms = worker_tell();
	struct pollfd fds[WORKER_ROWS_MAX] = {
		{.fd = worker.main_link, .events = POLLIN},
		{.fd = worker.signals, .events = POLLIN},
		{.fd = worker_host.requests.link, .events = worker_link_events()},
	};

	worker_alerts_prepare(&worker_host.alerts, fds + 3);
	used += worker_plugins_prepare(&worker_host.plugins, fds + used, WORKER_ROWS_MAX - used, rows, &timeout_ms);
	if (worker_lines_idle(&worker_host.lines, timeout_ms != 0, clock_mono()) && !worker_host.lines.full)
		timeout_ms = 0;
	if (poll(fds, (nfds_t)used, timeout_ms) < 0)
		return; /* EINTR, or ENOMEM for an instant */
	if (fds[0].revents != 0)
		worker_on_main();
	if (fds[1].revents != 0)
		worker_on_signal();
	if (fds[2].revents & POLLOUT)
		worker_answers_send(&worker_host.requests.answers, worker_host.requests.link);
	if (fds[2].revents & ~POLLOUT)
		worker_on_link();
	worker_alerts_dispatch(&worker_host.alerts, fds + 3);
	worker_plugins_dispatch(&worker_host.plugins, fds + WORKER_ROWS_OURS, rows);
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
	worker_host.requests.link = MESSAGE_FD_ACTOR;
	worker_host.requests.ledger = ledger_map(MESSAGE_FD_LEDGER);
	if (worker_host.requests.ledger == NULL) {
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

/* The first config and what main has read for it; later ones come from main. Without a place for alerts it ends, and
 * is started again: what has none would let go of all that it is asked for. */
static void worker_take_first(void)
{
	const struct plugin *const *plugin = worker_host.plugins.plugin;
	int error;

	worker_host.requests.plugin = plugin;
	worker_units_init(&worker_host.units, plugin);
	worker_alerts_init(&worker_host.alerts, &worker_host.requests);
	if (worker_alerts_take_vault(&worker_host.alerts, MESSAGE_FD_VAULT))
		(void)close(MESSAGE_FD_VAULT); /* where there is none its number may be a plugin's */
	error = worker_alerts_open(&worker_host.alerts);
	worker_lasting_init(&worker_host.lasting, worker_host.requests.ledger, worker_host.alerts.spool);
	if (error == 0)
		worker_take_config(MESSAGE_FD_CONFIG);
	(void)close(MESSAGE_FD_CONFIG);
	if (worker_host.alerts.config != NULL)
		return;
	diag_critical("%s cannot begin%s%s", worker.role->process, error < 0 ? ": " : "", error < 0 ? diag_errno(error) : "");
	exit(1);
}

int main(int argc, char **argv)
{
	worker_read_arguments(argc, argv);
	worker_take_name(argc, argv);
	diag_open(worker.verbose);
	worker_take_descriptors();
	worker_take_signals();
	(void)mallopt(M_ARENA_MAX, 1);
	worker_plugins_open(&worker_host.plugins, worker.role, worker.plugin_dir, MESSAGE_FD_CONFIG, &worker_host_offers);
	worker_take_first();
	memory_trim();
	worker_plugins_warm(&worker_host.plugins);
	if (worker_role_begin(worker.role, worker_host.alerts.config) < 0)
		return 1;
	diag_debug("%s is ready", worker.role->process);
	while (!worker_is_done())
		worker_turn();
	worker_alerts_close(&worker_host.alerts);
	worker_lasting_close(&worker_host.lasting, worker_host.alerts.config);
	worker_plugins_close(&worker_host.plugins);
	return worker.begins_anew ? CHILD_AGAIN : 0;
}
