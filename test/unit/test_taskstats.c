/* see/taskstats.c: made-up records of old and new kernels, and the kernel's own where we may listen. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define taskstats taskstats_kernel
#include <linux/taskstats.h>
#undef taskstats
#include <linux/genetlink.h>
#include <linux/netlink.h>

#include <libmnl/libmnl.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/root.h"
#include "see/taskstats.h"

enum { FAMILY = 23, LAST_OF_ITS_PROCESS = 0x20, FULL = sizeof(struct taskstats_kernel) };

/* A datagram as the kernel makes it when a thread ends. */
struct made {
	char bytes[4096] __attribute__((aligned(8)));
	size_t len;
};

static void made_begin(struct made *made)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(made->bytes);
	struct genlmsghdr *generic;

	header->nlmsg_type = FAMILY;
	generic = mnl_nlmsg_put_extra_header(header, sizeof(*generic));
	generic->cmd = TASKSTATS_CMD_NEW;
	made->len = header->nlmsg_len;
}

/* len: of the record, as an older kernel has fewer fields and a newer one more. */
static void made_add(struct made *made, bool process, int32_t id, const struct taskstats_kernel *record, size_t len)
{
	static const char zeros[1024];
	struct nlmsghdr *header = (void *)made->bytes;
	struct nlattr *nest = mnl_attr_nest_start(header, process ? TASKSTATS_TYPE_AGGR_TGID : TASKSTATS_TYPE_AGGR_PID);
	struct nlattr *stats;

	mnl_attr_put_u32(header, process ? TASKSTATS_TYPE_TGID : TASKSTATS_TYPE_PID, (uint32_t)id);
	stats = mnl_nlmsg_get_payload_tail(header);
	mnl_attr_put(header, TASKSTATS_TYPE_STATS, len, zeros);
	memcpy(mnl_attr_get_payload(stats), record, len < sizeof(*record) ? len : sizeof(*record));
	mnl_attr_nest_end(header, nest);
	made->len = header->nlmsg_len;
}

static struct taskstats_kernel record_of(uint16_t version)
{
	return (struct taskstats_kernel){
		.version = version,
		.ac_flag = version >= 12 ? LAST_OF_ITS_PROCESS : 0,
		.ac_tgid = version >= 12 ? 12 : 0,
		.ac_tgetime = version >= 12 ? 7000999 : 0,
		.ac_etime = 5000999,
		.ac_majflt = 3,
		.hiwater_rss = 2048,
		.swapin_delay_total = 1000,
		.freepages_delay_total = 20000,
		.thrashing_delay_total = 300000,
		.compact_delay_total = version >= 11 ? 4000000 : 0,
		.wpcopy_delay_total = version >= 13 ? 50000000 : 0,
		.blkio_delay_total = 60000000,
	};
}

static bool parse(const struct made *made, size_t len, struct taskstats_faults *faults, struct taskstats_life *life)
{
	char *bytes = malloc(len > 0 ? len : 1); /* on the heap, so that a read behind it is seen */
	bool whole;

	assert_non_null(bytes);
	memcpy(bytes, made->bytes, len);
	whole = taskstats_parse(bytes, len, FAMILY, faults, life);
	free(bytes);
	return whole;
}

static void a_process_of_one_thread_is_one_life(void **state)
{
	struct taskstats_kernel record = record_of(13);
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	struct made made;

	(void)state;
	made_begin(&made);
	made_add(&made, false, 12, &record, FULL);
	assert_true(parse(&made, made.len, &faults, &life));
	assert_int_equal(life.pid, 12);
	assert_int_equal(life.peak_rss_bytes, 2048 * 1024);
	assert_int_equal(life.major_faults, 3);
	assert_int_equal(life.memory_delay_us, 1 + 20 + 300 + 4000); /* not wpcopy, not blkio */
	assert_int_equal(life.lived_ms, 7000);
}

