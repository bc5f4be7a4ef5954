#include "start/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/statfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/magic.h>

#include "ask/control.h"
#include "ask/place.h"
#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/notify.h"
#include "base/root.h"
#include "config/config.h"
#include "config/config_parse.h"
#include "share/message.h"
#include "start/children.h"
#include "start/memory.h"

enum {
	SUPERVISOR_STOP_MS = 3000, /* the processes have so long to end; SIGTERM to exit within 5 s */
	SUPERVISOR_TAKE_MS = 10000, /* the sentinel has so long to take a config before the asker is told */
};

enum supervisor_child { CHILD_SENTINEL, CHILD_ACTOR, CHILDREN };

struct supervisor {
	const struct supervisor_options *options;
	struct config *config;      /* the one in force, or on its way there */
	int config_fd;
	uint32_t generation;
	uint32_t reload_client;     /* who waits for MESSAGE_TAKEN; 0: nobody */
	mono_ms reload_since;       /* 0: no reload is on its way */
	bool ready;                 /* READY=1 was sent */
	mono_ms stop_since;         /* 0: not stopping */
	int signals;
	int ledger, state;
	int sentinel_link[2], actor_link[2], work_link[2]; /* [0] main's or the sentinel's end, [1] the child's */
	struct child child[CHILDREN];
	char plugins[PATH_BYTES];
	struct control control;
};

static struct supervisor supervisor;

static void supervisor_tell_finding(void *arg, enum config_finding finding, const char *line)
{
	struct supervisor *s = arg;

	if (finding == CONFIG_ERROR)
		diag_critical("%s", line);
	else if (finding == CONFIG_WARNING)
		diag_warning("%s", line);
	else
		diag_info("%s", line);
	if (s->reload_client != 0 && finding != CONFIG_LATER)
		control_say(&s->control, s->reload_client, line);
}

static struct config *supervisor_parse(struct supervisor *s)
{
	const struct supervisor_options *o = s->options;
	struct config *config;

	if (o->path == NULL)
		return config_parse("built-in config", o->builtin, o->builtin_bytes, supervisor_tell_finding, s);
	errno = 0;
	config = config_parse_file(o->path, supervisor_tell_finding, s);
	if (config == NULL && errno != 0) {
		char line[PATH_BYTES + 128];
		struct buffer b;

		BUFFER_OVER(&b, line);
		buffer_addf(&b, "%s: cannot be read: %s", o->path, diag_errno(errno));
		supervisor_tell_finding(s, CONFIG_ERROR, line);
	}
	return config;
}

/* ---- files and links ---- */

/* PATH of a file beside the control socket. */
static void supervisor_beside(const struct supervisor *s, const char *name, char path[PATH_BYTES])
{
	const char *control = config_string(s->config, s->config->control);
	struct buffer b;

	buffer_init(&b, path, PATH_BYTES);
	buffer_add_bytes(&b, control, (size_t)(strrchr(control, '/') + 1 - control));
	buffer_add(&b, name);
}

static int supervisor_open_file(const struct supervisor *s, const char *name, mode_t mode)
{
	char path[PATH_BYTES];
	int fd;

	supervisor_beside(s, name, path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		int error = -errno;

		diag_critical("cannot open %s: %s; another `control` in [watchdogd] moves it", path, diag_errno(error));
		return error;
	}
	return fd;
}

static void supervisor_check_tmpfs(const struct supervisor *s)
{
	struct statfs fs;

	if (fstatfs(s->ledger, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		diag_info("the ledger beside %s is on a disk, not on a tmpfs: a slow disk may delay the sentinel",
			  config_string(s->config, s->config->control));
}

/* The ledger first: its lock says that no other watchdogd works here. */
static int supervisor_open_files(struct supervisor *s)
{
	const char *control = config_string(s->config, s->config->control);
	const char *readers = config_string(s->config, s->config->readers);
	int error = place_make(control, readers);

	if (error < 0)
		diag_critical("cannot make the directory of %s: %s", control, diag_errno(error));
	s->ledger = error < 0 ? error : supervisor_open_file(s, "ledger", 0600);
	if (s->ledger < 0)
		return s->ledger;
	if (flock(s->ledger, LOCK_EX | LOCK_NB) < 0) {
		diag_critical("another watchdogd runs with %s", control);
		return -EBUSY;
	}
	supervisor_check_tmpfs(s);
	s->state = supervisor_open_file(s, "state", 0640);
	if (s->state < 0)
		return s->state;
	(void)place_share(s->state, readers);
	error = control_open(&s->control, control, readers);
	if (error < 0)
		diag_warning("cannot listen at %s: %s; watchdogctl can read the status, but not command", control,
			     diag_errno(error));
	return 0;
}

static int supervisor_open_links(struct supervisor *s)
{
	int *links[] = {s->sentinel_link, s->actor_link, s->work_link};

	for (size_t i = 0; i < ARRAY_LEN(links); i++)
		if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, links[i]) < 0)
			return -errno;
	return 0;
}

