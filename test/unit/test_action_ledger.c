/* Actions that outlive an answer: commands, an actor or a sentinel that was killed, a reload, marks. */
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

/* --- run ----------------------------------------------------------------------------------------- */

static void a_command_is_what_the_actor_says(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_RUN);
	assert_string_equal(entry->target, "/bin/true x");
	assert_string_equal(entry->plugin, "exec");
	assert_false(act_look(1000));
	act_answer(entry->id, 0, "exited with status 0");
	assert_true(act_look(100));
	act_assert_done("ran /bin/true x in 1.1 s: exited with status 0");
	act_assert_nothing_is_left();
}

static void a_command_without_an_actor_ends(void **state)
{
	struct message message;

	(void)state;
	message_make(&message, MESSAGE_ASK, 0, 0, "");
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	while (message_send(act.actor.fd, &message, -1) == 0)
		; /* it does not read */
	actions_worker_up(&act.actions);
	for (int i = 0; i < 60 && actions_open(&act.actions); i++)
		(void)act_look(1000);
	act_assert_not_done("run not done");
	act_assert_nothing_is_left();
}

static void an_actor_that_hangs_is_told_of(void **state)
{
	(void)state;
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	assert_false(act_look(35000));
	assert_false(act.actions.actor_hung);
	assert_true(act_look(100));
	assert_true(act.actions.actor_hung);
	act_assert_not_done("the actor did not answer in time");
	act_assert_nothing_is_left();
}

static void an_actor_that_was_started_again_is_asked_again(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_RUN)->id;
	assert_false(act_look(30000));
	actions_worker_up(&act.actions);
	assert_int_equal(act_assert_asked(VERB_RUN)->id, id);
	assert_false(act_look(30000)); /* its time began anew */
	act_answer(id, -EALREADY, "not known whether it ran");
	assert_true(act_look(100));
	act_assert_not_done("not known whether it ran");
}

/* A stop that was proved by a kill, not by the actor: who has started the unit meanwhile keeps it. */
static void a_restart_that_waits_for_room_stops_no_more(void **state)
{
	(void)state;
	act_available(200);
	assert_false(act_look(1000));
	assert_int_equal(act_ask("restart", "bot"), OUTCOME_BEGUN);
	(void)act_assert_asked(VERB_STOP);
	act_available(100);
	assert_false(act_look(4000));
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(100));
	assert_int_equal(act.actions.action[0].phase, ACTION_ROOM);
	actions_worker_up(&act.actions);
	assert_null(act_asked());
}

/* --- the ledger: killed at any point, begun again ------------------------------------------------ */

static void a_stop_under_way_is_taken_up_again(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_STOP)->id;
	act_begin();
	assert_int_equal(act_assert_asked(VERB_STOP)->id, id);
	assert_true(act_unit("bot")->busy != 0);
	fakeroot_remove(ACT_BOT);
	act_answer(id, 0, "inactive (dead)");
	assert_true(act_look(100));
	act_assert_done("taken up again");
	act_assert_nothing_is_left();
}

static void a_stop_that_was_written_but_not_marked_is_marked(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	ledger_unmark(act.ledger, "bot"); /* killed between the two */
	act_begin();
	act_assert_mark("bot", STATE_MARK_STOPPED);
}

static void a_stop_that_was_done_meanwhile_is_not_asked_again(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	(void)act_asked();
	fakeroot_remove(ACT_BOT);
	act_begin();
	assert_null(act_asked());
	assert_true(act_look(100));
	act_assert_done("stopped bot");
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_assert_nothing_is_left();
}

/* A unit that was stopped for a restart, and then the sentinel was killed: it is started, not told. */
static void a_restart_goes_on_with_its_start(void **state)
{
	(void)state;
	act_restart_until_room();
	act_begin();
	assert_false(act_look(100));
	assert_false(act_look(100));
	assert_int_equal(act.actions.action[0].phase, ACTION_ROOM);
	act_available(4000);
	assert_false(act_look(1000));
	act_begin();
	(void)act_asked();
	act_start("bot", 100);
	assert_true(act_look(20000));
	act_assert_done("restarted bot");
	act_assert_nothing_is_left();
}

static void what_is_taken_up_late_has_its_whole_time(void **state)
{
	(void)state;
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	fakeroot.now += 600000;
	clock_turn(fakeroot.now, 1700000000000 + fakeroot.now);
	act_begin();
	assert_false(act_look(100));
	assert_false(act.actions.actor_hung);
	assert_true(act_look(36000));
	assert_true(act.actions.actor_hung);
}

static void whether_a_signal_was_sent_is_not_known(void **state)
{
	(void)state;
	assert_int_equal(act_ask("hup", "box"), OUTCOME_BEGUN);
	act_begin();
	assert_true(act_look(100));
	act_assert_not_done("not known whether it was sent");
	act_assert_nothing_is_left();
}

/* The stop was told; only systemd is still owed it: no ladder hears of it twice, and a unit that was
 * started since is left alone. */
