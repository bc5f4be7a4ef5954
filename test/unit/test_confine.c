/* confine: each test is a child that confines itself and then tries. As root, so that nothing else would refuse it;
 * calls that would do harm if they went through are asked with arguments that can do none. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include "base/bounds.h"
#include "base/diag.h"
#include "start/confine.h"

static char confine_dir[64];

/* In a child: what must hold, else it says so and ends. _exit, as leaks are looked for by ptrace. */
#define must(that)                                                                                          \
	do {                                                                                                \
		errno = 0;                                                                                  \
		if (!(that)) {                                                                              \
			(void)dprintf(2, "line %d: not so: %s (errno %d)\n", __LINE__, #that, errno);       \
			_exit(1);                                                                           \
		}                                                                                           \
	} while (0)
#define must_refuse(call, error) must((call) < 0 && errno == (error))

/* The child's wait status. */
static int confine_status_of(void (*child)(void))
{
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		diag_open(false);
		child();
		_exit(0);
	}
	assert_true(pid > 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void confine_try(void (*child)(void))
{
	assert_int_equal(confine_status_of(child), 0);
}

static const char *confine_path(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", confine_dir, name);
	return path;
}

static void confine_put(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, "x", 1), 1);
	(void)close(fd);
}

static int confine_setup(void **state)
{
	(void)state;
	(void)snprintf(confine_dir, sizeof(confine_dir), "/tmp/test_confine.XXXXXX");
	if (mkdtemp(confine_dir) == NULL || mkdir(confine_path("state"), 0755) < 0 ||
	    mkdir(confine_path("other"), 0755) < 0)
		return -1;
	confine_put(confine_path("other/file"));
	return 0;
}

static int confine_teardown(void **state)
{
	static const char *const made[] = {"state/db", "state/db2", "state", "other/file", "other/made", "other", ""};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(made); i++)
		(void)remove(confine_path(made[i]));
	return 0;
}

static void confine_as_messenger(void)
{
	static const struct confine_with with = {.network = true, .read_dirs = confine_read_for_network};

	must(confine(&with) == 0);
}

static void confine_as_scribe(void)
{
	static char dir[128];
	static const char *write_dirs[2] = {dir};
	const struct confine_with with = {.write_dirs = write_dirs};

	(void)snprintf(dir, sizeof(dir), "%s", confine_path("state"));
	must(confine(&with) == 0);
}

static void confine_need_landlock(void)
{
	if (confine_landlock_abi() == 0) {
		print_message("SKIP: this kernel has no Landlock\n");
		skip();
	}
}

/* --- files --- */

static int confine_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0644);

	if (fd >= 0)
		(void)close(fd);
	return fd;
}

static void confine_messenger_opens(void)
{
	char link[64];

	(void)snprintf(link, sizeof(link), "/proc/%d/statm", getppid());
	confine_as_messenger();
	must(confine_open("/etc/hosts", O_RDONLY) >= 0);
	must(confine_open("/etc", O_RDONLY | O_DIRECTORY) >= 0);
	must(confine_open("/proc/self/statm", O_RDONLY) >= 0);
	must(confine_open(link, O_RDONLY) >= 0);
	must_refuse(confine_open(confine_path("other/file"), O_RDONLY), EACCES);
	must_refuse(confine_open("/root", O_RDONLY | O_DIRECTORY), EACCES);
	must_refuse(confine_open("/", O_RDONLY | O_DIRECTORY), EACCES);
	must_refuse(confine_open("/etc/../tmp", O_RDONLY | O_DIRECTORY), EACCES);
	must_refuse(confine_open("/proc/self/root/tmp", O_RDONLY | O_DIRECTORY), EACCES);
	must_refuse(confine_open("/etc/hosts", O_WRONLY), EACCES);
	must_refuse(confine_open("/etc/test_confine", O_WRONLY | O_CREAT), EACCES);
	must_refuse(confine_open("/proc/self/oom_score_adj", O_WRONLY), EACCES);
	must_refuse(confine_open(confine_path("state/db"), O_WRONLY | O_CREAT), EACCES);
	must_refuse(unlink(confine_path("other/file")), EACCES);
	must_refuse(mkdir(confine_path("state/made"), 0755), EACCES);
}

