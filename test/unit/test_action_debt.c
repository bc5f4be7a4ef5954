/* A start that stays owed: a stop or kill took over a restart that had not started its unit yet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>

#include "act.h"
#include "fakeroot.h"

static bool test_is_owed(void)
{
	return (ledger_unit(act.ledger, "bot")->flags & LEDGER_UNIT_OWED) != 0;
}

/* A restart of bot waits for room; that rule, which fires, takes it over. */
static void test_take_over(const char *rule)
{
	act_restart_until_room();
	act_rule(rule, STATE_RULE_FIRING);
	assert_int_equal(act_ask(rule, "bot"), OUTCOME_BEGUN);
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_true(test_is_owed());
}

static void test_take_over_and_prove(const char *rule)
{
	test_take_over(rule);
	for (int i = 0; i < 2 && act.result.outcome != OUTCOME_DONE; i++)
		(void)act_look(100);
	act_assert_done("its start stays owed");
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_assert_nothing_is_left();
	act_available(4000);
}

static void a_stop_takes_over_a_restart_that_has_not_started_yet(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_assert_done("stopped bot");
	assert_int_equal(act.result.instances, 2);
	assert_false(act_look(1000));
	assert_false(act_look(100000));
	assert_null(act_asked()); /* not while that rule fires */
	assert_true(test_is_owed());
}

static void what_is_owed_is_started_when_the_rule_is_quiet(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_rule("stop", STATE_RULE_STANDING);
	assert_false(act_look(1000));
	assert_null(act_asked());
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(100));
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_start("bot", 100);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_false(test_is_owed());
	assert_true(act_look(20000));
	act_assert_done("restarted bot in 20 s: its start was owed since it was stopped on the way of a restart");
	assert_string_equal(act.result.rule, "stop");
	assert_int_equal(act.result.instances, 0);
	act_assert_nothing_is_left();
}

static void what_is_owed_waits_for_room(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_available(200);
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(1000));
	assert_false(act_look(10000));
	assert_null(act_asked());
	act_available(4000);
	act_start("bot", 1000);
}

static void another_rule_that_fires_keeps_nothing_down(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_rule("stop", STATE_RULE_QUIET);
	act_rule("stop2", STATE_RULE_FIRING);
	assert_false(act_look(100));
	act_start("bot", 100);
}

static void a_second_rule_of_the_mark_keeps_it_down(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	assert_non_null(ledger_mark(act.ledger, "bot", STATE_MARK_STOPPED, "stop2")); /* found it done */
	act_rule("stop2", STATE_RULE_FIRING);
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(1000));
	assert_null(act_asked());
	act_rule("stop2", STATE_RULE_QUIET);
	assert_false(act_look(100));
	act_start("bot", 100);
}

static void rules_that_were_not_looked_at_yet_are_waited_for(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_rule("stop", STATE_RULE_QUIET);
	for (uint32_t i = 0; i < act.actions.config->instances.count; i++)
		act.page->rule[i].since = 0; /* a new sentinel */
	assert_false(act_look(1000));
	assert_false(act_look(100));
	assert_null(act_asked());
}

static void a_kill_takes_over_too(void **state)
{
	(void)state;
	test_take_over_and_prove("killbot");
	act_assert_done("killed bot");
	act_rule("killbot", STATE_RULE_QUIET);
	assert_false(act_look(100));
	act_start("bot", 100);
}

static void a_kill_does_not_wait_for_the_clean_end(void **state)
{
	(void)state;
	assert_int_equal(act_ask("restart", "bot"), OUTCOME_BEGUN);
	(void)act_assert_asked(VERB_STOP);
	act_rule("killbot", STATE_RULE_FIRING);
	assert_int_equal(act_ask("killbot", "bot"), OUTCOME_BEGUN);
	act_assert_file(ACT_BOT "/cgroup.kill", "1");
	fakeroot_remove(ACT_BOT);
	assert_true(act_look(100));
	act_assert_done("killed bot");
	assert_true(test_is_owed());
}

static void a_kill_in_vain_owes_nothing(void **state)
{
	(void)state;
	assert_int_equal(act_ask("restart", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("killbot", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(9000));
	assert_true(act_look(1000));
	act_assert_not_done("still there");
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_false(act_look(100));
	assert_false(test_is_owed());
}

static void a_stop_takes_over_what_was_owed(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_available(200);
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(1000));
	assert_true(actions_open(&act.actions)); /* waits for room */
	act_rule("stop2", STATE_RULE_FIRING);
	assert_int_equal(act_ask("stop2", "bot"), OUTCOME_BEGUN);
	(void)act_look(100);
	(void)act_look(100);
	act_assert_nothing_is_left();
	assert_true(test_is_owed());
	act_available(4000);
	assert_false(act_look(1000));
	assert_null(act_asked());
}

static void a_persons_start_ends_the_debt(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	actions_check_marks(&act.actions, fakeroot.now);
	assert_false(act_look(100));
	assert_false(test_is_owed());
	act_assert_mark("bot", STATE_MARK_NONE);
	act_rule("stop", STATE_RULE_QUIET);
	fakeroot_remove(ACT_BOT); /* and a stop of theirs, later, is not undone */
	assert_false(act_look(1000));
	assert_false(act_look(1000));
	assert_null(act_asked());
}

/* It ends the mark. */
static void a_persons_stop_ends_the_debt(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	ledger_unmark(act.ledger, "bot");
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(100));
	assert_false(test_is_owed());
	assert_false(act_look(1000));
	assert_null(act_asked());
}

