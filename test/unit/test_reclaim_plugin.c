/* plugins/reclaim.c through its ABI, on a cgroup made of plain files. What the kernel does inside a write (this program is
 * linked with --wrap=file_write_at) is made up by this test, in the process that the plugin starts for it: it shares
 * nothing with us but the files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/root.h"
#include "plugin_driver.h"

#define MIB  (UINT64_C(1) << 20)
#define PATH "/bots/xtts"

extern const struct plugin plugin;

int __wrap_file_write_at(int dir, const char *path, const char *text);

static char root[] = "/tmp/test-reclaim-XXXXXX", cgroup[256];

/* What the made-up kernel does: in files, as the process that writes is another. */
static void put(const char *name, uint64_t value)
{
	char path[512];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", cgroup, name);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fprintf(file, "%llu\n", (unsigned long long)value);
	assert_int_equal(fclose(file), 0);
}

static uint64_t get(int dir, const char *name)
{
	char text[32];
	uint64_t value = 0;

	if (file_read_at(dir, name, text, sizeof(text)) > 0)
		(void)file_parse_u64(text, &value);
	return value;
}

static void set(int dir, const char *name, const char *text)
{
	int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		_exit(99);
	(void)close(fd);
}

/* Takes of memory.current down to `least`, at most `bytes` of it, in `slow` ms; -EAGAIN when it was less. */
static int take(int dir, uint64_t bytes)
{
	uint64_t now = get(dir, "memory.current"), least = get(dir, "least");
	uint64_t room = now > least ? now - least : 0, given = bytes < room ? bytes : room;
	char text[32];

	(void)usleep((useconds_t)get(dir, "slow") * 1000);
	(void)snprintf(text, sizeof(text), "%llu\n", (unsigned long long)(now - given));
	set(dir, "memory.current", text);
	return given < bytes ? -EAGAIN : 0;
}

int __wrap_file_write_at(int dir, const char *path, const char *text)
{
	uint64_t refuse = get(dir, "refuse"), now;
	char count[32];

	if (refuse != 0)
		return -(int)refuse;
	if (strcmp(path, "memory.reclaim") == 0) {
		(void)snprintf(count, sizeof(count), "%llu\n", (unsigned long long)get(dir, "writes") + 1);
		set(dir, "writes", count);
		return take(dir, strtoull(text, NULL, 10));
	}
	set(dir, path, text);
	now = get(dir, "memory.current");
	if (strncmp(text, "max", 3) != 0 && now > strtoull(text, NULL, 10))
		(void)take(dir, now - strtoull(text, NULL, 10));
	return 0;
}

static int set_up(void **state)
{
	char line[600];

	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/test-reclaim-XXXXXX");
	assert_non_null(mkdtemp(root));
	(void)snprintf(cgroup, sizeof(cgroup), "%s/sys/fs/cgroup" PATH, root);
	(void)snprintf(line, sizeof(line), "mkdir -p %s", cgroup);
	assert_int_equal(system(line), 0);
	root_set(root);
	put("memory.current", 200 * MIB);
	put("least", 50 * MIB);
	put("slow", 0);
	put("refuse", 0);
	put("writes", 0);
	put("memory.high", UINT64_MAX / 2);
	assert_int_equal(plugin.open(driver_host()), 0);
	return 0;
}

static int tear_down(void **state)
{
	char line[128];

	(void)state;
	plugin.close();
	root_set("");
	(void)snprintf(line, sizeof(line), "rm -rf %s", root);
	return system(line);
}

static uint64_t cgroup_id(void)
{
	struct stat st;

	assert_int_equal(stat(cgroup, &st), 0);
	return st.st_ino;
}

static uint64_t ask(const char *verb, uint64_t bytes, uint32_t timeout_ms)
{
	static uint64_t id;
	struct plugin_request request = {.id = ++id, .verb = verb, .target = PATH + 1, .rule = "", .unit = "xtts",
					 .event = "", .severity = "info", .text = "", .timeout_ms = timeout_ms,
					 .bytes = bytes, .cgroup_id = cgroup_id()};

	plugin.ask(&request);
	return id;
}

static const struct driver_answer *answer_of(const char *verb, uint64_t bytes, uint32_t timeout_ms)
{
	const struct driver_answer *answer = driver_wait(&plugin, ask(verb, bytes, timeout_ms), 8000);

	assert_non_null(answer);
	return answer;
}

static void expect(const struct driver_answer *answer, int result, const char *text)
{
	assert_string_equal(answer->text, text);
	assert_int_equal(answer->result, result);
}

