/* do/restore.h: what was shed is given back, from asking to proof; and what a unit is remembered by for that. */
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
#include "decide/patience.h"
#include "do/restore.h"
#include "fakeroot.h"

enum { THREAD = 4711 };

static struct ledger_unit *row_of(const char *unit)
{
	return ledger_unit(act.ledger, unit);
}

/* That rule, the first one of the config, has a `restore` that holds. */
static enum outcome give_back(const char *unit, enum verb verb)
{
	struct order order = {.kind = ORDER_RESTORE, .severity = SEVERITY_CRITICAL, .verb = verb, .thread = THREAD,
			      .unit = config_find_unit(act.actions.config, unit)};

	(void)snprintf(order.text, sizeof(order.text), "restore of critical: host.available 50.0 %% > 35 %%");
	return restore_begin(&act.actions, &order, fakeroot.now, act.why);
}

static void stopped(const char *unit)
{
	assert_false(act_look(100)); /* it is now */
	act_stop("stop", unit);
	assert_true(act_look(100));
	act_assert_done("stopped");
	act_assert_mark(unit, STATE_MARK_STOPPED);
}

/* It is asked to start, and runs. */
static void starts(void)
{
	const struct ledger_entry *entry = act_assert_asked(VERB_START);

	assert_string_equal(entry->unit, "bot");
	assert_true(entry->gives_back);
	assert_int_equal(entry->thread, THREAD);
	act_answer(entry->id, 0, "active (running)");
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(100));
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void what_is_given_back_is_started_and_has_to_live(void **state)
{
	(void)state;
	stopped("bot");
	assert_false(act_look(60000));
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	assert_int_equal(act_unit("bot")->busy, 1 + VERB_START);
	starts();
	assert_false(act_look(19000));
	assert_true(act_look(1000));
	act_assert_done("restore of critical: host.available 50.0 % > 35 %");
	act_assert_done("its process has lived for 20 s");
	act_assert_done("host.available");
	assert_string_equal(act.result.title, "started bot again, after 1 min 20 s");
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	assert_int_equal(act.result.severity, SEVERITY_CRITICAL);
	assert_int_equal(act.result.instances, 0);
	act_assert_nothing_is_left();
}

static void what_is_given_back_waits_for_nothing_else_to_be_under_way(void **state)
{
	(void)state;
	stopped("bot");
	assert_int_equal(act_ask("bigger", "big"), OUTCOME_BEGUN);
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BUSY);
	assert_int_equal(row_of("bot")->given_s, 0);
}

static void what_carries_no_mark_is_not_given_back(void **state)
{
	(void)state;
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BUSY);
	act_assert_nothing_is_left();
}

static void what_was_frozen_is_thawed(void **state)
{
	(void)state;
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	act_put_unit(ACT_BOX, true, true);
	assert_true(act_look(100));
	act_assert_mark("box", STATE_MARK_FROZEN);
	assert_int_equal(give_back("box", VERB_THAW), OUTCOME_BEGUN);
	act_assert_file(ACT_BOX "/cgroup.freeze", "0");
	act_put_unit(ACT_BOX, true, false);
	assert_true(act_look(100));
	act_assert_done("thawed box again");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void what_is_shed_again_was_given_back_in_vain(void **state)
{
	(void)state;
	stopped("bot");
	assert_int_equal(row_of("bot")->vain, 0);
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	starts();
	assert_true(act_look(20000));
	assert_false(act_look(60000));
	stopped("bot");
	assert_int_equal(row_of("bot")->vain, 1);
	assert_int_equal(patience_wait_ms(row_of("bot")), 3 * 3600000);
	act_begin();
	assert_int_equal(row_of("bot")->vain, 1);
}

static void a_stop_before_it_has_lived_takes_it_back(void **state)
{
	(void)state;
	stopped("bot");
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	starts();
	assert_false(act_look(1000));
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BUSY);
	assert_true(act_look(100));
	act_assert_not_done("a stop is wanted before it has lived for its grace");
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	stopped("bot");
	assert_int_equal(row_of("bot")->vain, 1);
	assert_int_equal(row_of("bot")->refused, 0);
}

