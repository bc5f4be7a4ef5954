/* plugins/systemd.c, driven through its ABI against a manager made up here: a D-Bus server on a socket of
 * the test, in the same thread, that DBUS_SYSTEM_BUS_ADDRESS names. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "base/clock.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

#define MANAGER "org.freedesktop.systemd1.Manager"
#define PATH    "/org/freedesktop/systemd1/unit/xtts_5fserver_2eservice"

/* How the made-up systemd behaves. */
static struct {
	const char *error;      /* of StopUnit and StartUnit: its name; NULL: none */
	const char *removed;    /* result of JobRemoved; NULL: never sent */
	int before_reply;       /* JobRemoved goes first */
	int late_ms;            /* so long after the call it goes, and the state changes */
	int cut_at_call;        /* the connection is cut once, when this call comes; 1: the first */
	int deaf;               /* does not answer at all */
	const char *active, *sub, *result, *then_active, *then_sub;
	int job;                /* it shows a pending job */
	/* what was seen */
	int calls, subscribed, connections, resets;
	char asked[64], last[32];
	int subscribed_before_call;
	mono_ms due;            /* when the late end comes; 0: none */
	char job_path[64];      /* of the last job; each call gives another, as systemd does */
	sd_bus *bus;
	int listening;
} fake;

static char dir[] = "/tmp/test-systemd-XXXXXX";
static char address[160];

static void fake_end(void)
{
	fake.due = 0;
	fake.job = 0;
	fake.active = fake.then_active;
	fake.sub = fake.then_sub;
	if (fake.removed != NULL)
		assert_true(sd_bus_emit_signal(fake.bus, "/org/freedesktop/systemd1", MANAGER, "JobRemoved",
					       "uoss", 7, fake.job_path, "xtts_server.service", fake.removed) >= 0);
}

static int fake_call(sd_bus_message *call)
{
	const char *unit, *mode;

	assert_true(sd_bus_message_read(call, "ss", &unit, &mode) > 0);
	(void)snprintf(fake.asked, sizeof(fake.asked), "%s %s %s", sd_bus_message_get_member(call), unit, mode);
	fake.calls++;
	(void)snprintf(fake.job_path, sizeof(fake.job_path), "/org/freedesktop/systemd1/job/%d", fake.calls);
	fake.subscribed_before_call = fake.subscribed;
	if (fake.error != NULL)
		return sd_bus_reply_method_errorf(call, fake.error, "as \"%s\"\n says", fake.error);
	if (fake.before_reply)
		fake_end();
	else
		fake.due = clock_mono() + (mono_ms)fake.late_ms;
	if (fake.calls == fake.cut_at_call) {
		sd_bus_close(fake.bus);
		return 0;
	}
	return sd_bus_reply_method_return(call, "o", fake.job_path);
}

static int fake_get(sd_bus_message *call)
{
	const char *interface, *name;
	static const unsigned char id[16] = {0xab, 0xcd};
	sd_bus_message *reply = NULL;
	int r;

	assert_true(sd_bus_message_read(call, "ss", &interface, &name) > 0);
	if (strcmp(sd_bus_message_get_path(call), PATH) != 0)
		return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "another unit");
	if (strcmp(name, "LoadState") == 0)
		return sd_bus_reply_method_return(call, "v", "s", "loaded");
	if (strcmp(name, "ActiveState") == 0)
		return sd_bus_reply_method_return(call, "v", "s", fake.active);
	if (strcmp(name, "SubState") == 0)
		return sd_bus_reply_method_return(call, "v", "s", fake.sub);
	if (strcmp(name, "Job") == 0)
		return sd_bus_reply_method_return(call, "v", "(uo)", fake.job, fake.job ? fake.job_path : "/");
	if (strcmp(interface, "org.freedesktop.systemd1.Service") != 0 && strcmp(name, "InvocationID") != 0)
		return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_INTERFACE, "no");
	if (strcmp(name, "Result") == 0)
		return sd_bus_reply_method_return(call, "v", "s", fake.result);
	if (strcmp(name, "ControlGroup") == 0)
		return sd_bus_reply_method_return(call, "v", "s", "/system.slice/xtts_server.service");
	r = sd_bus_message_new_method_return(call, &reply);
	assert_true(r >= 0);
	assert_true(sd_bus_message_open_container(reply, 'v', "ay") >= 0);
	assert_true(sd_bus_message_append_array(reply, 'y', id, sizeof(id)) >= 0);
	assert_true(sd_bus_message_close_container(reply) >= 0);
	r = sd_bus_send(fake.bus, reply, NULL);
	sd_bus_message_unref(reply);
	return r;
}

static int fake_on_message(sd_bus_message *call, void *arg, sd_bus_error *error)
{
	const char *name = sd_bus_message_get_member(call);

	(void)arg;
	(void)error;
	if (name == NULL || fake.deaf)
		return 1;
	(void)snprintf(fake.last, sizeof(fake.last), "%s", name);
	if (strcmp(name, "Hello") == 0)
		return sd_bus_reply_method_return(call, "s", ":1.1");
	if (strcmp(name, "AddMatch") == 0)
		return sd_bus_reply_method_return(call, "");
	if (strcmp(name, "Subscribe") == 0) {
		fake.subscribed++;
		return sd_bus_reply_method_return(call, "");
	}
	if (strcmp(name, "ResetFailedUnit") == 0) {
		assert_int_equal(fake.calls, 0); /* before the start */
		fake.resets++;
		return 1;
	}
	if (strcmp(name, "Get") == 0)
		return fake_get(call);
	if (strcmp(name, "StopUnit") == 0 || strcmp(name, "StartUnit") == 0)
		return fake_call(call);
	return 0;
}

