/* deliver/hold.c through the deliverer: fold, after, quiet hours, repeat, acknowledgement, threads, restarts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "deliver_rig.h"

enum { A, B, C };

static int set_up(void **state)
{
	(void)state;
	rig_begin();
	rig_channels(1);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_end();
	return 0;
}

static void assert_thread(size_t channel, uint64_t id, uint64_t thread)
{
	char text[16];

	delivery_format_id(thread, text);
	assert_non_null(rig_last(channel, id));
	assert_string_equal(rig_last(channel, id)->thread, text);
}

static void assert_dropped(uint64_t id, size_t channel, const char *why)
{
	const struct delivery_row *row = rig_spooled_row(id, channel);

	assert_non_null(row);
	assert_int_equal(row->state, DELIVERY_DROPPED);
	assert_non_null(strstr(row->why, why));
}

/* --- fold --- */

static void the_first_goes_at_once_and_those_within_fold_become_one_with_a_count(void **state)
{
	uint64_t first, second, third;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	first = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	assert_int_equal(rig_count(A, first), 1);
	rig_pass(20000);
	second = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	rig_pass(20000);
	third = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	rig_pass(19000);
	assert_int_equal(rig_count(A, 0), 1);
	assert_int_equal(rig_spooled_row(third, A)->state, DELIVERY_WAITING);
	rig_pass(2000);
	assert_int_equal(rig_count(A, 0), 2);
	assert_int_equal(rig_count(A, third), 1);
	assert_int_equal(rig_last(A, third)->count, 2);
	assert_int_equal(rig_last(A, third)->at - rig_last(A, first)->at, 60000);
	assert_thread(A, third, first);
	assert_dropped(second, A, "folded into ");
	assert_true(rig_is_done(second) && rig_is_done(third));
}

static void after_the_window_the_next_goes_at_once(void **state)
{
	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	rig_pass(60000);
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	assert_int_equal(rig_count(A, 0), 2);
}

static void a_worse_one_and_one_of_another_unit_are_not_folded(void **state)
{
	struct delivery_alert other;
	uint64_t worse, third;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	worse = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	assert_int_equal(rig_count(A, worse), 1);
	assert_thread(A, worse, worse);
	other = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
	(void)strcpy(other.unit, "v");
	rig_tell(&other);
	rig_pass(0);
	assert_int_equal(rig_count(A, other.id), 1);
	(void)strcpy(other.unit, "");
	other.id = other.thread = other.id + 100000;
	rig_tell(&other);
	rig_pass(0);
	assert_int_equal(rig_count(A, other.id), 1);
	third = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING); /* less than the last: folded below it */
	assert_int_equal(rig_count(A, third), 0);
	rig_pass(61000);
	assert_thread(A, third, worse);
}

static void without_fold_each_goes_at_once(void **state)
{
	(void)state;
	rig_start();
	for (int i = 0; i < 5; i++)
		(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	assert_int_equal(rig_count(A, 0), 5);
}

static void what_follows_on_a_folded_alert_goes_at_once_below_the_first(void **state)
{
	uint64_t first, second, result, clear;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	first = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	second = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	result = rig_new(TOLD_RESULT, second, SEVERITY_INFO);
	assert_int_equal(rig_count(A, result), 1);
	assert_thread(A, result, first);
	/* Its all-clear comes while it is held: it is not sent any more, but who has read of the result reads the end. */
	clear = rig_new(TOLD_CLEAR, second, SEVERITY_INFO);
	assert_int_equal(rig_count(A, clear), 1);
	assert_thread(A, clear, first);
	rig_pass(120000);
	assert_int_equal(rig_count(A, second), 0);
	assert_dropped(second, A, "resolved before it was due");
}

static void an_all_clear_of_what_is_held_cancels_both(void **state)
{
	uint64_t second, clear;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	second = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	clear = rig_new(TOLD_CLEAR, second, SEVERITY_INFO);
	rig_pass(120000);
	assert_int_equal(rig_count(A, 0), 1);
	assert_dropped(second, A, "resolved before it was due");
	assert_dropped(clear, A, "resolved before it was due");
	assert_true(rig_is_done(second) && rig_is_done(clear));
}

static void the_all_clear_after_a_folded_message_goes_in_its_thread(void **state)
{
	uint64_t first, second, third, clear;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	first = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	second = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	third = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	rig_pass(61000);
	assert_int_equal(rig_last(A, third)->count, 2);
	clear = rig_new(TOLD_CLEAR, second, SEVERITY_INFO);
	assert_thread(A, clear, first);
	clear = rig_new(TOLD_CLEAR, third, SEVERITY_INFO);
	assert_thread(A, clear, first);
}

static void a_held_row_holds_up_nobody(void **state)
{
	struct delivery_alert other;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	other = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
	(void)strcpy(other.rule, "s");
	rig_tell(&other);
	rig_pass(0);
	assert_int_equal(rig_count(A, other.id), 1);
}

static void what_is_held_is_held_on_after_a_restart_and_goes_when_it_was_due(void **state)
{
	uint64_t second, third, fourth;
	mono_ms began;

	(void)state;
	rig_channel(A)->fold_ms = 60000;
	rig_start();
	began = rig.mono;
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	second = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	third = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	rig_pass(30000);
	rig_restart();
	assert_int_equal(rig_count(A, 0), 1);
	rig_pass(20000);
	fourth = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING); /* the window is not over for this one either */
	rig_pass(9000);
	assert_int_equal(rig_count(A, 0), 1);
	rig_pass(2000);
	assert_int_equal(rig_count(A, 0), 2);
	assert_int_equal(rig_last(A, fourth)->count, 3);
	assert_in_range(rig_last(A, fourth)->at - began, 59999, 60001);
	assert_dropped(third, A, "folded into ");
	assert_dropped(second, A, "folded into ");
}

