/* How systemd has the watched units: plugins/systemd_watch.c and what it is made of, driven through the ABI
 * against a systemd made up by fake_systemd.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "fake_systemd.h"
#include "plugin_driver.h"
#include "share/message.h"

extern const struct plugin plugin;

enum { BOT = 11, TTS = 12 };

static struct fake_unit *bot, *tts;

static struct plugin_unit unit_of(uint64_t id, const char *name, const char *systemd)
{
	return (struct plugin_unit){.id = id, .name = name, .systemd = systemd, .user = "", .cgroup = "",
				    .uid = UINT32_MAX, .alive = "", .log = ""};
}

static void watch_both(void)
{
	struct plugin_unit units[] = {unit_of(BOT, "nodira", "nodira.service"),
				      unit_of(TTS, "xtts", "xtts_server.service"),
				      unit_of(13, "elsewhere", "")};

	plugin.watch(units, ARRAY_LEN(units));
}

static int set_up_empty(void **state)
{
	(void)state;
	fake_open(0);
	bot = fake_add("nodira.service", "active", "running", 1);
	bot->pid = 100;
	tts = fake_add("xtts_server.service", "inactive", "dead", 0);
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

static const struct driver_report *last_of(uint64_t id)
{
	const struct driver_report *last = NULL;

	for (int i = driver.reports > DRIVER_REPORTS_MAX ? driver.reports - DRIVER_REPORTS_MAX : 0;
	     i < driver.reports; i++)
		if (driver.report[i % DRIVER_REPORTS_MAX].unit == id)
			last = &driver.report[i % DRIVER_REPORTS_MAX];
	return last;
}

static int bits_of(uint64_t id)
{
	assert_non_null(last_of(id));
	return last_of(id)->result;
}

static int count_of(uint64_t id)
{
	int n = 0;

	for (int i = 0; i < driver.reports && i < DRIVER_REPORTS_MAX; i++)
		n += driver.report[i].unit == id;
	return n;
}

/* Turn until the bits are told, or for_ms are over. */
static void wait_for_bits(uint64_t id, int bits, int for_ms)
{
	mono_ms end = clock_mono() + (mono_ms)for_ms;

	while ((last_of(id) == NULL || last_of(id)->result != bits) && clock_mono() < end)
		driver_run(&plugin, 5);
	assert_int_equal(bits_of(id), bits);
}

static int set_up(void **state)
{
	(void)set_up_empty(state);
	watch_both();
	wait_for_bits(BOT, UNIT_ACTIVE, 3000);
	wait_for_bits(TTS, 0, 3000);
	return 0;
}

static void job_begins(struct fake_unit *unit, uint32_t job, const char *type)
{
	unit->job = job;
	unit->job_type = type;
	fake_send_changed(unit);
	fake_send_job_new(unit, job);
}

static void state_is(struct fake_unit *unit, const char *active, const char *sub)
{
	unit->active = active;
	unit->sub = sub;
	fake_send_changed(unit);
}

static void job_ends(struct fake_unit *unit, const char *result)
{
	uint32_t job = unit->job;

	fake_send_changed(unit);
	fake_send_job_removed(unit, job, result);
	unit->job = 0;
	unit->job_type = NULL;
	fake_send_changed(unit);
}

static void it_ends(struct fake_unit *unit, const char *active, const char *sub, const char *result)
{
	unit->pid = 0;
	unit->result = result;
	state_is(unit, active, sub);
}

static void it_starts(struct fake_unit *unit)
{
	unit->invocation++;
	unit->pid += 100;
	unit->condition_us++;
	unit->result = "success";
	state_is(unit, "active", "running");
}

static void each_unit_is_told_when_it_is_watched(void **state)
{
	(void)state;
	assert_int_equal(bits_of(BOT), UNIT_ACTIVE);
	assert_int_equal(last_of(BOT)->pid, 100);
	assert_string_equal(last_of(BOT)->text, "active (running)");
	assert_int_equal(bits_of(TTS), 0);
	assert_string_equal(last_of(TTS)->text, "inactive (dead)");
	assert_null(last_of(13));
	assert_int_equal(count_of(BOT), 1);
}

static void a_stop_by_anyone_is_a_stop_job(void **state)
{
	(void)state;
	job_begins(bot, 7, "stop");
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_STOP_JOB, 500);
	state_is(bot, "deactivating", "stop-sigterm");
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
	assert_string_equal(last_of(BOT)->text, "inactive (dead); stop job seen");
	assert_int_equal(last_of(BOT)->pid, 0);
}

