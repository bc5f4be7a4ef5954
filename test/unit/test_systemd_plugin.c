/* The steps of plugins/systemd.c, driven through its ABI against a systemd made up by fake_systemd.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "fake_systemd.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

/* A unit that runs, and a systemd that stops it at once. */
static int set_up(void **state)
{
	(void)state;
	fake_open(0);
	fake_add("xtts_server.service", "active", "running", 0xab);
	fake.then_active = "inactive";
	fake.then_sub = "dead";
	fake.removed = "done";
	assert_int_equal(plugin.open(driver_host()), 0);
	driver.also = fake_turn;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	fake_close();
	return 0;
}

static uint64_t ask(const char *verb, uint32_t timeout_ms)
{
	static uint64_t id;
	struct plugin_request request = {.id = ++id, .verb = verb, .target = "xtts_server.service",
					 .rule = "", .unit = "xtts", .event = "", .severity = "info",
					 .text = "", .timeout_ms = timeout_ms, .uid = UINT32_MAX};

	plugin.ask(&request);
	return id;
}

static const struct driver_answer *answer_of(const char *verb, uint32_t timeout_ms)
{
	const struct driver_answer *answer = driver_wait(&plugin, ask(verb, timeout_ms), 8000);

	assert_non_null(answer);
	return answer;
}

static void a_stop_is_done_when_the_unit_is_inactive(void **state)
{
	const struct driver_answer *a = answer_of("stop", 5000);

	(void)state;
	assert_string_equal(a->text, "inactive (dead), result success");
	assert_int_equal(a->result, 0);
	assert_string_equal(fake.asked, "StopUnit xtts_server.service replace");
	assert_int_equal(fake.subscribed_before_call, 1);
}

static void a_job_that_is_removed_before_the_reply_is_not_missed(void **state)
{
	mono_ms began = clock_mono();

	(void)state;
	fake.before_reply = 1;
	assert_int_equal(answer_of("stop", 5000)->result, 0);
	assert_true(clock_mono() - began < 900); /* not by the slow reading */
}

static void a_job_that_ends_late_is_waited_for(void **state)
{
	(void)state;
	fake.late_ms = 700;
	fake.unit[0].job = 7;
	assert_int_equal(answer_of("stop", 5000)->result, 0);
	assert_int_equal(fake.calls, 1);
}

static void a_stop_is_not_done_while_the_unit_is_deactivating(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.then_active = "deactivating";
	fake.then_sub = "stop-sigterm";
	a = answer_of("stop", 600);
	assert_int_equal(a->result, -ETIMEDOUT);
	assert_string_equal(a->text, "after 600 ms still deactivating (stop-sigterm), result success");
}

static void a_job_that_never_ends_is_told_at_the_limit(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.removed = NULL;
	fake.late_ms = 60000;
	fake.unit[0].job = 7;
	fake.unit[0].active = "deactivating";
	fake.unit[0].sub = "stop-sigterm";
	a = answer_of("stop", 1500);
	assert_int_equal(a->result, -ETIMEDOUT);
	assert_non_null(strstr(a->text, "still deactivating (stop-sigterm), result success, job 7 pending"));
}

static void a_lost_signal_is_made_up_for_by_reading(void **state)
{
	(void)state;
	fake.removed = NULL;
	assert_int_equal(answer_of("stop", 5000)->result, 0);
}

static void how_a_job_failed_is_told_with_the_state(void **state)
{
	static const struct {
		const char *removed;
		int error;
	} rows[] = {{"canceled", -EINTR}, {"timeout", -ETIMEDOUT}, {"failed", -EIO},
		    {"dependency", -EIO},     {"skipped", -EIO},       {"a \"new\"\nword", -EIO}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct driver_answer *a;
		char want[64];

		fake.removed = rows[i].removed;
		fake.unit[0].active = fake.then_active = "active";
		fake.unit[0].sub = fake.then_sub = "running";
		a = answer_of("stop", 5000);
		assert_int_equal(a->result, rows[i].error);
		(void)snprintf(want, sizeof(want), "its job ended as \"%.10s", rows[i].removed);
		assert_non_null(strstr(a->text, want));
		assert_non_null(strstr(a->text, "it is active (running), result success"));
	}
}

static void a_stop_that_a_start_canceled_on_its_way_goes_on(void **state)
{
	(void)state;
	fake.removed = "canceled";
	fake.then_active = "deactivating";
	fake.then_sub = "stop-sigterm";
	assert_int_equal(answer_of("stop", 1000)->result, -ETIMEDOUT); /* it never ended here */
}

static void a_unit_that_is_active_again_is_not_stopped(void **state)
{
	(void)state;
	fake.then_active = "activating";
	fake.then_sub = "auto-restart";
	assert_int_equal(answer_of("stop", 5000)->result, -EIO);
}

static void a_start_is_done_when_the_unit_is_active(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.unit[0].active = "inactive";
	fake.unit[0].sub = "dead";
	fake.then_active = "active";
	fake.then_sub = "running";
	a = answer_of("start", 5000);
	assert_string_equal(a->text, "active (running), result success");
	assert_string_equal(fake.asked, "StartUnit xtts_server.service replace");
}