/* --- after --- */

static void after_hears_only_what_nobody_acknowledged(void **state)
{
	uint64_t acked, other, result;

	(void)state;
	rig_channels(2);
	rig_channel(B)->after_ms = 1800000;
	rig_start();
	acked = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	other = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	result = rig_new(TOLD_RESULT, acked, SEVERITY_CRITICAL);
	assert_int_equal(rig_count(A, 0), 3);
	rig_pass(600000);
	deliver_ack(rig.deliver, acked);
	rig_pass(0);
	assert_dropped(acked, B, "acknowledged");
	assert_dropped(result, B, "was not sent");
	rig_pass(1199000);
	assert_int_equal(rig_count(B, 0), 0);
	rig_pass(2000);
	assert_int_equal(rig_count(B, 0), 1);
	assert_int_equal(rig_count(B, other), 1);
	assert_int_equal(rig_count(B, rig_new(TOLD_CLEAR, acked, SEVERITY_INFO)), 0);
	assert_int_equal(rig_count(B, rig_new(TOLD_CLEAR, other, SEVERITY_INFO)), 1);
}

static void after_sends_the_rest_of_the_thread_behind_the_alert(void **state)
{
	uint64_t alert, result;

	(void)state;
	rig_channel(A)->after_ms = 60000;
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	result = rig_new(TOLD_RESULT, alert, SEVERITY_INFO);
	rig_pass(59000);
	assert_int_equal(rig_count(A, 0), 0);
	rig_pass(2000);
	assert_int_equal(rig_count(A, 0), 2);
	assert_string_equal(rig.sent[0].told, "alert");
	assert_int_equal(rig_count(A, result), 1);
}

static void after_drops_what_was_resolved_by_then(void **state)
{
	uint64_t alert, clear;

	(void)state;
	rig_channel(A)->after_ms = 60000;
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	clear = rig_new(TOLD_CLEAR, alert, SEVERITY_CRITICAL);
	rig_pass(600000);
	assert_int_equal(rig_count(A, 0), 0);
	assert_dropped(alert, A, "resolved before it was due");
	assert_dropped(clear, A, "resolved before it was due");
}

static void an_ack_of_all_reaches_what_is_still_in_the_spool(void **state)
{
	uint64_t waits, fresh;

	(void)state;
	rig_channel(A)->after_ms = 60000;
	rig_start();
	waits = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	rig.scribe_answers = false;
	rig_restart();
	deliver_ack(rig.deliver, 0);
	rig_end();
	rig.scribe_answers = false;
	/* The word came before the backlog did. */
	rig_start();
	deliver_ack(rig.deliver, 0);
	fresh = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	{
		struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ALERT,
					    .alert = rig_spooled(waits)->alert};

		deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
		delivery.type = DELIVERY_ROW;
		delivery.row = rig_spooled(waits)->row[0];
		deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
		delivery.type = DELIVERY_END;
		delivery.number = rig.backlog_number;
		deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	}
	rig_pass(61000);
	assert_int_equal(rig_count(A, waits), 0);
	assert_dropped(waits, A, "acknowledged");
	assert_int_equal(rig_count(A, fresh), 1);
}