static void a_stop_job_that_is_gone_before_its_type_is_read_is_one(void **state)
{
	(void)state;
	job_begins(bot, 7, NULL);
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
	/* It was never told as having ended by itself. */
	for (int i = 0; i < driver.reports; i++)
		assert_true(driver.report[i].unit != BOT || driver.report[i].result != 0);
}

static void a_stop_job_of_what_fails_in_it_is_one(void **state)
{
	(void)state;
	job_begins(bot, 7, NULL);
	it_ends(bot, "failed", "failed", "exit-code");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_FAILED | UNIT_STOP_JOB, 500);
	assert_string_equal(last_of(BOT)->text, "failed (failed), result exit-code; stop job seen");
}

static void an_end_without_a_job_is_none(void **state)
{
	(void)state;
	it_ends(bot, "inactive", "dead", "success");
	wait_for_bits(BOT, 0, 500);
	assert_string_equal(last_of(BOT)->text, "inactive (dead)");
}

static void a_start_of_ten_ms_is_no_stop(void **state)
{
	(void)state;
	job_begins(tts, 8, NULL);
	it_starts(tts); /* its start job is over only when it has ended, as of a oneshot */
	it_ends(tts, "inactive", "dead", "success");
	job_ends(tts, "done");
	driver_run(&plugin, 60);
	assert_int_equal(bits_of(TTS), 0);
}

static void a_start_whose_condition_does_not_hold_is_no_stop(void **state)
{
	(void)state;
	job_begins(tts, 8, NULL);
	tts->condition_us = 5000;
	job_ends(tts, "done");
	driver_run(&plugin, 60);
	assert_int_equal(bits_of(TTS), 0);
}

static void a_try_restart_of_what_is_down_is_no_stop(void **state)
{
	(void)state;
	/* Its job does nothing, and does not stand in the unit's property. */
	fake_send_job_new(tts, 8);
	fake_send_job_removed(tts, 8, "done");
	driver_run(&plugin, 60);
	assert_int_equal(bits_of(TTS), 0);
	assert_int_equal(count_of(TTS), 1);
}

static void a_stop_of_what_is_down_is_told_for_a_second(void **state)
{
	mono_ms asked = clock_mono();

	(void)state;
	job_begins(tts, 8, NULL);
	job_ends(tts, "done");
	wait_for_bits(TTS, UNIT_STOP_JOB | UNIT_STOP_DOWN, 500);
	wait_for_bits(TTS, UNIT_STOP_JOB, 2000);
	assert_true(clock_mono() >= asked + 1000);
	/* One of what is up is none, nor is one that was called off. */
	job_begins(bot, 9, "stop");
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
	job_begins(bot, 10, "stop");
	job_ends(bot, "canceled");
	driver_run(&plugin, 60);
	assert_int_equal(bits_of(BOT), UNIT_STOP_JOB);
}

static void a_job_that_does_nothing_does_not_hide_a_stop(void **state)
{
	(void)state;
	job_begins(bot, 7, NULL);
	fake_send_job_new(bot, 8);
	it_ends(bot, "inactive", "dead", "success");
	fake_send_job_removed(bot, 8, "done");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
}

static void a_job_of_a_unit_just_loaded_is_followed(void **state)
{
	(void)state;
	/* UnitNew goes in place of the change, so the job is first heard of by JobNew. */
	tts->job = 8;
	tts->job_type = "start";
	fake_send_job_new(tts, 8);
	wait_for_bits(TTS, UNIT_AT_IT, 500);
	it_starts(tts);
	job_ends(tts, "done");
	wait_for_bits(TTS, UNIT_ACTIVE, 500);
}

static void a_restart_job_is_told_until_a_second_after_it(void **state)
{
	mono_ms ended;

	(void)state;
	job_begins(bot, 9, "restart");
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_RESTART_JOB, 500);
	it_ends(bot, "inactive", "dead", "success");
	wait_for_bits(BOT, UNIT_AT_IT | UNIT_RESTART_JOB, 500);
	bot->job_type = "start"; /* as systemd patches it */
	it_starts(bot);
	job_ends(bot, "done");
	ended = clock_mono();
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_RESTART_JOB, 500);
	wait_for_bits(BOT, UNIT_ACTIVE, 1500);
	assert_true(clock_mono() - ended >= 900);
}

static void a_restart_job_that_is_gone_at_once_is_one(void **state)
{
	(void)state;
	job_begins(bot, 9, NULL);
	it_ends(bot, "inactive", "dead", "success");
	it_starts(bot);
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_RESTART_JOB, 500);
}