/* systemd counts starts until it has a failed state to forget: only a person's retry makes it. */
static void a_failed_state_is_reset_when_that_is_asked_alone(void **state)
{
	struct plugin_request request = {.id = 99, .verb = "start", .target = "xtts_server.service", .rule = "",
					 .unit = "xtts", .event = "", .severity = "info", .text = "", .reset = 1,
					 .uid = UINT32_MAX, .timeout_ms = 5000};

	(void)state;
	fake.unit[0].active = fake.unit[0].sub = "failed";
	fake.then_active = "active";
	fake.then_sub = "running";
	plugin.ask(&request);
	assert_int_equal(driver_wait(&plugin, 99, 8000)->result, 0);
	assert_int_equal(fake.resets, 1);
	request.id = 98;
	request.reset = 0;
	plugin.ask(&request);
	assert_int_equal(driver_wait(&plugin, 98, 8000)->result, 0);
	assert_int_equal(fake.resets, 1);
}

static void a_start_limit_is_told(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.removed = "failed";
	fake.then_active = fake.then_sub = "failed";
	fake.unit[0].result = "start-limit-hit";
	a = answer_of("start", 5000);
	assert_int_equal(a->result, -EIO);
	assert_string_equal(a->text, "systemd refuses: start limit; it is failed (failed), result "
				     "start-limit-hit; its job ended as \"failed\"");
}

static void a_unit_that_systemd_does_not_know_is_told(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.error = "org.freedesktop.systemd1.NoSuchUnit";
	a = answer_of("stop", 5000);
	assert_int_equal(a->result, -ENOENT);
	assert_string_equal(a->text, "xtts_server.service: systemd has no such unit (not loaded)");
	fake.error = "org.freedesktop.systemd1.TransactionIsDestructive";
	assert_non_null(strstr(answer_of("stop", 5000)->text, "systemd refuses: as \""));
}

static void a_cut_connection_is_made_again_and_the_state_looked_at_first(void **state)
{
	const struct driver_answer *a;

	(void)state;
	fake.cut_at_call = 1;
	fake.before_reply = 1; /* it was carried out, only its reply is lost */
	a = answer_of("stop", 5000);
	assert_int_equal(a->result, 0);
	assert_int_equal(fake.calls, 1);
	assert_int_equal(fake.connections, 2);
	assert_string_equal(driver.log, "connected to systemd again");
}

static void after_a_cut_connection_what_did_not_happen_is_asked_again(void **state)
{
	(void)state;
	fake.cut_at_call = 1;
	fake.late_ms = 400; /* of the first call nothing comes: no job, still active */
	assert_int_equal(answer_of("stop", 5000)->result, 0);
	assert_int_equal(fake.calls, 2);
}

static void without_a_connection_that_is_told_soon(void **state)
{
	const struct driver_answer *a;
	mono_ms began = clock_mono();

	(void)state;
	driver_run(&plugin, 50);
	fake_go_away();
	driver_run(&plugin, 50);
	a = answer_of("stop", 20000);
	assert_int_equal(a->result, -ENOTCONN);
	assert_non_null(strstr(a->text, "no connection to systemd: "));
	assert_true(clock_mono() - began < 3500);
}

static void a_systemd_that_does_not_answer_holds_nobody_up(void **state)
{
	mono_ms began;

	(void)state;
	fake.deaf = 1;
	began = clock_mono();
	assert_int_equal(answer_of("stop", 500)->result, -ETIMEDOUT);
	assert_true(clock_mono() - began < 1500);
}

static void what_it_cannot_do_is_refused(void **state)
{
	(void)state;
	assert_int_equal(answer_of("kill", 0)->result, -EINVAL);
	assert_int_equal(answer_of("", 0)->result, -EINVAL);
}

static void on_a_quiet_host_it_sleeps(void **state)
{
	struct pollfd rows[4];
	int timeout_ms = -1;

	(void)state;
	driver_run(&plugin, 100);
	assert_int_equal(plugin.prepare(rows, 4, &timeout_ms), 1);
	assert_true(timeout_ms < 0 || timeout_ms > 60000);
}

static void open_steps_are_answered_at_the_end(void **state)
{
	(void)state;
	fake.removed = NULL;
	fake.late_ms = 60000;
	(void)ask("stop", 0);
	driver_run(&plugin, 50);
	plugin.close();
	assert_int_equal(driver.answers, 1);
	assert_int_equal(driver.answer[0].result, -ECANCELED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_stop_is_done_when_the_unit_is_inactive),
		TEST(a_job_that_is_removed_before_the_reply_is_not_missed),
		TEST(a_job_that_ends_late_is_waited_for),
		TEST(a_stop_is_not_done_while_the_unit_is_deactivating),
		TEST(a_job_that_never_ends_is_told_at_the_limit),
		TEST(a_lost_signal_is_made_up_for_by_reading),
		TEST(how_a_job_failed_is_told_with_the_state),
		TEST(a_stop_that_a_start_canceled_on_its_way_goes_on),
		TEST(a_unit_that_is_active_again_is_not_stopped),
		TEST(a_start_is_done_when_the_unit_is_active),
		TEST(a_failed_state_is_reset_when_that_is_asked_alone),
		TEST(a_start_limit_is_told),
		TEST(a_unit_that_systemd_does_not_know_is_told),
		TEST(a_cut_connection_is_made_again_and_the_state_looked_at_first),
		TEST(after_a_cut_connection_what_did_not_happen_is_asked_again),
		TEST(without_a_connection_that_is_told_soon),
		TEST(a_systemd_that_does_not_answer_holds_nobody_up),
		TEST(what_it_cannot_do_is_refused),
		TEST(on_a_quiet_host_it_sleeps),
		TEST(open_steps_are_answered_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
