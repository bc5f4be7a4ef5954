#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

/* The child runs here, below the parent's stack frames, until execve; a few hundred bytes are used.
 */
#define SPAWN_STACK_BYTES (32 * 1024)
static char spawn_stack[SPAWN_STACK_BYTES] __attribute__((aligned(16)));

/* 32-bit ARM and x86 have these names for ids of 32 bits. */
#ifdef SYS_setresuid32
#define SPAWN_SETGROUPS SYS_setgroups32
#define SPAWN_SETRESGID SYS_setresgid32
#define SPAWN_SETRESUID SYS_setresuid32
#else
#define SPAWN_SETGROUPS SYS_setgroups
#define SPAWN_SETRESGID SYS_setresgid
#define SPAWN_SETRESUID SYS_setresuid
#endif

/* The stack's redzones would stay poisoned when execve does not return. */
#if defined(__clang__) || defined(__GNUC__)
#define SPAWN_CHILD __attribute__((no_sanitize("address", "undefined"), noinline))
#endif

struct spawn_child {
	const struct spawn *spawn;
	volatile int error; /* written by the child in our memory; 0: it became the program */
};

/* What was ignored stays ignored over execve(2), what was handled does not: so all back to default.
 */
SPAWN_CHILD static void spawn_reset_signals(void)
{
	struct sigaction fresh = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, &fresh, NULL); /* EINVAL for SIGKILL, SIGSTOP and libc's own */
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

SPAWN_CHILD static void spawn_reset_oom_score(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	/* Where /proc is not there or not ours nothing better can be done; it had no more
	 * protection than its parent. Since 4.8 the kernel leaves the parent's alone, who shares
	 * our memory, as we are its vfork child (__set_oom_adj in fs/proc/base.c). */
	if (fd >= 0 && write(fd, "0\n", 2) < 0)
		(void)0;
	(void)file_close(fd);
}

/* Raw system calls: libc's would signal all threads of the parent. The number of the failed call's
 * errno, or 0. */
SPAWN_CHILD static int spawn_drop(const struct spawn *spawn)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return errno;
	if (geteuid() == 0 && syscall(SPAWN_SETGROUPS, (size_t)0, (void *)0) < 0)
		return errno;
	if (syscall(SPAWN_SETRESGID, spawn->gid, spawn->gid, spawn->gid) < 0 ||
	    syscall(SPAWN_SETRESUID, spawn->uid, spawn->uid, spawn->uid) < 0)
		return errno;
	return 0;
}

/* "0" is who writes: we are a process of our own, though we share the parent's memory. */
SPAWN_CHILD static int spawn_enter_cgroups(const struct spawn *spawn)
{
	for (int i = 0; i < spawn->cgroups; i++)
		if (write(spawn->cgroup[i], "0\n", 2) != 2)
			return errno;
	return 0;
}

/* Input and output at 0, 1, 2, the rest closed. Both lie above 2: 0 to 2 are open in the parent. */
SPAWN_CHILD static int spawn_descriptors(const struct spawn *spawn)
{
	if (dup2(spawn->input, STDIN_FILENO) < 0 || dup2(spawn->output, STDOUT_FILENO) < 0 ||
	    dup2(spawn->output, STDERR_FILENO) < 0)
		return errno;
	/* Closed at execve, so that nothing is lost when execve fails (Linux 5.11; before 5.9 every
	 * descriptor of ours has close-on-exec on its own). */
	(void)close_range(3, ~0u, CLOSE_RANGE_CLOEXEC);
	return 0;
}

SPAWN_CHILD static int spawn_become(void *arg)
{
	struct spawn_child *child = arg;
	const struct spawn *spawn = child->spawn;
	int error;

	spawn_reset_oom_score();
	if (setsid() < 0 || chdir("/") < 0)
		error = errno;
	else
		error = spawn_enter_cgroups(spawn);
	if (error == 0)
		error = spawn_descriptors(spawn);
	(void)umask(022);
	if (error == 0 && spawn->drops)
		error = spawn_drop(spawn);
	if (error == 0) {
		spawn_reset_signals();
		(void)execve(spawn->argv[0], spawn->argv, spawn->environment);
		error = errno;
	}
	child->error = error;
	_exit(127);
}

pid_t spawn_start(const struct spawn *spawn, int *pidfd)
{
	struct spawn_child child = {.spawn = spawn};
	sigset_t all, before;
	pid_t pid;
	int error;

	/* Blocked, so that no handler of ours runs in the child. */
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &before);
	pid = clone(spawn_become, spawn_stack + SPAWN_STACK_BYTES,
		    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &child, pidfd);
	error = pid < 0 ? errno : child.error;
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (error == 0)
		return pid;
	if (pid > 0) {
		(void)waitpid(pid, NULL, 0); /* it has ended: the parent went on only then */
		*pidfd = file_close(*pidfd);
	}
	return -error;
}