static void a_restart_read_in_its_second_half_is_one(void **state)
{
	(void)state;
	job_begins(bot, 9, "start");
	it_ends(bot, "inactive", "dead", "success");
	wait_for_bits(BOT, UNIT_AT_IT | UNIT_RESTART_JOB, 500);
}

static void a_restart_merged_into_a_reload_is_one(void **state)
{
	(void)state;
	job_begins(bot, 9, "reload");
	state_is(bot, "reloading", "reload");
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_AT_IT, 500);
	bot->job_type = "restart";
	state_is(bot, "deactivating", "stop-sigterm");
	wait_for_bits(BOT, UNIT_AT_IT | UNIT_RESTART_JOB, 500);
}

static void its_next_start_ends_the_stop(void **state)
{
	(void)state;
	job_begins(bot, 7, "stop");
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
	job_begins(bot, 8, "start");
	it_starts(bot);
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_ACTIVE, 500);
	it_ends(bot, "failed", "failed", "signal");
	wait_for_bits(BOT, UNIT_FAILED, 500);
}

static void a_stop_that_is_called_off_is_none(void **state)
{
	(void)state;
	job_begins(bot, 7, "stop");
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_STOP_JOB, 500);
	job_ends(bot, "canceled");
	wait_for_bits(BOT, UNIT_ACTIVE, 500);
}

static void an_automatic_restart_is_told_as_under_way(void **state)
{
	(void)state;
	bot->restart_us = 5000000;
	plugin.look(BOT); /* the property comes with no signal */
	driver_run(&plugin, 60);
	it_ends(bot, "activating", "auto-restart", "oom-kill");
	wait_for_bits(BOT, UNIT_AT_IT, 500);
	assert_string_equal(last_of(BOT)->text, "activating (auto-restart), result oom-kill, auto-restart in 5.0 s");
	/* Its job ends no process: the next death is one. */
	job_begins(bot, 9, "restart");
	driver_run(&plugin, 30);
	assert_int_equal(bits_of(BOT), UNIT_AT_IT);
	it_starts(bot);
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_ACTIVE, 500);
}

static void an_end_is_told_when_it_is_known_what_comes_of_it(void **state)
{
	(void)state;
	/* Both in one go, as systemd signals them. */
	it_ends(bot, "failed", "failed", "signal");
	it_ends(bot, "activating", "auto-restart", "signal");
	wait_for_bits(BOT, UNIT_AT_IT, 500);
	assert_int_equal(count_of(BOT), 2);
	it_starts(bot);
	wait_for_bits(BOT, UNIT_ACTIVE, 500);
	/* And in two turns. */
	it_ends(bot, "failed", "failed", "signal");
	bot->active = "activating";
	bot->sub = "auto-restart";
	wait_for_bits(BOT, UNIT_AT_IT, 500);
	assert_int_equal(count_of(BOT), 4);
}

static void a_process_and_its_state_are_told_together(void **state)
{
	(void)state;
	it_starts(bot);
	it_ends(bot, "inactive", "dead", "success");
	it_starts(bot);
	driver_run(&plugin, 60);
	for (int i = 0; i < driver.reports; i++)
		if (driver.report[i].unit == BOT)
			assert_int_equal(driver.report[i].pid != 0, (driver.report[i].result & UNIT_ACTIVE) != 0);
}

static void a_start_that_never_began_is_the_start_limit(void **state)
{
	(void)state;
	it_ends(bot, "activating", "auto-restart", "exit-code");
	job_begins(bot, 9, "restart");
	it_ends(bot, "failed", "failed", "exit-code"); /* the Result of its last run stays */
	job_ends(bot, "failed");
	wait_for_bits(BOT, UNIT_FAILED | UNIT_START_LIMIT, 500);
	assert_string_equal(last_of(BOT)->text, "failed (failed), result exit-code; its start limit is reached");
	/* systemctl reset-failed */
	it_ends(bot, "inactive", "dead", "success");
	wait_for_bits(BOT, 0, 500);
}

static void a_start_that_failed_in_its_run_is_not_the_start_limit(void **state)
{
	(void)state;
	job_begins(tts, 9, "start");
	it_starts(tts);
	it_ends(tts, "failed", "failed", "exit-code");
	job_ends(tts, "failed");
	wait_for_bits(TTS, UNIT_FAILED, 500);
}

static void the_start_limit_is_told(void **state)
{
	(void)state;
	it_ends(bot, "failed", "failed", "start-limit-hit");
	wait_for_bits(BOT, UNIT_FAILED | UNIT_START_LIMIT, 500);
}

