/* deliver/deliver.c and its neighbours: order, retries, dead letters, tests, bounds, reports, reloads. Holds are in
 * test_deliver_hold.c. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "deliver_rig.h"

enum { A, B, C };
#define DAY 86400000u

static int set_up(void **state)
{
	(void)state;
	rig_begin();
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	rig_end();
	return 0;
}

static uint64_t new_alert(void)
{
	return rig_new(TOLD_ALERT, 0, SEVERITY_WARNING);
}

static void scribe_says(enum delivery_type type, uint64_t id)
{
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = type};

	delivery.alert.id = id;
	delivery.number = type == DELIVERY_END ? rig.backlog_number : 0;
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
}

/* --- hostile and odd first --- */

static void what_comes_before_a_config_or_for_nobody_is_done_at_once(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(0);
	rig_start();
	id = new_alert();
	assert_true(rig_is_done(id));
	assert_true(rig_spooled(id)->done);
	assert_int_equal(deliver_turn(rig.deliver, rig.mono, rig.wall), -1);
}

static void words_of_the_scribe_and_of_plugins_for_nobody_change_nothing(void **state)
{
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ROW};

	(void)state;
	rig_start();
	delivery.alert.id = 4711;
	memset(delivery.row.channel, 'x', sizeof(delivery.row.channel) - 1);
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	for (uint32_t type = 0; type < DELIVERY_TYPES; type++)
		if (type != DELIVERY_ALERT)
			scribe_says((enum delivery_type)type, 4711);
	deliver_sent(rig.deliver, 4711, PLUGIN_TAKEN, 0, "", rig.mono, rig.wall);
	deliver_talk(rig.deliver, 4711, "x");
	deliver_ack(rig.deliver, 4711);
	rig_pass(60000);
	assert_int_equal(rig.sents, 0);
	assert_int_equal(rig.dones, 0);
}

static void texts_at_their_longest_go_through(void **state)
{
	struct delivery_alert alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_CRITICAL);
	char says[2000];

	(void)state;
	rig_channels(2);
	rig.does[A] = RIG_SAYS_NEVER;
	memset(says, '%', sizeof(says) - 1);
	says[sizeof(says) - 1] = '\0';
	rig.says = says;
	memset(alert.title, '\n', sizeof(alert.title) - 1);
	memset(alert.text, '\xff', sizeof(alert.text) - 1);
	memset(alert.event, 'e', sizeof(alert.event) - 1);
	rig_start();
	rig_tell(&alert);
	rig_pass(0);
	assert_int_equal(strlen(rig.refused[0].why), sizeof(((struct delivery_row *)0)->why) - 1);
	assert_int_equal(strlen(rig_spooled_row(alert.id, A)->why), sizeof(((struct delivery_row *)0)->why) - 1);
}

static void the_same_id_again_changes_nothing(void **state)
{
	struct delivery_alert alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_IS_SILENT;
	rig_start();
	for (int i = 0; i < 3; i++) {
		rig_tell(&alert);
		rig_pass(0);
	}
	assert_int_equal(rig_count(A, 0), 1);
	assert_int_equal(rig.haves, 3);
	rig_answer(A, PLUGIN_TAKEN, 0, "ok");
	rig_pass(0);
	/* Of one that is done and gone as well: the sentinel did not hear of that. */
	rig_tell(&alert);
	rig_pass(60000);
	assert_int_equal(rig_count(A, 0), 1);
	assert_int_equal(rig.dones, 2);
}

static void an_alert_that_is_none_is_let_go(void **state)
{
	struct delivery_alert alert = rig_alert(0, 0, TOLDS, SEVERITY_WARNING);

	(void)state;
	rig_start();
	deliver_alert(rig.deliver, &alert, rig.mono, rig.wall);
	alert.told = TOLD_ALERT;
	alert.severity = UINT32_MAX;
	deliver_alert(rig.deliver, &alert, rig.mono, rig.wall);
	rig_pass(0);
	assert_int_equal(rig.dones, 2);
	assert_int_equal(rig.sents, 0);
}

/* --- the filters --- */

static void severity_units_and_rules_choose(void **state)
{
	struct delivery_alert other = rig_alert(0, 0, TOLD_ALERT, SEVERITY_CRITICAL);

	(void)state;
	rig_channel(A)->severity = SEVERITY_CRITICAL;
	rig_only_unit(B, 0);
	rig_only_rule(C, 1);
	rig_start();
	(void)new_alert(); /* warning, unit u, rule r */
	assert_int_equal(rig_count(A, 0), 0);
	assert_int_equal(rig_count(B, 0), 1);
	assert_int_equal(rig_count(C, 0), 0);
	(void)strcpy(other.unit, "");
	(void)strcpy(other.rule, "s");
	rig_tell(&other);
	rig_pass(0);
	assert_int_equal(rig_count(A, 0), 1);
	assert_int_equal(rig_count(B, 0), 1);
	assert_int_equal(rig_count(C, 0), 1);
}

/* --- order and retries --- */

