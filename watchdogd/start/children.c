#include "start/children.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "words/verb.h"

#ifndef WD_LIBDIR
#define WD_LIBDIR "/usr/lib/watchdogd"
#endif

enum {
	CHILD_WELL_MS = 60000,   /* who lived so long ends for a reason of its own */
	CHILD_PAUSE_MAX_MS = 10000,
	CHILD_FD_ASIDE = 64,     /* above every fixed number */
};

static bool child_is_there(const char *path, const struct buffer *b)
{
	return !b->cut && access(path, R_OK | X_OK) == 0;
}

/* Beside this program (a source tree), in the lib of its prefix (also of one that was moved or
 * staged), in the directory that the build names. */
int child_find_program(const char *name, char path[PATH_BYTES])
{
	static const char *const beside[] = {"", "../lib/watchdogd/"};
	char here[PATH_BYTES];
	ssize_t n = readlink("/proc/self/exe", here, sizeof(here) - 1);
	struct buffer b;

	here[n > 0 ? n : 0] = '\0';
	for (size_t i = 0; n > 0 && i < ARRAY_LEN(beside); i++) {
		buffer_init(&b, path, PATH_BYTES);
		buffer_add_bytes(&b, here, (size_t)(strrchr(here, '/') + 1 - here));
		buffer_addf(&b, "%s%s", beside[i], name);
		if (child_is_there(path, &b))
			return 0;
	}
	buffer_init(&b, path, PATH_BYTES);
	buffer_addf(&b, "%s/%s", WD_LIBDIR, name);
	return child_is_there(path, &b) ? 0 : -ENOENT;
}

/* In the new process: descriptors to their numbers, signals as at birth, then exec. Aside first: a
 * source may stand where another one is to go. */
static void child_exec(const struct child *child)
{
	int aside[MESSAGE_FDS_END];
	sigset_t none;

	for (int i = 0; i < MESSAGE_FDS_END; i++)
		aside[i] = child->fds[i] >= 0 ? fcntl(child->fds[i], F_DUPFD_CLOEXEC, CHILD_FD_ASIDE) : -1;
	for (int i = 0; i < MESSAGE_FDS_END; i++)
		if (aside[i] >= 0 && dup2(aside[i], i) < 0)
			_exit(127);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)execv(child->path, (char *const *)(uintptr_t)child->args);
	_exit(127);
}

int child_start(struct child *child, mono_ms now)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (pid == 0)
		child_exec(child);
	child->pid = pid;
	child->started = now;
	return 0;
}

static void child_say_end(const struct child *child, int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == CHILD_AGAIN)
		diag_debug("%s is started anew, for what the new config wants of it", child->name);
	else if (WIFSIGNALED(status))
		diag_critical("%s (pid %d) was killed by SIG%s; it is started again", child->name, child->pid,
			      verb_signal_name(WTERMSIG(status)));
	else
		diag_critical("%s (pid %d) ended with status %d; it is started again", child->name, child->pid,
			      WEXITSTATUS(status));
}

void child_ended(struct child *child, int status, mono_ms now)
{
	uint32_t pause = 0;

	child_say_end(child, status);
	child->failures = now - child->started < CHILD_WELL_MS ? child->failures + 1 : 0;
	if (child->failures > 1)
		pause = 250u << (child->failures < 8 ? child->failures : 8);
	child->start_at = now + (pause < CHILD_PAUSE_MAX_MS ? pause : CHILD_PAUSE_MAX_MS);
	child->pid = 0;
}
