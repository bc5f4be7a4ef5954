/* Units that are no systemd's: stopped and started by commands of their own. */
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

static bool test_has_stop;

/* box is stopped (perhaps) and started by the words that the rule `run` runs. */
static void test_edit(struct config *config)
{
	struct config_unit *units = (void *)((char *)config + config->units.at), *box = &units[1];

	for (uint32_t i = 0; i < config->rules.count; i++) {
		const struct config_rule *rule = config_rule_at(config, i);
		const struct config_step *step = config_step_at(config, rule, 0);

		if (step->verb != VERB_RUN)
			continue;
		box->start = step->command;
		box->stop = test_has_stop ? step->command : 0;
	}
	assert_int_not_equal(box->start, 0);
}

static void test_begin(bool has_stop)
{
	test_has_stop = has_stop;
	act.edit = test_edit;
	act_begin();
}

static uint64_t assert_asked_for(const char *verb)
{
	const struct ledger_entry *entry = act_asked();

	assert_non_null(entry);
	assert_string_equal(verb_words[entry->verb].name, verb);
	assert_string_equal(entry->plugin, "exec");
	assert_string_equal(entry->target, "/bin/true x");
	assert_string_equal(entry->unit, "box");
	return entry->id;
}

/* Into the start of a restart of box. */
static uint64_t test_restart_until_start(void)
{
	test_begin(true);
	assert_int_equal(act_ask("restart", "box"), OUTCOME_BEGUN);
	act_answer(assert_asked_for("stop"), 0, "exited with status 0");
	fakeroot_remove(ACT_BOX);
	assert_false(act_look(100));
	assert_false(act_look(100));
	return assert_asked_for("start");
}