static void a_row_that_is_retried_holds_up_its_channel_and_no_other(void **state)
{
	uint64_t first, second;

	(void)state;
	rig_channels(2);
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	first = new_alert();
	second = new_alert();
	assert_int_equal(rig_count(A, second), 0);
	assert_int_equal(rig_count(B, 0), 2);
	rig.does[A] = RIG_TAKES;
	rig_pass(2000);
	assert_int_equal(rig_count(A, first), 2);
	assert_int_equal(rig_last(A, first)->attempt, 2);
	assert_int_equal(rig_count(A, second), 1);
	assert_true(rig_is_done(first) && rig_is_done(second));
}

static void alerts_go_in_order_of_their_ids_however_they_came(void **state)
{
	static const uint64_t ids[] = {50, 30, 40, 10, 20};

	(void)state;
	rig_channels(1);
	rig_start();
	for (size_t i = 0; i < 5; i++) {
		const struct delivery_alert alert = rig_alert(ids[i], 0, TOLD_ALERT, SEVERITY_WARNING);

		rig_tell(&alert);
	}
	rig_pass(0);
	assert_int_equal(rig.sents, 5);
	for (size_t i = 0; i < 5; i++) {
		char text[16];

		delivery_format_id(10 * (i + 1), text);
		assert_string_equal(rig.sent[i].id, text);
	}
}

static void retries_wait_1_s_then_twice_as_long_up_to_10_min_for_a_day(void **state)
{
	uint64_t id;
	mono_ms began;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	began = rig.mono;
	id = new_alert();
	rig_pass(DAY + 3600000);
	assert_in_range(rig_count(A, id), 140, 200);
	for (size_t i = 1; i + 1 < rig.sents; i++) {
		uint64_t waited = rig.sent[i].at - rig.sent[i - 1].at;
		uint64_t plain = i > 10 ? 600000 : 1000u << (i - 1);

		assert_int_equal(rig.sent[i].attempt, i + 1);
		assert_in_range(waited, (plain > 600000 ? 600000 : plain) * 8 / 10, (plain > 600000 ? 600000 : plain) * 12 / 10);
	}
	assert_int_equal(rig_last(A, id)->at - began, DAY);
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_DEAD);
	assert_string_equal(rig_spooled_row(id, A)->why, "given up after 1 d 0 h: not now");
	assert_true(rig_is_done(id));
}

static void the_servers_word_on_when_to_come_again_goes_first(void **state)
{
	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig.again_ms = 34000;
	rig_start();
	(void)new_alert();
	rig_pass(33999);
	assert_int_equal(rig_count(A, 0), 1);
	rig_pass(1);
	assert_int_equal(rig_count(A, 0), 2);
	rig.again_ms = 1; /* no server has us come a thousand times a second */
	rig_pass(34000);
	assert_int_equal(rig_count(A, 0), 3);
	rig_pass(999);
	assert_int_equal(rig_count(A, 0), 3);
	rig.again_ms = UINT32_MAX;
	rig_pass(1);
	assert_int_equal(rig_count(A, 0), 4);
	rig_pass(DAY - 1);
	assert_int_equal(rig_count(A, 0), 4);
	rig_pass(1);
	assert_int_equal(rig_count(A, 0), 5);
}

static void retries_go_on_after_a_restart_where_they_were(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	id = new_alert();
	rig_pass(100000);
	{
		size_t before = rig_count(A, id);

		assert_int_equal(rig_spooled_row(id, A)->attempts, before);
		rig_restart();
		assert_int_equal(rig_count(A, id), before); /* it waits for its time */
		rig_pass(DAY / 2);
		assert_int_equal(rig_last(A, id)->attempt, rig_count(A, id));
	}
	rig_restart();
	rig_pass(DAY / 2);
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_DEAD);
}

static void what_waited_while_the_host_was_off_is_tried_once_whatever_its_age(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	id = new_alert();
	rig_pass(5000);
	rig_end();
	rig.wall += 7ull * DAY;
	rig.does[A] = RIG_TAKES;
	rig_start();
	rig_pass(1000);
	assert_true(rig_last(A, id)->taken);
}

static void a_step_of_the_wall_clock_expires_nothing(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	id = new_alert();
	rig.wall += 400ull * DAY;
	rig_pass(20000);
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_WAITING);
	rig.wall -= 800ull * DAY;
	rig_pass(3600000);
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_WAITING);
	rig.does[A] = RIG_TAKES;
	rig_pass(900000);
	assert_true(rig_last(A, id)->taken);
}

static void without_retry_for_there_is_one_attempt(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig_channel(A)->retry_for_ms = 0;
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	id = new_alert();
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_DEAD);
	assert_int_equal(rig_count(A, 0), 1);
}

static void an_attempt_without_an_answer_is_ended_and_made_again(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_IS_SILENT;
	rig_start();
	id = new_alert();
	rig_pass(39999);
	assert_int_equal(rig_count(A, id), 1);
	assert_false(rig.sent[0].cancelled);
	rig_pass(1);
	assert_true(rig.sent[0].cancelled);
	assert_non_null(strstr(rig_spooled_row(id, A)->why, "no answer"));
	deliver_sent(rig.deliver, rig.sent[0].delivery, PLUGIN_TAKEN, 0, "late", rig.mono, rig.wall); /* nobody asks any more */
	rig_pass(1300);
	assert_int_equal(rig_count(A, id), 2);
	assert_int_not_equal(rig.sent[1].delivery, rig.sent[0].delivery);
}

