/* decide/decide.h: a unit that stays dead is given up, said once; a person's retry. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_config.h"
#include "make_host.h"

enum { XTTS, NODIRA, MIRZO };

static const uint32_t bots[] = {NODIRA, MIRZO};
static char said[256];

static int begin(void **state)
{
	(void)state;
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_unit("nodira", CONFIG_NONE);
	(void)make_unit("mirzo", CONFIG_NONE);
	return 0;
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

static int retry(struct host *h, const char *unit)
{
	struct buffer b;

	BUFFER_OVER(&b, said);
	return decide_retry(&h->decide, unit, &b, h->now);
}

/* The promised rule: alert critical, restart unit, limit = 5 per 1h. */
static struct host *dead_rule(void)
{
	struct host *h;

	(void)make_event_rule("dead", EVENT_DEAD, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, CONFIG_EACH);
	h = host_begin(make_done());
	h->decide.wall = 1769107080000; /* 2026-01-22T18:38:00Z */
	return h;
}

static void set_dead(struct host *h, bool ended)
{
	struct event event = {.kind = EVENT_DEAD,
			      .unit = NODIRA,
			      .at = h->now,
			      .ended = ended,
			      .text = "no claude for 20 s"};

	decide_event(&h->decide, &event, h->now);
}

/* Dead, restarted, alive for a while, all clear. */
static void heal(struct host *h)
{
	set_dead(h, false);
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	set_dead(h, true);
	host_looks(h, 20000);
	assert_orders(h, "clear");
}

static struct host *given_up(void)
{
	struct host *h = dead_rule();

	for (int i = 0; i < 5; i++)
		heal(h);
	set_dead(h, false);
	host_looks(h, 60000);
	return h;
}

static void what_dies_again_and_again_is_given_up_and_that_is_said_once(void **state)
{
	struct host *h = given_up();

	(void)state;
	assert_orders(h, "alert:critical");
	assert_string_equal(h->orders[0].text,
			    "given up until 19:36 UTC, or `watchdogctl retry nodira` "
			    "(limit of 5 per 1 h 0 min): no claude for 20 s");
	assert_int_equal(h->state.rule[1].phase, STATE_RULE_GIVEN_UP);
	host_looks(h, 600000);
	assert_orders(h, "");
	set_dead(h, true);
	host_looks(h, 20000);
	assert_orders(h, "clear"); /* to who knows that it was given up */
	assert_int_equal(h->orders[0].severity, SEVERITY_CRITICAL);
}

static void a_retry_begins_anew_at_once_what_still_holds(void **state)
{
	struct host *h = given_up();

	(void)state;
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nodira: rule dead begins anew");
	host_look(h, 1);
	assert_orders(h, "alert:critical restart:nodira");
	assert_string_equal(h->orders[0].text,
			    "(1 more before, held back by `limit`) no claude for 20 s");
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	set_dead(h, true);
	host_looks(h, 20000);
	assert_orders(h, "clear");
	for (int i = 0; i < 4; i++) /* the count began at none: five in all */
		heal(h);
	set_dead(h, false);
	host_looks(h, 1000);
	assert_orders(h, "alert:critical");
	assert_non_null(strstr(h->orders[0].text, "given up until"));
}

static void a_retry_after_a_kill_is_the_same(void **state)
{
	struct host *h = given_up();

	(void)state;
	host_restart(h);
	host_look(h, 100);
	assert_orders(h, "");
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nodira: rule dead begins anew");
	host_look(h, 1);
	assert_orders(h, "alert:critical restart:nodira");
}

static void a_retry_that_is_killed_before_the_look_is_not_lost(void **state)
{
	struct host *h = given_up();

	(void)state;
	assert_int_equal(retry(h, "nodira"), 0);
	host_restart(h);
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
}

static void a_retry_clears_the_back_off_and_asks_for_a_reset(void **state)
{
	struct host *h = dead_rule();
	struct ledger_unit *row = ledger_unit(&h->ledger, "nodira");

	(void)state;
	row->restarts = 6;
	row->restarted_s = 77;
	row->flags = LEDGER_UNIT_RAN;
	ledger_unit(&h->ledger, "mirzo")->restarts = 3;
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nothing was given up for nodira; its back-off is cleared, its peak forgotten");
	assert_int_equal(row->restarts, 0);
	assert_int_equal(row->restarted_s, 0);
	assert_int_equal(row->flags, LEDGER_UNIT_RAN | LEDGER_UNIT_RESET);
	assert_int_equal(ledger_unit(&h->ledger, "mirzo")->restarts, 3);
	host_look(h, 100);
	assert_orders(h, "");
}

