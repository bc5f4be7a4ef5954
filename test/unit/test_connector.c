/* see/connector.c: made-up datagrams, and the kernel's own where we may listen. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
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
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <linux/cn_proc.h>
#include <linux/connector.h>
#include <linux/netlink.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/root.h"
#include "see/connector.h"

/* A datagram as the kernel makes it; what is shorter than it says is made by hand. */
struct made {
	char bytes[1024] __attribute__((aligned(8)));
	size_t len;
};

static void made_add(struct made *made, const struct proc_event *event, size_t len)
{
	struct cn_msg message = {.id = {CN_IDX_PROC, CN_VAL_PROC}, .len = (uint16_t)len};
	struct nlmsghdr header = {.nlmsg_type = NLMSG_DONE,
				  .nlmsg_len = (uint32_t)(sizeof(header) + sizeof(message) + len)};

	memcpy(made->bytes + made->len, &header, sizeof(header));
	memcpy(made->bytes + made->len + sizeof(header), &message, sizeof(message));
	memcpy(made->bytes + made->len + sizeof(header) + sizeof(message), event, len);
	made->len += NLMSG_ALIGN(header.nlmsg_len);
}

static struct made made_of(const struct proc_event *event)
{
	struct made made = {.len = 0};

	made_add(&made, event, sizeof(*event));
	return made;
}

/* Bytes on the heap, so that a read behind them is seen. */
static bool parse(const struct made *made, size_t len, struct connector_events *out)
{
	void *bytes = malloc(len + 1);
	bool whole;

	assert_non_null(bytes);
	memcpy(bytes, made->bytes, len);
	bytes = realloc(bytes, len > 0 ? len : 1);
	assert_non_null(bytes);
	whole = connector_parse(bytes, len, out);
	free(bytes);
	return whole;
}

static struct proc_event exit_of(int pid, int thread)
{
	struct proc_event event = {.what = PROC_EVENT_EXIT};

	event.event_data.exit.process_pid = thread;
	event.event_data.exit.process_tgid = pid;
	event.event_data.exit.exit_code = 256;
	event.event_data.exit.parent_tgid = 7;
	return event;
}

static void each_kind_is_read(void **state)
{
	struct proc_event event[5] = {{.what = PROC_EVENT_FORK}, {.what = PROC_EVENT_EXEC},
				      {.what = PROC_EVENT_COMM}, {.what = PROC_EVENT_COREDUMP},
				      exit_of(12, 12)};
	struct connector_events out;
	struct made made = {.len = 0};

	(void)state;
	event[0].event_data.fork = (struct fork_proc_event){3, 2, 12, 12};
	event[1].event_data.exec = (struct exec_proc_event){12, 12};
	event[2].event_data.comm = (struct comm_proc_event){12, 12, "claude"};
	event[3].event_data.coredump = (struct coredump_proc_event){13, 12, 3, 2};
	for (size_t i = 0; i < ARRAY_LEN(event); i++)
		made_add(&made, &event[i], sizeof(event[i]));
	assert_true(parse(&made, made.len, &out));
	assert_int_equal(out.count, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_equal(out.event[i].what, i); /* CONNECTOR_FORK, ... in this order */
		assert_int_equal(out.event[i].pid, 12);
	}
	assert_int_equal(out.event[0].parent, 2);
	assert_string_equal(out.event[2].comm, "claude");
	assert_int_equal(out.event[3].parent, 2);
	assert_int_equal(out.event[4].parent, 7);
	assert_int_equal(out.event[4].status, 256);
}

static void threads_are_left_out(void **state)
{
	struct proc_event event[3] = {exit_of(12, 13), {.what = PROC_EVENT_FORK}, {.what = PROC_EVENT_COMM}};
	struct connector_events out;
	struct made made = {.len = 0};

	(void)state;
	event[1].event_data.fork = (struct fork_proc_event){2, 2, 13, 12};
	event[2].event_data.comm = (struct comm_proc_event){13, 12, "tokio-runtime-w"};
	for (size_t i = 0; i < ARRAY_LEN(event); i++)
		made_add(&made, &event[i], sizeof(event[i]));
	assert_true(parse(&made, made.len, &out));
	assert_int_equal(out.count, 0);
}