static void the_messenger_opens_what_look_ups_read_and_nothing_else(void **state)
{
	(void)state;
	confine_need_landlock();
	confine_try(confine_messenger_opens);
}

static void confine_kept_directory(void)
{
	int kept = open(confine_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	must(kept >= 0);
	confine_as_messenger();
	must_refuse(openat(kept, "other/file", O_RDONLY | O_CLOEXEC), EACCES);
}

static void a_descriptor_kept_from_before_opens_nothing_below_it(void **state)
{
	(void)state;
	confine_need_landlock();
	confine_try(confine_kept_directory);
}

static void confine_scribe_writes(void)
{
	char db[128], db2[128];
	int fd;

	(void)snprintf(db, sizeof(db), "%s", confine_path("state/db"));
	(void)snprintf(db2, sizeof(db2), "%s", confine_path("state/db2"));
	confine_as_scribe();
	must((fd = open(db, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640)) >= 0);
	must(ftruncate(fd, 4096) == 0);
	must(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
	must(fdatasync(fd) == 0);
	must(fchmod(fd, 0600) == 0);
	must(rename(db, db2) == 0);
	must(unlink(db2) == 0);
	must(confine_open(confine_path("state"), O_RDONLY | O_DIRECTORY) >= 0);
	must(confine_open(confine_path("other/file"), O_RDONLY) >= 0);
	must(confine_open("/", O_RDONLY | O_DIRECTORY) >= 0);
	must_refuse(confine_open(confine_path("other/file"), O_WRONLY), EACCES);
	must_refuse(confine_open(confine_path("other/made"), O_WRONLY | O_CREAT), EACCES);
	must_refuse(confine_open(confine_path("state/../other/made"), O_WRONLY | O_CREAT), EACCES);
	must_refuse(unlink(confine_path("other/file")), EACCES);
	must_refuse(mkdir(confine_path("state/made"), 0755), EACCES);
	must_refuse(symlink("/etc/passwd", confine_path("state/link")), EACCES);
	must_refuse(mknod(confine_path("state/node"), S_IFCHR | 0600, 1), EACCES);
}

static void the_scribe_reads_all_and_writes_below_its_directories(void **state)
{
	(void)state;
	confine_need_landlock();
	confine_try(confine_scribe_writes);
}

static void confine_moves_out(void)
{
	char from[128];

	confine_as_scribe();
	(void)snprintf(from, sizeof(from), "%s", confine_path("state/db"));
	must(confine_open(from, O_WRONLY | O_CREAT) >= 0);
	must(rename(from, confine_path("other/made")) < 0);
	must(link(from, confine_path("other/made")) < 0);
	must(unlink(from) == 0);
}

static void a_file_cannot_be_moved_out(void **state)
{
	(void)state;
	confine_need_landlock();
	confine_try(confine_moves_out);
}

static void confine_with_gone_directories(void)
{
	static const char *const gone[] = {"/nowhere/at/all", "/etc/hosts", "/etc/hosts/below", NULL};
	const struct confine_with with = {.read_dirs = gone, .write_dirs = gone};

	must(confine(&with) == 0);
	must(confine_landlock_abi() == 0 || confine_open("/etc/passwd", O_RDONLY) < 0);
	must(confine_open("/etc/hosts", O_RDONLY) >= 0);
}

static void a_path_that_is_not_there_or_a_file_is_no_obstacle(void **state)
{
	(void)state;
	confine_try(confine_with_gone_directories);
}

/* --- calls --- */

#define NOWHERE ((long)-1)

/* Without the filter each gives something else than EPERM to root, and does nothing. */
static const struct confine_call {
	const char *name;
	long number, argument[4];
} confine_call[] = {
	{"execve", SYS_execve, {NOWHERE}},
	{"execveat", SYS_execveat, {-1, NOWHERE}},
	{"ptrace", SYS_ptrace, {PTRACE_PEEKDATA, 0}},
	{"process_vm_readv", SYS_process_vm_readv, {0}},
	{"process_vm_writev", SYS_process_vm_writev, {0}},
	{"process_madvise", SYS_process_madvise, {-1}},
	{"process_mrelease", SYS_process_mrelease, {-1}},
	{"kcmp", SYS_kcmp, {0, 0, -1}},
	{"pidfd_getfd", SYS_pidfd_getfd, {-1}},
	{"rt_sigqueueinfo", SYS_rt_sigqueueinfo, {0, 0, NOWHERE}},
	{"rt_tgsigqueueinfo", SYS_rt_tgsigqueueinfo, {0, 0, 0, NOWHERE}},
	{"pidfd_send_signal", SYS_pidfd_send_signal, {-1}},
	{"tkill", SYS_tkill, {-1, 0}},
	{"migrate_pages", SYS_migrate_pages, {-1}},
	{"setpriority", SYS_setpriority, {-1}},
	{"ioprio_set", SYS_ioprio_set, {-1}},
	{"sched_setscheduler", SYS_sched_setscheduler, {-1}},
	{"sched_setattr", SYS_sched_setattr, {-1}},
	{"sched_setaffinity", SYS_sched_setaffinity, {-1, 0, NOWHERE}},
	{"prlimit64", SYS_prlimit64, {-1, -1}},
	{"ioctl TIOCSTI", SYS_ioctl, {-1, TIOCSTI, NOWHERE}},
	{"ioctl TIOCLINUX", SYS_ioctl, {-1, TIOCLINUX, NOWHERE}},
	{"unshare", SYS_unshare, {0}},
	{"setns", SYS_setns, {-1}},
	{"mount", SYS_mount, {NOWHERE, NOWHERE, NOWHERE}},
	{"umount2", SYS_umount2, {NOWHERE}},
	{"pivot_root", SYS_pivot_root, {NOWHERE, NOWHERE}},
	{"chroot", SYS_chroot, {NOWHERE}},
	{"move_mount", SYS_move_mount, {-1, NOWHERE, -1, NOWHERE}},
	{"open_tree", SYS_open_tree, {-1, NOWHERE}},
	{"fsopen", SYS_fsopen, {NOWHERE}},
	{"fsmount", SYS_fsmount, {-1}},
	{"mount_setattr", SYS_mount_setattr, {-1, NOWHERE}},
	{"open_by_handle_at", SYS_open_by_handle_at, {-1, NOWHERE}},
	{"fanotify_init", SYS_fanotify_init, {-1, -1}},
	{"quotactl", SYS_quotactl, {-1, NOWHERE}},
	{"swapon", SYS_swapon, {NOWHERE}},
	{"swapoff", SYS_swapoff, {NOWHERE}},
	{"reboot", SYS_reboot, {0, 0, 0}},
	{"kexec_load", SYS_kexec_load, {0, 0, 0, -1}},
	{"init_module", SYS_init_module, {NOWHERE}},
	{"finit_module", SYS_finit_module, {-1}},
	{"delete_module", SYS_delete_module, {NOWHERE}},
	{"sethostname", SYS_sethostname, {NOWHERE, -1}},
	{"settimeofday", SYS_settimeofday, {0, 0}},
	{"clock_settime", SYS_clock_settime, {-1, NOWHERE}},
	{"adjtimex", SYS_adjtimex, {NOWHERE}},
	{"acct", SYS_acct, {NOWHERE}},
	{"syslog", SYS_syslog, {-1}},
	{"personality", SYS_personality, {0xffffffff}},
	{"bpf", SYS_bpf, {-1}},
	{"perf_event_open", SYS_perf_event_open, {NOWHERE}},
	{"userfaultfd", SYS_userfaultfd, {-1}},
	{"io_uring_setup", SYS_io_uring_setup, {0, NOWHERE}},
	{"io_uring_enter", SYS_io_uring_enter, {-1}},
	{"keyctl", SYS_keyctl, {-1}},
	{"add_key", SYS_add_key, {NOWHERE}},
	{"request_key", SYS_request_key, {NOWHERE}},
	{"setuid", SYS_setuid, {0}},
	{"setresgid", SYS_setresgid, {-1, -1, -1}},
	{"setgroups", SYS_setgroups, {0, 0}},
	{"capset", SYS_capset, {NOWHERE}},
#ifdef __x86_64__
	{"iopl", SYS_iopl, {0}},
	{"modify_ldt", SYS_modify_ldt, {-1}},
	{"x32 getpid", 0x40000000 | SYS_getpid, {0}},
#endif
};

static void confine_try_calls(void)
{
	confine_as_messenger();
	for (size_t i = 0; i < ARRAY_LEN(confine_call); i++) {
		const struct confine_call *c = &confine_call[i];
		long got = syscall(c->number, c->argument[0], c->argument[1], c->argument[2], c->argument[3], 0, 0);

		if (got == -1 && errno == EPERM)
			continue;
		(void)dprintf(2, "%s gave %ld (errno %d)\n", c->name, got, errno);
		_exit(1);
	}
}

/* What libraries ask for all the time. */
static void confine_asks_of_itself(void)
{
	struct rlimit limit;
	int many, pair[2];

	confine_as_messenger();
	must(getrlimit(RLIMIT_NOFILE, &limit) == 0);
	must(pipe(pair) == 0);
	must(ioctl(pair[0], FIONREAD, &many) == 0);
}

static void its_own_limits_and_descriptors_are_its_own(void **state)
{
	(void)state;
	confine_try(confine_asks_of_itself);
}

/* A kernel that refuses what Landlock was asked for. */
static void confine_fails(void)
{
	const struct confine_with with = {.network = true, .read_dirs = confine_read_for_network};
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_landlock_restrict_self, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EINVAL),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
	must(confine(&with) == -EINVAL);
}

static void a_refusal_of_landlock_is_no_lack_of_seccomp(void **state)
{
	(void)state;
	confine_need_landlock();
	confine_try(confine_fails);
}

static void what_neither_worker_needs_is_refused(void **state)
{
	(void)state;
	confine_try(confine_try_calls);
}

static void confine_makes_processes(void)
{
	confine_as_messenger();
	must_refuse(fork(), EPERM);
	must_refuse(vfork(), EPERM);
	must_refuse(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), EPERM);
	must_refuse(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0), EPERM);
	must_refuse(syscall(SYS_clone3, NULL, 0), ENOSYS);
	must(system("true") != 0);
}