static void one_attempt_at_a_time_for_each_channel(void **state)
{
	(void)state;
	rig_channels(2);
	rig.does[A] = RIG_IS_SILENT;
	rig_start();
	for (int i = 0; i < 5; i++)
		(void)new_alert();
	assert_int_equal(rig_count(A, 0), 1);
	assert_int_equal(rig_count(B, 0), 5);
	rig_answer(A, PLUGIN_TAKEN, 0, "ok");
	rig_pass(0);
	assert_int_equal(rig_count(A, 0), 2);
}

/* --- dead letters --- */

static void what_is_refused_is_dead_at_once_and_the_sentinel_is_told(void **state)
{
	uint64_t id;

	(void)state;
	rig.does[A] = RIG_SAYS_NEVER;
	rig.says = "HTTP 404";
	rig_start();
	id = rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_DEAD);
	assert_string_equal(rig_spooled_row(id, A)->why, "HTTP 404");
	assert_int_equal(rig_count(A, 0), 1);
	assert_int_equal(rig_count(B, 0), 1);
	assert_int_equal(rig.refuseds, 1);
	assert_int_equal(rig.refused[0].id, id);
	assert_int_equal(rig.refused[0].severity, SEVERITY_CRITICAL);
	assert_string_equal(rig.refused[0].channel, "a");
	assert_string_equal(rig.refused[0].why, "HTTP 404");
	assert_true(rig_is_done(id));
	rig_pass(DAY);
	assert_int_equal(rig.refuseds, 1);
	(void)new_alert();
	assert_int_equal(rig.refuseds, 2);
}

static void what_is_given_up_for_its_age_is_told_as_well(void **state)
{
	(void)state;
	rig_channels(2);
	rig.does[B] = RIG_SAYS_LATER;
	rig_channel(B)->retry_for_ms = 3600000;
	rig_start();
	(void)new_alert();
	rig_pass(3500000);
	assert_int_equal(rig.refuseds, 0);
	rig_pass(200000);
	assert_int_equal(rig.refuseds, 1);
	assert_string_equal(rig.refused[0].channel, "b");
	assert_memory_equal(rig.refused[0].why, "given up after 1 h", 18);
}

/* As the sentinel makes it. */
static struct delivery_alert refusal_of(const char *channel)
{
	struct delivery_alert alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);

	(void)strcpy(alert.event, DELIVERY_REFUSED);
	(void)strcpy(alert.rule, channel);
	alert.unit[0] = '\0';
	return alert;
}

static void that_a_channel_refuses_goes_to_all_others_past_their_filters_and_never_to_itself(void **state)
{
	struct delivery_alert refusal;

	(void)state;
	rig_channels(4);
	rig_channel(B)->severity = SEVERITY_CRITICAL;
	rig_channel(B)->fold_ms = 60000;
	rig_only_unit(C, 1);
	rig_channel(C)->after_ms = 3600000;
	rig_only_rule(3, 1);
	rig_start();
	refusal = refusal_of("a");
	rig_tell(&refusal);
	refusal = refusal_of("a");
	rig_tell(&refusal);
	rig_pass(0);
	assert_int_equal(rig_count(A, 0), 0);
	for (size_t i = 1; i < 4; i++)
		assert_int_equal(rig_count(i, 0), 2);
	assert_true(rig_is_done(refusal.id));
}

static void a_rule_of_a_channels_name_is_no_refusal(void **state)
{
	struct delivery_alert alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);

	(void)state;
	(void)strcpy(alert.rule, "a");
	rig_start();
	rig_tell(&alert);
	rig_pass(0);
	assert_int_equal(rig_count(A, 0), 1);
}

static void a_refusal_that_is_refused_is_told_to_nobody(void **state)
{
	const struct delivery_alert refusal = refusal_of("a");

	(void)state;
	rig_channels(2);
	rig.does[B] = RIG_SAYS_NEVER;
	rig_start();
	rig_tell(&refusal);
	rig_pass(DAY);
	assert_int_equal(rig_count(B, 0), 1);
	assert_int_equal(rig.refuseds, 0);
	assert_true(rig_is_done(refusal.id));
	assert_int_equal(rig_spooled_row(refusal.id, B)->state, DELIVERY_DEAD);
}

static void an_alert_is_not_done_before_its_refusal_is_told(void **state)
{
	uint64_t id, later;

	(void)state;
	rig_channels(2);
	rig.does[A] = RIG_SAYS_NEVER;
	rig.sentinel_tells = false;
	rig_start();
	id = new_alert();
	later = new_alert();
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_DEAD);
	assert_int_equal(rig.refuseds, 1); /* of one at a time */
	rig_pass(11000);
	assert_int_equal(rig.refuseds, 3); /* again and again */
	assert_false(rig_is_done(id));
	rig_restart();
	rig_pass(1000);
	assert_int_equal(rig.refuseds, 4);
	assert_int_equal(rig.refused[3].id, id);
	assert_string_equal(rig.refused[3].why, "not now");
	assert_false(rig_is_done(id));
	rig.sentinel_tells = true;
	rig_pass(1000);
	assert_true(rig_is_done(id));
	assert_true(rig_is_done(later));
	assert_true(rig_spooled(id)->done);
	assert_int_equal(rig_count(A, 0), 2);
	assert_int_equal(rig_count(B, 0), 2);
	rig_restart();
	rig_pass(DAY);
	assert_int_equal(rig.refuseds, 4);
}