static void an_unknown_or_other_message_is_passed_over(void **state)
{
	struct proc_event known = exit_of(12, 12), unknown = {.what = PROC_EVENT_PTRACE};
	struct connector_events out;
	struct made made = made_of(&unknown);
	struct cn_msg other = {.id = {CN_IDX_PROC + 1, CN_VAL_PROC}, .len = sizeof(known)};

	(void)state;
	unknown.what = (enum what)0x00800000; /* of a kernel to come */
	made_add(&made, &unknown, sizeof(unknown));
	memcpy(made.bytes + made.len + sizeof(struct nlmsghdr), &other, sizeof(other));
	made_add(&made, &known, sizeof(known));
	memcpy(made.bytes + made.len - sizeof(known) - sizeof(other), &other, sizeof(other));
	assert_true(parse(&made, made.len, &out));
	assert_int_equal(out.count, 0);
	made_add(&made, &known, sizeof(known));
	((struct nlmsghdr *)(void *)(made.bytes))->nlmsg_type = NLMSG_ERROR;
	assert_true(parse(&made, made.len, &out));
	assert_int_equal(out.count, 1);
}

static void an_exit_without_its_parent_is_an_exit(void **state)
{
	struct proc_event event = exit_of(12, 12);
	struct connector_events out;
	struct made made = {.len = 0};

	(void)state;
	event.event_data.exit.parent_tgid = 0;
	made_add(&made, &event, offsetof(struct proc_event, event_data.exit.parent_pid));
	assert_true(parse(&made, made.len, &out));
	assert_int_equal(out.count, 1);
	assert_int_equal(out.event[0].status, 256);
	assert_int_equal(out.event[0].parent, 0);
}

static void a_cut_datagram_gives_nothing_and_is_told_as_lost(void **state)
{
	struct proc_event event = exit_of(12, 12);
	struct made made = made_of(&event);
	struct connector_events out;

	(void)state;
	assert_true(parse(&made, 0, &out));
	assert_int_equal(out.count, 0);
	for (size_t len = 1; len < made.len; len++) {
		assert_false(parse(&made, len, &out));
		assert_int_equal(out.count, 0);
	}
}

static void a_message_too_short_for_what_it_says_is_told_as_lost(void **state)
{
	static const enum what each[] = {PROC_EVENT_FORK, PROC_EVENT_EXEC, PROC_EVENT_COMM, PROC_EVENT_COREDUMP,
					 PROC_EVENT_EXIT};
	struct connector_events out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(each); i++) {
		for (size_t len = 0; len < offsetof(struct proc_event, event_data) + 8; len++) {
			struct proc_event event = {.what = each[i]};
			struct made made = {.len = 0};

			made_add(&made, &event, len);
			assert_false(parse(&made, made.len, &out));
			assert_int_equal(out.count, 0);
		}
	}
}

static void lengths_that_lie_are_not_believed(void **state)
{
	static const uint32_t lengths[] = {0, 1, 15, 17, 35, 77, 1000, 0x7fffffff, 0x80000000, 0xfffffff0, 0xffffffff};
	struct proc_event event = exit_of(12, 12);
	struct connector_events out;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(lengths); i++) {
		struct made made = made_of(&event);

		((struct nlmsghdr *)(void *)made.bytes)->nlmsg_len = lengths[i];
		(void)parse(&made, made.len, &out);
		assert_int_equal(out.count, 0);
	}
	for (uint32_t len = 0; len < 65536; len += 5) {
		struct made made = made_of(&event);
		uint16_t said = (uint16_t)len;

		memcpy(made.bytes + sizeof(struct nlmsghdr) + offsetof(struct cn_msg, len), &said, sizeof(said));
		(void)parse(&made, made.len, &out);
		assert_true(out.count <= 1);
		assert_true(out.count == 0 || out.event[0].pid == 12);
	}
}