static void a_retry_of_no_unit_changes_nothing(void **state)
{
	static const char *const names[][2] = {
		{"nodirra", "there is no unit \"nodirra\""},
		{"", "there is no unit \"\""},
		{"a\033[2J\n%s", "there is no unit \"a\\x1b[2J\\x0a%s\""},
	};
	struct host *h = given_up();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		assert_int_equal(retry(h, names[i][0]), -ENOENT);
		assert_string_equal(said, names[i][1]);
	}
	host_look(h, 100);
	assert_orders(h, "");
	for (int i = 0; i < UNITS_MAX; i++)
		assert_int_equal(h->ledger.units[i].hash, 0);
}

static void a_retry_is_of_that_unit_alone(void **state)
{
	struct host *h = given_up();

	(void)state;
	assert_int_equal(retry(h, "mirzo"), 0);
	assert_string_equal(said, "nothing was given up for mirzo; its back-off is cleared, its peak forgotten");
	host_look(h, 100);
	assert_orders(h, "");
}

static void a_retry_of_what_is_over_lets_the_next_one_fire(void **state)
{
	struct host *h = given_up();

	(void)state;
	set_dead(h, true);
	host_looks(h, 20000);
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nodira: rule dead may fire again");
	host_looks(h, 1000);
	assert_orders(h, "");
	heal(h);
}

static void a_retry_leaves_a_firing_alone_that_is_under_way(void **state)
{
	struct host *h = dead_rule();

	(void)state;
	for (int i = 0; i < 4; i++)
		heal(h);
	set_dead(h, false);
	host_look(h, 100); /* the fifth: its limit is reached */
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nothing was given up for nodira; its back-off is cleared, its peak forgotten");
	host_looks(h, 1000);
	assert_orders(h, "");
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	set_dead(h, true);
	host_looks(h, 20000);
	assert_orders(h, "clear");
}

static void a_retry_between_the_end_and_the_all_clear_fires_for_no_state(void **state)
{
	struct host *h = given_up();

	(void)state;
	set_dead(h, true);
	host_looks(h, 5000);
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nodira: rule dead begins anew when it holds again");
	host_looks(h, 1000);
	assert_orders(h, "");
	set_dead(h, false);
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
}

static void all_rules_of_the_unit_are_named(void **state)
{
	struct host *h;

	(void)state;
	for (int i = 0; i < 2; i++) {
		make_event_rule(i == 0 ? "dead" : "died", i == 0 ? EVENT_DEAD : EVENT_DEATH, bots,
				ARRAY_LEN(bots))
			->limit_n = 1;
		make_alert(SEVERITY_CRITICAL);
		(void)make_step(VERB_RESTART, CONFIG_EACH);
	}
	h = host_begin(make_done());
	h->answer = OUTCOME_DONE;
	for (int i = 0; i < 2; i++) {
		set_dead(h, false);
		host_event(h, EVENT_DEATH, NODIRA, "claude died");
		host_looks(h, 1000);
		set_dead(h, true);
		host_looks(h, 20000);
	}
	set_dead(h, false);
	host_looks(h, 1000);
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nodira: rule dead begins anew; rule died may fire again");
}

/* Restarted, and not alive: the state never ends. */
static void what_no_restart_heals_is_given_up_too(void **state)
{
	struct host *h = dead_rule();
	int restarts = 0;

	(void)state;
	h->decide.wall = 0;
	host_unit(h, NODIRA, STATE_UNIT_INACTIVE, 0);
	set_dead(h, false);
	host_look(h, 100);
	while (h->n > 0 && h->orders[h->n - 1].kind == ORDER_STEP && restarts < 20) {
		restarts++;
		h->state.unit[NODIRA].started = h->now;
		host_outcome(h, 1, NODIRA, OUTCOME_DONE);
		host_looks(h, 25000); /* its grace is over */
	}
	assert_int_equal(restarts, 5);
	assert_orders(h, "alert:critical");
	assert_non_null(strstr(h->orders[0].text, "given up for 5"));
	assert_non_null(strstr(h->orders[0].text,
			       ", or `watchdogctl retry nodira` (limit of 5 per 1 h 0 min)"));
	assert_int_equal(h->state.rule[1].phase, STATE_RULE_GIVEN_UP);
	host_looks(h, 600000);
	assert_orders(h, ""); /* once */
	host_restart(h);
	host_looks(h, 60000);
	assert_orders(h, "");
	h->now += 3600000; /* until then */
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
}

