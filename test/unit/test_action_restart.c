/* Restarts that heal: a start is done when what it started lives; back-off, room, one after the other. */
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
#include "see/unit.h"
#include "do/backoff.h"
#include "fakeroot.h"

static const struct ledger_unit *test_row(const char *unit)
{
	return ledger_unit(act.ledger, unit);
}

/* A whole restart of bot that dies after it has lived for ms. */
static void test_restart_in_vain(uint32_t wait_ms, uint32_t lives_ms)
{
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", wait_ms);
	assert_false(act_look(lives_ms));
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(100));
	assert_true(act_look(1000));
	assert_int_equal(act.result.outcome, OUTCOME_FAILED);
}

/* --- it lives ------------------------------------------------------------------------------------ */

static void a_restart_is_done_when_the_process_has_lived_for_grace(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	act.alive_since = fakeroot.now + 3000; /* its parent takes its time */
	act.dead = true;
	assert_false(act_look(3000));
	act.dead = false;
	assert_false(act_look(19900));
	assert_true(act_look(100));
	act_assert_done("restarted bot in 23 s: inactive (dead); active (running); its process has lived for 20 s");
	act_assert_nothing_is_left();
}

static void what_dies_with_its_unit_is_not_done_at_once(void **state)
{
	(void)state;
	test_restart_in_vain(100, 3000);
	act_assert_not_done("restart not done: bot after 4.4 s");
	act_assert_not_done("it lived 3.1 s of its grace of 20 s");
	act_assert_nothing_is_left();
	act_assert_mark("bot", STATE_MARK_NONE);
}

/* Restart= of its own: its end is not the end. */
static void what_systemd_has_back_lives(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	fakeroot_remove(ACT_BOT);
	act_at_it("bot", true);
	assert_false(act_look(100));
	assert_false(act_look(4900));
	act_at_it("bot", false);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	assert_true(act_look(20000));
	act_assert_done("restarted bot");
}

/* What see knows of the last death, and publishes. */
static void test_died(wall_ms at)
{
	struct unit_watched *watched = &unit_at(act.see, config_find_unit(act.actions.config, "bot"))->watched;

	watched->died = at;
	strcpy(watched->died_text, "claude (pid 71) exited with status 1");
}

static void how_it_died_is_told(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	test_died(1700000000000 + fakeroot.now + 1000);
	act.dead = true;
	assert_false(act_look(1000));
	assert_true(act_look(5000));
	act_assert_not_done("; claude (pid 71) exited with status 1");
}

static void a_death_from_before_the_start_is_not_its_cause(void **state)
{
	(void)state;
	test_died(1700000000000 + fakeroot.now - 60000);
	test_restart_in_vain(100, 3000);
	assert_null(strstr(act.result.text, "pid 71"));
}

static void a_process_that_never_comes_is_not_done_after_grace(void **state)
{
	(void)state;
	act.dead = true;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	assert_false(act_look(19900));
	assert_true(act_look(100));
	act_assert_not_done("its process was not seen to live within 20 s");
}

/* A parent that brings its child up again is not fought. */
static void a_child_that_its_parent_has_back_begins_its_life_anew(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	assert_false(act_look(3000));
	act.dead = true;
	assert_false(act_look(1000));
	assert_false(act_look(3900));
	act.dead = false;
	act.alive_since = fakeroot.now;
	assert_false(act_look(19900));
	assert_true(act_look(100));
	act_assert_done("its process has lived for 20 s");
}

static void a_child_that_dies_again_and_again_is_not_done(void **state)
{
	int looks = 0;

	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	do
		act.alive_since = fakeroot.now;
	while (!act_look(1000) && looks++ < 100);
	assert_in_range(looks, 40, 46);
	act_assert_not_done("it lived 1.0 s of its grace of 20 s");
}

static void what_is_up_but_never_seen_to_run_is_given_up_soon(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(100));
	act_answer(act_assert_asked(VERB_START)->id, 0, "active (running)");
	assert_false(act_look(100));
	assert_false(act_look(4900));
	assert_true(act_look(100));
	act_assert_not_done("not seen running after 5.1 s");
}

static void systemd_says(const char *name, uint32_t bits)
{
	struct message message;

	message_make(&message, MESSAGE_UNIT, message_unit_id(name), (int)bits, "");
	see_report(act.see, &message, fakeroot.now);
}

static void what_systemd_takes_long_to_start_may_come_up_yet(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(100));
	act_assert_asked(VERB_START);
	systemd_says("bot", UNIT_AT_IT);
	assert_false(act_look(20000));
	assert_true(act_look(10000));
	act_assert_not_done(": systemd is still at it, and it may come up yet");
}