/* --- quiet hours --- */

static void wall_at(wall_ms wall)
{
	rig.wall = wall;
}

static void quiet_hours_hold_what_is_not_critical_until_they_end_then_one_with_a_count(void **state)
{
	uint64_t critical, last = 0;

	(void)state;
	rig_channel(A)->quiet_from_min = 22 * 60;
	rig_channel(A)->quiet_to_min = 7 * 60;
	rig_start();
	wall_at(1769036400000 + 86400000); /* 23:00 */
	for (int i = 0; i < 3; i++) {
		last = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
		rig_pass(3600000);
	}
	assert_int_equal(rig_count(A, 0), 0);
	critical = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	assert_int_equal(rig_count(A, critical), 1);
	/* And what follows on it. */
	assert_int_equal(rig_count(A, rig_new(TOLD_RESULT, critical, SEVERITY_INFO)), 1);
	rig_pass(4 * 3600000 + 3599000);
	assert_int_equal(rig_count(A, 0), 2);
	rig_pass(2000);
	assert_int_equal(rig_count(A, 0), 3);
	assert_int_equal(rig_last(A, last)->count, 3);
}

static void quiet_hours_let_the_all_clear_of_what_was_sent_through(void **state)
{
	uint64_t before, within, clear;

	(void)state;
	rig_channel(A)->quiet_from_min = 22 * 60;
	rig_channel(A)->quiet_to_min = 7 * 60;
	rig_start();
	before = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING); /* 12:00 */
	wall_at(1769036400000 + 86400000);
	within = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	assert_int_equal(rig_count(A, rig_new(TOLD_REPLY, before, SEVERITY_WARNING)), 0);
	assert_int_equal(rig_count(A, rig_new(TOLD_CLEAR, before, SEVERITY_INFO)), 1);
	clear = rig_new(TOLD_CLEAR, within, SEVERITY_INFO);
	rig_pass(86400000);
	assert_int_equal(rig_count(A, within), 0);
	assert_int_equal(rig_count(A, clear), 0);
	assert_dropped(within, A, "resolved before it was due");
}

static void quiet_hours_are_looked_at_anew_when_the_wall_clock_is_set(void **state)
{
	(void)state;
	rig_channel(A)->quiet_from_min = 22 * 60;
	rig_channel(A)->quiet_to_min = 7 * 60;
	rig_start();
	wall_at(1769036400000 + 86400000);
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	wall_at(rig.wall + 12 * 3600000); /* 11:00 */
	rig_pass(601000);
	assert_int_equal(rig_count(A, 0), 1);
}

/* --- threads --- */

static void the_rest_of_a_thread_goes_to_who_got_its_alert_whatever_its_severity(void **state)
{
	uint64_t alert, clear;

	(void)state;
	rig_channels(2);
	rig_channel(A)->severity = SEVERITY_CRITICAL;
	rig_only_unit(B, 1);
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	clear = rig_new(TOLD_CLEAR, alert, SEVERITY_INFO);
	assert_int_equal(rig_count(A, clear), 1);
	assert_int_equal(rig_count(B, 0), 0);
	/* And not to who did not. */
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	assert_int_equal(rig_count(A, rig_new(TOLD_CLEAR, alert, SEVERITY_CRITICAL)), 0);
	/* But what became worse than its alert is for who hears of such. */
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	assert_int_equal(rig_count(A, rig_new(TOLD_RESULT, alert, SEVERITY_CRITICAL)), 1);
	assert_int_equal(rig_count(A, rig_new(TOLD_CLEAR, alert, SEVERITY_INFO)), 1);
}

static void of_an_unknown_thread_the_filters_choose_and_after_hears_nothing(void **state)
{
	uint64_t clear;

	(void)state;
	rig_channels(3);
	rig_channel(B)->severity = SEVERITY_CRITICAL;
	rig_channel(C)->after_ms = 60000;
	rig_start();
	clear = rig_new(TOLD_CLEAR, 77, SEVERITY_WARNING);
	rig_pass(120000);
	assert_int_equal(rig_count(A, clear), 1);
	assert_int_equal(rig_count(B, clear), 0);
	assert_int_equal(rig_count(C, clear), 0);
	assert_thread(A, clear, 77);
}

