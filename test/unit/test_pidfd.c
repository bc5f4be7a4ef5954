/* see/pidfd.c and procfs_read_exit: real processes of ours, and of others. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/file.h"
#include "base/root.h"
#include "see/pidfd.h"
#include "see/procfs.h"

static int proc = -1;

static uint64_t start_of(pid_t pid)
{
	struct procfs_stat stat;

	assert_int_equal(procfs_read_stat(proc, pid, &stat), 0);
	return stat.start;
}

/* A child that waits for one byte and then ends so; *go: our end of its pipe. */
static pid_t waiting_child(int *go, int status, int signal)
{
	const struct rlimit none = {0, 0};
	int ends[2];
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	*go = ends[1];
	if (pid != 0) {
		(void)close(ends[0]);
		return pid;
	}
	(void)close(ends[1]);
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)!read(ends[0], &byte, 1);
	if (signal != 0) {
		(void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
		(void)kill(getpid(), signal);
		_exit(99);
	}
	_exit(status);
}

static void wait_for_end(int pidfd)
{
	struct pollfd fd = {.fd = pidfd, .events = POLLIN};

	assert_int_equal(poll(&fd, 1, 5000), 1);
	assert_true(pidfd_has_ended(pidfd));
}

static bool kernel_since(unsigned major, unsigned minor)
{
	struct utsname name;
	unsigned a = 0, b = 0;

	assert_int_equal(uname(&name), 0);
	assert_int_equal(sscanf(name.release, "%u.%u", &a, &b), 2);
	return a > major || (a == major && b >= minor);
}

/* Asked as its zombie, and again when it is reaped. */
static void check_end(int status, int signal, uint32_t want)
{
	uint32_t got = 77;
	int go, pidfd;
	pid_t pid = waiting_child(&go, status, signal);
	uint64_t start = start_of(pid);

	pidfd = pidfd_open_process(proc, pid, start);
	assert_true(pidfd >= 0);
	assert_false(pidfd_has_ended(pidfd));
	assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), -EAGAIN);
	(void)close(go);
	wait_for_end(pidfd);
	assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), 0);
	assert_int_equal(got, want);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	got = 77;
	if (kernel_since(6, 15)) {
		assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), 0);
		assert_int_equal(got, want);
	} else {
		assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), -ENODATA);
	}
	(void)close(pidfd);
}

static void exit_codes_are_known(void **state)
{
	(void)state;
	check_end(0, 0, 0);
	check_end(1, 0, 1 << 8);
	check_end(255, 0, 255 << 8);
}

static void signals_are_known(void **state)
{
	const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGILL, SIGABRT, SIGBUS, SIGFPE, SIGKILL, SIGSEGV,
				      SIGPIPE, SIGALRM, SIGTERM, SIGUSR1, SIGXCPU, SIGSYS, SIGRTMIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		check_end(0, signals[i], (uint32_t)signals[i]);
}

static void a_core_dump_is_known(void **state)
{
	char dir[] = "/tmp/test-pidfd-XXXXXX", command[64];
	const struct rlimit some = {1 << 20, 1 << 20};
	uint32_t got;
	int status, pidfd;
	uint64_t start;
	pid_t pid;

	(void)state;
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chdir(dir) == 0 && setrlimit(RLIMIT_CORE, &some) == 0)
			(void)execl("/bin/sh", "sh", "-c", "sleep 0.2; kill -SEGV $$", (char *)NULL);
		_exit(127);
	}
	start = start_of(pid);
	pidfd = pidfd_open_process(proc, pid, start);
	wait_for_end(pidfd);
	assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(got, status);
	(void)close(pidfd);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	if (!WCOREDUMP(status)) {
		print_message("# SKIP this host writes no core\n");
		skip();
	}
	assert_int_equal(got, SIGSEGV | 0x80);
}

/* Its parent ends first; who adopts it reaps it at once. */
static void the_end_of_one_that_is_no_child_of_ours_is_known(void **state)
{
	int go[2], number[2], pidfd, error;
	uint32_t got;
	pid_t child, pid = 0;
	uint64_t start;

	(void)state;
	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	assert_int_equal(pipe2(number, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		pid = fork();
		if (pid == 0) {
			char byte;

			(void)close(go[1]);
			(void)!read(go[0], &byte, 1);
			_exit(42);
		}
		(void)!write(number[1], &pid, sizeof(pid));
		_exit(0);
	}
	assert_int_equal(read(number[0], &pid, sizeof(pid)), sizeof(pid));
	assert_int_equal(waitpid(child, NULL, 0), child);
	start = start_of(pid);
	pidfd = pidfd_open_process(proc, pid, start);
	assert_true(pidfd >= 0);
	for (int i = 0; i < 2; i++) {
		(void)close(go[i]);
		(void)close(number[i]);
	}
	wait_for_end(pidfd);
	error = pidfd_read_end(pidfd, proc, pid, start, &got);
	if (error != 0 && !kernel_since(6, 15)) {
		assert_int_equal(error, -ENODATA);
	} else {
		assert_int_equal(error, 0);
		assert_int_equal(got, 42 << 8);
	}
	(void)close(pidfd);
}

static void *thread_that_ends_it(void *arg)
{
	char byte;

	(void)!read(*(int *)arg, &byte, 1);
	_exit(5);
}

static void a_main_thread_that_ended_is_no_end_while_others_live(void **state)
{
	struct procfs_stat stat = {.state = 'R'};
	int ends[2], pidfd;
	uint64_t start;
	uint32_t got;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		pthread_t thread;

		(void)close(ends[1]);
		(void)pthread_create(&thread, NULL, thread_that_ends_it, &ends[0]);
		pthread_exit(NULL);
	}
	start = start_of(pid);
	pidfd = pidfd_open_process(proc, pid, start);
	for (int i = 0; i < 500 && stat.state != 'Z'; i++) {
		assert_int_equal(procfs_read_stat(proc, pid, &stat), 0);
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(stat.state, 'Z');
	assert_true(procfs_is_alive(&stat));
	assert_false(pidfd_has_ended(pidfd));
	assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), -EAGAIN);
	(void)close(ends[1]);
	wait_for_end(pidfd);
	assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), 0);
	assert_int_equal(got, 5 << 8); /* the process's, not the main thread's 0 */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	if (kernel_since(6, 15)) {
		assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), 0);
		assert_int_equal(got, 5 << 8);
	}
	(void)close(pidfd);
}