static void while_it_starts_and_has_to_live_it_is_busy_with_a_start(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_int_equal(act_unit("bot")->busy, 1 + VERB_RESTART);
	assert_false(act_look(100));
	assert_int_equal(act_unit("bot")->busy, 1 + VERB_RESTART);
	assert_false(act_look(100));
	assert_int_equal(act_unit("bot")->busy, 1 + VERB_START);
	act_answer(act_assert_asked(VERB_START)->id, 0, "");
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(100));
	assert_int_equal(act_unit("bot")->busy, 1 + VERB_START);
}

static void a_stop_does_not_wait_until_it_has_lived(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BUSY);
	assert_true(act_look(100));
	act_assert_not_done("a stop is wanted before it has lived for its grace");
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	act_assert_mark("bot", STATE_MARK_STOPPED);
}

/* --- back-off ------------------------------------------------------------------------------------ */

static void each_restart_in_a_row_waits_longer(void **state)
{
	(void)state;
	test_restart_in_vain(100, 1000);
	assert_int_equal(test_row("bot")->restarts, 1);
	assert_int_equal(act_unit("bot")->restarts, 1);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	act_stop("restart", "bot"); /* the stop is at once */
	assert_false(act_look(100));
	assert_false(act_look(3000));
	assert_null(act_asked());
	assert_in_range(act_unit("bot")->restart_at, fakeroot.now + 1, fakeroot.now + 6000);
	act_start("bot", (uint32_t)(act_unit("bot")->restart_at - fakeroot.now));
	assert_int_equal(test_row("bot")->restarts, 2);
	assert_true(act_look(20000));
	act_assert_done("restarted bot");
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(1000));
	assert_null(act_asked()); /* that it lived for grace is no forgiveness */
}

static void after_ten_minutes_of_life_the_next_is_the_first(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	assert_true(act_look(20000));
	assert_int_equal(act_unit("bot")->restarts, 1);
	assert_false(act_look(581000));
	assert_int_equal(act_unit("bot")->restarts, 0);
	assert_int_equal(act_unit("bot")->restart_at, 0);
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
}

static void the_count_of_starts_survives_a_kill_of_the_sentinel(void **state)
{
	(void)state;
	test_restart_in_vain(100, 1000);
	act_begin();
	assert_int_equal(act_unit("bot")->restarts, 0);
	assert_false(act_look(100));
	assert_int_equal(act_unit("bot")->restarts, 1);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(100));
	assert_null(act_asked());
}

static void a_reload_keeps_the_count_on_the_page(void **state)
{
	static const char other[] = "[unit first]\ncgroup = /first\n"
				    "[unit bot]\nsystemd = bot.service\n"
				    "[rule restart]\nwhen = host.available < 10%\nthen = restart bot\n";
	const struct config *config = act_parse(other);

	(void)state;
	test_restart_in_vain(100, 1000);
	actions_config(&act.actions, config);
	see_config(act.see, config);
	assert_false(act_look(100));
	assert_int_equal(act_unit("bot")->restarts, 1);
	assert_int_equal(act_unit("first")->restarts, 0);
	assert_true(act_unit("bot")->restart_at > fakeroot.now);
}

/* --- room, one after the other -------------------------------------------------------------------- */

static void two_that_died_come_back_by_priority_one_after_the_other(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	act_stop("bigger", "big");
	assert_false(act_look(100));
	act_start("big", 100);
	assert_false(act_look(10000));
	assert_null(act_asked());
	assert_true(act_look(10000));
	act_assert_done("restarted big");
	act_start("bot", 100);
}

static void one_that_dies_at_once_holds_up_the_others_no_longer(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	act_stop("bigger", "big");
	assert_false(act_look(100));
	act_start("big", 100);
	assert_false(act_look(1000));
	fakeroot_remove(ACT_BIG);
	assert_false(act_look(100));
	assert_true(act_look(1000));
	act_assert_not_done("restart not done: big");
	act_start("bot", 100);
}

/* Nor one that sits out its back-off. */
static void one_in_its_backoff_holds_up_nobody(void **state)
{
	(void)state;
	backoff_count(ledger_unit(act.ledger, "big"), fakeroot.now);
	act_stop("restart", "bot");
	act_stop("bigger", "big");
	assert_false(act_look(100));
	act_start("bot", 100);
}