static void threads_are_no_lives_and_their_faults_are_added(void **state)
{
	struct taskstats_kernel thread = record_of(13), last = record_of(13), sum = {.swapin_delay_total = 9000};
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	struct made made;

	(void)state;
	thread.ac_flag = 0;
	for (int32_t id = 13; id < 16; id++) {
		made_begin(&made);
		made_add(&made, false, id, &thread, FULL);
		assert_false(parse(&made, made.len, &faults, &life));
	}
	made_begin(&made);
	made_add(&made, false, 14, &last, FULL); /* not the main thread is the last one */
	made_add(&made, true, 12, &sum, FULL);
	assert_true(parse(&made, made.len, &faults, &life));
	assert_int_equal(life.pid, 12);
	assert_int_equal(life.major_faults, 4 * 3);
	assert_int_equal(life.memory_delay_us, 9); /* the kernel's sum */
	assert_int_equal(life.peak_rss_bytes, 2048 * 1024);
	made_begin(&made); /* the next one with that number begins anew */
	made_add(&made, false, 12, &last, FULL);
	assert_true(parse(&made, made.len, &faults, &life));
	assert_int_equal(life.major_faults, 3);
}

static void faults_of_more_threads_than_fit_lose_the_oldest(void **state)
{
	struct taskstats_kernel record = record_of(13);
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	struct made made;
	int32_t rows = ARRAY_LEN(faults.pid);

	(void)state;
	record.ac_flag = 0;
	for (int32_t id = 100; id < 100 + rows + 1; id++) {
		record.ac_tgid = (uint32_t)id;
		made_begin(&made);
		made_add(&made, false, id, &record, FULL);
		assert_false(parse(&made, made.len, &faults, &life));
	}
	record.ac_flag = LAST_OF_ITS_PROCESS;
	for (int32_t id = 100; id < 100 + rows + 1; id++) {
		record.ac_tgid = (uint32_t)id;
		made_begin(&made);
		made_add(&made, false, id, &record, FULL);
		assert_true(parse(&made, made.len, &faults, &life));
		assert_int_equal(life.major_faults, id == 100 ? 3 : 6);
	}
}

static void older_kernels_have_fewer_fields(void **state)
{
	static const struct {
		uint16_t version;
		size_t len;
		uint64_t delay_us;
	} row[] = {
		{8, offsetof(struct taskstats_kernel, thrashing_count), 21},
		{9, offsetof(struct taskstats_kernel, ac_btime64), 321},
		{11, offsetof(struct taskstats_kernel, ac_tgid), 4321},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct taskstats_kernel record = record_of(row[i].version), sum = record_of(0);
		struct taskstats_faults faults = {.next = 0};
		struct taskstats_life life;
		struct made made;

		made_begin(&made);
		made_add(&made, false, 14, &record, row[i].len);
		assert_true(parse(&made, made.len, &faults, &life));
		assert_int_equal(life.pid, 14);
		assert_int_equal(life.lived_ms, 5000);
		assert_int_equal(life.peak_rss_bytes, 2048 * 1024);
		assert_int_equal(life.memory_delay_us, row[i].delay_us);
		made_add(&made, true, 12, &sum, row[i].len);
		assert_true(parse(&made, made.len, &faults, &life));
		assert_int_equal(life.pid, 12);
	}
}

static void newer_kernels_have_more_fields(void **state)
{
	struct taskstats_kernel record = record_of(17);
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	struct made made;

	(void)state;
	made_begin(&made);
	made_add(&made, false, 12, &record, 700);
	assert_true(parse(&made, made.len, &faults, &life));
	assert_int_equal(life.memory_delay_us, 4321);
}

static void fields_in_another_order_are_not_told(void **state)
{
	static const struct {
		uint16_t version;
		size_t len;
		bool told;
	} row[] = {{14, 432, true}, {14, 560, false}, {15, 560, false}, {16, 560, true}};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		struct taskstats_kernel record = record_of(row[i].version);
		struct taskstats_faults faults = {.next = 0};
		struct taskstats_life life;
		struct made made;

		made_begin(&made);
		made_add(&made, false, 12, &record, row[i].len);
		assert_int_equal(parse(&made, made.len, &faults, &life), row[i].told);
	}
}

static void a_cut_or_lying_datagram_gives_nothing(void **state)
{
	struct taskstats_kernel record = record_of(13);
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	struct made made;
	uint16_t half;

	(void)state;
	made_begin(&made);
	made_add(&made, false, 12, &record, FULL);
	for (size_t len = 0; len < made.len; len++)
		assert_false(parse(&made, len, &faults, &life));
	for (size_t at = 16; at < 36; at += 2) { /* each length and type of an attribute */
		for (uint32_t lie = 0; lie < 65536; lie += 97) {
			memcpy(&half, made.bytes + at, 2);
			memcpy(made.bytes + at, &(uint16_t){(uint16_t)lie}, 2);
			(void)parse(&made, made.len, &faults, &life);
			memcpy(made.bytes + at, &half, 2);
		}
	}
	for (size_t len = 0; len < offsetof(struct taskstats_kernel, ac_tgid); len++) {
		made_begin(&made); /* a record too short for its version */
		made_add(&made, false, 12, &record, len);
		assert_false(parse(&made, made.len, &faults, &life));
	}
}