static void what_systemd_does_not_have_is_told(void **state)
{
	struct plugin_unit units[] = {unit_of(BOT, "nodira", "nodira.service"), unit_of(14, "ghost", "ghost.service")};

	(void)state;
	plugin.watch(units, 2);
	wait_for_bits(14, UNIT_NONE_SUCH, 500);
	assert_string_equal(last_of(14)->text, "systemd has no such unit; inactive (dead)");
	/* It is installed later, and started: the first that is heard of it is its job. */
	fake_add("ghost.service", "activating", "start", 1)->job = 3;
	fake_send_job_new(&fake.unit[2], 3);
	wait_for_bits(14, UNIT_AT_IT, 500);
}

static void a_unit_is_followed_by_its_own_name_too(void **state)
{
	struct plugin_unit unit = unit_of(15, "alias", "bot.service");

	(void)state;
	fake_add("bot.service", "active", "running", 5)->id = "nodira-real.service";
	plugin.watch(&unit, 1);
	wait_for_bits(15, UNIT_ACTIVE, 500);
	state_is(&fake.unit[2], "failed", "failed");
	wait_for_bits(15, UNIT_FAILED, 500);
}

static void a_look_reads_anew_and_is_answered_at_once(void **state)
{
	mono_ms began = clock_mono();
	int reads = fake.reads;

	(void)state;
	bot->active = "failed"; /* no signal of it has come */
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_FAILED | UNIT_LOOKED, 500);
	assert_true(clock_mono() - began < 200);
	assert_int_equal(fake.reads, reads + 1);
	assert_int_equal(count_of(BOT), 2); /* and not once more unasked */
}

static void a_look_waits_for_the_type_of_an_open_job(void **state)
{
	(void)state;
	bot->job = 7;
	bot->job_type = "stop";
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_AT_IT | UNIT_STOP_JOB | UNIT_LOOKED, 500);
}

static void a_look_at_what_is_not_watched_is_answered(void **state)
{
	(void)state;
	plugin.look(99);
	assert_int_equal(bits_of(99), UNIT_NO_ANSWER | UNIT_LOOKED);
}

static void a_look_at_a_systemd_that_hangs_is_answered_within_a_second(void **state)
{
	mono_ms began = clock_mono();

	(void)state;
	fake.deaf_to_reads = 1;
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_NO_ANSWER | UNIT_LOOKED, 1500);
	assert_true(clock_mono() - began < 1300);
	assert_true(clock_mono() - began > 900);
	/* It answers again. */
	fake.deaf_to_reads = 0;
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_LOOKED, 500);
}

static void a_look_without_a_connection_is_answered_within_a_second(void **state)
{
	mono_ms began;

	(void)state;
	fake_go_away();
	driver_run(&plugin, 30);
	began = clock_mono();
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_NO_ANSWER | UNIT_LOOKED, 1500);
	assert_true(clock_mono() - began < 1300);
	assert_non_null(strstr(last_of(BOT)->text, "no connection to systemd: "));
	assert_int_equal(bits_of(TTS), UNIT_NO_ANSWER); /* told unasked too */
	fake_come_back();
	wait_for_bits(BOT, UNIT_ACTIVE, 12000);
	wait_for_bits(TTS, 0, 500);
}

static void a_short_break_of_the_connection_is_not_told(void **state)
{
	int told = driver.reports;

	(void)state;
	sd_bus_close(fake.bus);
	driver_run(&plugin, 400);
	assert_int_equal(fake.connections, 2);
	assert_int_equal(driver.reports, told);
}

/* How the unit ended while nobody listened. */
static void lose_while(const char *result, uint64_t active_exit_us, uint64_t main_exit_us)
{
	sd_bus_close(fake.bus);
	bot->active = "inactive";
	bot->sub = "dead";
	bot->result = result;
	bot->pid = 0;
	bot->active_exit_us = active_exit_us;
	bot->main_exit_us = main_exit_us;
	driver_run(&plugin, 400);
	assert_int_equal(fake.connections, 2);
}

static void a_stop_that_was_missed_is_known_by_its_times(void **state)
{
	(void)state;
	lose_while("success", 1000, 1500);
	assert_int_equal(bits_of(BOT), UNIT_STOP_JOB);
}

static void an_end_by_itself_that_was_missed_is_no_stop(void **state)
{
	(void)state;
	lose_while("success", 1500, 1400);
	assert_int_equal(bits_of(BOT), 0);
}

static void an_oom_stop_that_was_missed_is_no_stop(void **state)
{
	(void)state;
	lose_while("oom-kill", 1000, 1500);
	assert_int_equal(bits_of(BOT), 0);
}