static void nobody_waits_longer_than_its_restart_wait(void **state)
{
	(void)state;
	act_available(200);
	assert_false(act_look(1000));
	act_stop("restart", "bot");
	act_stop("bigger", "big");
	assert_false(act_look(100));
	assert_false(act_look(59900)); /* of 60 s, and big's 90 s */
	assert_null(act_asked());
	act_start("bot", 100);
	assert_true(act_look(20000));
	act_assert_done("started though there is no room for it after 1 min");
	act_start("big", 10000);
}

static void one_that_goes_though_another_is_not_back_says_so(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	act_stop("bigger", "big");
	assert_false(act_look(100));
	act_start("big", 100);
	for (int i = 0; i < 2; i++) {
		act.alive_since = fakeroot.now + 15000;
		assert_false(act_look(15000));
	}
	act.alive_since = fakeroot.now;
	act_available(200);
	assert_false(act_look(1000));
	assert_null(act_asked());
	act_available(4000);
	act.actions.action[0].phase_began = fakeroot.now - 60000;
	act_start("bot", 100);
	assert_non_null(strstr(act.actions.action[0].saw, "though big is not back yet"));
}

static void what_another_has_started_meanwhile_is_not_started(void **state)
{
	(void)state;
	act_restart_until_room();
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	assert_false(act_look(100));
	assert_null(act_asked());
	assert_int_equal(act.actions.action[0].phase, ACTION_LIVES);
	assert_int_equal(test_row("bot")->restarts, 0);
	assert_true(act_look(20000));
	act_assert_done("it runs already");
}

/* --- a person in between -------------------------------------------------------------------------- */

static void assert_left_to_a_person(const char *word)
{
	act_assert_not_done(word);
	assert_int_equal(act.result.severity, SEVERITY_WARNING);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_equal(ledger_unit(act.ledger, "bot")->flags & LEDGER_UNIT_OWED, 0);
	act_available(4000);
	for (int i = 0; i < 5; i++)
		assert_false(act_look(30000));
	assert_null(act_asked());
	act_assert_nothing_is_left();
}

static void a_persons_stop_of_what_waits_for_room_ends_the_start(void **state)
{
	(void)state;
	act_restart_until_room();
	systemd_says("bot", UNIT_STOP_JOB);
	assert_false(act_look(5000));
	systemd_says("bot", UNIT_STOP_JOB | UNIT_STOP_DOWN);
	assert_true(act_look(100));
	assert_left_to_a_person("stopped by somebody meanwhile");
	assert_int_equal(act_unit("bot")->alive, STATE_STOPPED);
}

static void what_systemd_tells_of_our_own_stop_ends_no_start(void **state)
{
	(void)state;
	act_restart_until_room();
	systemd_says("bot", UNIT_STOP_JOB | UNIT_STOP_DOWN); /* it had failed before we stopped it */
	assert_false(act_look(5000));
	act_available(4000);
	act_start("bot", 100);
}

static void a_persons_stop_ends_a_start_that_is_owed_and_waits(void **state)
{
	(void)state;
	act_restart_until_room();
	act_rule("stop", STATE_RULE_FIRING);
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	while (!act_look(100))
		;
	act_rule("stop", STATE_RULE_QUIET);
	assert_false(act_look(5000));
	assert_true(actions_open(&act.actions));
	systemd_says("bot", UNIT_STOP_JOB | UNIT_STOP_DOWN);
	assert_true(act_look(100));
	assert_left_to_a_person("stopped by somebody meanwhile");
}

static void a_persons_stop_that_cancels_our_start_is_followed_by_none(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(100));
	entry = act_assert_asked(VERB_START);
	act_answer(entry->id, -EINTR, "it is deactivating; its job ended as \"canceled\"");
	assert_true(act_look(100));
	assert_left_to_a_person("stopped by somebody meanwhile");
}

static void a_persons_start_that_cancels_our_stop_is_left_alone(void **state)
{
	static const char *const rules[] = {"stop", "restart"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(act_ask(rules[i], "bot"), OUTCOME_BEGUN);
		act_answer(act_assert_asked(VERB_STOP)->id, -EINTR, "it is active; its job ended as \"canceled\"");
		assert_true(act_look(100));
		assert_left_to_a_person("started by somebody meanwhile");
		act_assert_file(ACT_BOT "/cgroup.kill", "\n");
	}
}

/* --- killed at any point -------------------------------------------------------------------------- */

static void a_restart_that_waits_for_room_stops_nothing_again(void **state)
{
	(void)state;
	act_restart_until_room();
	act_put_unit(ACT_BOT, true, false); /* a person has started it, and we are killed */
	act_begin();
	assert_null(act_asked());
	assert_false(act_look(100));
	assert_false(act_look(100));
	assert_null(act_asked());
	act_assert_file(ACT_BOT "/cgroup.kill", "\n");
	assert_true(act_look(20000));
	act_assert_done("restarted bot");
}