static void a_stop_without_a_restart_owes_nothing(void **state)
{
	(void)state;
	act_stop("stop", "bot");
	assert_true(act_look(100));
	assert_false(test_is_owed());
	assert_false(act_look(1000));
	assert_null(act_asked());
}

static void a_start_that_is_refused_stays_owed_with_its_backoff(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(100));
	assert_false(act_look(100));
	act_answer(act_assert_asked(VERB_START)->id, -EIO, "it is failed");
	assert_true(act_look(100));
	act_assert_not_done("it is failed");
	assert_true(test_is_owed());
	assert_false(act_look(100));
	assert_false(act_look(5000));
	assert_null(act_asked());
	act_start("bot", 10000);
}

static void what_nobody_can_start_now_stays_owed_in_silence(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	/* Its rule is gone too: `check` would refuse it. */
	actions_config(&act.actions, act_parse("[unit bot]\ncgroup = /bot\n"));
	for (int i = 0; i < 3; i++)
		assert_false(act_look(1000));
	act_assert_nothing_is_left();
	assert_true(test_is_owed());
}

/* --- killed at any point -------------------------------------------------------------------------- */

static void a_debt_survives_a_kill_of_the_sentinel(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_begin();
	act_assert_nothing_is_left();
	assert_false(act_look(100));
	act_start("bot", 100);
}

static void a_debt_that_is_being_paid_is_paid_once(void **state)
{
	(void)state;
	test_take_over_and_prove("stop");
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(100));
	act_begin();
	assert_true(act.actions.action[0].used && !act.actions.action[1].used);
	act_start("bot", 100);
	assert_false(act.actions.action[1].used);
	act_begin();
	assert_false(act_look(100));
	assert_true(act_look(20000));
	act_assert_nothing_is_left();
	assert_null(act_asked());
}

/* Noted, but the restart had not been given up yet: it goes on, and that is the start. */
static void killed_between_the_note_and_the_stop_it_is_a_restart(void **state)
{
	(void)state;
	act_restart_until_room();
	assert_non_null(ledger_mark(act.ledger, "bot", STATE_MARK_STOPPED, "stop"));
	ledger_unit(act.ledger, "bot")->flags |= LEDGER_UNIT_OWED;
	act_begin();
	act_available(4000);
	act_start("bot", 1000);
	assert_false(test_is_owed());
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void killed_within_the_taking_over_it_is_a_stop(void **state)
{
	(void)state;
	test_take_over("stop");
	ledger_find(act.ledger, act.actions.action[0].entry)->phase = ACTION_ROOM;
	act_begin();
	act_rule("stop", STATE_RULE_FIRING);
	act.result.outcome = OUTCOME_BEGUN;
	for (int i = 0; i < 3 && act.result.outcome != OUTCOME_DONE; i++)
		(void)act_look(100);
	act_assert_done("stopped bot");
	act_assert_nothing_is_left();
	assert_true(test_is_owed());
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stop_takes_over_a_restart_that_has_not_started_yet),
		T(what_is_owed_is_started_when_the_rule_is_quiet),
		T(what_is_owed_waits_for_room),
		T(another_rule_that_fires_keeps_nothing_down),
		T(a_second_rule_of_the_mark_keeps_it_down),
		T(rules_that_were_not_looked_at_yet_are_waited_for),
		T(a_kill_takes_over_too),
		T(a_kill_does_not_wait_for_the_clean_end),
		T(a_kill_in_vain_owes_nothing),
		T(a_stop_takes_over_what_was_owed),
		T(a_persons_start_ends_the_debt),
		T(a_persons_stop_ends_the_debt),
		T(a_stop_without_a_restart_owes_nothing),
		T(a_start_that_is_refused_stays_owed_with_its_backoff),
		T(what_nobody_can_start_now_stays_owed_in_silence),
		T(a_debt_survives_a_kill_of_the_sentinel),
		T(a_debt_that_is_being_paid_is_paid_once),
		T(killed_between_the_note_and_the_stop_it_is_a_restart),
		T(killed_within_the_taking_over_it_is_a_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