static void a_channel_that_is_gone_or_a_person_ends_the_wait_for_that(void **state)
{
	const struct delivery drop = {.version = DELIVERY_VERSION, .type = DELIVERY_DROP};
	uint64_t id;

	(void)state;
	rig.does[A] = rig.does[C] = RIG_SAYS_NEVER;
	rig.sentinel_tells = false;
	rig_start();
	id = new_alert();
	assert_int_equal(rig.refuseds, 2);
	rig_channels(2);
	rig_reload();
	rig_pass(1000);
	assert_false(rig_is_done(id));
	deliver_on_scribe(rig.deliver, &drop, rig.mono, rig.wall);
	rig_pass(1000);
	assert_true(rig_is_done(id));
	deliver_refusal_told(rig.deliver, "no such channel");
}

static void what_died_again_after_a_persons_retry_is_told_again(void **state)
{
	const struct delivery retry = {.version = DELIVERY_VERSION, .type = DELIVERY_RETRY};

	(void)state;
	rig_channels(2);
	rig.does[A] = RIG_SAYS_NEVER;
	rig.does[B] = RIG_IS_SILENT;
	rig_start();
	(void)new_alert();
	assert_int_equal(rig.refuseds, 1);
	deliver_on_scribe(rig.deliver, &retry, rig.mono, rig.wall);
	rig_pass(1000);
	assert_int_equal(rig_count(A, 0), 2);
	assert_int_equal(rig.refuseds, 2);
}

/* --- watchdogctl test --- */

static void a_test_goes_to_the_channel_named_past_all_filters_once(void **state)
{
	struct delivery_alert test = rig_alert(0, 0, TOLD_TEST, SEVERITY_INFO);

	(void)state;
	rig_channel(B)->severity = SEVERITY_CRITICAL;
	rig_channel(B)->quiet_from_min = 0;
	rig_channel(B)->quiet_to_min = 1439;
	rig_channel(B)->after_ms = 3600000;
	rig.does[B] = RIG_SAYS_LATER;
	rig_start();
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	rig_pass(3600000); /* and behind one that is retried */
	rig.says = "554 no";
	rig.talks = "> MAIL FROM";
	(void)strcpy(test.rule, "b");
	(void)strcpy(test.unit, "");
	rig_tell(&test);
	rig_pass(0);
	assert_int_equal(rig_count(A, test.id), 0);
	assert_int_equal(rig_count(B, test.id), 1);
	assert_int_equal(rig.testeds, 2);
	assert_int_equal(rig.tested[0].result, 0);
	assert_string_equal(rig.tested[0].line, "> MAIL FROM");
	assert_int_equal(rig.tested[1].result, -EAGAIN);
	assert_string_equal(rig.tested[1].line, "554 no");
	assert_true(rig_is_done(test.id));
	rig_pass(3600000);
	assert_int_equal(rig_count(B, test.id), 1);
	assert_int_equal(rig.testeds, 2);
}

static void a_test_that_is_taken_and_one_of_no_channel_are_told(void **state)
{
	struct delivery_alert test = rig_alert(0, 0, TOLD_TEST, SEVERITY_INFO);

	(void)state;
	rig_start();
	(void)strcpy(test.rule, "c");
	rig_tell(&test);
	rig_pass(0);
	assert_int_equal(rig.tested[0].result, 1);
	test.id++;
	(void)strcpy(test.rule, "nobody");
	rig_tell(&test);
	rig_pass(0);
	assert_int_equal(rig.tested[1].result, -ENOENT);
	assert_true(rig_is_done(test.id));
	assert_int_equal(rig.sents, 1);
}

static void a_test_that_is_taken_shows_that_the_channel_works_again(void **state)
{
	struct delivery_alert test = rig_alert(0, 0, TOLD_TEST, SEVERITY_INFO);
	struct plugin_standing s;

	(void)state;
	rig.does[A] = RIG_SAYS_NEVER;
	rig_start();
	(void)rig_new(TOLD_ALERT, 0, SEVERITY_CRITICAL);
	rig_pass(0);
	assert_true(deliver_standing(rig.deliver, A, &s));
	assert_int_not_equal(s.failing_since_wall_ms, 0);
	rig.does[A] = 0;
	(void)strcpy(test.rule, "a");
	rig_tell(&test);
	rig_pass(0);
	assert_true(deliver_standing(rig.deliver, A, &s));
	assert_int_equal(s.failing_since_wall_ms, 0);
	assert_string_equal(s.why, "");
	assert_int_equal(s.taken, 0);
}

static void a_test_is_not_made_again_after_a_restart(void **state)
{
	struct delivery_alert test = rig_alert(0, 0, TOLD_TEST, SEVERITY_INFO);

	(void)state;
	rig.does[A] = RIG_IS_SILENT;
	rig_start();
	(void)strcpy(test.rule, "a");
	rig_tell(&test);
	rig_pass(0);
	rig_restart();
	assert_int_equal(rig.sents, 1);
	assert_true(rig_spooled(test.id)->done);
}