static void a_start_that_came_up_meanwhile_is_not_asked_again(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(100));
	(void)act_assert_asked(VERB_START);
	act_put_unit(ACT_BOT, true, false);
	act_begin();
	assert_null(act_asked());
	assert_int_equal(test_row("bot")->restarts, 1);
	assert_false(act_look(100));
	assert_true(act_look(20000));
	act_assert_done("restarted bot");
	act_assert_nothing_is_left();
}

static void a_start_that_did_not_come_up_is_asked_again_and_counted(void **state)
{
	uint64_t id;

	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(100));
	id = act_assert_asked(VERB_START)->id;
	act_begin();
	assert_int_equal(act_assert_asked(VERB_START)->id, id);
	assert_int_equal(test_row("bot")->restarts, 2);
}

static void what_has_to_live_is_looked_after_by_the_next(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	act_begin();
	assert_null(act_asked());
	assert_int_equal(act.actions.action[0].phase, ACTION_LIVES);
	assert_int_equal(act_unit("bot")->busy, 1 + VERB_START);
	assert_false(act_look(1000));
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(100));
	assert_true(act_look(1000));
	act_assert_not_done("restart not done: bot");
	act_assert_nothing_is_left();
}

/* Killed when the start had its entry, and the stop's was not freed yet. */
static void two_entries_of_one_restart_are_one(void **state)
{
	struct ledger_entry before;

	(void)state;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	before = *ledger_find(act.ledger, act.actions.action[0].entry);
	assert_false(act_look(100));
	(void)act_assert_asked(VERB_START);
	for (int i = 0; i < ENTRIES_MAX; i++)
		if (act.ledger->entries[i].state == LEDGER_FREE) {
			memcpy(&act.ledger->entries[i], &before, sizeof(before));
			break;
		}
	act_begin();
	(void)act_assert_asked(VERB_START);
	assert_null(act_asked());
	assert_true(act.actions.action[0].used && !act.actions.action[1].used);
	assert_int_equal(act.actions.action[0].instances, 1);
}

static void an_entry_of_no_phase_is_dropped(void **state)
{
	(void)state;
	act_stop("restart", "bot");
	ledger_find(act.ledger, act.actions.action[0].entry)->phase = 4711;
	act_begin();
	act_assert_nothing_is_left();
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_restart_is_done_when_the_process_has_lived_for_grace),
		T(what_dies_with_its_unit_is_not_done_at_once),
		T(what_systemd_has_back_lives),
		T(how_it_died_is_told),
		T(a_death_from_before_the_start_is_not_its_cause),
		T(a_process_that_never_comes_is_not_done_after_grace),
		T(a_child_that_its_parent_has_back_begins_its_life_anew),
		T(a_child_that_dies_again_and_again_is_not_done),
		T(what_is_up_but_never_seen_to_run_is_given_up_soon),
		T(what_systemd_takes_long_to_start_may_come_up_yet),
		T(while_it_starts_and_has_to_live_it_is_busy_with_a_start),
		T(a_stop_does_not_wait_until_it_has_lived),
		T(each_restart_in_a_row_waits_longer),
		T(after_ten_minutes_of_life_the_next_is_the_first),
		T(the_count_of_starts_survives_a_kill_of_the_sentinel),
		T(a_reload_keeps_the_count_on_the_page),
		T(two_that_died_come_back_by_priority_one_after_the_other),
		T(one_that_dies_at_once_holds_up_the_others_no_longer),
		T(one_in_its_backoff_holds_up_nobody),
		T(nobody_waits_longer_than_its_restart_wait),
		T(one_that_goes_though_another_is_not_back_says_so),
		T(what_another_has_started_meanwhile_is_not_started),
		T(a_persons_stop_of_what_waits_for_room_ends_the_start),
		T(what_systemd_tells_of_our_own_stop_ends_no_start),
		T(a_persons_stop_ends_a_start_that_is_owed_and_waits),
		T(a_persons_stop_that_cancels_our_start_is_followed_by_none),
		T(a_persons_start_that_cancels_our_stop_is_left_alone),
		T(a_restart_that_waits_for_room_stops_nothing_again),
		T(a_start_that_came_up_meanwhile_is_not_asked_again),
		T(a_start_that_did_not_come_up_is_asked_again_and_counted),
		T(what_has_to_live_is_looked_after_by_the_next),
		T(two_entries_of_one_restart_are_one),
		T(an_entry_of_no_phase_is_dropped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
