/* decide/select.h: largest of, lowest of, growing of, idle of; who is passed over, and that the log says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_config.h"
#include "make_host.h"

enum { A, B, C };

static struct host *host;

static int begin_with(enum config_target target)
{
	uint32_t group;

	make_begin();
	group = make_group("bots");
	make_unit("a", group)->priority = 30;
	make_unit("b", group)->priority = 10;
	make_unit("c", group)->priority = 10;
	(void)make_unit("outside", CONFIG_NONE);
	(void)make_rule("last");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	(void)make_step_of(target == CONFIG_IDLE ? VERB_STOP : VERB_RESTART, target, group);
	(void)make_step_of(target == CONFIG_IDLE ? VERB_STOP : VERB_RESTART, target, group);
	host = host_begin(make_done());
	host_unit(host, A, STATE_UNIT_RUNNING, 2.5);
	host_unit(host, B, STATE_UNIT_RUNNING, 3);
	host_unit(host, C, STATE_UNIT_RUNNING, 0.1);
	host_unit(host, 3, STATE_UNIT_RUNNING, 7);
	host_available(host, 0.5);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	return begin_with(CONFIG_LARGEST);
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

static struct config_unit *unit(uint32_t i)
{
	return (struct config_unit *)(uintptr_t)config_unit_at(host->config, i);
}

static void assert_asked(const char *want)
{
	host_look(host, 100);
	assert_string_equal(host_orders(host), want);
}

static void largest_is_by_anon_and_the_numbers_are_in_the_log(void **state)
{
	(void)state;
	state_set(&host->state.unit[A].readings[UNIT_MEMORY], 6 * HOST_GIB, 0, 1); /* page cache */
	assert_asked("restart:b");
	assert_string_equal(
		host->orders[0].text,
		"host.available 6.2 % (0.50 GiB) < 12 %; largest of bots: a 2.50 GiB, b "
		"3.00 GiB, c 102 MiB");
}

static void lowest_is_by_priority_and_of_equals_the_larger(void **state)
{
	(void)end(state);
	(void)begin_with(CONFIG_LOWEST);
	assert_asked("restart:b");
	assert_string_equal(
		host->orders[0].text,
		"host.available 6.2 % (0.50 GiB) < 12 %; lowest of bots: a priority 30, "
		"2.50 GiB, b priority 10, 3.00 GiB, c priority 10, 102 MiB");
}

static void grows(uint32_t i, int64_t bytes_per_min)
{
	state_set(&host->state.unit[i].readings[UNIT_GROWTH], bytes_per_min, 0, host->now);
}

static void begin_growing(void **state)
{
	(void)end(state);
	(void)begin_with(CONFIG_GROWING);
	grows(A, 3 * HOST_GIB / 10);
	grows(B, -HOST_GIB);
	grows(C, HOST_GIB);
}

static void growing_is_by_the_slope_whoever_is_large(void **state)
{
	begin_growing(state);
	assert_asked("restart:c");
	assert_string_equal(
		host->orders[0].text,
		"host.available 6.2 % (0.50 GiB) < 12 %; growing of bots: a 307 MiB a minute, 2.50 GiB, "
		"c 1.00 GiB a minute, 102 MiB (passed over: b does not grow)");
}

static void of_two_that_grow_as_fast_it_is_the_larger(void **state)
{
	begin_growing(state);
	grows(A, HOST_GIB);
	grows(B, HOST_GIB);
	assert_asked("restart:b");
	begin_growing(state);
	grows(A, HOST_GIB + 1);
	assert_asked("restart:a");
}

static void a_unit_whose_growth_is_not_known_is_passed_over(void **state)
{
	begin_growing(state);
	host->state.unit[C].readings[UNIT_GROWTH].known = STATE_UNKNOWN;
	assert_asked("restart:a");
	assert_non_null(strstr(host->orders[0].text, "(passed over: b does not grow, c has no known growth)"));
}

static void less_than_a_mebibyte_a_minute_is_no_growth(void **state)
{
	begin_growing(state);
	grows(C, 1 << 20);
	grows(A, (1 << 20) - 1);
	assert_asked("restart:c");
}

static void where_none_grows_the_step_is_skipped_and_the_log_says_why(void **state)
{
	begin_growing(state);
	grows(A, 0);
	host->state.unit[C].readings[UNIT_GROWTH].known = STATE_UNKNOWN;
	assert_asked("tell tell tell");
	assert_string_equal(host->orders[0].text,
			    "restart growing of bots skipped: growing of bots (passed over: a does not grow, "
			    "b does not grow, c has no known growth)");
}

/* Unused for so many minutes; idle: of the config, minutes. */
static void unused(uint32_t i, uint32_t minutes, uint32_t idle)
{
	unit(i)->idle_ms = idle * 60000;
	host->state.unit[i].use = STATE_USE_UNUSED;
	host->state.unit[i].unused_since = host->now + 100 - minutes * 60000;
}

static void idle_is_by_the_time_unused_beyond_the_idle_of_each(void **state)
{
	(void)end(state);
	(void)begin_with(CONFIG_IDLE);
	host->now += 10 * 3600 * 1000;
	unused(A, 90, 60);
	unused(B, 20, 15);
	unused(C, 95, 100);
	assert_asked("stop:a");
	assert_non_null(strstr(host->orders[0].text,
			       "; idle of bots: a unused for 1 h 30 min, 2.50 GiB, b unused for 20 min 0 s, 3.00 GiB "
			       "(passed over: c is unused for less than its `idle`)"));
}