static void fake_accept(void)
{
	sd_id128_t id = {.bytes = {1}};
	int fd = accept4(fake.listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return;
	fake.connections++;
	fake.subscribed = 0;
	fake.bus = sd_bus_close_unref(fake.bus);
	assert_true(sd_bus_new(&fake.bus) >= 0);
	assert_true(sd_bus_set_fd(fake.bus, fd, fd) >= 0);
	assert_true(sd_bus_set_server(fake.bus, 1, id) >= 0);
	assert_true(sd_bus_set_anonymous(fake.bus, 1) >= 0);
	assert_true(sd_bus_set_sender(fake.bus, ":1.0") >= 0); /* as a bus daemon fills it in */
	assert_true(sd_bus_add_filter(fake.bus, NULL, fake_on_message, NULL) >= 0);
	assert_true(sd_bus_start(fake.bus) >= 0);
}

static void fake_turn(void)
{
	if (fake.listening >= 0)
		fake_accept();
	while (fake.bus != NULL && sd_bus_is_open(fake.bus) > 0 && sd_bus_process(fake.bus, NULL) > 0)
		;
	if (fake.due != 0 && clock_mono() >= fake.due && fake.bus != NULL && sd_bus_is_open(fake.bus) > 0)
		fake_end();
}

static void fake_listen(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	(void)snprintf(name.sun_path, sizeof(name.sun_path), "%s/bus", dir);
	(void)unlink(name.sun_path);
	fake.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fake.listening >= 0);
	assert_int_equal(bind(fake.listening, (struct sockaddr *)&name, sizeof(name)), 0);
	assert_int_equal(listen(fake.listening, 8), 0);
}

/* A unit that runs, and a systemd that stops it at once. */
static int set_up(void **state)
{
	(void)state;
	memset(&fake, 0, sizeof(fake));
	fake.active = "active";
	fake.sub = "running";
	fake.result = "success";
	fake.then_active = "inactive";
	fake.then_sub = "dead";
	fake.removed = "done";
	fake_listen();
	(void)snprintf(address, sizeof(address), "unix:path=%s/bus", dir);
	assert_int_equal(setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1), 0);
	assert_int_equal(plugin.open(driver_host()), 0);
	driver.also = fake_turn;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	fake.bus = sd_bus_close_unref(fake.bus);
	if (fake.listening >= 0)
		(void)close(fake.listening);
	return 0;
}

static uint64_t ask(const char *verb, uint32_t timeout_ms)
{
	static uint64_t id;
	struct plugin_request request = {.id = ++id, .verb = verb, .target = "xtts_server.service",
					 .rule = "", .unit = "xtts", .event = "", .severity = "info",
					 .text = "", .timeout_ms = timeout_ms};

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
	fake.job = 7;
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
	fake.job = 7;
	fake.active = "deactivating";
	fake.sub = "stop-sigterm";
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
	} rows[] = {{"canceled", -ECANCELED}, {"timeout", -ETIMEDOUT}, {"failed", -EIO},
		    {"dependency", -EIO},     {"skipped", -EIO},       {"a \"new\"\nword", -EIO}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct driver_answer *a;
		char want[64];

		fake.removed = rows[i].removed;
		fake.active = fake.then_active = "active";
		fake.sub = fake.then_sub = "running";
		a = answer_of("stop", 5000);
		assert_int_equal(a->result, rows[i].error);
		(void)snprintf(want, sizeof(want), "its job ended as \"%.10s", rows[i].removed);
		assert_non_null(strstr(a->text, want));
		assert_non_null(strstr(a->text, "it is active (running), result success"));
	}
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
	fake.active = "inactive";
	fake.sub = "dead";
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
	fake.active = fake.sub = "failed";
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
	fake.result = "start-limit-hit";
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

static void a_look_changes_nothing_and_tells_all(void **state)
{
	const struct driver_answer *a = answer_of("look", 5000);

	(void)state;
	assert_int_equal(a->result, 0);
	assert_string_equal(a->text, "load=loaded active=active sub=running result=success job=0 "
				     "invocation=abcd0000000000000000000000000000 "
				     "cgroup=/system.slice/xtts_server.service");
	assert_int_equal(fake.calls, 0);
}

static void without_a_connection_that_is_told_soon(void **state)
{
	const struct driver_answer *a;
	mono_ms began = clock_mono();

	(void)state;
	driver_run(&plugin, 50);
	(void)close(fake.listening);
	fake.listening = -1;
	fake.bus = sd_bus_close_unref(fake.bus);
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

static int make_dir(void **state)
{
	(void)state;
	return mkdtemp(dir) == NULL;
}

static int remove_dir(void **state)
{
	char line[64];

	(void)state;
	(void)snprintf(line, sizeof(line), "rm -rf %s", dir);
	return system(line);
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
		TEST(a_unit_that_is_active_again_is_not_stopped),
		TEST(a_start_is_done_when_the_unit_is_active),
		TEST(a_failed_state_is_reset_when_that_is_asked_alone),
		TEST(a_start_limit_is_told),
		TEST(a_unit_that_systemd_does_not_know_is_told),
		TEST(a_cut_connection_is_made_again_and_the_state_looked_at_first),
		TEST(after_a_cut_connection_what_did_not_happen_is_asked_again),
		TEST(a_look_changes_nothing_and_tells_all),
		TEST(without_a_connection_that_is_told_soon),
		TEST(a_systemd_that_does_not_answer_holds_nobody_up),
		TEST(what_it_cannot_do_is_refused),
		TEST(on_a_quiet_host_it_sleeps),
		TEST(open_steps_are_answered_at_the_end),
	};

	return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
