/* Has a running process make system calls, and prints what the kernel said to each: what a confined worker may do is
 * what the worker itself is let do. "inject PID CALL..." with CALL one of the table below, "open:/etc/hosts"; a line
 * "CALL ok" or "CALL EPERM" for each. 77: it cannot be traced here. The process goes on as before: what it waited in
 * is waited for again. x86_64 alone. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef __x86_64__
int main(void)
{
	return 77;
}
#else

enum { INJECT_BELOW = 8192, INJECT_TRIES = 1000, SYSCALL_INSTRUCTION = 0x050f };

/* T stands for the text behind the colon, N for its number. */
enum { T = -1000, N = -1001 };

static const struct {
	const char *name;
	long number, argument[4];
} calls[] = {
	{"open", SYS_openat, {AT_FDCWD, T, O_RDONLY | O_CLOEXEC}},
	{"write", SYS_openat, {AT_FDCWD, T, O_WRONLY | O_CLOEXEC}},
	{"create", SYS_openat, {AT_FDCWD, T, O_WRONLY | O_CREAT | O_CLOEXEC, 0600}},
	{"unlink", SYS_unlinkat, {AT_FDCWD, T}},
	{"mkdir", SYS_mkdirat, {AT_FDCWD, T, 0700}},
	{"chdir-root", SYS_chroot, {T}},
	{"exec", SYS_execve, {T, 0, 0}},
	{"fork", SYS_clone, {SIGCHLD}},
	{"vfork", SYS_vfork, {0}},
	{"kill", SYS_kill, {N, 0}},
	{"ptrace", SYS_ptrace, {PTRACE_SEIZE, N, 0, 0}},
	{"socket", SYS_socket, {N, SOCK_DGRAM | SOCK_CLOEXEC, 0}},
	{"raw", SYS_socket, {AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1}},
	{"unshare", SYS_unshare, {CLONE_NEWUSER}},
	{"setuid", SYS_setuid, {N}},
	{"mount", SYS_mount, {T, T, T, 0}},
	{"bpf", SYS_bpf, {0, 0, 0}},
};

static void fail(const char *what)
{
	(void)fprintf(stderr, "inject: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void wait_stopped(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status)) {
		(void)fprintf(stderr, "inject: it has ended\n");
		exit(1);
	}
}

static void take_registers(pid_t pid, struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_GETREGS, pid, NULL, regs) < 0)
		fail("GETREGS");
}

static void set_registers(pid_t pid, const struct user_regs_struct *regs)
{
	if (ptrace(PTRACE_SETREGS, pid, NULL, regs) < 0)
		fail("SETREGS");
}

/* Stopped where it waits in a call: behind a syscall instruction, which is all of its code that we need. */
static bool stop_in_call(pid_t pid, struct user_regs_struct *regs)
{
	for (int i = 0; i < INJECT_TRIES; i++) {
		if (ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) < 0)
			fail("INTERRUPT");
		wait_stopped(pid);
		take_registers(pid, regs);
		if ((long)regs->orig_rax >= 0 &&
		    (ptrace(PTRACE_PEEKTEXT, pid, (void *)(regs->rip - 2), NULL) & 0xffff) == SYSCALL_INSTRUCTION)
			return true;
		if (ptrace(PTRACE_CONT, pid, NULL, NULL) < 0)
			fail("CONT");
		(void)usleep(10000);
	}
	return false;
}

static void write_text(pid_t pid, unsigned long at, const char *text)
{
	char bytes[512] = "";
	struct iovec from = {bytes, sizeof(bytes)}, to = {(void *)at, sizeof(bytes)};

	(void)snprintf(bytes, sizeof(bytes), "%s", text);
	if (process_vm_writev(pid, &from, 1, &to, 1, 0) != (ssize_t)sizeof(bytes))
		fail("writing to its stack");
}

static long make_call(pid_t pid, const struct user_regs_struct *before, long number, const long argument[4])
{
	struct user_regs_struct regs = *before;

	regs.rip -= 2;
	regs.rax = (unsigned long)number;
	regs.orig_rax = (unsigned long)-1; /* what was interrupted is not to begin again now */
	regs.rdi = (unsigned long)argument[0];
	regs.rsi = (unsigned long)argument[1];
	regs.rdx = (unsigned long)argument[2];
	regs.r10 = (unsigned long)argument[3];
	set_registers(pid, &regs);
	if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) < 0)
		fail("SINGLESTEP");
	wait_stopped(pid);
	take_registers(pid, &regs);
	return (long)regs.rax;
}

/* "NAME:TEXT". What a call has opened is closed again; who was forked ends by the pid that we get. */
static void try_call(pid_t pid, const struct user_regs_struct *before, const char *call)
{
	const char *text = strchr(call, ':') != NULL ? strchr(call, ':') + 1 : "";
	size_t length = strcspn(call, ":");
	unsigned long at = (before->rsp - INJECT_BELOW) & ~15ul;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		long argument[4], got;

		if (strlen(calls[i].name) != length || strncmp(calls[i].name, call, length) != 0)
			continue;
		for (int a = 0; a < 4; a++)
			argument[a] = calls[i].argument[a] == T   ? (long)at
				      : calls[i].argument[a] == N ? strtol(text, NULL, 10)
								  : calls[i].argument[a];
		write_text(pid, at, text);
		got = make_call(pid, before, calls[i].number, argument);
		(void)printf("%s %s\n", call, got < 0 ? strerrorname_np((int)-got) : "ok");
		if (got >= 0 && (calls[i].number == SYS_openat || calls[i].number == SYS_socket))
			(void)make_call(pid, before, SYS_close, (const long[4]){got});
		if (got > 0 && (calls[i].number == SYS_clone || calls[i].number == SYS_vfork))
			(void)kill((pid_t)got, SIGKILL);
		return;
	}
	(void)printf("%s unknown\n", call);
}

int main(int argc, char **argv)
{
	pid_t pid = argc > 1 ? (pid_t)strtol(argv[1], NULL, 10) : 0;
	struct user_regs_struct before;

	if (pid <= 0)
		return 2;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) < 0)
		return 77;
	if (!stop_in_call(pid, &before))
		return 77;
	for (int i = 2; i < argc; i++)
		try_call(pid, &before, argv[i]);
	set_registers(pid, &before);
	if (ptrace(PTRACE_DETACH, pid, NULL, NULL) < 0)
		fail("DETACH");
	return 0;
}

#endif
