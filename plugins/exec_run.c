#include "exec_run.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "words/verb.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum { EXEC_READ_MAX = 64 * 1024 }; /* of one command's output before the others get their turn */

int exec_run_open(struct exec_run *run)
{
	int ends[2];

	memset(run, 0, sizeof(*run));
	run->pidfd = run->output = run->far_end = -1;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	/* Our end alone waits for nothing; the command's is an ordinary one. */
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	run->output = ends[0];
	run->far_end = ends[1];
	return 0;
}

int exec_run_start(struct exec_run *run, struct spawn *spawn)
{
	pid_t pid;

	spawn->output = run->far_end;
	run->began = clock_mono();
	pid = spawn_start(spawn, &run->pidfd);
	run->far_end = file_close(run->far_end);
	if (pid < 0) {
		run->pidfd = -1;
		return pid;
	}
	run->pid = pid;
	return 0;
}

void exec_run_read(struct exec_run *run)
{
	char bytes[4096];
	ssize_t n = 1;

	for (size_t all = 0; run->output >= 0 && all < EXEC_READ_MAX; all += (size_t)n) {
		n = read(run->output, bytes, sizeof(bytes));
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			run->output = file_close(run->output);
		else
			exec_output_keep(&run->said, bytes, (size_t)n);
		if (n <= 0)
			return;
	}
}

bool exec_run_has_ended(const struct exec_run *run, siginfo_t *end)
{
	memset(end, 0, sizeof(*end));
	return waitid(P_PIDFD, (id_t)run->pidfd, end, WEXITED | WNOHANG | WNOWAIT) == 0 && end->si_pid != 0;
}

void exec_run_kill(const struct exec_run *run, int signal)
{
	/* As long as the leader is not reaped, its number is nobody else's. */
	(void)kill(-run->pid, signal);
	(void)pidfd_send_signal(run->pidfd, signal, NULL, 0); /* it may lead another group by now */
}

void exec_run_reap(struct exec_run *run)
{
	siginfo_t end;

	(void)waitid(P_PIDFD, (id_t)run->pidfd, &end, WEXITED | WNOHANG);
	exec_run_read(run);
}

void exec_run_close(struct exec_run *run)
{
	run->output = file_close(run->output);
	run->far_end = file_close(run->far_end);
	run->pidfd = file_close(run->pidfd);
}

void exec_run_tell_end(struct buffer *text, const siginfo_t *end)
{
	if (end->si_code == CLD_EXITED)
		buffer_addf(text, "exited with status %d", end->si_status);
	else
		buffer_addf(text, "was terminated by SIG%s%s", verb_signal_name(end->si_status),
			    end->si_code == CLD_DUMPED ? " (core dumped)" : "");
}

int exec_run_prepare(const struct exec_run *run, struct pollfd *fds, int max)
{
	int rows = 0;

	if (rows < max)
		fds[rows++] = (struct pollfd){.fd = run->pidfd, .events = POLLIN};
	if (rows < max && run->output >= 0)
		fds[rows++] = (struct pollfd){.fd = run->output, .events = POLLIN};
	return rows;
}