static void no_process_is_made(void **state)
{
	(void)state;
	confine_try(confine_makes_processes);
}

static void confine_signals_others(void)
{
	pid_t parent = getppid();

	confine_as_scribe();
	must_refuse(kill(parent, 0), EPERM);
	must_refuse(kill(getpid(), 0), EPERM);
	must_refuse(kill(-1, 0), EPERM);
	must_refuse(syscall(SYS_tgkill, parent, parent, 0), EPERM);
	must(syscall(SYS_tgkill, getpid(), gettid(), 0) == 0);
}

static void nobody_else_is_signalled(void **state)
{
	(void)state;
	confine_try(confine_signals_others);
}

static void confine_aborts(void)
{
	(void)signal(SIGABRT, SIG_DFL);
	confine_as_messenger();
	abort();
}

static void it_can_still_end_itself_by_abort(void **state)
{
	(void)state;
	assert_int_equal(confine_status_of(confine_aborts) & 0x7f, SIGABRT);
}

static void confine_scribe_sockets(void)
{
	int pair[2];

	confine_as_scribe();
	must_refuse(socket(AF_INET, SOCK_STREAM, 0), EPERM);
	must_refuse(socket(AF_INET6, SOCK_DGRAM, 0), EPERM);
	must_refuse(socket(AF_NETLINK, SOCK_RAW, 0), EPERM);
	must_refuse(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0) >= 0);
	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	must(send(pair[0], "x", 1, 0) == 1);
}