static void a_stop_seen_before_the_break_is_kept(void **state)
{
	(void)state;
	job_begins(bot, 7, "stop");
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
	sd_bus_close(fake.bus);
	driver_run(&plugin, 400);
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_STOP_JOB | UNIT_LOOKED, 500);
}

static void a_job_open_across_a_break_is_followed_further(void **state)
{
	(void)state;
	job_begins(bot, 7, "restart");
	driver_run(&plugin, 30);
	sd_bus_close(fake.bus);
	driver_run(&plugin, 400);
	it_ends(bot, "inactive", "dead", "success");
	wait_for_bits(BOT, UNIT_AT_IT | UNIT_RESTART_JOB, 500);
}

static void after_a_reload_of_systemd_all_is_read_anew(void **state)
{
	int reads = fake.reads;

	(void)state;
	fake_send_reloading(1);
	driver_run(&plugin, 30);
	assert_int_equal(fake.reads, reads);
	tts->load = "not-found";
	fake_send_reloading(0);
	wait_for_bits(TTS, UNIT_NONE_SUCH, 500);
	assert_int_equal(fake.reads, reads + 2);
}

static void a_storm_of_changes_is_told_once_a_turn(void **state)
{
	int told = driver.reports;

	(void)state;
	for (int i = 0; i < 2000; i++)
		state_is(bot, i % 2 ? "active" : "deactivating", "running");
	it_ends(bot, "failed", "failed", "core-dump");
	wait_for_bits(BOT, UNIT_FAILED, 3000);
	assert_true(driver.reports - told < 200);
	assert_true(fake.reads <= 3); /* the values come with the signals; the end is looked at once */
}

static void a_storm_of_jobs_ends_in_the_truth(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 200; i++) {
		job_begins(bot, 100 + 2 * i, i % 3 ? "stop" : NULL);
		it_ends(bot, "inactive", "dead", "success");
		job_ends(bot, "done");
		job_begins(bot, 101 + 2 * i, i % 2 ? "start" : NULL);
		it_starts(bot);
		job_ends(bot, "done");
	}
	driver_run(&plugin, 200);
	wait_for_bits(BOT, UNIT_ACTIVE, 3000);
	job_begins(bot, 900, NULL);
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
}

static void jobs_of_others_are_none_of_ours(void **state)
{
	struct fake_unit other = {.name = "other.service", .job = 7, .active = "inactive", .sub = "dead",
				  .result = "success", .load = "loaded"};
	int told = driver.reports;

	(void)state;
	job_begins(&other, 7, "stop");
	job_ends(&other, "done");
	fake_send_job_removed(bot, 4711, "done"); /* one that was never announced */
	driver_run(&plugin, 60);
	assert_int_equal(driver.reports, told);
}

static void what_systemd_says_is_bounded(void **state)
{
	static char longest[4000];
	sd_bus_message *m = NULL;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	state_is(bot, "failed", longest);
	wait_for_bits(BOT, UNIT_FAILED, 500);
	assert_true(strlen(last_of(BOT)->text) < 100);
	it_ends(bot, "a\nb", "\033[31m%s%n", "c");
	driver_run(&plugin, 30);
	assert_int_equal(bits_of(BOT), 0);
	/* Of other types than we know, and cut off in the middle. */
	assert_true(sd_bus_message_new_signal(fake.bus, &m, "/org/freedesktop/systemd1/unit/nodira_2eservice",
					      "org.freedesktop.DBus.Properties", "PropertiesChanged") >= 0);
	assert_true(sd_bus_message_append(m, "sa{sv}as", "x", 3, "ActiveState", "u", 7, "Job", "s", "no",
					  "InvocationID", "as", 1, "y", 0) >= 0);
	assert_true(sd_bus_send(fake.bus, m, NULL) >= 0);
	sd_bus_message_unref(m);
	assert_true(sd_bus_emit_signal(fake.bus, "/org/freedesktop/systemd1/unit/nodira_2eservice",
				       "org.freedesktop.DBus.Properties", "PropertiesChanged", "u", 5) >= 0);
	assert_true(sd_bus_emit_signal(fake.bus, "/org/freedesktop/systemd1", FAKE_MANAGER, "JobNew", "s", "x") >= 0);
	assert_true(sd_bus_emit_signal(fake.bus, "/org/freedesktop/systemd1", FAKE_MANAGER, "JobRemoved", "u", 7) >= 0);
	driver_run(&plugin, 60);
	state_is(bot, "active", "running");
	wait_for_bits(BOT, UNIT_ACTIVE, 500);
}

