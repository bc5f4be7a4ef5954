#include "start/supervisor.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ask/rundir.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/notify.h"
#include "config/config.h"
#include "start/beside.h"
#include "start/memory.h"

enum {
	SUPERVISOR_STOP_MS = 3000, /* the processes have so long to end; SIGTERM to exit within 5 s */
	SUPERVISOR_LET_GO_MS = 1500, /* ... the actor so long less: the sentinel may have something for it to give back */
	SUPERVISOR_KILL_MS = 1000, /* ... and so long after SIGKILL: one in state D is left behind */
};

static struct supervisor supervisor;

static void supervisor_start_due(struct supervisor *s, mono_ms now)
{
	struct message message;

	for (int i = 0; i < CHILDREN; i++) {
		struct child *child = &s->child[i];
		bool again = child->started != 0;
		int error;

		if (child->pid != 0 || !child->wanted || now < child->start_at)
			continue;
		error = child_start(child, now);
		if (error < 0) {
			diag_critical("cannot start %s: %s", child->name, diag_errno(error));
			child->start_at = now + 1000;
		} else if (again && i != CHILD_SENTINEL) {
			message_make(&message, MESSAGE_WORKER_UP, (uint64_t)(i - CHILD_ACTOR), 0, "");
			(void)supervisor_send(s, CHILD_SENTINEL, &message, -1);
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

static void supervisor_end_hung(const struct child *child)
{
	if (child->pid <= 0)
		return;
	diag_critical("%s (pid %d) hangs: it is killed", child->name, child->pid);
	(void)kill(child->pid, SIGKILL);
}

static void supervisor_on_sentinel(struct supervisor *s, mono_ms now)
{
	struct message message;

	while (message_receive(s->main_link[CHILD_SENTINEL][0], &message, NULL) > 0) {
		if (message.type == MESSAGE_TAKEN)
			supervisor_taken(s, &message, now);
		else if (message.type == MESSAGE_WORKER_HUNG && message.id < CHILDREN - CHILD_ACTOR)
			supervisor_end_hung(&s->child[CHILD_ACTOR + message.id]);
		else
			supervisor_on_sentinel_answer(s, &message, now);
	}
}

static void supervisor_stop(struct supervisor *s, mono_ms now)
{
	struct message message;

	if (s->stop_since != 0)
		return;
	s->stop_since = now;
	notify_send("STOPPING=1");
	message_make(&message, MESSAGE_STOP, 0, 0, "");
	(void)supervisor_send(s, CHILD_SENTINEL, &message, -1);
	for (int i = CHILD_ACTOR + 1; i < CHILDREN; i++)
		if (s->child[i].pid > 0)
			(void)kill(s->child[i].pid, SIGTERM);
}

/* The actor ends when the sentinel needs it no more. */
static void supervisor_stop_actor(struct supervisor *s, mono_ms now)
{
	bool needed = s->child[CHILD_SENTINEL].pid != 0 && now - s->stop_since < SUPERVISOR_LET_GO_MS;

	if (s->actor_told || needed || s->child[CHILD_ACTOR].pid <= 0)
		return;
	s->actor_told = true;
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

/* The sooner of two waits (-1: none): one child's back-off is not another's. */
static int supervisor_sooner(int wait, mono_ms at, mono_ms now)
{
	int left = at > now ? (int)(at - now) : 0;

	return wait < 0 || left < wait ? left : wait;
}

static int supervisor_wait_ms(const struct supervisor *s, mono_ms now)
{
	int wait = s->stop_since != 0 || s->reload_since != 0 ? 100 : -1;

	for (int i = 0; i < CHILDREN; i++)
		if (s->child[i].pid == 0 && s->child[i].wanted && s->stop_since == 0)
			wait = supervisor_sooner(wait, s->child[i].start_at, now);
	return wait;
}

static void supervisor_turn(struct supervisor *s)
{
	struct pollfd fds[3 + CONTROL_POLLFDS] = {{.fd = s->signals, .events = POLLIN},
						  {.fd = s->main_link[CHILD_SENTINEL][0], .events = POLLIN},
						  {.fd = s->main_link[CHILD_SCRIBE][0], .events = POLLIN}};
	mono_ms now = clock_mono();
	int wait = supervisor_wait_ms(s, now);
	int rows = control_prepare(&s->control, fds + 3, &wait, now);

	(void)poll(fds, 3 + (nfds_t)rows, wait);
	now = clock_mono();
	if (fds[0].revents != 0)
		supervisor_on_signals(s, now);
	if (fds[1].revents != 0)
		supervisor_on_sentinel(s, now);
	if (fds[2].revents != 0)
		supervisor_on_scribe(s, now);
	control_dispatch(&s->control, fds + 3, rows, now);
	supervisor_on_control(s, now);
	supervisor_check_taken(s, now);
	if (s->stop_since == 0)
		supervisor_start_due(s, now);
	else
		supervisor_stop_actor(s, now);
}

static void supervisor_kill(struct child *child)
{
	diag_warning("%s did not end in time: it is killed", child->name);
	(void)kill(child->pid, SIGKILL);
	for (int i = 0; i < SUPERVISOR_KILL_MS / 20 && waitpid(child->pid, NULL, WNOHANG) == 0; i++)
		(void)usleep(20000);
	child->pid = 0;
}

static bool supervisor_is_over(struct supervisor *s)
{
	bool alive = false;

	for (int i = 0; i < CHILDREN; i++)
		alive = alive || s->child[i].pid != 0;
	if (s->stop_since == 0 || !alive)
		return s->stop_since != 0;
	if (clock_mono() - s->stop_since < SUPERVISOR_STOP_MS)
		return false;
	for (int i = 0; i < CHILDREN; i++)
		if (s->child[i].pid > 0)
			supervisor_kill(&s->child[i]);
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
	bool own_place = rundir_choose();
	int error;

	s->signals = supervisor_signals(); /* a reload that is asked for while we start comes after it */
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
	else if (own_place)
		diag_info("control socket %s", config_string(s->config, s->config->control));
	supervisor_find_plugins(s);
	config_check_host(s->config, s->plugins, supervisor_tell_finding, s);
	beside_tell();
	s->config_fd = config_seal(s->config);
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
	s->control.fd = s->vault = -1;
	error = supervisor_start(s);
	if (error < 0)
		return error;
	memory_protect();
	supervisor_start_due(s, clock_mono());
	memory_trim();
	memory_lock("watchdogd");
	while (!supervisor_is_over(s))
		supervisor_turn(s);
	control_close(&s->control);
	diag_info("stopped");
	return 0;
}