static void another_start_is_another_process(void **state)
{
	int go;
	pid_t pid = waiting_child(&go, 0, 0);

	(void)state;
	assert_int_equal(pidfd_open_process(proc, pid, start_of(pid) + 1), -ESRCH);
	assert_int_equal(pidfd_open_process(proc, pid, 0), -ESRCH);
	(void)close(go);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(pidfd_open_process(proc, pid, 1), -ESRCH);
	assert_true(pidfd_open_process(proc, -1, 1) < 0);
	assert_true(pidfd_open_process(proc, 0, 1) < 0);
}

static void a_zombie_can_be_opened_too(void **state)
{
	uint32_t got;
	int go, pidfd;
	pid_t pid = waiting_child(&go, 3, 0);
	uint64_t start = start_of(pid);
	siginfo_t end;

	(void)state;
	(void)close(go);
	assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
	pidfd = pidfd_open_process(proc, pid, start);
	assert_true(pidfd >= 0);
	assert_int_equal(pidfd_read_end(pidfd, proc, pid, start, &got), 0);
	assert_int_equal(got, 3 << 8);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(pidfd);
}

/* A zombie of root's, seen by an ordinary user: the kernel writes 0 for its status. */
static void a_status_that_is_not_shown_is_not_taken_for_success(void **state)
{
	int go, status;
	pid_t pid, viewer;
	uint64_t start;
	siginfo_t end;

	(void)state;
	if (geteuid() != 0)
		skip();
	pid = waiting_child(&go, 3, 0);
	start = start_of(pid);
	(void)close(go);
	assert_int_equal(waitid(P_PID, (id_t)pid, &end, WEXITED | WNOWAIT), 0);
	viewer = fork();
	if (viewer == 0) {
		uint32_t got;
		int pidfd;

		if (setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		pidfd = pidfd_open_process(proc, pid, start);
		_exit(pidfd >= 0 && pidfd_read_end(pidfd, proc, pid, start, &got) == -ENODATA ? 0 : 2);
	}
	assert_int_equal(waitpid(viewer, &status, 0), viewer);
	assert_int_equal(status, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void on_a_made_up_host_none_is_opened(void **state)
{
	(void)state;
	root_set("/tmp");
	assert_int_equal(pidfd_open_process(proc, getpid(), start_of(getpid())), -ENOTSUP);
	root_set("");
}

/* /proc/7/stat below a directory, whose text a test chooses. */
static int read_exit_of(const char *text, uint32_t *status)
{
	char dir[] = "/tmp/test-pidfd-XXXXXX", command[64];
	struct procfs_stat stat;
	int at, error;

	assert_non_null(mkdtemp(dir));
	at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(mkdirat(at, "7", 0755), 0);
	(void)close(openat(at, "7/stat", O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	assert_int_equal(file_write_at(at, "7/stat", text), 0);
	error = procfs_read_exit(at, 7, &stat, status);
	(void)close(at);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	return error;
}

#define FIELDS_4_TO_24 " 1 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 555 0 0"
#define FIELDS_25_TO_51 " 18446744073709551615 0 0 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0"

static void the_exit_code_is_the_52nd_field(void **state)
{
	static const struct {
		const char *text;
		int error;
		uint32_t status;
	} row[] = {
		{"7 (x) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " 256\n", 0, 256},
		{"7 (foo) Z ) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " 9\n", 0, 9},
		{"7 (x\n) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " 139 1 2\n", 0, 139}, /* a kernel to come */
		{"7 (x) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 "\n", -EPROTO, 0},       /* before 3.5 */
		{"7 (x) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " \n", -EPROTO, 0},
		{"7 (x) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " -1\n", -EPROTO, 0},
		{"7 (x) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " 4294967296\n", -EPROTO, 0},
		{"7 (x) Z" FIELDS_4_TO_24 " 1\n", -EPROTO, 0},
		{"8 (x) Z" FIELDS_4_TO_24 FIELDS_25_TO_51 " 256\n", -EPROTO, 0},
		{"", -EPROTO, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		uint32_t status = 77;

		assert_int_equal(read_exit_of(row[i].text, &status), row[i].error);
		assert_int_equal(status, row[i].status);
	}
}

static int open_proc(void **state)
{
	(void)state;
	proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return proc < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exit_codes_are_known),
		cmocka_unit_test(signals_are_known),
		cmocka_unit_test(a_core_dump_is_known),
		cmocka_unit_test(the_end_of_one_that_is_no_child_of_ours_is_known),
		cmocka_unit_test(a_main_thread_that_ended_is_no_end_while_others_live),
		cmocka_unit_test(another_start_is_another_process),
		cmocka_unit_test(a_zombie_can_be_opened_too),
		cmocka_unit_test(a_status_that_is_not_shown_is_not_taken_for_success),
		cmocka_unit_test(on_a_made_up_host_none_is_opened),
		cmocka_unit_test(the_exit_code_is_the_52nd_field),
	};

	return cmocka_run_group_tests(tests, open_proc, NULL);
}