/* ---- processes ---- */

static void supervisor_add_arg(struct child *child, const char *arg)
{
	int n = 0;

	while (child->args[n] != NULL)
		n++;
	if (n < CHILD_ARGS_MAX - 1)
		child->args[n] = arg;
}

static int supervisor_describe(struct supervisor *s, enum supervisor_child which, const char *name,
			       const char *program)
{
	struct child *child = &s->child[which];
	int error = child_find_program(program, child->path);

	if (error < 0)
		diag_critical("cannot find %s, neither beside watchdogd nor in its library directory", program);
	child->name = name;
	memset(child->fds, -1, sizeof(child->fds));
	child->fds[MESSAGE_FD_LEDGER] = s->ledger;
	supervisor_add_arg(child, name);
	return error;
}

static int supervisor_describe_children(struct supervisor *s)
{
	struct child *sentinel = &s->child[CHILD_SENTINEL], *actor = &s->child[CHILD_ACTOR];
	const char *plugins = config_string(s->config, s->config->plugins);
	struct buffer b;

	if (supervisor_describe(s, CHILD_SENTINEL, "wd-sentinel", "wd-sentinel") < 0 ||
	    supervisor_describe(s, CHILD_ACTOR, "wd-actor", "wd-worker") < 0)
		return -ENOENT;
	sentinel->fds[MESSAGE_FD_MAIN] = s->sentinel_link[1];
	sentinel->fds[MESSAGE_FD_STATE] = s->state;
	sentinel->fds[MESSAGE_FD_ACTOR] = s->work_link[0];
	sentinel->fds[MESSAGE_FD_CONFIG] = s->config_fd;
	if (s->options->dry_run)
		supervisor_add_arg(sentinel, "--dry-run");
	if (root_is_fake()) {
		supervisor_add_arg(sentinel, "--root");
		supervisor_add_arg(sentinel, s->options->root);
	}
	actor->fds[MESSAGE_FD_MAIN] = s->actor_link[1];
	actor->fds[MESSAGE_FD_ACTOR] = s->work_link[1];
	BUFFER_OVER(&b, s->plugins);
	if (plugins[0] != '\0')
		buffer_add(&b, plugins);
	else if (child_find_program("plugins", s->plugins) < 0)
		diag_warning("no plugins directory: no unit of systemd can be stopped or started, no command run");
	supervisor_add_arg(actor, "actor");
	supervisor_add_arg(actor, s->plugins);
	if (s->options->verbose) {
		supervisor_add_arg(sentinel, "--verbose");
		supervisor_add_arg(actor, "--verbose");
	}
	return 0;
}

static void supervisor_send(const struct supervisor *s, enum message_type type, uint64_t id, int fd_along)
{
	struct message message;
	int error;

	message_make(&message, type, id, 0, "");
	error = message_send(s->sentinel_link[0], &message, fd_along);
	if (error < 0)
		diag_warning("cannot send %s to the sentinel: %s", message_name(type), diag_errno(error));
}

static void supervisor_start_due(struct supervisor *s, mono_ms now)
{
	for (int i = 0; i < CHILDREN; i++) {
		struct child *child = &s->child[i];
		bool again = child->started != 0;
		int error;

		if (child->pid != 0 || now < child->start_at)
			continue;
		error = child_start(child, now);
		if (error < 0) {
			diag_critical("cannot start %s: %s", child->name, diag_errno(error));
			child->start_at = now + 1000;
		} else if (again && i == CHILD_ACTOR) {
			supervisor_send(s, MESSAGE_WORKER_UP, 0, -1);
		}
	}
}

static void supervisor_reap(struct supervisor *s, mono_ms now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (int i = 0; i < CHILDREN; i++) {
			struct child *child = &s->child[i];

			if (child->pid != pid)
				continue;
			if (s->stop_since == 0)
				child_ended(child, status, now);
			child->pid = 0;
		}
}