/* --- bounds --- */

static void at_the_bound_the_least_severe_and_oldest_go_and_the_next_message_says_so(void **state)
{
	uint64_t first_critical = 0, first_warning = 0;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig_start();
	for (int i = 0; i < DELIVER_ALERTS_MAX + 50; i++) {
		uint64_t id = rig_new(TOLD_ALERT, 0, i % 2 == 0 ? SEVERITY_CRITICAL : SEVERITY_WARNING);

		if (i == 0)
			first_critical = id;
		else if (i == 1)
			first_warning = id;
	}
	assert_int_equal(rig_spooled_row(first_warning, A)->state, DELIVERY_DROPPED);
	assert_non_null(strstr(rig_spooled_row(first_warning, A)->why, "lost"));
	assert_int_equal(rig_spooled_row(first_critical, A)->state, DELIVERY_WAITING);
	rig.does[A] = RIG_TAKES;
	rig_pass(1000000);
	assert_non_null(strstr(rig_last(A, first_critical)->text, "50 earlier alerts were lost"));
	assert_int_equal(rig_count(A, first_warning), 0);
	assert_null(strstr(rig_last(A, 0)->text, "were lost"));
	assert_int_equal(rig.dones, DELIVER_ALERTS_MAX + 50);
}

static void a_burst_that_no_channel_wants_costs_nobody_a_place(void **state)
{
	uint64_t wanted;

	(void)state;
	rig_channels(1);
	rig_channel(A)->severity = SEVERITY_WARNING;
	rig.does[A] = RIG_IS_SILENT;
	rig_start();
	(void)new_alert();
	wanted = new_alert();
	for (int i = 0; i < DELIVER_ALERTS_MAX + 10; i++) {
		const struct delivery_alert alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_INFO);

		rig_tell(&alert);
	}
	rig_pass(0);
	rig.does[A] = RIG_TAKES;
	rig_answer(A, PLUGIN_TAKEN, 0, "ok");
	rig_pass(0);
	assert_int_equal(rig_spooled_row(wanted, A)->state, DELIVERY_TAKEN);
	assert_null(strstr(rig_last(A, 0)->text, "were lost"));
}

/* --- the scribe --- */

static void reports_are_told_again_until_they_are_confirmed(void **state)
{
	uint64_t id;
	size_t first;

	(void)state;
	rig_channels(1);
	rig.scribe_keeps = false;
	rig_start();
	id = new_alert();
	assert_true(rig_is_done(id)); /* which waits for no disk */
	first = rig.heards;
	assert_int_equal(first, 2); /* the row, and that it is done */
	assert_int_equal(rig.heard[0].type, DELIVERY_ROW);
	assert_int_equal(rig.heard[0].row.state, DELIVERY_TAKEN);
	assert_int_equal(rig.heard[1].type, DELIVERY_DONE);
	rig_pass(4999);
	assert_int_equal(rig.heards, first);
	rig_pass(1);
	assert_int_equal(rig.heards, 2 * first);
	assert_int_equal(rig.heard[2].number, rig.heard[0].number);
	rig.scribe_keeps = true;
	rig_pass(5000);
	assert_int_equal(rig.heards, 3 * first);
	rig_pass(60000);
	assert_int_equal(rig.heards, 3 * first);
	assert_int_equal(deliver_turn(rig.deliver, rig.mono, rig.wall), -1);
}

static void without_a_scribe_alerts_go_and_memory_is_bounded(void **state)
{
	(void)state;
	rig_channels(1);
	rig.scribe_takes = rig.scribe_answers = false;
	rig_start();
	for (int i = 0; i < 1500; i++) {
		(void)new_alert();
		assert_int_equal(rig_count(A, 0), i + 1);
		rig_pass(100);
	}
	assert_int_equal(rig.dones, 1500);
}

static void a_scribe_that_hangs_delays_nothing_but_the_start(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.scribe_answers = rig.scribe_keeps = false;
	rig_start();
	id = new_alert();
	assert_int_equal(rig_count(A, id), 0); /* its spool may say that the channel has it */
	rig_pass(1000);
	assert_int_equal(rig_count(A, id), 1);
	id = new_alert();
	assert_int_equal(rig_count(A, id), 1);
	rig_pass(30000);
	assert_int_equal(rig.backlogs, 2);
}

