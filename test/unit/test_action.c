/* Actions: every verb to its proof, and what is done when it does not come. */
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

/* --- stop ---------------------------------------------------------------------------------------- */

static void a_stop_is_proved_by_the_cgroup_and_by_systemd(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_STOP)->id;
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_true(act_unit("bot")->busy != 0);
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(100));
	assert_false(act_look(100)); /* the cgroup is empty, but systemd has not said so yet */
	act_answer(id, 0, "inactive (dead)");
	assert_true(act_look(100));
	act_assert_done("stopped bot in 300 ms: inactive (dead); it held 100 MiB");
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_assert_nothing_is_left();
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_SKIPPED);
}

static void an_answer_alone_proves_nothing(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_STOP)->id, 0, "inactive (dead)");
	assert_false(act_look(100));
	assert_false(act_look(100));
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(100)); /* between two reads a fork may hide */
	assert_true(act_look(100));
	act_assert_done("stopped bot");
}

static void a_stop_that_takes_too_long_kills_and_stays_owed(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_STOP)->id;
	assert_false(act_look(3900));
	act_assert_file(ACT_BOT "/cgroup.kill", "\n");
	assert_false(act_look(100));
	act_assert_file(ACT_BOT "/cgroup.kill", "1");
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(100));
	assert_true(act_look(100));
	act_assert_done("killed: not ended within its stop-timeout of 4 s");
	/* systemd has not been told yet: the entry stays until it has. */
	assert_non_null(ledger_find(act.ledger, id));
	assert_false(actions_open(&act.actions));
	act_answer(id, 0, "inactive (dead)");
	assert_false(act_look(100));
	act_assert_nothing_is_left();
}

/* It has read what it was asked, or not: the sentinel does it alone, and main is to start the actor again. */
static void an_actor_that_hangs_holds_no_stop_up(void **state)
{
	(void)state;
	for (int reads = 0; reads < 2; reads++) {
		act.actions.actor_hung = false;
		assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
		if (reads)
			(void)act_assert_asked(VERB_STOP);
		assert_false(act_look(4000));
		act_assert_file(ACT_BOT "/cgroup.kill", "1");
		act_put_unit(ACT_BOT, false, false);
		assert_false(act_look(100));
		assert_true(act_look(100));
		act_assert_done("stopped bot in 4.2 s: killed: not ended within its stop-timeout of 4 s");
		act_assert_mark("bot", STATE_MARK_STOPPED);
		assert_false(act.actions.actor_hung);
		for (int i = 0; i < 60 && !act.actions.actor_hung; i++)
			assert_false(act_look(1000));
		assert_true(act.actions.actor_hung);
		assert_false(act_look(100));
		act_assert_nothing_is_left();
		while (act_asked() != NULL)
			;
		act_put_unit(ACT_BOT, true, false);
		assert_false(act_look(1000));
	}
}

static void below_floor_there_is_no_time_for_a_clean_end(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	act_available(100);
	assert_false(act_look(1000));
	act_assert_file(ACT_BOT "/cgroup.kill", "1");
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
}

static void what_survives_a_kill_is_not_done_and_bears_no_mark(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	act_assert_mark("box", STATE_MARK_STOPPED);
	assert_false(act_look(4000));
	assert_false(act_look(9000));
	assert_true(act_look(1000));
	act_assert_not_done("still there after 10 s");
	assert_string_equal(act.result.title, "stop box not done");
	assert_int_equal(act.result.verb, VERB_STOP);
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void what_the_actor_cannot_stop_is_asked_once_by_signal(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_STOP)->id, -EACCES, "systemd does not let us");
	assert_false(act_look(100));
	assert_false(act.actions.action[0].worker_done); /* or each look sends SIGTERM again */
	assert_null(act_asked());
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(100));
	assert_true(act_look(100));
	act_assert_done("stopped bot");
	assert_memory_equal(act.result.title, "stopped bot in ", 15);
	act_assert_nothing_is_left();
}

static void a_unit_that_left_and_returned_was_stopped(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_STOP)->id, 0, "");
	fakeroot_remove(ACT_BOT);
	assert_true(act_look(100));
	act_assert_done("stopped bot");
}

static void the_same_joins_and_another_waits(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("stop2", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("start", "bot"), OUTCOME_BUSY);
	assert_non_null(act_asked());
	assert_null(act_asked()); /* once for both */
	fakeroot_remove(ACT_BOT);
	act_answer(act.actions.action[0].entry, 0, "");
	assert_true(act_look(100));
	assert_int_equal(act.result.instances, 2);
}