static void others_messages_give_nothing(void **state)
{
	struct taskstats_kernel record = record_of(13);
	struct taskstats_faults faults = {.next = 0};
	struct taskstats_life life;
	struct made made;

	(void)state;
	made_begin(&made);
	assert_false(parse(&made, made.len, &faults, &life));
	made_add(&made, true, 12, &record, FULL);
	assert_false(parse(&made, made.len, &faults, &life));
	made_begin(&made);
	made_add(&made, false, -5, &record, FULL);
	assert_false(parse(&made, made.len, &faults, &life));
	made_begin(&made);
	made_add(&made, false, 12, &record, FULL);
	assert_true(parse(&made, made.len, &faults, &life));
	((struct nlmsghdr *)(void *)made.bytes)->nlmsg_type = FAMILY + 1;
	assert_false(parse(&made, made.len, &faults, &life));
	((struct nlmsghdr *)(void *)made.bytes)->nlmsg_type = FAMILY;
	made.bytes[sizeof(struct nlmsghdr)] = TASKSTATS_CMD_GET;
	assert_false(parse(&made, made.len, &faults, &life));
}

static void on_a_made_up_host_there_is_none(void **state)
{
	struct taskstats taskstats;

	(void)state;
	root_set("/tmp");
	assert_int_equal(taskstats_open(&taskstats), -ENOTSUP);
	assert_int_equal(taskstats.fd, -1);
	root_set("");
}

static struct taskstats live;

static int listen_to_the_kernel(void **state)
{
	int error = taskstats_open(&live);

	(void)state;
	if (error != 0) {
		print_message("# SKIP no taskstats here: %s\n", strerror(-error));
		assert_int_equal(live.fd, -1);
	}
	return 0;
}

static int stop_listening(void **state)
{
	(void)state;
	taskstats_close(&live);
	taskstats_close(&live);
	return 0;
}

#define LISTENS()                                                                                                      \
	do {                                                                                                           \
		(void)state;                                                                                           \
		if (live.fd < 0)                                                                                       \
			skip();                                                                                        \
	} while (0)

static struct taskstats_life life_of(pid_t pid)
{
	mono_ms until = clock_mono() + 5000;
	struct taskstats_life life;

	do {
		struct pollfd fd = {.fd = live.fd, .events = POLLIN};

		while (taskstats_next(&live, &life))
			if (life.pid == pid)
				return life;
		(void)poll(&fd, 1, 100);
	} while (clock_mono() < until);
	fail_msg("no life of process %d", pid);
	return life;
}

/* Pages of a file that are read from the disk, where there is one. */
static void *fault_pages(void *arg)
{
	char name[] = "/var/tmp/test-taskstats-XXXXXX";
	int fd = mkstemp(name);
	char *page;

	if (fd < 0 || unlink(name) < 0 || ftruncate(fd, 1 << 20) < 0)
		return arg;
	for (off_t at = 0; at < 1 << 20; at += 4096)
		(void)!pwrite(fd, "x", 1, at);
	(void)fsync(fd);
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	page = mmap(NULL, 1 << 20, PROT_READ, MAP_SHARED, fd, 0);
	if (page != MAP_FAILED)
		*(volatile char *)arg = page[4096 * 100];
	(void)close(fd);
	return arg;
}

/* A child that uses 32 MB for 30 ms, and ends in a thread or in its main one. */
static pid_t child(bool threads)
{
	pid_t pid = fork();
	pthread_t thread;
	char byte, *memory;

	if (pid != 0)
		return pid;
	memory = malloc(32 << 20);
	memset(memory, 1, 32 << 20);
	(void)poll(NULL, 0, 30);
	(void)fault_pages(&byte);
	for (int i = 0; threads && i < 3; i++) {
		if (pthread_create(&thread, NULL, fault_pages, &byte) == 0)
			(void)pthread_join(thread, NULL);
	}
	_exit(memory[5] == 1 ? 0 : 1);
}