static void of_units_unused_as_long_the_larger_is_first(void **state)
{
	(void)end(state);
	(void)begin_with(CONFIG_IDLE);
	host->now += 10 * 3600 * 1000;
	unused(A, 20, 15);
	unused(B, 20, 15);
	assert_asked("stop:b");
}

static void units_that_are_used_or_have_no_idle_are_passed_over_with_the_reason(void **state)
{
	(void)end(state);
	(void)begin_with(CONFIG_IDLE);
	unit(A)->idle_ms = unit(B)->idle_ms = 1000;
	host->state.unit[A].use = STATE_USE_USED;
	assert_asked("tell tell tell");
	assert_string_equal(host->orders[0].text,
			    "stop idle of bots skipped: idle of bots (passed over: a is in use, b may be in use, which is "
			    "not known, c has no `idle`)");
}

static void inactive_units_are_passed_over(void **state)
{
	(void)state;
	host_unit(host, B, STATE_UNIT_INACTIVE, 0);
	assert_asked("restart:a");
	assert_non_null(strstr(host->orders[0].text, "(passed over: b is not running)"));
}

static void frozen_units_are_passed_over(void **state)
{
	(void)state;
	host->state.unit[B].status = STATE_UNIT_FROZEN;
	assert_asked("restart:a");
}

static void protected_units_are_passed_over(void **state)
{
	(void)state;
	unit(B)->protect = 1;
	assert_asked("restart:a");
}

static void busy_units_are_passed_over(void **state)
{
	(void)state;
	host->state.unit[B].busy = 1 + VERB_RESTART;
	assert_asked("restart:a");
}

static void marked_units_are_passed_over(void **state)
{
	(void)state;
	(void)ledger_mark(&host->ledger, "b", STATE_MARK_STOPPED, "other");
	assert_asked("restart:a");
}

/* A cap is no reason to leave the largest alone. */
static void capped_units_are_candidates(void **state)
{
	(void)state;
	(void)ledger_mark_cap(&host->ledger, "b", "other", 1 << 30, UINT64_MAX);
	assert_asked("restart:b");
}

static void units_in_their_grace_are_passed_over(void **state)
{
	(void)state;
	host->state.unit[B].started = host->now + 100 - 19999;
	assert_asked("restart:a");
	(void)end(state);
	(void)begin(state);
	host->state.unit[B].started = host->now + 100 - 20000;
	assert_asked("restart:b");
}

static void units_of_unknown_size_are_passed_over(void **state)
{
	(void)state;
	host->state.unit[B].readings[UNIT_ANON].known = STATE_UNKNOWN;
	assert_asked("restart:a");
}

static void units_asked_in_this_round_are_passed_over(void **state)
{
	(void)state;
	assert_asked("restart:b");
	host_outcome(host, 0, B, OUTCOME_DONE);
	host_looks(host, 3000);
	assert_string_equal(host_orders(host), "restart:a");
	assert_non_null(strstr(host->orders[0].text, "b was asked in this round"));
}

static void nothing_in_the_group_is_skipped_and_the_log_says_why(void **state)
{
	(void)state;
	host_unit(host, A, STATE_UNIT_INACTIVE, 0);
	host_unit(host, B, STATE_UNIT_UNSEEN, 0);
	unit(C)->protect = 1;
	assert_asked("tell tell tell"); /* both steps, and that nothing is left */
	assert_string_equal(
		host->orders[0].text,
		"restart largest of bots skipped: largest of bots (passed over: a is not "
		"running, b is not running, c is protected)");
}

static void the_candidates_of_a_large_group_are_one_bounded_line(void **state)
{
	uint32_t group;

	(void)end(state);
	make_begin();
	group = make_group("many");
	for (int i = 0; i < 60; i++)
		(void)make_unit("a-name-as-long-as-a-name-can-be-", group);
	(void)make_rule("last");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	(void)make_step_of(VERB_STOP, CONFIG_LARGEST, group);
	host = host_begin(make_done());
	host_unit(host, 59, STATE_UNIT_RUNNING, 5);
	host_available(host, 0.5);
	host_look(host, 100);
	assert_int_equal(host->n, 1);
	assert_int_equal(host->orders[0].unit, 59);
	assert_true(strlen(host->orders[0].text) < TEXT_BYTES);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(largest_is_by_anon_and_the_numbers_are_in_the_log),
		TEST(lowest_is_by_priority_and_of_equals_the_larger),
		TEST(growing_is_by_the_slope_whoever_is_large),
		TEST(of_two_that_grow_as_fast_it_is_the_larger),
		TEST(a_unit_whose_growth_is_not_known_is_passed_over),
		TEST(less_than_a_mebibyte_a_minute_is_no_growth),
		TEST(where_none_grows_the_step_is_skipped_and_the_log_says_why),
		TEST(idle_is_by_the_time_unused_beyond_the_idle_of_each),
		TEST(of_units_unused_as_long_the_larger_is_first),
		TEST(units_that_are_used_or_have_no_idle_are_passed_over_with_the_reason),
		TEST(inactive_units_are_passed_over),
		TEST(frozen_units_are_passed_over),
		TEST(protected_units_are_passed_over),
		TEST(busy_units_are_passed_over),
		TEST(marked_units_are_passed_over),
		TEST(capped_units_are_candidates),
		TEST(units_in_their_grace_are_passed_over),
		TEST(units_of_unknown_size_are_passed_over),
		TEST(units_asked_in_this_round_are_passed_over),
		TEST(nothing_in_the_group_is_skipped_and_the_log_says_why),
		TEST(the_candidates_of_a_large_group_are_one_bounded_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