/* ---- reload ---- */

static void supervisor_answer(struct supervisor *s, enum control_result result, const char *text, mono_ms now)
{
	if (s->reload_client != 0)
		control_answer(&s->control, s->reload_client, result, text, now);
	s->reload_client = 0;
}

static void supervisor_say_fixed(struct supervisor *s, const struct config *config)
{
	if (strcmp(config_string(config, config->control), config_string(s->config, s->config->control)) != 0 ||
	    strcmp(config_string(config, config->plugins), config_string(s->config, s->config->plugins)) != 0)
		supervisor_tell_finding(s, CONFIG_WARNING,
					"`control` and `plugins` of [watchdogd] change with a restart, not with a reload");
}

/* A file that does not parse changes nothing. */
static int supervisor_reload(struct supervisor *s, mono_ms now)
{
	struct config *config;
	int fd;

	config = supervisor_parse(s);
	if (config == NULL) {
		diag_critical("reload refused: the config has errors; the old one stays in force");
		supervisor_answer(s, CONTROL_INVALID, "the config has errors; the old one stays in force", now);
		return -EINVAL;
	}
	config->generation = s->generation + 1;
	fd = config_seal(config);
	if (fd < 0) {
		diag_critical("reload refused: %s; the old config stays in force", diag_errno(fd));
		supervisor_answer(s, CONTROL_ERROR, diag_errno(fd), now);
		free(config);
		return fd;
	}
	supervisor_say_fixed(s, config);
	config_check_host(config, supervisor_tell_finding, s);
	(void)control_set_readers(&s->control, config_string(config, config->readers));
	free(s->config);
	(void)close(s->config_fd);
	s->config = config;
	s->config_fd = fd;
	s->generation++;
	s->child[CHILD_SENTINEL].fds[MESSAGE_FD_CONFIG] = fd;
	s->reload_since = now;
	supervisor_send(s, MESSAGE_CONFIG, s->generation, fd);
	return 0;
}

static void supervisor_begin_reload(struct supervisor *s, uint32_t client, mono_ms now)
{
	char text[96];
	struct buffer b;

	if (s->reload_since != 0) {
		if (client != 0)
			control_answer(&s->control, client, CONTROL_ERROR, "another reload is under way", now);
		return;
	}
	s->reload_client = client;
	BUFFER_OVER(&b, text);
	buffer_addf(&b, "RELOADING=1\nMONOTONIC_USEC=%llu", (unsigned long long)now * 1000);
	notify_send(text);
	if (supervisor_reload(s, now) < 0)
		notify_send("READY=1\nSTATUS=the last reload was refused: see the log");
}

static void supervisor_taken(struct supervisor *s, const struct message *message, mono_ms now)
{
	if (message->id != s->generation)
		return; /* of a config that has been replaced since */
	if (!s->ready || s->reload_since != 0)
		notify_send("READY=1");
	if (!s->ready)
		diag_info("watching: %u units, %u rules%s", s->config->units.count, s->config->rules.count,
			  s->options->dry_run ? "; dry run: no action is taken" : "");
	else if (s->reload_since != 0)
		diag_info("reloaded: %u units, %u rules; %s", s->config->units.count, s->config->rules.count,
			  message->text);
	supervisor_answer(s, CONTROL_OK, message->text, now);
	s->ready = true;
	s->reload_since = 0;
}

/* ---- the loop ---- */

static void supervisor_on_sentinel(struct supervisor *s, mono_ms now)
{
	struct message message;

	while (message_receive(s->sentinel_link[0], &message, NULL) > 0) {
		if (message.type == MESSAGE_TAKEN)
			supervisor_taken(s, &message, now);
		else if (message.type == MESSAGE_WORKER_HUNG && s->child[CHILD_ACTOR].pid > 0) {
			diag_critical("wd-actor (pid %d) hangs: it is killed", s->child[CHILD_ACTOR].pid);
			(void)kill(s->child[CHILD_ACTOR].pid, SIGKILL);
		}
	}
}

static void supervisor_stop(struct supervisor *s, mono_ms now)
{
	if (s->stop_since != 0)
		return;
	s->stop_since = now;
	notify_send("STOPPING=1");
	supervisor_send(s, MESSAGE_STOP, 0, -1);
	if (s->child[CHILD_ACTOR].pid > 0)
		(void)kill(s->child[CHILD_ACTOR].pid, SIGTERM);
}