/* Under way on that unit, as far as its ladders are concerned. */
static int under_way(const char *unit)
{
	int n = 0;

	for (int i = 0; i < ACTIONS_MAX; i++)
		n += act.actions.action[i].used && act.actions.action[i].phase != ACTION_OWED &&
		     act.actions.action[i].unit == config_find_unit(act.actions.config, unit);
	return n;
}

static void whatever_two_rules_ask_there_is_one_action_on_a_unit(void **state)
{
	static const char *const of_bot[] = {"stop", "restart", "start", "killbot"};
	static const char *const of_box[] = {"stopbox", "kill", "freeze", "thaw", "hup", "usr"};

	for (size_t i = 0; i < ARRAY_LEN(of_bot) * ARRAY_LEN(of_bot) + ARRAY_LEN(of_box) * ARRAY_LEN(of_box); i++) {
		size_t k = i - ARRAY_LEN(of_bot) * ARRAY_LEN(of_bot);
		bool bot = i < ARRAY_LEN(of_bot) * ARRAY_LEN(of_bot);
		const char *unit = bot ? "bot" : "box";

		assert_int_equal(act_teardown(state), 0);
		assert_int_equal(act_setup(state), 0);
		(void)act_ask(bot ? of_bot[i / ARRAY_LEN(of_bot)] : of_box[k / ARRAY_LEN(of_box)], unit);
		(void)act_ask(bot ? of_bot[i % ARRAY_LEN(of_bot)] : of_box[k % ARRAY_LEN(of_box)], unit);
		assert_true(under_way(unit) <= 1);
		for (int looks = 0; looks < 50; looks++) { /* nor on the way */
			(void)act_look(200);
			(void)act_ask(bot ? of_bot[i % ARRAY_LEN(of_bot)] : of_box[k % ARRAY_LEN(of_box)], unit);
			assert_true(under_way(unit) <= 1);
		}
	}
}

/* --- kill, signal, freeze ------------------------------------------------------------------------ */