static void that_the_spool_is_gone_or_lost_some_is_said_once(void **state)
{
	struct delivery lost = {.version = DELIVERY_VERSION, .type = DELIVERY_LOST, .lost = 7};

	(void)state;
	rig_channels(1);
	rig_start();
	(void)new_alert();
	rig.scribe_takes = false;
	(void)new_alert();
	rig_pass(59000);
	(void)new_alert();
	assert_null(strstr(rig_last(A, 0)->text, "spool"));
	rig_pass(2000);
	(void)new_alert();
	assert_non_null(strstr(rig_last(A, 0)->text, "The spool has not answered for "));
	(void)new_alert();
	assert_null(strstr(rig_last(A, 0)->text, "spool"));
	rig.scribe_takes = true;
	rig_pass(60000);
	(void)strcpy(lost.row.why, "disk full");
	rig.scribe_keeps = false;
	deliver_on_scribe(rig.deliver, &lost, rig.mono, rig.wall);
	(void)new_alert();
	assert_non_null(strstr(rig_last(A, 0)->text, "7 earlier alerts were lost"));
	assert_non_null(strstr(rig_last(A, 0)->text, "disk full"));
	(void)new_alert();
	assert_null(strstr(rig_last(A, 0)->text, "disk full"));
	assert_null(strstr(rig_last(A, 0)->text, "were lost"));
	/* That is over with what it confirms. */
	rig.scribe_keeps = true;
	rig_pass(10000);
	rig.scribe_takes = false;
	(void)new_alert();
	rig_pass(61000);
	(void)new_alert();
	assert_null(strstr(rig_last(A, 0)->text, "disk full"));
	assert_non_null(strstr(rig_last(A, 0)->text, "The spool has not answered for "));
}

static void what_was_not_tried_is_told_after_the_backlog_alone(void **state)
{
	uint64_t held;

	(void)state;
	rig_channels(1);
	rig_channel(A)->after_ms = 3600000;
	rig.scribe_answers = false;
	rig_start();
	held = new_alert();
	rig_pass(10000); /* its answer is not waited for so long */
	assert_null(rig_spooled_row(held, A));
	rig.scribe_answers = true;
	rig_pass(0);
	assert_int_equal(rig_spooled_row(held, A)->state, DELIVERY_WAITING);
	assert_in_range(rig_spooled_row(held, A)->next_at, rig.wall + 3580000, rig.wall + 3600000);
}

static void what_waits_in_the_spool_goes_though_the_filters_have_changed(void **state)
{
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ALERT};

	(void)state;
	rig_channels(1);
	rig_channel(A)->severity = SEVERITY_CRITICAL;
	rig_start();
	delivery.alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	rig_pass(0); /* between one part and the next */
	delivery.type = DELIVERY_ROW;
	(void)strcpy(delivery.row.channel, "a");
	delivery.row.attempts = 3;
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	scribe_says(DELIVERY_END, 0);
	rig_pass(0);
	assert_int_equal(rig_count(A, delivery.alert.id), 1);
	assert_int_equal(rig_last(A, 0)->attempt, 4);
}

static void rows_of_the_spool_override_what_was_not_tried_here(void **state)
{
	const struct delivery_alert alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ALERT, .alert = alert};

	(void)state;
	rig_channels(2);
	rig.scribe_answers = false;
	rig_start();
	rig_tell(&alert); /* the ledger asks first */
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	delivery.type = DELIVERY_ROW;
	(void)strcpy(delivery.row.channel, "a");
	delivery.row.state = DELIVERY_TAKEN;
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	rig_pass(0);
	assert_int_equal(rig.sents, 0);
	scribe_says(DELIVERY_END, 0);
	rig_pass(0);
	assert_int_equal(rig_count(A, 0), 0);
	assert_int_equal(rig_count(B, 0), 1);
	assert_true(rig_is_done(alert.id));
	/* What was tried here is newer than what the spool has. */
	delivery.row.state = DELIVERY_WAITING;
	(void)strcpy(delivery.row.channel, "b");
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	rig_pass(60000);
	assert_int_equal(rig_count(B, 0), 1);
}

static void what_the_scribe_says_to_who_was_here_before_confirms_nothing(void **state)
{
	struct delivery kept = {.version = DELIVERY_VERSION, .type = DELIVERY_KEPT};
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.scribe_keeps = false;
	rig_start();
	(void)new_alert();
	kept.number = rig.heard[0].number;
	rig_pass(10);
	rig.scribe_answers = false;
	rig_restart();
	id = new_alert();
	rig_pass(1000);
	assert_true(rig_is_done(id));
	{
		size_t before = rig.heards;

		deliver_on_scribe(rig.deliver, &kept, rig.mono, rig.wall);
		rig_pass(5000);
		assert_int_equal(rig.heards, 2 * before);
	}
}

static void an_end_that_was_not_asked_for_is_not_the_backlogs(void **state)
{
	const struct delivery end = {.version = DELIVERY_VERSION, .type = DELIVERY_END};
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.scribe_takes = false;
	rig_start();
	deliver_on_scribe(rig.deliver, &end, rig.mono, rig.wall);
	rig.scribe_takes = true;
	rig.scribe_answers = false;
	id = new_alert();
	assert_int_equal(rig.backlogs, 1);
	assert_int_equal(rig_count(A, id), 0); /* the answer is waited for */
	deliver_on_scribe(rig.deliver, &end, rig.mono, rig.wall); /* that of who was here before stood on the link */
	rig_pass(0);
	assert_int_equal(rig_count(A, id), 0);
	rig.scribe_answers = true;
	rig_pass(0);
	assert_int_equal(rig_count(A, id), 1);
}

