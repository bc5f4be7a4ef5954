/* A command while it runs: its process, what it prints, how it ends. */
#ifndef WD_PLUGINS_EXEC_RUN_H
#define WD_PLUGINS_EXEC_RUN_H

#include <poll.h>
#include <signal.h>
#include <stdbool.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/spawn.h"
#include "exec_output.h"

struct exec_run {
	pid_t pid;     /* leads a session and process group of its own */
	int pidfd;     /* -1: none runs */
	int output;    /* our end of the pipe; -1: closed */
	int far_end;   /* the command's end, until it is started */
	mono_ms began;
	struct exec_output said;
};

/* Nothing runs, and make the pipe of its output. 0 or -errno; to be closed either way. */
int exec_run_open(struct exec_run *run);

/* Start it; spawn's output is set here. 0, or -errno of what failed up to execve(2). */
int exec_run_start(struct exec_run *run, struct spawn *spawn);

/* Read what it printed, without waiting; at its end our end is closed. */
void exec_run_read(struct exec_run *run);

/* It has ended; how stands in *end. It stays a zombie, so that its number is nobody else's. */
bool exec_run_has_ended(const struct exec_run *run, siginfo_t *end);

/* Signal its group. */
void exec_run_kill(const struct exec_run *run, int signal);

/* Reap it, which has ended, and read the last it printed. */
void exec_run_reap(struct exec_run *run);

/* Give back its descriptors. */
void exec_run_close(struct exec_run *run);

/* "exited with status 1", "was terminated by SIGSEGV (core dumped)". */
void exec_run_tell_end(struct buffer *text, const siginfo_t *end);

/* What to poll for: at most max rows into fds. The number. */
int exec_run_prepare(const struct exec_run *run, struct pollfd *fds, int max);

#endif
