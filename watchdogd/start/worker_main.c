/* A worker from inside: a process for what may hang, as main starts it for each role.
 *
 *     wd-worker ROLE PLUGIN_DIR [--verbose] [--root PREFIX]
 *
 * with the descriptors of share/message.h: 3 the link to main, 4 the ledger, 6 the link to the
 * sentinel. It carries out ledger entries by its plugins. What is asked stands in the ledger, the
 * links carry numbers; so it may be killed at any instant and started again. Nothing that a peer or
 * a plugin sends ends it: it ends on SIGTERM, when what is under way is answered, and when main is
 * gone. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
#include "start/plugin_load.h"
#include "start/worker_answers.h"

enum {
	WORKER_PLUGINS_MAX = 8,
	WORKER_OPEN_MAX = 64, /* requests under way; beyond: -EAGAIN, the sentinel acts itself */
	WORKER_ROWS_MAX = 3 + 128,  /* of poll: 48 of exec, few of the others */
	WORKER_READ_MAX = 64,       /* messages of one turn */
	WORKER_FINISH_MS = 3000,    /* main waits 5 s for all of us */
	WORKER_STACK_BYTES = 65536, /* touched at start: four times what exec's way takes */
};

_Static_assert(WORKER_ANSWERS_MAX >= 2 * WORKER_OPEN_MAX, "an answer could be pushed out unsent");

/* Rows for messenger and scribe come with their plugins. */
static const struct worker_role {
	const char *name, *process;
	struct worker_plugin {
		const char *name;
		bool acts_on_host; /* not opened with a root prefix: the host is made up then */
	} plugin[WORKER_PLUGINS_MAX];
} worker_roles[] = {
	{.name = "actor", .process = "wd-actor", .plugin = {{"systemd", true}, {"exec", false}}},
};

static struct worker {
	const struct worker_role *role;
	const char *plugin_dir;
	bool verbose;
	struct ledger *ledger;
	int main_link, link, signals;
	bool main_is_gone;
	mono_ms finish_by; /* 0: not asked to end */
	const struct plugin *plugin[WORKER_PLUGINS_MAX];
	uint64_t open[WORKER_OPEN_MAX]; /* ids as the plugins know them; 0: free */
	struct worker_answers answers;
} worker;

/* --- what plugins get --- */

static uint64_t *worker_find_open(uint64_t id)
{
	for (size_t i = 0; i < WORKER_OPEN_MAX; i++)
		if (worker.open[i] == id)
			return &worker.open[i];
	return NULL;
}

static void worker_answer(uint64_t id, int result, const char *text)
{
	uint64_t *open = id != 0 ? worker_find_open(id) : NULL;

	if (open == NULL) {
		diag_warning("a plugin answers %llu, which is not asked", (unsigned long long)id);
		return;
	}
	*open = 0;
	worker_answers_add(&worker.answers, worker.link,
			   result == 0 ? MESSAGE_DONE : MESSAGE_FAILED, id, result, text);
}

/* The only write of a worker to the ledger. It lies in memory that outlives us, so whoever comes
 * after a kill between here and the start of the command sees it as begun. */
static int worker_begin(uint64_t id)
{
	struct ledger_entry *entry = ledger_find(worker.ledger, id);
	uint32_t free = 0;

	if (entry == NULL || !atomic_compare_exchange_strong(&entry->taken, &free, 1))
		return -EALREADY;
	return 0;
}

static void worker_log(int level, const char *text)
{
	diag_event(level <= LOG_CRIT      ? SEVERITY_CRITICAL
		   : level <= LOG_WARNING ? SEVERITY_WARNING
		   : level <= LOG_INFO    ? SEVERITY_INFO
					  : SEVERITY_DEBUG,
		   NULL, NULL, "%s", text);
}

static const struct plugin_host worker_host = {
	.answer = worker_answer,
	.begin = worker_begin,
	.log = worker_log,
};

/* --- requests --- */

static const struct plugin *worker_find_plugin(const char *name)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (worker.plugin[i] != NULL && strcmp(worker.plugin[i]->name, name) == 0)
			return worker.plugin[i];
	return NULL;
}

static void worker_refuse(const struct message *message, int error, const char *why)
{
	worker_answers_add(&worker.answers, worker.link, MESSAGE_FAILED, message->id, error, why);
}

static void worker_hand_on(const struct message *message, const struct ledger_entry *entry)
{
	const struct plugin *plugin = worker_find_plugin(entry->plugin);
	struct plugin_request request;
	uint64_t *open = worker_find_open(0);

	if (plugin == NULL) {
		worker_refuse(message, -ENODEV, "its plugin is not loaded here");
		return;
	}
	if (request_of_entry(&request, entry) < 0) {
		worker_refuse(message, -EINVAL, "its entry in the ledger is not understood");
		return;
	}
	if (open == NULL) {
		worker_refuse(message, -EAGAIN, "too many requests are under way");
		return;
	}
	*open = request.id;
	plugin->ask(&request);
}

static void worker_on_request(const struct message *message)
{
	const struct ledger_entry *found = ledger_find(worker.ledger, message->id);
	bool answered = false;
	struct ledger_entry entry;

	/* What is begun at most once is asked twice when its answer was lost with a sentinel. */
	if (found != NULL && found->taken)
		answered = worker_answers_repeat(&worker.answers, worker.link, message->id);
	if (message->id == 0 || found == NULL) {
		worker_refuse(message, -ENOENT, "no such entry in the ledger");
	} else if (worker_find_open(message->id) != NULL) {
		diag_debug("entry %llu is under way already", (unsigned long long)message->id);
	} else if (answered) {
		diag_debug("entry %llu was answered already", (unsigned long long)message->id);
	} else if (worker.finish_by != 0) {
		worker_refuse(message, -ECANCELED, "watchdogd ends");
	} else {
		request_copy_entry(&entry, found);
		worker_hand_on(message, &entry);
	}
}