static void supervisor_on_signals(struct supervisor *s, mono_ms now)
{
	struct signalfd_siginfo info;

	while (read(s->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGCHLD)
			supervisor_reap(s, now);
		else if (info.ssi_signo == SIGHUP && s->stop_since == 0)
			supervisor_begin_reload(s, 0, now);
		else if (info.ssi_signo != SIGHUP)
			supervisor_stop(s, now);
	}
}

static void supervisor_on_control(struct supervisor *s, mono_ms now)
{
	struct control_request request;

	while (control_next(&s->control, &request, now)) {
		if (request.verb == CONTROL_RELOAD)
			supervisor_begin_reload(s, request.client, now);
		else
			control_answer(&s->control, request.client, CONTROL_OK, "", now);
	}
}

static int supervisor_wait_ms(const struct supervisor *s, mono_ms now)
{
	int wait = -1;

	for (int i = 0; i < CHILDREN; i++)
		if (s->child[i].pid == 0 && s->stop_since == 0)
			wait = s->child[i].start_at > now ? (int)(s->child[i].start_at - now) : 0;
	if (s->stop_since != 0 || s->reload_since != 0)
		wait = 100;
	return wait;
}

static void supervisor_turn(struct supervisor *s)
{
	struct pollfd fds[2 + CONTROL_POLLFDS] = {{.fd = s->signals, .events = POLLIN},
						  {.fd = s->sentinel_link[0], .events = POLLIN}};
	mono_ms now = clock_mono();
	int wait = supervisor_wait_ms(s, now);
	int rows = control_prepare(&s->control, fds + 2, &wait, now);

	(void)poll(fds, (nfds_t)(2 + rows), wait);
	now = clock_mono();
	if (fds[0].revents != 0)
		supervisor_on_signals(s, now);
	if (fds[1].revents != 0)
		supervisor_on_sentinel(s, now);
	control_dispatch(&s->control, fds + 2, rows, now);
	supervisor_on_control(s, now);
	if (s->reload_since != 0 && now - s->reload_since > SUPERVISOR_TAKE_MS) {
		s->reload_since = 0;
		supervisor_answer(s, CONTROL_ERROR, "the sentinel did not take the config in time", now);
	}
	if (s->stop_since == 0)
		supervisor_start_due(s, now);
}

static bool supervisor_is_over(struct supervisor *s)
{
	bool alive = s->child[CHILD_SENTINEL].pid != 0 || s->child[CHILD_ACTOR].pid != 0;

	if (s->stop_since == 0 || !alive)
		return s->stop_since != 0;
	if (clock_mono() - s->stop_since < SUPERVISOR_STOP_MS)
		return false;
	for (int i = 0; i < CHILDREN; i++)
		if (s->child[i].pid > 0) {
			diag_warning("%s did not end in time: it is killed", s->child[i].name);
			(void)kill(s->child[i].pid, SIGKILL);
			(void)waitpid(s->child[i].pid, NULL, 0);
			s->child[i].pid = 0;
		}
	return true;
}

static int supervisor_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < 4; i++)
		(void)sigaddset(&set, (int[]){SIGCHLD, SIGHUP, SIGTERM, SIGINT}[i]);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

static int supervisor_start(struct supervisor *s)
{
	int error;

	s->config = supervisor_parse(s);
	if (s->config == NULL)
		return -EINVAL;
	s->config->generation = s->generation = 1;
	error = supervisor_open_files(s);
	if (error < 0)
		return error;
	if (s->options->path == NULL)
		diag_info("no config file: the built-in one watches this host; control socket %s",
			  config_string(s->config, s->config->control));
	config_check_host(s->config, supervisor_tell_finding, s);
	s->config_fd = config_seal(s->config);
	s->signals = supervisor_signals();
	error = supervisor_open_links(s);
	if (error == 0)
		error = s->config_fd < 0 ? s->config_fd : s->signals < 0 ? s->signals : supervisor_describe_children(s);
	if (error < 0)
		diag_critical("cannot start: %s", diag_errno(error));
	return error;
}

int supervisor_run(const struct supervisor_options *options)
{
	struct supervisor *s = &supervisor;
	int error;

	s->options = options;
	s->control.fd = -1;
	error = supervisor_start(s);
	if (error < 0)
		return error;
	memory_protect();
	supervisor_start_due(s, clock_mono());
	memory_lock("watchdogd");
	while (!supervisor_is_over(s))
		supervisor_turn(s);
	control_close(&s->control);
	diag_info("stopped");
	return 0;
}