static void the_scribe_has_no_network(void **state)
{
	(void)state;
	confine_try(confine_scribe_sockets);
}

static void confine_messenger_sockets(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(to);
	int there, here;

	confine_as_messenger();
	must_refuse(socket(AF_PACKET, SOCK_RAW, 0), EPERM);
	must_refuse(socket(AF_VSOCK, SOCK_STREAM, 0), EPERM);
	must_refuse(socket(AF_ALG, SOCK_SEQPACKET, 0), EPERM);
	must((there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	must(bind(there, (const struct sockaddr *)&to, len) == 0);
	must(listen(there, 1) == 0);
	must(getsockname(there, (struct sockaddr *)&to, &len) == 0);
	must((here = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0);
	must(connect(here, (const struct sockaddr *)&to, len) == 0);
}

static void the_messenger_has_the_network(void **state)
{
	(void)state;
	confine_try(confine_messenger_sockets);
}

/* --- what must go on --- */

static void *confine_thread(void *arg)
{
	return malloc(1000000) != NULL ? arg : NULL;
}

static void *confine_waits(void *arg)
{
	for (;;)
		(void)pause();
	return arg;
}

static void confine_runs_threads(void)
{
	pthread_t thread;
	void *came = NULL;
	int mine;

	confine_as_messenger();
	must(pthread_create(&thread, NULL, confine_thread, &mine) == 0);
	must(pthread_join(thread, &came) == 0);
	must(came == &mine);
	/* ends it by a signal within the process, and unwinds by libgcc_s */
	must(pthread_create(&thread, NULL, confine_waits, NULL) == 0);
	must(pthread_cancel(thread) == 0);
	must(pthread_join(thread, &came) == 0);
	must(came == PTHREAD_CANCELED);
}

static void threads_are_made_and_cancelled(void **state)
{
	(void)state;
	confine_try(confine_runs_threads);
}

static void confine_looks_up(void)
{
	static const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *found = NULL;

	confine_as_messenger();
	must(getaddrinfo("localhost", "25", &hints, &found) == 0);
	must(found != NULL);
}

static void names_are_looked_up(void **state)
{
	(void)state;
	confine_try(confine_looks_up);
}

static void confine_loads(void)
{
	confine_as_messenger();
	must(dlopen("libgcc_s.so.1", RTLD_NOW) != NULL);
}

static void a_library_is_loaded(void **state)
{
	(void)state;
	confine_try(confine_loads);
}

static void *confine_tries(void *arg)
{
	int *go = arg;
	char c;

	if (read(go[0], &c, 1) != 1)
		return NULL;
	return unshare(0) < 0 && errno == EPERM ? arg : NULL;
}

static void confine_with_a_thread(void)
{
	pthread_t thread;
	void *came = NULL;
	int go[2];

	must(pipe(go) == 0);
	must(pthread_create(&thread, NULL, confine_tries, go) == 0);
	confine_as_messenger();
	must(write(go[1], "x", 1) == 1);
	must(pthread_join(thread, &came) == 0);
	must(came == go);
}

static void a_thread_from_before_is_held_by_the_filter_too(void **state)
{
	(void)state;
	confine_try(confine_with_a_thread);
}

static void confine_twice(void)
{
	confine_as_messenger();
	confine_as_messenger();
	must(confine_open("/etc/hosts", O_RDONLY) >= 0);
}

static void being_confined_again_is_no_error(void **state)
{
	(void)state;
	confine_try(confine_twice);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_messenger_opens_what_look_ups_read_and_nothing_else),
		cmocka_unit_test(a_descriptor_kept_from_before_opens_nothing_below_it),
		cmocka_unit_test(the_scribe_reads_all_and_writes_below_its_directories),
		cmocka_unit_test(a_file_cannot_be_moved_out),
		cmocka_unit_test(a_path_that_is_not_there_or_a_file_is_no_obstacle),
		cmocka_unit_test(what_neither_worker_needs_is_refused),
		cmocka_unit_test(its_own_limits_and_descriptors_are_its_own),
		cmocka_unit_test(a_refusal_of_landlock_is_no_lack_of_seccomp),
		cmocka_unit_test(no_process_is_made),
		cmocka_unit_test(nobody_else_is_signalled),
		cmocka_unit_test(it_can_still_end_itself_by_abort),
		cmocka_unit_test(the_scribe_has_no_network),
		cmocka_unit_test(the_messenger_has_the_network),
		cmocka_unit_test(threads_are_made_and_cancelled),
		cmocka_unit_test(names_are_looked_up),
		cmocka_unit_test(a_library_is_loaded),
		cmocka_unit_test(a_thread_from_before_is_held_by_the_filter_too),
		cmocka_unit_test(being_confined_again_is_no_error),
	};

	return cmocka_run_group_tests_name("confine", tests, confine_setup, confine_teardown);
}