static void what_has_left_the_ledger_before_it_was_read_comes_from_the_spool(void **state)
{
	struct delivery_alert alert;

	(void)state;
	rig_channels(1);
	rig_channel(A)->after_ms = 60000;
	rig_start();
	deliver_ack(rig.deliver, 0); /* of what there was */
	alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
	rig_spooled(alert.id)->alert = alert;
	rig_spooled(alert.id)->whole = true;
	rig_pass(61000);
	assert_int_equal(rig_count(A, alert.id), 0);
	assert_int_equal(rig.backlogs, 1);
	deliver_missed(rig.deliver);
	rig_pass(61000);
	assert_int_equal(rig.backlogs, 2);
	assert_int_equal(rig_count(A, alert.id), 1);
}

static void a_scribe_that_never_comes_to_an_end_stops_no_alert(void **state)
{
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ALERT};
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig_start();
	delivery.alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	id = new_alert();
	for (int i = 0; i < 20; i++) {
		delivery.alert = rig_alert(0, 0, TOLD_ALERT, SEVERITY_WARNING);
		deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
		rig_pass(500);
	}
	assert_int_equal(rig_count(A, id), 1);
}

/* --- a person's word --- */

static void retry_tries_at_once_and_drop_drops(void **state)
{
	uint64_t first, second, held;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_LATER;
	rig_channel(A)->after_ms = 0;
	rig_start();
	first = new_alert();
	second = new_alert();
	rig_pass(600000);
	rig.does[A] = RIG_IS_SILENT;
	scribe_says(DELIVERY_RETRY, 0);
	{
		size_t before = rig_count(A, 0);

		rig_pass(0);
		assert_int_equal(rig_count(A, 0), before + 1);
	}
	scribe_says(DELIVERY_DROP, first); /* while it is under way */
	assert_true(rig_last(A, first)->cancelled);
	rig_pass(0);
	assert_string_equal(rig_spooled_row(first, A)->why, "dropped by a person");
	assert_int_equal(rig_spooled_row(first, A)->state, DELIVERY_DROPPED);
	assert_int_equal(rig_count(A, second), 1);
	rig_answer(A, PLUGIN_TAKEN, 0, "ok");
	rig_pass(0);
	/* One that is held back goes when it is asked for by name. */
	rig_channel(A)->after_ms = 3600000;
	rig_reload();
	held = new_alert();
	scribe_says(DELIVERY_RETRY, 0);
	rig_pass(0);
	assert_int_equal(rig_count(A, held), 0);
	scribe_says(DELIVERY_RETRY, held);
	rig_pass(0);
	assert_int_equal(rig_count(A, held), 1);
}

static void a_dead_letter_is_tried_again_when_a_person_says_so(void **state)
{
	struct delivery delivery = {.version = DELIVERY_VERSION, .type = DELIVERY_ALERT};
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig.does[A] = RIG_SAYS_NEVER;
	rig_start();
	id = new_alert();
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_DEAD);
	/* It has left our memory: the scribe sends it with its row, then the word. */
	rig.does[A] = RIG_TAKES;
	delivery.alert = rig_spooled(id)->alert;
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	rig_pass(0);
	delivery.type = DELIVERY_ROW;
	delivery.row = rig_spooled(id)->row[0];
	delivery.row.state = DELIVERY_WAITING;
	deliver_on_scribe(rig.deliver, &delivery, rig.mono, rig.wall);
	rig_pass(0);
	scribe_says(DELIVERY_RETRY, id);
	rig_pass(0);
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_TAKEN);
	assert_int_equal(rig_last(A, id)->attempt, 2);
}

/* --- the config --- */

static void a_reload_keeps_rows_by_name_and_drops_those_of_a_channel_that_is_gone(void **state)
{
	uint64_t id, other;

	(void)state;
	rig_channels(2);
	rig.does[A] = rig.does[B] = RIG_IS_SILENT;
	rig_start();
	id = new_alert();
	other = new_alert();
	rig_channels(1);
	rig_reload();
	assert_true(rig_last(B, id)->cancelled);
	assert_false(rig_last(A, id)->cancelled);
	rig_pass(0);
	assert_string_equal(rig_spooled_row(id, B)->why, "the channel is gone from the config");
	assert_string_equal(rig_spooled_row(other, B)->why, "the channel is gone from the config");
	rig_answer(A, PLUGIN_TAKEN, 0, "ok"); /* what was under way goes on */
	rig_pass(0);
	assert_true(rig_is_done(id));
	assert_int_equal(rig_count(A, other), 1);
	/* A plugin without channels is told. */
	rig_channels(0);
	rig_reload();
	assert_int_equal(rig.given, 0);
	rig_channels(2); /* and one that comes back begins anew */
	rig_reload();
	{
		struct delivery row = {.version = DELIVERY_VERSION, .type = DELIVERY_ROW, .row = {.channel = "a"}};

		row.alert.id = other;
		deliver_on_scribe(rig.deliver, &row, rig.mono, rig.wall);
		scribe_says(DELIVERY_END, 0);
	}
	rig_pass(0);
	assert_true(rig_is_done(other));
}

static void channels_whose_plugin_is_not_here_are_others(void **state)
{
	uint64_t id;

	(void)state;
	(void)strcpy(rig_channel(B)->plugin, "exec");
	rig_start();
	assert_int_equal(rig.given, 2);
	assert_string_equal(rig.given_name[1], "c");
	id = new_alert();
	assert_int_equal(rig_count(B, 0), 0);
	assert_int_equal(rig_count(C, 0), 1);
	assert_true(rig_is_done(id));
}