static uint64_t value_of(const char *name)
{
	int dir = open(cgroup, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	uint64_t value = get(dir, name);

	(void)close(dir);
	return value;
}

static void a_reclaim_is_asked_for_in_bits_and_told_by_what_is_gone(void **state)
{
	(void)state;
	expect(answer_of("reclaim", 100 * MIB, 5000), 0, "it gave back 100 MiB; it holds 100 MiB");
	assert_int_equal(value_of("writes"), 7); /* of 16 MiB */
}

static void less_than_asked_is_normal(void **state)
{
	(void)state;
	expect(answer_of("reclaim", 300 * MIB, 5000), 0, "it gave back 150 MiB of 300 MiB; it holds 50 MiB");
}

static void nothing_at_all_is_not_done(void **state)
{
	(void)state;
	put("least", 200 * MIB);
	/* Not EAGAIN: that would mean that it is to be asked again. */
	expect(answer_of("reclaim", 32 * MIB, 5000), -ENODATA, "nothing could be reclaimed; it holds 200 MiB");
}

static void at_its_time_it_ends_with_what_it_has(void **state)
{
	const struct driver_answer *a;

	(void)state;
	put("slow", 200);
	a = answer_of("reclaim", 150 * MIB, 500);
	assert_int_equal(a->result, 0);
	assert_non_null(strstr(a->text, " of 150 MiB; it holds "));
	assert_true(value_of("memory.current") > 50 * MIB);
}

static void a_kernel_that_holds_it_up_holds_nobody_else_up(void **state)
{
	mono_ms began = clock_mono();

	(void)state;
	put("slow", 60000);
	expect(answer_of("reclaim", 32 * MIB, 300), -ETIMEDOUT, "nothing could be reclaimed; it holds 200 MiB");
	assert_true(clock_mono() - began < 30000);
}

static void a_cap_is_set_and_what_is_above_it_is_taken(void **state)
{
	(void)state;
	expect(answer_of("cap", 128 * MIB, 5000), 0, "memory.high is 128 MiB; it holds 128 MiB");
	assert_true(value_of("memory.high") == 128 * MIB);
}

/* The kernel takes the number before it takes the memory. */
static void a_cap_counts_also_when_its_memory_takes_too_long(void **state)
{
	(void)state;
	put("slow", 60000);
	expect(answer_of("cap", 128 * MIB, 300), 0,
	       "memory.high is 128 MiB; it holds 200 MiB, and the kernel takes more");
}

static void an_uncap_takes_nothing(void **state)
{
	(void)state;
	put("slow", 60000);
	expect(answer_of("uncap", UINT64_MAX, 5000), 0, "memory.high is without a limit; it holds 200 MiB");
}

static void what_the_kernel_refuses_is_told(void **state)
{
	(void)state;
	put("refuse", EACCES);
	expect(answer_of("cap", 128 * MIB, 5000), -EACCES, "cannot set memory.high: Permission denied");
	expect(answer_of("reclaim", 32 * MIB, 5000), -EACCES,
	       "nothing could be reclaimed: Permission denied; it holds 200 MiB");
}

static void another_cgroup_of_that_name_is_left_alone(void **state)
{
	struct plugin_request request = {.id = 9001, .verb = "cap", .target = PATH + 1, .rule = "", .unit = "xtts",
					 .event = "", .severity = "info", .text = "", .bytes = 128 * MIB,
					 .cgroup_id = cgroup_id() + 1};

	(void)state;
	plugin.ask(&request);
	expect(driver_wait(&plugin, 9001, 1000), -ESTALE, "its cgroup is another one by now");
	request.id++;
	request.target = "bots/nowhere";
	request.cgroup_id = 0;
	plugin.ask(&request);
	expect(driver_wait(&plugin, 9002, 1000), -ENOENT, "its cgroup is gone");
}

static void what_is_asked_later_ends_what_was_asked_before(void **state)
{
	uint64_t first, second;

	(void)state;
	put("slow", 60000);
	first = ask("reclaim", 32 * MIB, 20000);
	second = ask("uncap", UINT64_MAX, 20000);
	expect(driver_wait(&plugin, first, 1000), -ECANCELED, "something else is asked of it now");
	assert_int_equal(driver_wait(&plugin, second, 8000)->result, 0);
}

static void what_it_cannot_do_is_refused(void **state)
{
	(void)state;
	assert_int_equal(answer_of("stop", 0, 0)->result, -EINVAL);
	assert_int_equal(answer_of("", 0, 0)->result, -EINVAL);
}

static void at_the_end_what_is_open_is_answered(void **state)
{
	(void)state;
	put("slow", 60000);
	(void)ask("reclaim", 32 * MIB, 20000);
	plugin.close();
	assert_int_equal(driver.answers, 1);
	assert_int_equal(driver.answer[0].result, -ECANCELED);
}

static void idle_it_waits_for_nothing(void **state)
{
	struct pollfd fds[4];
	int timeout_ms = -1;

	(void)state;
	assert_int_equal(answer_of("uncap", UINT64_MAX, 5000)->result, 0);
	assert_int_equal(plugin.prepare(fds, 4, &timeout_ms), 0);
	assert_int_equal(timeout_ms, -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_reclaim_is_asked_for_in_bits_and_told_by_what_is_gone),
		TEST(less_than_asked_is_normal),
		TEST(nothing_at_all_is_not_done),
		TEST(at_its_time_it_ends_with_what_it_has),
		TEST(a_kernel_that_holds_it_up_holds_nobody_else_up),
		TEST(a_cap_is_set_and_what_is_above_it_is_taken),
		TEST(a_cap_counts_also_when_its_memory_takes_too_long),
		TEST(an_uncap_takes_nothing),
		TEST(what_the_kernel_refuses_is_told),
		TEST(another_cgroup_of_that_name_is_left_alone),
		TEST(what_is_asked_later_ends_what_was_asked_before),
		TEST(what_it_cannot_do_is_refused),
		TEST(at_the_end_what_is_open_is_answered),
		TEST(idle_it_waits_for_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