static void refuse(uint32_t ms)
{
	assert_false(act_look(ms));
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_START)->id, -EIO, "it is failed");
	assert_true(act_look(100));
	act_assert_not_done("start bot again not done");
	act_assert_not_done("it is failed");
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_int_equal(row_of("bot")->given_s, 0);
}

static void a_start_that_is_refused_is_told_once_and_waits(void **state)
{
	(void)state;
	stopped("bot");
	refuse(1000);
	assert_int_equal(act.result.thread, THREAD);
	assert_true(act_unit("bot")->restart_at > fakeroot.now);
	refuse(30000);
	assert_int_equal(act.result.thread, 0);
	assert_int_equal(row_of("bot")->vain, 0);
}

static void what_nobody_can_start_waits_as_a_start_does(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	fakeroot_remove(ACT_BOX);
	(void)act_look(100);
	(void)act_look(100);
	act_assert_mark("box", STATE_MARK_STOPPED);
	assert_int_equal(give_back("box", VERB_START), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it has no `start` command");
	assert_true(act_unit("box")->restart_at > fakeroot.now);
}

/* --- killed at any point -------------------------------------------------------------------------- */

static void killed_before_its_start_is_proved_it_is_asked_on(void **state)
{
	(void)state;
	stopped("bot");
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	(void)act_assert_asked(VERB_START);
	act_begin();
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_false(act_look(100));
	starts();
	assert_true(act_look(20000));
	act_assert_done("started bot again, after");
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	assert_int_equal(row_of("bot")->vain, 0);
}

static void killed_while_it_lives_it_is_told_once(void **state)
{
	(void)state;
	stopped("bot");
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	starts();
	act_begin();
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_false(act_look(100));
	assert_true(act_look(20000));
	act_assert_done("started bot again");
	act_assert_nothing_is_left();
	assert_null(act_asked());
}

static void killed_between_the_shedding_and_the_start_it_keeps_its_mark(void **state)
{
	(void)state;
	stopped("bot");
	act_begin();
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	starts();
	assert_true(act_look(20000));
	act_assert_done("started bot again, after");
}

/* --- a person, and another boot ------------------------------------------------------------------- */

static void a_persons_start_ends_mark_and_wait(void **state)
{
	(void)state;
	stopped("bot");
	row_of("bot")->vain = 2;
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_equal(row_of("bot")->vain, 0);
}

static void put_anon(unsigned mib)
{
	fakeroot_put(ACT_BOT "/memory.stat", "anon %u\nshmem 0\n", mib * 1024 * 1024 - 1);
	fakeroot_put(ACT_BOT "/memory.current", "%u\n", mib * 1024 * 1024);
}

static void its_peak_is_the_most_that_it_ever_held(void **state)
{
	(void)state;
	assert_int_equal(row_of("bot")->peak_mib, 100);
	put_anon(300);
	assert_false(act_look(2000));
	assert_int_equal(row_of("bot")->peak_mib, 300);
	assert_int_equal(act_unit("bot")->peak_bytes, 300 * 1024 * 1024);
	put_anon(120);
	assert_false(act_look(2000));
	assert_int_equal(row_of("bot")->peak_mib, 300);
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(2000));
	assert_int_equal(act_unit("bot")->peak_bytes, 300 * 1024 * 1024);
	act_begin();
	assert_int_equal(act_unit("bot")->peak_bytes, 300 * 1024 * 1024);
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_is_given_back_is_started_and_has_to_live),
		T(what_is_given_back_waits_for_nothing_else_to_be_under_way),
		T(what_carries_no_mark_is_not_given_back),
		T(what_was_frozen_is_thawed),
		T(what_is_shed_again_was_given_back_in_vain),
		T(a_stop_before_it_has_lived_takes_it_back),
		T(a_start_that_is_refused_is_told_once_and_waits),
		T(what_nobody_can_start_waits_as_a_start_does),
		T(killed_before_its_start_is_proved_it_is_asked_on),
		T(killed_while_it_lives_it_is_told_once),
		T(killed_between_the_shedding_and_the_start_it_keeps_its_mark),
		T(a_persons_start_ends_mark_and_wait),
		T(its_peak_is_the_most_that_it_ever_held),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