static void more_than_fit_are_told_as_lost(void **state)
{
	struct proc_event event = exit_of(12, 12);
	struct connector_events out;
	struct made made = {.len = 0};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(out.event); i++)
		made_add(&made, &event, sizeof(event));
	assert_true(parse(&made, made.len, &out));
	made_add(&made, &event, sizeof(event));
	assert_false(parse(&made, made.len, &out));
	assert_int_equal(out.count, ARRAY_LEN(out.event));
}

static void a_comm_without_its_end_is_ended(void **state)
{
	struct proc_event event = {.what = PROC_EVENT_COMM};
	struct connector_events out;
	struct made made;

	(void)state;
	event.event_data.comm.process_pid = event.event_data.comm.process_tgid = 12;
	memset(event.event_data.comm.comm, 'x', sizeof(event.event_data.comm.comm));
	made = made_of(&event);
	assert_true(parse(&made, made.len, &out));
	assert_string_equal(out.event[0].comm, "xxxxxxxxxxxxxxx");
}

static void a_pid_that_is_none_is_not_handed_on(void **state)
{
	struct proc_event event = exit_of(-1, -1);
	struct made made = made_of(&event);
	struct connector_events out;

	(void)state;
	assert_false(parse(&made, made.len, &out));
	assert_int_equal(out.count, 0);
}

/* What follows listens to this kernel. */
static struct connector live;

static int listen_to_the_kernel(void **state)
{
	int error = connector_open(&live);

	(void)state;
	if (error == 0)
		return 0;
	print_message("# SKIP no proc connector here: %s\n", strerror(-error));
	assert_int_equal(live.fd, -1);
	return 0;
}

static int stop_listening(void **state)
{
	(void)state;
	connector_close(&live);
	return 0;
}

#define LISTENS()                                                                                                      \
	do {                                                                                                           \
		(void)state;                                                                                           \
		if (live.fd < 0)                                                                                       \
			skip();                                                                                        \
	} while (0)

/* The next event of the process, or a failure after 5 s. */
static struct connector_event next_of(pid_t pid)
{
	mono_ms until = clock_mono() + 5000;
	struct connector_event event;

	do {
		struct pollfd fd = {.fd = live.fd, .events = POLLIN};

		while (connector_next(&live, &event))
			if (event.pid == pid)
				return event;
		(void)poll(&fd, 1, 100);
	} while (clock_mono() < until);
	fail_msg("no event of process %d", pid);
	return event;
}

static struct connector_event find(pid_t pid, enum connector_what what)
{
	struct connector_event event;

	do
		event = next_of(pid);
	while (event.what != what);
	return event;
}

/* A child that ends at once, with this status or by this signal. */
static pid_t child(int status, int signal)
{
	const struct rlimit none = {0, 0};
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)setrlimit(RLIMIT_CORE, &none);
	if (signal != 0) {
		(void)sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
		(void)kill(getpid(), signal);
	}
	_exit(status);
}

static void a_fork_and_an_exit_are_told_with_parent_and_status(void **state)
{
	static const struct {
		int status, signal;
		uint32_t want;
	} row[] = {{0, 0, 0}, {1, 0, 256}, {255, 0, 0xff00}, {0, SIGKILL, 9}, {0, SIGTERM, 15}};

	LISTENS();
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		pid_t pid = child(row[i].status, row[i].signal);
		struct connector_event event = next_of(pid);

		assert_int_equal(event.what, CONNECTOR_FORK);
		assert_int_equal(event.parent, getpid());
		event = next_of(pid);
		assert_int_equal(event.what, CONNECTOR_EXIT);
		assert_int_equal(event.status, row[i].want);
		assert_int_equal(event.parent, getpid());
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_false(live.lost);
}