static void what_is_owed_is_told_once(void **state)
{
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_STOP)->id;
	assert_false(act_look(4000));
	fakeroot_remove(ACT_BOT);
	assert_true(act_look(100));
	act_begin();
	assert_int_equal(act_assert_asked(VERB_STOP)->id, id);
	assert_false(act_look(100));
	act_answer(id, 0, "inactive (dead)");
	assert_false(act_look(100));
	act_assert_nothing_is_left();
}

static void what_was_owed_is_not_owed_to_a_new_start(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_non_null(act_asked());
	assert_false(act_look(4000));
	fakeroot_remove(ACT_BOT);
	assert_true(act_look(100));
	act_put_unit(ACT_BOT ".keep-the-inode", true, false);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	actions_worker_up(&act.actions);
	assert_null(act_asked());
	assert_false(act_look(100));
	act_assert_nothing_is_left();
	assert_int_equal(act_unit("bot")->status, STATE_UNIT_RUNNING);
}

/* --- reload, marks, a full ledger ----------------------------------------------------------------- */

static void a_reload_finds_units_again_by_name(void **state)
{
	static const char other[] = "[unit first]\ncgroup = /first\n"
				    "[unit bot]\nsystemd = bot.service\n"
				    "[rule stop]\nwhen = host.available < 10%\nthen = stop bot\n";
	const struct config *config = act_parse(other);
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_STOP)->id;
	actions_config(&act.actions, config);
	see_config(act.see, config);
	assert_int_equal(act_unit("first")->busy, 0);
	assert_true(act_unit("bot")->busy != 0);
	fakeroot_remove(ACT_BOT);
	act_answer(id, 0, "");
	assert_true(act_look(100));
	act_assert_done("stopped bot");
	assert_int_equal(act.result.unit, 1);
	assert_int_equal(act.result.instance[0], 0);
	act_assert_nothing_is_left();
}

static void a_restart_owes_its_start_until_it_has_asked_for_it(void **state)
{
	(void)state;
	assert_false(actions_owe_start(&act.actions, 0));
	assert_int_equal(act_ask("restart", "bot"), OUTCOME_BEGUN);
	assert_true(actions_owe_start(&act.actions, 0));
	act_answer(act_assert_asked(VERB_STOP)->id, 0, "");
	fakeroot_remove(ACT_BOT);
	for (int i = 0; i < 4 && act.actions.action[0].phase != ACTION_START; i++) {
		assert_true(actions_owe_start(&act.actions, 0));
		assert_false(act_look(100));
	}
	(void)act_assert_asked(VERB_START);
	assert_false(actions_owe_start(&act.actions, 0));
}

static void a_start_by_another_ends_the_mark(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	actions_check_marks(&act.actions, clock_mono());
	act_assert_mark("bot", STATE_MARK_STOPPED); /* its stop is still being proved */
	act_answer(act_assert_asked(VERB_STOP)->id, 0, "");
	fakeroot_remove(ACT_BOT);
	assert_true(act_look(100));
	actions_check_marks(&act.actions, clock_mono());
	act_assert_mark("bot", STATE_MARK_STOPPED);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	actions_check_marks(&act.actions, clock_mono());
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void a_ledger_full_of_steps_makes_a_step_wait(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	act_restart_until_room();
	for (int i = 0; i < ENTRIES_MAX - 1; i++) {
		entry = ledger_add(act.ledger, LEDGER_STEP);
		assert_non_null(entry);
		ledger_commit(entry);
	}
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BUSY);
	act_assert_mark("box", STATE_MARK_NONE);
	act_available(4000);
	assert_false(act_look(1000)); /* no room in the ledger for the start: it waits */
	assert_null(act_asked());
	ledger_free(entry);
	assert_false(act_look(100));
	(void)act_assert_asked(VERB_START);
}

static void an_answer_to_nothing_is_passed_over(void **state)
{
	(void)state;
	act_answer(0, 0, "");
	act_answer(99, -EIO, "");
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	act_answer(0, -EIO, "");
	act_answer(UINT64_MAX, -EIO, "");
	assert_false(act.actions.action[0].worker_done);
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_command_is_what_the_actor_says),
		T(a_command_without_an_actor_ends),
		T(an_actor_that_hangs_is_told_of),
		T(an_actor_that_was_started_again_is_asked_again),
		T(a_restart_that_waits_for_room_stops_no_more),
		T(a_stop_under_way_is_taken_up_again),
		T(a_stop_that_was_written_but_not_marked_is_marked),
		T(a_stop_that_was_done_meanwhile_is_not_asked_again),
		T(a_restart_goes_on_with_its_start),
		T(what_is_taken_up_late_has_its_whole_time),
		T(whether_a_signal_was_sent_is_not_known),
		T(what_is_owed_is_told_once),
		T(what_was_owed_is_not_owed_to_a_new_start),
		T(a_reload_finds_units_again_by_name),
		T(a_restart_owes_its_start_until_it_has_asked_for_it),
		T(a_start_by_another_ends_the_mark),
		T(a_ledger_full_of_steps_makes_a_step_wait),
		T(an_answer_to_nothing_is_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
