/* Caps of plugins/systemd.c, driven through its ABI against a systemd made up by fake_systemd.c, and a cgroup made of
 * plain files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/root.h"
#include "fake_systemd.h"
#include "plugin_driver.h"

#define MIB (UINT64_C(1) << 20)

extern const struct plugin plugin;

static char root[] = "/tmp/test-cap-XXXXXX";

static void sh(const char *format)
{
	char line[512];

	(void)snprintf(line, sizeof(line), "d=%s/sys/fs/cgroup/bots.slice/xtts_server.service; %s", root, format);
	assert_int_equal(system(line), 0);
}

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(root, sizeof(root), "/tmp/test-cap-XXXXXX");
	assert_non_null(mkdtemp(root));
	sh("mkdir -p $d && echo max >$d/memory.high");
	root_set(root);
	fake_open(0);
	fake_add("xtts_server.service", "active", "running", 0xab);
	fake.cgroup = "/bots.slice/xtts_server.service";
	fake.high = UINT64_MAX;
	assert_int_equal(plugin.open(driver_host()), 0);
	driver.also = fake_turn;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	fake_close();
	root_set("");
	sh("rm -rf ${d%/sys/*}");
	return 0;
}

/* As the sentinel reads it of the unit. */
static uint64_t cgroup_id(void)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/sys/fs/cgroup/bots.slice/xtts_server.service", root);
	return stat(path, &st) == 0 ? st.st_ino : 0;
}

static uint64_t ask(const char *verb, uint64_t bytes, uint32_t timeout_ms)
{
	static uint64_t id;
	struct plugin_request request = {.id = ++id, .verb = verb, .target = "xtts_server.service", .rule = "",
					 .unit = "xtts", .event = "", .severity = "info", .text = "",
					 .timeout_ms = timeout_ms, .uid = UINT32_MAX, .bytes = bytes,
					 .cgroup_id = cgroup_id()};

	plugin.ask(&request);
	return id;
}

static const struct driver_answer *answer_of(const char *verb, uint64_t bytes, uint32_t timeout_ms)
{
	const struct driver_answer *answer = driver_wait(&plugin, ask(verb, bytes, timeout_ms), 9000);

	assert_non_null(answer);
	return answer;
}

static void a_cap_is_a_runtime_property_and_is_read_back(void **state)
{
	const struct driver_answer *a = answer_of("cap", 128 * MIB, 8000);

	(void)state;
	assert_string_equal(a->text, "MemoryHigh is 128 MiB");
	assert_int_equal(a->result, 0);
	assert_string_equal(fake.asked, "SetUnitProperties xtts_server.service MemoryHigh=134217728");
	assert_int_equal(fake.runtime, 1);
	/* The kernel had it before systemd had, from a process of ours: PID 1 finds nothing to take. */
	sh("grep -qx 134217728 $d/memory.high");
}

static void an_uncap_is_no_limit(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.high = 128 * MIB;
	a = answer_of("uncap", UINT64_MAX, 8000);
	assert_string_equal(a->text, "MemoryHigh is without a limit");
	assert_int_equal(a->result, 0);
	assert_string_equal(fake.asked, "SetUnitProperties xtts_server.service MemoryHigh=18446744073709551615");
}

static void what_systemd_does_not_show_is_not_done(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.forgets_high = 1;
	a = answer_of("cap", 128 * MIB, 8000);
	assert_int_equal(a->result, -EIO);
	assert_string_equal(a->text, "MemoryHigh is without a limit");
}

static void what_systemd_refuses_is_told(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.error = "org.freedesktop.systemd1.NoSuchUnit";
	a = answer_of("cap", 128 * MIB, 8000);
	assert_int_equal(a->result, -ENOENT);
	assert_string_equal(a->text, "xtts_server.service: systemd has no such unit (not loaded)");
}

/* A user's systemd answers what that user wants. */
static void only_the_cgroup_that_the_sentinel_saw_is_written_to(void **state)
{
	static const char *const others[] = {"/bots.slice/other.service", "/bots.slice/../bots.slice/other.service",
					     "/../../../elsewhere"};

	(void)state;
	sh("mkdir -p $d/../other.service ${d%/sys/*}/elsewhere && echo max >$d/../other.service/memory.high && "
	   "ln -s ../sys/fs/cgroup/bots.slice/other.service/memory.high ${d%/sys/*}/elsewhere/memory.high");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		fake.cgroup = others[i];
		assert_int_equal(answer_of("cap", 128 * MIB, 8000)->result, 0);
		sh("test \"$(cat $d/../other.service/memory.high)\" = max && test \"$(cat $d/memory.high)\" = max");
	}
}

static void a_unit_without_a_cgroup_is_systemds_alone(void **state)
{
	(void)state;
	fake.cgroup = NULL;
	assert_int_equal(answer_of("cap", 128 * MIB, 8000)->result, 0);
	assert_int_equal(fake.sets, 1);
}

/* A kernel that takes long, as a pipe nobody reads is written to. */
static void where_the_kernel_takes_long_systemd_is_not_made_to_wait_for_it(void **state)
{
	const struct driver_answer *a;

	(void)state;
	sh("rm $d/memory.high && mkfifo $d/memory.high");
	a = answer_of("cap", 128 * MIB, 1000);
	assert_int_equal(a->result, -EBUSY);
	assert_non_null(strstr(a->text, "systemd would wait for it"));
	assert_int_equal(fake.sets, 0);
}

static void an_uncap_ends_a_cap_that_is_under_way(void **state)
{
	uint64_t cap, uncap;

	(void)state;
	driver_run(&plugin, 50);
	sh("rm $d/memory.high && mkfifo $d/memory.high");
	cap = ask("cap", 128 * MIB, 8000);
	driver_run(&plugin, 100);
	uncap = ask("uncap", UINT64_MAX, 8000);
	assert_int_equal(driver_wait(&plugin, cap, 1000)->result, -ECANCELED);
	assert_int_equal(driver_wait(&plugin, uncap, 5000)->result, 0);
	driver_run(&plugin, 100);
	assert_int_equal(fake.sets, 1);
	assert_true(fake.high == UINT64_MAX);
}

static void after_a_cut_connection_it_is_set_again(void **state)
{
	(void)state;
	fake.cut_at_call = 1;
	assert_int_equal(answer_of("cap", 128 * MIB, 8000)->result, 0);
	assert_int_equal(fake.connections, 2);
	assert_int_equal(fake.sets, 2);
}

static void a_systemd_that_does_not_answer_holds_nobody_up(void **state)
{
	(void)state;
	fake.deaf = 1;
	assert_int_equal(answer_of("cap", 128 * MIB, 600)->result, -ETIMEDOUT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_cap_is_a_runtime_property_and_is_read_back),
		TEST(an_uncap_is_no_limit),
		TEST(what_systemd_does_not_show_is_not_done),
		TEST(what_systemd_refuses_is_told),
		TEST(only_the_cgroup_that_the_sentinel_saw_is_written_to),
		TEST(a_unit_without_a_cgroup_is_systemds_alone),
		TEST(where_the_kernel_takes_long_systemd_is_not_made_to_wait_for_it),
		TEST(an_uncap_ends_a_cap_that_is_under_way),
		TEST(after_a_cut_connection_it_is_set_again),
		TEST(a_systemd_that_does_not_answer_holds_nobody_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