static void a_kill_is_proved_by_an_empty_cgroup(void **state)
{
	(void)state;
	assert_int_equal(act_ask("kill", "box"), OUTCOME_BEGUN);
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
	assert_false(act_look(100));
	act_put_unit(ACT_BOX, false, false);
	assert_false(act_look(100));
	assert_true(act_look(100));
	act_assert_done("killed box");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void a_signal_that_nobody_got_is_not_done(void **state)
{
	(void)state;
	assert_int_equal(act_ask("hup", "box"), OUTCOME_BEGUN);
	assert_true(act_look(100));
	act_assert_not_done("signal not done: box");
	act_assert_nothing_is_left();
}

static void another_signal_is_not_the_same(void **state)
{
	(void)state;
	assert_int_equal(act_ask("hup", "box"), OUTCOME_BEGUN);
	act.actions.action[0].progress = ACTION_WAITS; /* as where somebody got it */
	assert_int_equal(act_ask("hup", "box"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("usr", "box"), OUTCOME_BUSY);
}

static void a_freeze_is_proved_and_given_back_by_a_thaw(void **state)
{
	(void)state;
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	act_assert_mark("box", STATE_MARK_FROZEN);
	act_assert_file(ACT_BOX "/cgroup.freeze", "1");
	assert_false(act_look(100));
	act_put_unit(ACT_BOX, true, true);
	assert_true(act_look(100));
	act_assert_done("froze box");
	act_assert_mark("box", STATE_MARK_FROZEN);
	act_assert_nothing_is_left();
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_SKIPPED);
	assert_int_equal(act_ask("thaw", "box"), OUTCOME_BEGUN);
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
	act_put_unit(ACT_BOX, true, false);
	assert_true(act_look(100));
	act_assert_done("thawed box");
	act_assert_mark("box", STATE_MARK_NONE);
}

/* Which hears no SIGTERM. */
static void what_is_frozen_is_thawed_to_be_stopped(void **state)
{
	(void)state;
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	act_put_unit(ACT_BOX, true, true);
	assert_true(act_look(100));
	act_assert_done("froze box");
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
	act_assert_mark("box", STATE_MARK_STOPPED);
}

static void what_does_not_freeze_is_let_go(void **state)
{
	(void)state;
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	assert_true(act_look(10000));
	act_assert_not_done("not frozen after 10 s");
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void processes_by_name_cannot_be_frozen(void **state)
{
	(void)state;
	fakeroot_put("/proc/71/stat", "71 (app) S 1 71 71 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 777 1 1\n");
	fakeroot_put("/proc/71/cmdline", "app");
	assert_false(act_look(2000));
	assert_int_equal(act_unit("app")->status, STATE_UNIT_RUNNING);
	assert_int_equal(act_ask("app", "app"), OUTCOME_BEGUN);
	assert_true(act_look(100));
	act_assert_not_done("no way to do that");
	act_assert_mark("app", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void an_end_thaws_and_a_freeze_under_way_is_over(void **state)
{
	(void)state;
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	actions_thaw_all(&act.actions);
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
	act_assert_mark("box", STATE_MARK_NONE);
	act_begin(); /* the next one does not freeze it again */
	assert_false(actions_open(&act.actions));
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
	act_assert_nothing_is_left();
}

/* --- start and restart --------------------------------------------------------------------------- */

static void a_start_is_proved_and_ends_the_mark(void **state)
{
	(void)state;
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(1000));
	assert_non_null(ledger_mark(act.ledger, "bot", STATE_MARK_STOPPED, "stop"));
	assert_int_equal(act_ask("start", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	act_answer(act_assert_asked(VERB_START)->id, 0, "active (running)");
	assert_false(act_look(100)); /* said, but not seen */
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(100)); /* seen, but it has not lived */
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_false(act_look(19900));
	assert_true(act_look(100));
	act_assert_done("started bot in 20 s: active (running); its process has lived for 20 s");
	act_assert_nothing_is_left();
}

static void a_start_that_is_refused_is_not_done(void **state)
{
	(void)state;
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(1000));
	assert_int_equal(act_ask("start", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	act_answer(act_assert_asked(VERB_START)->id, -EIO, "start limit");
	assert_true(act_look(100));
	act_assert_not_done("start limit");
	act_assert_nothing_is_left();
}

static void an_actor_that_is_busy_is_asked_to_start_again(void **state)
{
	uint64_t id;

	(void)state;
	act_put_unit(ACT_BOT, false, false);
	assert_false(act_look(1000));
	assert_int_equal(act_ask("start", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	id = act_assert_asked(VERB_START)->id;
	act_answer(id, -EAGAIN, "too many units are being worked on");
	assert_false(act_look(100));
	assert_false(act_look(1000));
	assert_int_equal(act_assert_asked(VERB_START)->id, id);
	act_put_unit(ACT_BOT, true, false);
	act_answer(id, 0, "active (running)");
	assert_false(act_look(100));
	assert_true(act_look(20000));
	act_assert_done("started bot");
}

static void a_restart_waits_for_room(void **state)
{
	(void)state;
	act_restart_until_room();
	assert_false(act_look(30000));
	assert_null(act_asked());
	act_available(400);
	act_start("bot", 1000);
	assert_true(act_look(20000));
	act_assert_done("restarted bot");
	act_assert_nothing_is_left();
}

static void a_restart_starts_anyway_in_the_end(void **state)
{
	(void)state;
	act_restart_until_room();
	act_start("bot", 60000);
	assert_true(act_look(20000));
	act_assert_done("started though there is no room for it after 1 min");
}

static void a_stop_waits_for_a_restart_that_starts(void **state)
{
	(void)state;
	act_restart_until_room();
	act_available(4000);
	assert_false(act_look(1000));
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BUSY);
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_stop_is_proved_by_the_cgroup_and_by_systemd),
		T(an_answer_alone_proves_nothing),
		T(a_stop_that_takes_too_long_kills_and_stays_owed),
		T(an_actor_that_hangs_holds_no_stop_up),
		T(below_floor_there_is_no_time_for_a_clean_end),
		T(what_survives_a_kill_is_not_done_and_bears_no_mark),
		T(what_the_actor_cannot_stop_is_asked_once_by_signal),
		T(a_unit_that_left_and_returned_was_stopped),
		T(the_same_joins_and_another_waits),
		T(whatever_two_rules_ask_there_is_one_action_on_a_unit),
		T(a_kill_is_proved_by_an_empty_cgroup),
		T(a_signal_that_nobody_got_is_not_done),
		T(another_signal_is_not_the_same),
		T(a_freeze_is_proved_and_given_back_by_a_thaw),
		T(what_is_frozen_is_thawed_to_be_stopped),
		T(what_does_not_freeze_is_let_go),
		T(processes_by_name_cannot_be_frozen),
		T(an_end_thaws_and_a_freeze_under_way_is_over),
		T(a_start_is_proved_and_ends_the_mark),
		T(a_start_that_is_refused_is_not_done),
		T(an_actor_that_is_busy_is_asked_to_start_again),
		T(a_restart_waits_for_room),
		T(a_restart_starts_anyway_in_the_end),
		T(a_stop_waits_for_a_restart_that_starts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