/* Against what its parent is told. */
static void check_life(bool threads)
{
	struct taskstats_life life;
	struct rusage used;
	pid_t pid = child(threads);
	int status;

	assert_int_equal(wait4(pid, &status, 0, &used), pid);
	assert_int_equal(status, 0);
	life = life_of(pid);
	assert_int_equal(life.peak_rss_bytes, (uint64_t)used.ru_maxrss * 1024);
	assert_true(life.peak_rss_bytes > 32u << 20);
	assert_int_equal(life.major_faults, used.ru_majflt);
	assert_true(life.lived_ms >= 30 && life.lived_ms < 10000);
	assert_false(live.lost);
	print_message("peak %llu, %llu major faults, %llu ms\n", (unsigned long long)life.peak_rss_bytes,
		      (unsigned long long)life.major_faults, (unsigned long long)life.lived_ms);
}

static void a_childs_life_is_told_as_wait4_tells_it(void **state)
{
	LISTENS();
	check_life(false);
}

static void a_childs_with_threads_too(void **state)
{
	LISTENS();
	check_life(true);
}

static void *do_nothing(void *arg)
{
	return arg;
}

static void threads_that_read_nothing_do_not_wake_us(void **state)
{
	char bytes[4096];
	pid_t pid;
	ssize_t n;

	LISTENS();
	for (int i = 0; i < 50; i++) {
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, do_nothing, NULL), 0);
		assert_int_equal(pthread_join(thread, NULL), 0);
	}
	pid = child(false);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	while ((n = recv(live.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
		struct taskstats_kernel record;

		memcpy(&record, bytes + 36, sizeof(record));
		if (record.version < 12)
			skip();
		assert_true((record.ac_flag & LAST_OF_ITS_PROCESS) != 0 || record.ac_majflt > 0);
		if ((pid_t)record.ac_tgid == pid)
			return;
	}
	fail_msg("the child's record did not come");
}

static void a_storm_into_a_small_buffer_is_lost_and_goes_on(void **state)
{
	struct taskstats_life life;
	int small = 4096, large = 1 << 20;
	pid_t pid;

	LISTENS();
	assert_int_equal(setsockopt(live.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small)), 0);
	for (int i = 0; i < 200; i++) {
		pid = fork();
		if (pid == 0)
			_exit(0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	while (taskstats_next(&live, &life))
		;
	assert_true(live.lost);
	assert_int_equal(setsockopt(live.fd, SOL_SOCKET, SO_RCVBUF, &large, sizeof(large)), 0);
	pid = child(false);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)life_of(pid);
}

/* The error of taskstats_open in a child that has left one of our namespaces. */
static int error_in(int namespaces)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		struct taskstats taskstats;

		if (unshare(namespaces) < 0)
			_exit(255);
		if ((namespaces & CLONE_NEWPID) != 0) {
			pid = fork();
			if (pid == 0)
				_exit(-taskstats_open(&taskstats));
			_exit(waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : 255);
		}
		_exit(-taskstats_open(&taskstats));
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void where_there_is_none_that_is_told(void **state)
{
	LISTENS();
	assert_int_equal(error_in(0), 0);
	assert_int_equal(error_in(CLONE_NEWNET), ENOENT);
	assert_int_equal(error_in(CLONE_NEWPID), EINVAL);
	assert_int_equal(error_in(CLONE_NEWUSER), EPERM);
}

#define LIVE(name) cmocka_unit_test_setup_teardown(name, listen_to_the_kernel, stop_listening)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_process_of_one_thread_is_one_life),
		cmocka_unit_test(threads_are_no_lives_and_their_faults_are_added),
		cmocka_unit_test(faults_of_more_threads_than_fit_lose_the_oldest),
		cmocka_unit_test(older_kernels_have_fewer_fields),
		cmocka_unit_test(newer_kernels_have_more_fields),
		cmocka_unit_test(fields_in_another_order_are_not_told),
		cmocka_unit_test(a_cut_or_lying_datagram_gives_nothing),
		cmocka_unit_test(others_messages_give_nothing),
		cmocka_unit_test(on_a_made_up_host_there_is_none),
		LIVE(a_childs_life_is_told_as_wait4_tells_it),
		LIVE(a_childs_with_threads_too),
		LIVE(threads_that_read_nothing_do_not_wake_us),
		LIVE(a_storm_into_a_small_buffer_is_lost_and_goes_on),
		LIVE(where_there_is_none_that_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