static void of_a_thread_that_was_refused_only_that_it_goes_on_is_told(void **state)
{
	uint64_t alert, repeat;

	(void)state;
	rig.does[A] = RIG_SAYS_NEVER;
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	rig.does[A] = RIG_TAKES; /* it was put right */
	assert_int_equal(rig_count(A, rig_new(TOLD_RESULT, alert, SEVERITY_CRITICAL)), 0);
	repeat = rig_new(TOLD_REPEAT, alert, SEVERITY_CRITICAL);
	assert_int_equal(rig_count(A, repeat), 1);
	assert_int_equal(rig_count(A, rig_new(TOLD_CLEAR, alert, SEVERITY_INFO)), 1);
}

static void an_all_clear_of_what_is_queued_comes_behind_it(void **state)
{
	uint64_t alert, clear;

	(void)state;
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
	clear = rig_new(TOLD_CLEAR, alert, SEVERITY_INFO);
	assert_int_equal(rig_count(A, clear), 0);
	rig.does[A] = RIG_TAKES;
	rig_pass(5000);
	assert_true(rig_last(A, alert)->taken);
	assert_int_equal(rig_count(A, clear), 1);
}

/* --- repeat and acknowledgement --- */

static void repeat_lets_one_through_when_that_long_passed(void **state)
{
	uint64_t alert;
	size_t sent = 1;

	(void)state;
	rig_channels(2);
	rig_channel(B)->repeat_ms = 4 * 3600000;
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	for (int hour = 1; hour <= 8; hour++) {
		rig_pass(3600000 - (hour == 1 ? 50 : 0)); /* the sentinel's clock ticks a little before ours */
		(void)rig_new(TOLD_REPEAT, alert, SEVERITY_CRITICAL);
		sent += hour % 4 == 0;
		assert_int_equal(rig_count(A, 0), 1 + hour);
		assert_int_equal(rig_count(B, 0), sent);
	}
}

static void an_ack_drops_what_is_queued_to_be_repeated(void **state)
{
	uint64_t alert, repeat, other;

	(void)state;
	rig_start();
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	rig.does[A] = RIG_SAYS_LATER;
	repeat = rig_new(TOLD_REPEAT, alert, SEVERITY_CRITICAL);
	other = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	deliver_ack(rig.deliver, alert);
	rig.does[A] = RIG_TAKES;
	rig_pass(10000);
	assert_int_equal(rig_count(A, repeat), 1); /* that had failed */
	assert_dropped(repeat, A, "acknowledged");
	assert_int_equal(rig_count(A, other), 1);
	/* The alert itself is nothing that an ack takes from a channel without `after`. */
	rig.does[A] = RIG_SAYS_LATER;
	alert = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	deliver_ack(rig.deliver, alert);
	rig.does[A] = RIG_TAKES;
	rig_pass(10000);
	assert_true(rig_last(A, alert)->taken);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_first_goes_at_once_and_those_within_fold_become_one_with_a_count),
		TEST(after_the_window_the_next_goes_at_once),
		TEST(a_worse_one_and_one_of_another_unit_are_not_folded),
		TEST(without_fold_each_goes_at_once),
		TEST(what_follows_on_a_folded_alert_goes_at_once_below_the_first),
		TEST(an_all_clear_of_what_is_held_cancels_both),
		TEST(the_all_clear_after_a_folded_message_goes_in_its_thread),
		TEST(a_held_row_holds_up_nobody),
		TEST(what_is_held_is_held_on_after_a_restart_and_goes_when_it_was_due),
		TEST(after_hears_only_what_nobody_acknowledged),
		TEST(after_sends_the_rest_of_the_thread_behind_the_alert),
		TEST(after_drops_what_was_resolved_by_then),
		TEST(an_ack_of_all_reaches_what_is_still_in_the_spool),
		TEST(quiet_hours_hold_what_is_not_critical_until_they_end_then_one_with_a_count),
		TEST(quiet_hours_let_the_all_clear_of_what_was_sent_through),
		TEST(quiet_hours_are_looked_at_anew_when_the_wall_clock_is_set),
		TEST(the_rest_of_a_thread_goes_to_who_got_its_alert_whatever_its_severity),
		TEST(of_an_unknown_thread_the_filters_choose_and_after_hears_nothing),
		TEST(of_a_thread_that_was_refused_only_that_it_goes_on_is_told),
		TEST(an_all_clear_of_what_is_queued_comes_behind_it),
		TEST(repeat_lets_one_through_when_that_long_passed),
		TEST(an_ack_drops_what_is_queued_to_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