static void a_channel_whose_secret_could_not_be_read_is_not_tried_without_it(void **state)
{
	uint64_t id;

	(void)state;
	rig_channels(1);
	rig_secret(A);
	rig_start();
	id = new_alert();
	assert_int_equal(rig.sents, 0);
	assert_string_equal(rig_spooled_row(id, A)->why, "not tried: its secret TOKEN could not be read");
	assert_int_equal(rig_spooled_row(id, A)->state, DELIVERY_WAITING);
}

static void how_each_channel_stands(void **state)
{
	struct plugin_standing s;
	wall_ms since;

	(void)state;
	rig.does[B] = RIG_SAYS_LATER;
	rig.does[C] = RIG_SAYS_NEVER;
	rig_start();
	since = rig.wall;
	(void)new_alert();
	(void)new_alert();
	assert_true(deliver_standing(rig.deliver, A, &s));
	assert_string_equal(s.name, "a");
	assert_int_equal(s.taken, 2);
	assert_int_equal(s.waiting, 0);
	assert_int_equal(s.failing_since_wall_ms, 0);
	assert_string_equal(s.why, "");
	assert_true(deliver_standing(rig.deliver, B, &s));
	assert_int_equal(s.waiting, 2);
	assert_int_equal(s.attempts, 1);
	assert_int_equal(s.failing_since_wall_ms, since);
	assert_string_equal(s.why, "not now");
	assert_true(deliver_standing(rig.deliver, C, &s));
	assert_int_equal(s.dead, 2);
	assert_false(deliver_standing(rig.deliver, 3, &s));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(what_comes_before_a_config_or_for_nobody_is_done_at_once),
		TEST(words_of_the_scribe_and_of_plugins_for_nobody_change_nothing),
		TEST(texts_at_their_longest_go_through),
		TEST(the_same_id_again_changes_nothing),
		TEST(an_alert_that_is_none_is_let_go),
		TEST(severity_units_and_rules_choose),
		TEST(a_row_that_is_retried_holds_up_its_channel_and_no_other),
		TEST(alerts_go_in_order_of_their_ids_however_they_came),
		TEST(retries_wait_1_s_then_twice_as_long_up_to_10_min_for_a_day),
		TEST(the_servers_word_on_when_to_come_again_goes_first),
		TEST(retries_go_on_after_a_restart_where_they_were),
		TEST(what_waited_while_the_host_was_off_is_tried_once_whatever_its_age),
		TEST(a_step_of_the_wall_clock_expires_nothing),
		TEST(without_retry_for_there_is_one_attempt),
		TEST(an_attempt_without_an_answer_is_ended_and_made_again),
		TEST(one_attempt_at_a_time_for_each_channel),
		TEST(what_is_refused_is_dead_at_once_and_the_sentinel_is_told),
		TEST(what_is_given_up_for_its_age_is_told_as_well),
		TEST(that_a_channel_refuses_goes_to_all_others_past_their_filters_and_never_to_itself),
		TEST(a_rule_of_a_channels_name_is_no_refusal),
		TEST(a_refusal_that_is_refused_is_told_to_nobody),
		TEST(an_alert_is_not_done_before_its_refusal_is_told),
		TEST(a_channel_that_is_gone_or_a_person_ends_the_wait_for_that),
		TEST(what_died_again_after_a_persons_retry_is_told_again),
		TEST(a_test_goes_to_the_channel_named_past_all_filters_once),
		TEST(a_test_that_is_taken_and_one_of_no_channel_are_told),
		TEST(a_test_that_is_taken_shows_that_the_channel_works_again),
		TEST(a_test_is_not_made_again_after_a_restart),
		TEST(at_the_bound_the_least_severe_and_oldest_go_and_the_next_message_says_so),
		TEST(a_burst_that_no_channel_wants_costs_nobody_a_place),
		TEST(reports_are_told_again_until_they_are_confirmed),
		TEST(without_a_scribe_alerts_go_and_memory_is_bounded),
		TEST(a_scribe_that_hangs_delays_nothing_but_the_start),
		TEST(that_the_spool_is_gone_or_lost_some_is_said_once),
		TEST(what_was_not_tried_is_told_after_the_backlog_alone),
		TEST(what_waits_in_the_spool_goes_though_the_filters_have_changed),
		TEST(rows_of_the_spool_override_what_was_not_tried_here),
		TEST(what_the_scribe_says_to_who_was_here_before_confirms_nothing),
		TEST(an_end_that_was_not_asked_for_is_not_the_backlogs),
		TEST(what_has_left_the_ledger_before_it_was_read_comes_from_the_spool),
		TEST(a_scribe_that_never_comes_to_an_end_stops_no_alert),
		TEST(retry_tries_at_once_and_drop_drops),
		TEST(a_dead_letter_is_tried_again_when_a_person_says_so),
		TEST(a_reload_keeps_rows_by_name_and_drops_those_of_a_channel_that_is_gone),
		TEST(channels_whose_plugin_is_not_here_are_others),
		TEST(a_channel_whose_secret_could_not_be_read_is_not_tried_without_it),
		TEST(how_each_channel_stands),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
