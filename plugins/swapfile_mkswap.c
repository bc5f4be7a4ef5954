#include "swapfile_mkswap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/diag.h"
#include "base/escape.h"
#include "base/file.h"

/* Ends with its parent: a file is not worked on that nobody waits for. */
static _Noreturn void mkswap_become(int dir, char *name, int out)
{
	static const char *const programs[] = {"/sbin/mkswap", "/usr/sbin/mkswap"};
	static char label[] = "--label", our[] = "watchdogd";
	char *environment[] = {NULL};
	int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (nothing < 0 || fchdir(dir) < 0 || dup2(nothing, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 ||
	    dup2(out, STDERR_FILENO) < 0)
		_exit(126);
	for (size_t i = 0; i < ARRAY_LEN(programs); i++) {
		char program[PATH_BYTES];
		char *argv[] = {program, label, our, name, NULL};
		struct buffer b;

		BUFFER_OVER(&b, program);
		buffer_add(&b, programs[i]);
		(void)execve(program, argv, environment);
	}
	_exit(127);
}

/* All that it says, to its end; the last of it is kept. */
static void mkswap_hear(int out, char *said, size_t size)
{
	char bytes[512];
	size_t len = 0;
	ssize_t n;

	while ((n = read(out, bytes, sizeof(bytes))) > 0 || (n < 0 && errno == EINTR))
		for (ssize_t i = 0; i < n; i++) {
			if (len == size - 1 || (len > 0 && said[len - 1] == '\n'))
				len = 0;
			said[len++] = bytes[i];
		}
	while (len > 0 && said[len - 1] == '\n')
		len--;
	said[len] = '\0';
}

/* ./NAME: one that begins with a dash is no option. */
static pid_t mkswap_start(int dir, const char *name, const int ends[2])
{
	char file[PATH_BYTES];
	struct buffer b;
	pid_t pid;

	BUFFER_OVER(&b, file);
	buffer_addf(&b, "./%s", name);
	pid = fork();
	if (pid == 0)
		mkswap_become(dir, file, ends[1]);
	return pid;
}

int swapfile_mkswap(int dir, const char *name, struct buffer *why)
{
	char said[200] = "";
	int ends[2], status = 0;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = mkswap_start(dir, name, ends);
	(void)file_close(ends[1]);
	if (pid > 0)
		mkswap_hear(ends[0], said, sizeof(said));
	(void)file_close(ends[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (pid > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127) {
		buffer_add(why, "there is no mkswap (of util-linux) in /sbin or /usr/sbin");
		return -EOPNOTSUPP;
	}
	buffer_add(why, "mkswap could not make a swap file of it: ");
	escape_line(why, said, strlen(said));
	return -EIO;
}