static void a_name_that_no_unit_can_have_is_told(void **state)
{
	struct plugin_unit unit = unit_of(16, "odd", "../../etc\n/x%s.service");

	(void)state;
	plugin.watch(&unit, 1);
	wait_for_bits(16, UNIT_NONE_SUCH, 500);
	fake.read_error = SD_BUS_ERROR_INVALID_ARGS;
	plugin.look(16);
	wait_for_bits(16, UNIT_NONE_SUCH | UNIT_LOOKED, 500);
	fake.read_error = SD_BUS_ERROR_ACCESS_DENIED;
	plugin.look(16);
	wait_for_bits(16, UNIT_NO_ANSWER | UNIT_LOOKED, 500);
	assert_non_null(strstr(last_of(16)->text, "does not let us"));
}

static void a_reload_of_the_config_goes_on_with_what_is_there_still(void **state)
{
	struct plugin_unit units[] = {unit_of(17, "new", "new.service"), unit_of(BOT, "nodira", "nodira.service")};
	int reads = fake.reads, told = count_of(BOT);

	(void)state;
	job_begins(bot, 7, "stop");
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
	told = count_of(BOT);
	(void)fake_add("new.service", "active", "running", 9);
	plugin.watch(units, 2);
	wait_for_bits(17, UNIT_ACTIVE, 500);
	assert_int_equal(fake.reads, reads + 1);
	assert_int_equal(count_of(BOT), told);
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_STOP_JOB | UNIT_LOOKED, 500);
	told = count_of(TTS);
	state_is(tts, "failed", "failed");
	driver_run(&plugin, 60);
	assert_int_equal(count_of(TTS), told);
}

static void many_units_are_all_told(void **state)
{
	static char names[FAKE_UNITS_MAX][32];
	struct plugin_unit units[1000];

	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(names[i % FAKE_UNITS_MAX], sizeof(names[0]), "u%d.service", i % FAKE_UNITS_MAX);
		units[i] = unit_of(1000 + (uint64_t)i, "u", names[i % FAKE_UNITS_MAX]);
	}
	driver.reports = 0;
	plugin.watch(units, 1000);
	for (int i = 0; i < 300 && driver.reports < 1000; i++)
		driver_run(&plugin, 20);
	assert_int_equal(driver.reports, 1000);
	driver_run(&plugin, 60);
	assert_int_equal(driver.reports, 1000);
}

static void on_a_quiet_host_it_sleeps(void **state)
{
	struct pollfd rows[4];
	int timeout_ms = -1, reads = fake.reads;

	(void)state;
	driver_run(&plugin, 200);
	assert_int_equal(fake.reads, reads);
	assert_int_equal(plugin.prepare(rows, 4, &timeout_ms), 1);
	assert_true(timeout_ms < 0 || timeout_ms > 60000);
}

static const struct driver_answer *stop_of(const char *target)
{
	static uint64_t id = 50;
	struct plugin_request request = {.id = ++id, .verb = "stop", .target = target, .rule = "", .unit = "x",
					 .event = "", .severity = "info", .text = "", .timeout_ms = 3000,
					 .uid = UINT32_MAX};
	const struct driver_answer *answer;

	plugin.ask(&request);
	answer = driver_wait(&plugin, id, 4000);
	assert_non_null(answer);
	return answer;
}

static void our_own_stop_of_what_is_down_is_no_persons(void **state)
{
	(void)state;
	state_is(tts, "failed", "failed");
	wait_for_bits(TTS, UNIT_FAILED, 500);
	fake.then_active = "failed";
	fake.then_sub = "failed";
	fake.removed = "done";
	assert_int_equal(stop_of("xtts_server.service")->result, 0); /* job 1 */
	job_begins(tts, 1, "stop");
	job_ends(tts, "done");
	wait_for_bits(TTS, UNIT_STOP_JOB | UNIT_FAILED, 500);
	job_begins(tts, 2, "stop");
	job_ends(tts, "done");
	wait_for_bits(TTS, UNIT_STOP_JOB | UNIT_STOP_DOWN | UNIT_FAILED, 500);
}