static void an_exec_and_a_change_of_comm_are_told(void **state)
{
	pid_t pid;

	LISTENS();
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_NAME, "foo) Z \n1");
		(void)execl("/bin/true", "claude", (char *)NULL);
		_exit(127);
	}
	assert_int_equal(next_of(pid).what, CONNECTOR_FORK);
	assert_string_equal(find(pid, CONNECTOR_COMM).comm, "foo) Z \n1");
	(void)find(pid, CONNECTOR_EXEC);
	assert_int_equal(find(pid, CONNECTOR_EXIT).status, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_crash_is_told_before_its_exit(void **state)
{
	pid_t pid;
	int status;

	LISTENS();
	pid = child(0, SIGSEGV);
	(void)find(pid, CONNECTOR_COREDUMP);
	assert_int_equal(find(pid, CONNECTOR_EXIT).status & 0x7f, SIGSEGV);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

/* With a core where this host writes one into the directory of the process. */
static void the_core_bit_is_in_the_status(void **state)
{
	char dir[] = "/tmp/test-connector-XXXXXX", command[64];
	const struct rlimit some = {1 << 20, 1 << 20};
	uint32_t told;
	int status;
	pid_t pid;

	LISTENS();
	assert_non_null(mkdtemp(dir));
	pid = fork();
	if (pid == 0) {
		if (chdir(dir) == 0 && setrlimit(RLIMIT_CORE, &some) == 0)
			(void)execl("/bin/sh", "sh", "-c", "kill -ABRT $$", (char *)NULL);
		_exit(127);
	}
	told = find(pid, CONNECTOR_EXIT).status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	(void)snprintf(command, sizeof(command), "rm -rf %s", dir);
	assert_int_equal(system(command), 0);
	assert_int_equal(told, status);
	if (!WCOREDUMP(status)) {
		print_message("# SKIP this host writes no core\n");
		skip();
	}
	assert_int_equal(told, SIGABRT | 0x80);
}

static void *thread_that_names_itself(void *arg)
{
	(void)prctl(PR_SET_NAME, "a-thread");
	return arg;
}

static void threads_make_no_events(void **state)
{
	pid_t pid;

	LISTENS();
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 20; i++) {
			pthread_t thread;

			if (pthread_create(&thread, NULL, thread_that_names_itself, NULL) == 0)
				(void)pthread_join(thread, NULL);
		}
		_exit(3);
	}
	assert_int_equal(next_of(pid).what, CONNECTOR_FORK);
	assert_int_equal(next_of(pid).what, CONNECTOR_EXIT); /* nothing of it in between */
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* The parser would leave them out too, but only after the kernel had woken us for each. */
static void the_kernel_sends_none_of_threads(void **state)
{
	char bytes[512] __attribute__((aligned(8)));
	struct proc_event event = {.what = PROC_EVENT_NONE};
	pid_t pid;

	LISTENS();
	for (int i = 0; i < 20; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, thread_that_names_itself, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	pid = child(0, 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	do {
		assert_true(recv(live.fd, bytes, sizeof(bytes), MSG_DONTWAIT) > 0);
		memcpy(&event, bytes + sizeof(struct nlmsghdr) + sizeof(struct cn_msg), sizeof(event));
		if (event.what == PROC_EVENT_FORK)
			assert_int_equal(event.event_data.fork.child_pid, event.event_data.fork.child_tgid);
		else if (event.what != PROC_EVENT_NONE && event.what != PROC_EVENT_COREDUMP)
			assert_int_equal(event.event_data.exit.process_pid, event.event_data.exit.process_tgid);
	} while (event.what != PROC_EVENT_EXIT || event.event_data.exit.process_tgid != pid);
}

static void a_storm_into_a_small_buffer_is_lost_and_goes_on(void **state)
{
	struct connector_event event;
	int small = 4096, large = 1 << 20;
	pid_t pid;

	LISTENS();
	assert_int_equal(setsockopt(live.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (int i = 0; i < 200; i++)
		assert_int_not_equal(waitpid(child(0, 0), NULL, 0), -1);
	while (connector_next(&live, &event))
		;
	assert_true(live.lost);
	assert_true(live.lost_times >= 1);
	/* What others do on this host meanwhile is no storm again. */
	assert_int_equal(setsockopt(live.fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large)), 0);
	while (connector_next(&live, &event))
		;
	live.lost = false;
	pid = child(2, 0);
	assert_int_equal(find(pid, CONNECTOR_EXIT).status, 512);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(live.lost);
}

static void it_is_opened_with_a_large_buffer_and_closed_twice(void **state)
{
	LISTENS();
	assert_true(live.buffer_bytes >= (geteuid() == 0 ? 8u << 20 : 1));
	assert_true((fcntl(live.fd, F_GETFD) & FD_CLOEXEC) != 0);
	connector_close(&live);
	assert_int_equal(live.fd, -1);
	connector_close(&live);
	assert_int_equal(live.fd, -1);
	assert_false(connector_next(&live, &(struct connector_event){.pid = 0}));
}

static void on_a_made_up_host_there_is_none(void **state)
{
	struct connector connector;

	(void)state;
	root_set("/tmp");
	assert_int_equal(connector_open(&connector), -ENOTSUP);
	assert_int_equal(connector.fd, -1);
	root_set("");
}

/* The error of connector_open in a child that has left one of our namespaces. */
static int error_in(int namespaces)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct connector connector;

		if (unshare(namespaces) < 0)
			_exit(255);
		if ((namespaces & CLONE_NEWPID) != 0) { /* our children are in it */
			pid = fork();
			if (pid == 0)
				_exit(-connector_open(&connector));
			_exit(waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 255);
		}
		_exit(-connector_open(&connector));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void where_it_would_be_silent_that_is_told(void **state)
{
	LISTENS();
	if (geteuid() != 0)
		skip();
	assert_int_equal(error_in(0), 0);
	assert_int_equal(error_in(CLONE_NEWNET), ECONNREFUSED);
	assert_int_equal(error_in(CLONE_NEWPID), ENOTSUP);
	assert_int_equal(error_in(CLONE_NEWUSER), ENOTSUP);
}

#define LIVE(name) cmocka_unit_test_setup_teardown(name, listen_to_the_kernel, stop_listening)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_is_read),
		cmocka_unit_test(threads_are_left_out),
		cmocka_unit_test(an_unknown_or_other_message_is_passed_over),
		cmocka_unit_test(an_exit_without_its_parent_is_an_exit),
		cmocka_unit_test(a_cut_datagram_gives_nothing_and_is_told_as_lost),
		cmocka_unit_test(a_message_too_short_for_what_it_says_is_told_as_lost),
		cmocka_unit_test(lengths_that_lie_are_not_believed),
		cmocka_unit_test(more_than_fit_are_told_as_lost),
		cmocka_unit_test(a_comm_without_its_end_is_ended),
		cmocka_unit_test(a_pid_that_is_none_is_not_handed_on),
		cmocka_unit_test(on_a_made_up_host_there_is_none),
		LIVE(a_fork_and_an_exit_are_told_with_parent_and_status),
		LIVE(an_exec_and_a_change_of_comm_are_told),
		LIVE(a_crash_is_told_before_its_exit),
		LIVE(the_core_bit_is_in_the_status),
		LIVE(threads_make_no_events),
		LIVE(the_kernel_sends_none_of_threads),
		LIVE(a_storm_into_a_small_buffer_is_lost_and_goes_on),
		LIVE(it_is_opened_with_a_large_buffer_and_closed_twice),
		LIVE(where_it_would_be_silent_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