/* It died within its grace each time: the limit bounds that, as its back-off does. */
static void a_restart_in_vain_is_tried_again_within_the_limit(void **state)
{
	struct host *h = dead_rule();
	int restarts = 0;

	(void)state;
	h->decide.wall = 0;
	host_unit(h, NODIRA, STATE_UNIT_INACTIVE, 0);
	set_dead(h, false);
	host_look(h, 100);
	while (h->n > 0 && h->orders[h->n - 1].kind == ORDER_STEP && restarts < 20) {
		restarts++;
		h->state.unit[NODIRA].started = h->now;
		host_looks(h, 3000);
		host_outcome(h, 1, NODIRA, OUTCOME_FAILED);
		host_looks(h, 200);
	}
	assert_int_equal(restarts, 5);
	assert_orders(h, "alert:critical");
	assert_non_null(strstr(h->orders[0].text, ", or `watchdogctl retry nodira` (limit of 5 per 1 h 0 min)"));
	host_looks(h, 600000);
	assert_orders(h, "");
	assert_int_equal(retry(h, "nodira"), 0);
	host_look(h, 100);
	assert_orders(h, "alert:critical restart:nodira");
	host_outcome(h, 1, NODIRA, OUTCOME_DONE);
	set_dead(h, true);
	host_looks(h, 20000);
	assert_orders(h, "clear");
}

static struct host *run_rule(void)
{
	(void)make_event_rule("dead", EVENT_DEAD, bots, ARRAY_LEN(bots));
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_RUN, CONFIG_NONE);
	return host_begin(make_done());
}

static void a_step_in_vain_is_given_up_until_a_person_says_so(void **state)
{
	struct host *h = run_rule();

	(void)state;
	set_dead(h, false);
	host_look(h, 100);
	assert_int_equal(h->orders[1].kind, ORDER_STEP);
	host_outcome(h, 1, CONFIG_NONE, OUTCOME_FAILED);
	host_looks(h, 100000);
	assert_orders(h, "alert:critical");
	assert_string_equal(h->orders[0].text, "given up, as what was tried was not done; "
					       "`watchdogctl retry nodira` tries again: "
					       "no claude for 20 s");
	h->now += 7200000;
	host_looks(h, 1000);
	assert_orders(h, "repeat"); /* nobody has seen it */
	for (int i = 0; i < 2; i++) { /* each time anew, and said anew */
		assert_int_equal(retry(h, "nodira"), 0);
		host_look(h, 100);
		assert_int_equal(h->orders[1].kind, ORDER_STEP);
		host_outcome(h, 1, CONFIG_NONE, OUTCOME_FAILED);
		host_looks(h, 1000);
		assert_orders(h, "alert:critical");
	}
}

static void a_condition_that_no_step_ends_is_not_given_up_but_stands(void **state)
{
	struct host *h;

	(void)state;
	(void)make_rule("last");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_RESTART, NODIRA);
	h = host_begin(make_done());
	h->answer = OUTCOME_FAILED;
	host_available(h, 0.5);
	host_looks(h, 5000);
	assert_orders(h, "alert:critical restart:nodira tell");
	assert_non_null(strstr(h->orders[2].text, "nothing is left to shed"));
}

static void a_retry_of_an_alert_that_is_held_back_lets_it_through(void **state)
{
	struct host *h;

	(void)state;
	make_event_rule("dead", EVENT_DEAD, bots, ARRAY_LEN(bots))->limit_n = 1;
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	set_dead(h, false);
	host_look(h, 100);
	set_dead(h, true);
	host_looks(h, 20000);
	set_dead(h, false);
	host_look(h, 100);
	assert_orders(h, "");
	assert_int_equal(retry(h, "nodira"), 0);
	assert_string_equal(said, "nodira: rule dead begins anew");
	host_look(h, 100);
	assert_orders(h, "alert:warning");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(what_dies_again_and_again_is_given_up_and_that_is_said_once),
		TEST(a_retry_begins_anew_at_once_what_still_holds),
		TEST(a_retry_after_a_kill_is_the_same),
		TEST(a_retry_that_is_killed_before_the_look_is_not_lost),
		TEST(a_retry_clears_the_back_off_and_asks_for_a_reset),
		TEST(a_retry_of_no_unit_changes_nothing),
		TEST(a_retry_is_of_that_unit_alone),
		TEST(a_retry_of_what_is_over_lets_the_next_one_fire),
		TEST(a_retry_leaves_a_firing_alone_that_is_under_way),
		TEST(a_retry_between_the_end_and_the_all_clear_fires_for_no_state),
		TEST(all_rules_of_the_unit_are_named),
		TEST(what_no_restart_heals_is_given_up_too),
		TEST(a_restart_in_vain_is_tried_again_within_the_limit),
		TEST(a_step_in_vain_is_given_up_until_a_person_says_so),
		TEST(a_condition_that_no_step_ends_is_not_given_up_but_stands),
		TEST(a_retry_of_an_alert_that_is_held_back_lets_it_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