static void a_stop_that_takes_a_watched_unit_along_is_refused(void **state)
{
	static const char **const ties[] = {&fake.unit[0].required_by, &fake.unit[0].bound_by,
					    &fake.unit[0].propagates, &fake.unit[0].consists};
	static const char *const why[] = {"it requires it", "it is bound to it", "its stop is passed on to it",
					  "it is part of it"};
	const struct driver_answer *answer;
	char want[100];

	(void)state;
	fake.then_active = "inactive";
	fake.then_sub = "dead";
	fake.removed = "done";
	state_is(tts, "active", "running");
	wait_for_bits(TTS, UNIT_ACTIVE, 500);
	for (size_t i = 0; i < ARRAY_LEN(ties); i++) {
		*ties[i] = "xtts_server.service";
		answer = stop_of("nodira.service");
		assert_int_equal(answer->result, -EBUSY);
		(void)snprintf(want, sizeof(want), "would stop xtts_server.service too (%s)", why[i]);
		assert_string_equal(answer->text, want);
		*ties[i] = NULL;
	}
	assert_int_equal(fake.calls, 0);
	/* One that is down already, or not watched, is no reason. */
	bot->required_by = "xtts_server.service";
	state_is(tts, "failed", "failed");
	wait_for_bits(TTS, UNIT_FAILED, 500);
	assert_int_equal(stop_of("nodira.service")->result, 0);
	assert_int_equal(fake.calls, 1);
}

static void what_a_stop_would_take_along_is_named_once(void **state)
{
	mono_ms end = clock_mono() + 1000;

	(void)state;
	/* By the dependent's own files: systemd knows the other way round only of what is loaded. */
	tts->binds_to = "nodira.service";
	watch_both();
	while (driver.log[0] == '\0' && clock_mono() < end)
		driver_run(&plugin, 5);
	assert_string_equal(driver.log, "a stop of nodira.service would stop xtts_server.service too (it is bound to "
					"it): while that is active, no step does it");
	driver.log[0] = '\0';
	plugin.look(TTS);
	wait_for_bits(TTS, UNIT_LOOKED, 1000);
	assert_string_equal(driver.log, "");
}

static int set_up_user(void **state)
{
	struct plugin_unit unit = unit_of(BOT, "nodira", "nodira.service");

	(void)state;
	fake_open(1);
	bot = fake_add("nodira.service", "active", "running", 1);
	fake.then_active = "inactive";
	fake.then_sub = "dead";
	fake.removed = "done";
	unit.user = "alice";
	unit.uid = (uint32_t)geteuid();
	assert_int_equal(plugin.open(driver_host()), 0);
	driver.also = fake_turn;
	plugin.watch(&unit, 1);
	return 0;
}

static void a_unit_of_a_users_systemd_is_followed_there(void **state)
{
	(void)state;
	wait_for_bits(BOT, UNIT_ACTIVE, 1000);
	job_begins(bot, 7, "stop");
	it_ends(bot, "inactive", "dead", "success");
	job_ends(bot, "done");
	wait_for_bits(BOT, UNIT_STOP_JOB, 500);
}

static void a_users_systemd_that_is_not_there_is_said_and_tried_again(void **state)
{
	char want[80];

	(void)state;
	fake_go_away();
	driver_run(&plugin, 60);
	wait_for_bits(BOT, UNIT_NO_ANSWER, 1500);
	(void)snprintf(want, sizeof(want), "no connection to the systemd of user %u: ", (unsigned)geteuid());
	assert_non_null(strstr(last_of(BOT)->text, want));
	driver_run(&plugin, 1000);
	fake_come_back();
	plugin.look(BOT);
	wait_for_bits(BOT, UNIT_ACTIVE | UNIT_LOOKED, 1500);
}

static void a_step_of_a_users_unit_goes_there(void **state)
{
	struct plugin_request request = {.id = 1, .verb = "stop", .target = "nodira.service", .rule = "",
					 .unit = "nodira", .event = "", .severity = "info", .text = "",
					 .timeout_ms = 3000, .uid = (uint32_t)geteuid()};
	const struct driver_answer *answer;

	(void)state;
	wait_for_bits(BOT, UNIT_ACTIVE, 1000);
	plugin.ask(&request);
	answer = driver_wait(&plugin, 1, 4000);
	assert_non_null(answer);
	assert_int_equal(answer->result, 0);
	assert_string_equal(fake.asked, "StopUnit nodira.service replace");
	/* Also when it is watched no more. */
	plugin.watch(NULL, 0);
	request.id = 2;
	bot->active = "active";
	plugin.ask(&request);
	answer = driver_wait(&plugin, 2, 4000);
	assert_non_null(answer);
	assert_int_equal(answer->result, 0);
	assert_int_equal(fake.calls, 2);
}

static void a_user_who_is_not_known_here_is_told(void **state)
{
	struct plugin_unit unit = unit_of(18, "lost", "lost.service");

	(void)state;
	unit.user = "nobody-here";
	plugin.watch(&unit, 1);
	wait_for_bits(18, UNIT_NO_ANSWER, 500);
	assert_string_equal(last_of(18)->text, "the systemd of user nobody-here cannot be asked");
	plugin.look(18);
	assert_int_equal(bits_of(18), UNIT_NO_ANSWER | UNIT_LOOKED);
}