static void without_a_start_command_nothing_is_restarted(void **state)
{
	(void)state;
	assert_int_equal(act_ask("restart", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it has no `start` command");
	act_assert_nothing_is_left();
}

static void a_restart_is_stop_room_start_by_commands_and_a_life(void **state)
{
	(void)state;
	act_answer(test_restart_until_start(), 0, "exited with status 0");
	assert_int_equal(ledger_unit(act.ledger, "box")->restarts, 1);
	assert_false(act_look(100)); /* said, but not seen */
	act_put_unit(ACT_BOX, true, false);
	assert_false(act_look(1000));
	assert_int_equal(act.actions.action[0].phase, ACTION_LIVES);
	assert_true(act_look(20000));
	act_assert_done("restarted box");
	act_assert_nothing_is_left();
}

static void a_start_command_that_fails_is_not_done(void **state)
{
	(void)state;
	act_answer(test_restart_until_start(), -EIO, "exited with status 1");
	act_put_unit(ACT_BOX, true, false);
	assert_true(act_look(100));
	act_assert_not_done("exited with status 1");
	act_assert_nothing_is_left();
}

static void a_start_that_is_not_known_is_proved_by_what_runs(void **state)
{
	(void)state;
	act_answer(test_restart_until_start(), -EALREADY, "not known whether it ran");
	assert_false(act_look(20000));
	act_put_unit(ACT_BOX, true, false);
	assert_false(act_look(1000));
	assert_true(act_look(20000));
	act_assert_done("not known whether it ran");
}

static void a_start_that_is_not_known_and_not_seen_is_not_done(void **state)
{
	(void)state;
	act_answer(test_restart_until_start(), -EALREADY, "not known whether it ran");
	assert_false(act_look(29900));
	assert_true(act_look(100));
	act_assert_not_done("not known whether it ran");
	assert_null(act_asked()); /* at most once */
}

/* --- stop ---------------------------------------------------------------------------------------- */

static void a_stop_command_is_followed_by_a_signal_then_a_kill(void **state)
{
	(void)state;
	test_begin(true);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	act_answer(assert_asked_for("stop"), 0, "exited with status 0");
	assert_false(act_look(3900));
	assert_false(act.actions.action[0].signalled);
	assert_false(act_look(100));
	assert_true(act.actions.action[0].signalled);
	act_assert_file(ACT_BOX "/cgroup.kill", "\n");
	assert_false(act_look(3900));
	act_assert_file(ACT_BOX "/cgroup.kill", "\n");
	assert_false(act_look(100));
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
	fakeroot_remove(ACT_BOX);
	assert_true(act_look(100));
	act_assert_done("SIGTERM: its stop command did not end it within 4 s; killed: not ended within its stop-timeout of 4 s");
	assert_null(act_asked());
	act_assert_nothing_is_left();
}

/* To where box is gone after SIGTERM and SIGKILL: nobody says what became of its command. */
static void test_kill_without_a_word(const char *rule, bool begun)
{
	test_begin(true);
	assert_int_equal(act_ask(rule, "box"), OUTCOME_BEGUN);
	ledger_find(act.ledger, assert_asked_for("stop"))->taken = begun;
	assert_false(act_look(4000));
	assert_true(act.actions.action[0].signalled);
	act_assert_file(ACT_BOX "/cgroup.kill", "\n");
	assert_false(act_look(4000));
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
	fakeroot_remove(ACT_BOX);
}

static void an_actor_that_hangs_holds_no_stop_up(void **state)
{
	(void)state;
	for (int begun = 0; begun < 2; begun++) {
		act_put_unit(ACT_BOX, true, false);
		test_kill_without_a_word("stopbox", begun);
		assert_true(act_look(100));
		act_assert_done("stopped box in 8.1 s: SIGTERM: its stop command did not end it within 4 s; killed");
		act_assert_mark("box", STATE_MARK_STOPPED);
		assert_false(act.actions.actor_hung);
		assert_false(act_look(1000));
		assert_true(act.actions.actor_hung);
		act_assert_nothing_is_left();
		ledger_unmark(act.ledger, "box");
	}
}

/* A start must not meet the stop command: it waits for that one for as long as the actor may still answer. */
static void an_actor_that_hangs_holds_no_restart_up(void **state)
{
	(void)state;
	test_kill_without_a_word("restart", true);
	assert_false(act_look(900));
	assert_null(act_asked());
	assert_false(act_look(200));
	assert_true(act.actions.actor_hung);
	assert_false(act_look(100));
	(void)assert_asked_for("start");
}

static void a_stop_command_that_fails_is_followed_by_a_signal_at_once(void **state)
{
	(void)state;
	test_begin(true);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	act_answer(assert_asked_for("stop"), -EIO, "exited with status 1");
	assert_false(act_look(100));
	assert_true(act.actions.action[0].signalled);
}

static void below_floor_a_stop_command_has_no_time(void **state)
{
	(void)state;
	test_begin(true);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	act_available(100);
	assert_false(act_look(100));
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
}

static void without_a_stop_command_it_is_a_signal(void **state)
{
	(void)state;
	test_begin(false);
	assert_int_equal(act_ask("restart", "box"), OUTCOME_BEGUN);
	assert_null(act_asked());
	fakeroot_remove(ACT_BOX);
	assert_false(act_look(100));
	assert_false(act_look(100));
	(void)assert_asked_for("start");
}

static void what_is_gone_while_its_command_goes_on_is_stopped(void **state)
{
	uint64_t id;

	(void)state;
	test_begin(true);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	id = assert_asked_for("stop");
	fakeroot_remove(ACT_BOX);
	assert_true(act_look(100));
	act_assert_done("stopped box");
	assert_non_null(ledger_find(act.ledger, id));
	act_answer(id, 0, "exited with status 0");
	assert_false(act_look(100));
	act_assert_nothing_is_left();
}

/* It would stop what was just started. */
static void a_start_does_not_meet_the_stop_command(void **state)
{
	uint64_t id;

	(void)state;
	test_begin(true);
	assert_int_equal(act_ask("restart", "box"), OUTCOME_BEGUN);
	id = assert_asked_for("stop");
	fakeroot_remove(ACT_BOX);
	assert_false(act_look(100));
	assert_false(act_look(100));
	assert_null(act_asked());
	act_answer(id, -EIO, "exited with status 1");
	assert_false(act_look(100));
	assert_false(act_look(100));
	(void)assert_asked_for("start");
}

/* --- killed at any point -------------------------------------------------------------------------- */

static void a_stop_command_that_is_not_known_is_waited_for(void **state)
{
	uint64_t id;

	(void)state;
	test_begin(true);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	id = assert_asked_for("stop");
	act_begin();
	assert_int_equal(assert_asked_for("stop"), id); /* the worker knows that it has begun */
	act_answer(id, -EALREADY, "not known whether it ran");
	assert_false(act_look(1000));
	assert_false(act.actions.action[0].signalled);
	fakeroot_remove(ACT_BOX);
	assert_true(act_look(100));
	act_assert_done("not known whether it ran");
	act_assert_nothing_is_left();
}

static void a_start_command_under_way_is_asked_for_by_its_own_number(void **state)
{
	uint64_t id = test_restart_until_start();

	(void)state;
	act_begin();
	assert_int_equal(assert_asked_for("start"), id);
	act_answer(id, -EALREADY, "not known whether it ran");
	act_put_unit(ACT_BOX, true, false);
	assert_false(act_look(1000));
	assert_true(act_look(20000));
	act_assert_done("not known whether it ran");
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(without_a_start_command_nothing_is_restarted),
		T(a_restart_is_stop_room_start_by_commands_and_a_life),
		T(a_start_command_that_fails_is_not_done),
		T(a_start_that_is_not_known_is_proved_by_what_runs),
		T(a_start_that_is_not_known_and_not_seen_is_not_done),
		T(a_stop_command_is_followed_by_a_signal_then_a_kill),
		T(an_actor_that_hangs_holds_no_stop_up),
		T(an_actor_that_hangs_holds_no_restart_up),
		T(a_stop_command_that_fails_is_followed_by_a_signal_at_once),
		T(below_floor_a_stop_command_has_no_time),
		T(without_a_stop_command_it_is_a_signal),
		T(what_is_gone_while_its_command_goes_on_is_stopped),
		T(a_start_does_not_meet_the_stop_command),
		T(a_stop_command_that_is_not_known_is_waited_for),
		T(a_start_command_under_way_is_asked_for_by_its_own_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