/* --- the loop --- */

static void worker_on_link(void)
{
	struct message message;

	/* Who does not read answers is not listened to: so no answer is ever pushed out by others.
	 */
	for (int i = 0; i < WORKER_READ_MAX && !worker_answers_wait(&worker.answers); i++) {
		int n = message_receive(worker.link, &message, NULL);

		if (n == -EAGAIN)
			return;
		if (n == -EPROTO) {
			diag_warning("the sentinel sent what is no message; passed over");
		} else if (n == 1 && message.type == MESSAGE_ASK) {
			worker_on_request(&message);
		} else if (n == 1) {
			diag_warning(
				"the sentinel sent \"%s\", which is not for a worker; passed over",
				message_name(message.type));
		} else {
			/* main keeps the far end, so this comes with main's end, or never. */
			diag_warning("cannot hear the sentinel: %s",
				     n == 0 ? "its link is closed" : diag_errno(n));
			worker.link = file_close(worker.link);
			return;
		}
	}
}

/* main never speaks on this link: what can be read is its end. */
static void worker_on_main(void)
{
	char unread[64];
	ssize_t n = read(worker.main_link, unread, sizeof(unread));

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		worker.main_is_gone = true;
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
	bool idle = true;

	for (size_t i = 0; i < WORKER_OPEN_MAX; i++)
		idle = idle && worker.open[i] == 0;
	return worker.main_is_gone ||
	       (worker.finish_by != 0 && (idle || clock_mono() >= worker.finish_by));
}

static int worker_timeout(void)
{
	mono_ms now = clock_mono();

	if (worker.finish_by == 0)
		return -1;
	return worker.finish_by > now ? (int)(worker.finish_by - now) : 0;
}

static void worker_turn(void)
{
	struct pollfd fds[WORKER_ROWS_MAX] = {
		{.fd = worker.main_link, .events = POLLIN},
		{.fd = worker.signals, .events = POLLIN},
		{.fd = worker.link,
		 .events = worker_answers_wait(&worker.answers) ? POLLOUT : POLLIN},
	};
	int rows[WORKER_PLUGINS_MAX] = {0}, used = 3, timeout_ms = worker_timeout();

	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		if (worker.plugin[i] != NULL)
			rows[i] = worker.plugin[i]->prepare(fds + used, WORKER_ROWS_MAX - used,
							    &timeout_ms);
		used += rows[i];
	}
	if (poll(fds, (nfds_t)used, timeout_ms) < 0)
		return; /* EINTR, or ENOMEM for an instant */
	if (fds[0].revents != 0)
		worker_on_main();
	if (fds[1].revents != 0)
		worker_on_signal();
	if (fds[2].revents & POLLOUT)
		worker_answers_send(&worker.answers, worker.link);
	if (fds[2].revents & ~POLLOUT)
		worker_on_link();
	used = 3;
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		if (worker.plugin[i] != NULL)
			worker.plugin[i]->dispatch(fds + used, rows[i]);
		used += rows[i];
	}
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
	for (size_t i = 0; i < ARRAY_LEN(worker_roles); i++)
		if (strcmp(worker_roles[i].name, argv[1]) == 0)
			worker.role = &worker_roles[i];
	if (worker.role == NULL)
		worker_usage("no such role");
	worker.plugin_dir = worker_copy(argv[2]);
	for (int i = 3; i < argc; i++) {
		if (strcmp(argv[i], "--verbose") == 0)
			worker.verbose = true;
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			root_set(worker_copy(argv[++i]));
		else
			worker_usage("no such option");
	}
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
	static const int given[] = {MESSAGE_FD_MAIN, MESSAGE_FD_LEDGER, MESSAGE_FD_ACTOR};

	for (size_t i = 0; i < ARRAY_LEN(given); i++)
		if (fcntl(given[i], F_SETFD, FD_CLOEXEC) < 0)
			worker_usage("it was started without its descriptors");
	worker.main_link = MESSAGE_FD_MAIN;
	worker.link = MESSAGE_FD_ACTOR;
	worker.ledger = ledger_map(MESSAGE_FD_LEDGER);
	if (worker.ledger == NULL) {
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
	for (size_t i = 0; i < WORKER_PLUGINS_MAX && worker.role->plugin[i].name != NULL; i++)
		if (!worker.role->plugin[i].acts_on_host || !root_is_fake())
			worker_open_plugin(i, worker.role->plugin[i].name);
}

static void worker_touch_stack(void)
{
	volatile char room[WORKER_STACK_BYTES];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 0;
}

/* ONFAULT: what was touched, and what will be, stays; plain locking would pin all of the libraries.
 */
static void worker_lock_memory(void)
{
	worker_touch_stack();
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		diag_info("cannot lock memory: %s; under pressure %s may be slow",
			  diag_errno(errno), worker.role->process);
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
	worker_lock_memory();
	diag_debug("%s is ready", worker.role->process);
	while (!worker_is_done())
		worker_turn();
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (worker.plugin[i] != NULL)
			worker.plugin[i]->close();
	return 0;
}