static void more_users_than_there_is_room_for_are_told(void **state)
{
	struct plugin_unit units[12];

	(void)state;
	for (uint32_t i = 0; i < ARRAY_LEN(units); i++) {
		units[i] = unit_of(200 + i, "u", "u.service");
		units[i].user = "many";
		units[i].uid = 4000000000u + i;
	}
	plugin.watch(units, ARRAY_LEN(units));
	for (uint32_t i = 0; i < ARRAY_LEN(units); i++)
		wait_for_bits(200 + i, UNIT_NO_ANSWER, 1500);
	assert_string_equal(last_of(211)->text, "the systemd of user many cannot be asked");
	/* Those that are left out make room. */
	watch_both();
	plugin.watch(units + 8, 4);
	driver_run(&plugin, 60);
	assert_non_null(strstr(last_of(211)->text, "no connection to the systemd of user 40000000"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define USER(name) cmocka_unit_test_setup_teardown(name, set_up_user, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_unit_is_told_when_it_is_watched),
		TEST(a_stop_by_anyone_is_a_stop_job),
		TEST(a_stop_job_that_is_gone_before_its_type_is_read_is_one),
		TEST(a_stop_job_of_what_fails_in_it_is_one),
		TEST(an_end_without_a_job_is_none),
		TEST(a_start_of_ten_ms_is_no_stop),
		TEST(a_start_whose_condition_does_not_hold_is_no_stop),
		TEST(a_try_restart_of_what_is_down_is_no_stop),
		TEST(a_stop_of_what_is_down_is_told_for_a_second),
		TEST(our_own_stop_of_what_is_down_is_no_persons),
		TEST(a_job_that_does_nothing_does_not_hide_a_stop),
		TEST(a_job_of_a_unit_just_loaded_is_followed),
		TEST(a_restart_job_is_told_until_a_second_after_it),
		TEST(a_restart_job_that_is_gone_at_once_is_one),
		TEST(a_restart_read_in_its_second_half_is_one),
		TEST(a_restart_merged_into_a_reload_is_one),
		TEST(its_next_start_ends_the_stop),
		TEST(a_stop_that_is_called_off_is_none),
		TEST(an_automatic_restart_is_told_as_under_way),
		TEST(an_end_is_told_when_it_is_known_what_comes_of_it),
		TEST(a_process_and_its_state_are_told_together),
		TEST(a_start_that_never_began_is_the_start_limit),
		TEST(a_start_that_failed_in_its_run_is_not_the_start_limit),
		TEST(the_start_limit_is_told),
		TEST(what_systemd_does_not_have_is_told),
		TEST(a_unit_is_followed_by_its_own_name_too),
		TEST(a_look_reads_anew_and_is_answered_at_once),
		TEST(a_look_waits_for_the_type_of_an_open_job),
		TEST(a_look_at_what_is_not_watched_is_answered),
		TEST(a_look_at_a_systemd_that_hangs_is_answered_within_a_second),
		TEST(a_look_without_a_connection_is_answered_within_a_second),
		TEST(a_short_break_of_the_connection_is_not_told),
		TEST(a_stop_that_was_missed_is_known_by_its_times),
		TEST(an_end_by_itself_that_was_missed_is_no_stop),
		TEST(an_oom_stop_that_was_missed_is_no_stop),
		TEST(a_stop_seen_before_the_break_is_kept),
		TEST(a_job_open_across_a_break_is_followed_further),
		TEST(after_a_reload_of_systemd_all_is_read_anew),
		TEST(a_storm_of_changes_is_told_once_a_turn),
		TEST(a_storm_of_jobs_ends_in_the_truth),
		TEST(jobs_of_others_are_none_of_ours),
		TEST(what_systemd_says_is_bounded),
		TEST(a_name_that_no_unit_can_have_is_told),
		TEST(a_reload_of_the_config_goes_on_with_what_is_there_still),
		TEST(many_units_are_all_told),
		TEST(on_a_quiet_host_it_sleeps),
		TEST(a_stop_that_takes_a_watched_unit_along_is_refused),
		cmocka_unit_test_setup_teardown(what_a_stop_would_take_along_is_named_once, set_up_empty, tear_down),
		USER(a_unit_of_a_users_systemd_is_followed_there),
		USER(a_users_systemd_that_is_not_there_is_said_and_tried_again),
		USER(a_step_of_a_users_unit_goes_there),
		TEST(a_user_who_is_not_known_here_is_told),
		TEST(more_users_than_there_is_room_for_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
