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
	assert_int_equal(patience_wait_ms(row_of("bot")), 6 * 3600000);
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

/* It runs, and systemd is not done with its start in our time. */
static void a_slow_start_of_ours_is_no_persons(void **state)
{
	(void)state;
	stopped("bot");
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	assert_false(act_look(100));
	(void)act_assert_asked(VERB_START);
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(20000));
	assert_true(act_look(15000));
	act_assert_not_done("start bot again not done");
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_not_equal(row_of("bot")->given_s, 0);
	assert_int_equal(row_of("bot")->refused, 0);
	stopped("bot");
	assert_int_equal(row_of("bot")->vain, 1);
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

/* --- caps ---------------------------------------------------------------------------------------- */

/* A tenth of the made-up host's 8000000 kB, in the grain of a cap. */
#define BOT_CAP "819200000"
#define BOX_CAP "134217728"

static void capped(const char *rule, const char *unit, const char *dir, const char *high)
{
	assert_false(act_look(100)); /* it is now */
	act_put_high(dir, "max", 110 << 20);
	assert_int_equal(act_ask(rule, unit), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, 0, "so it is");
	act_put_high(dir, high, 110 << 20);
	assert_true(act_look(100));
	act_assert_done("capped");
	act_assert_mark(unit, STATE_MARK_CAPPED);
}

static void what_was_capped_has_what_it_had_before(void **state)
{
	(void)state;
	assert_int_equal(give_back("box", VERB_UNCAP), OUTCOME_BUSY); /* it is not */
	capped("cap", "box", ACT_BOX, BOX_CAP);
	assert_false(act_look(60000));
	assert_int_equal(give_back("box", VERB_START), OUTCOME_BUSY); /* it runs */
	assert_int_equal(give_back("box", VERB_UNCAP), OUTCOME_BEGUN);
	assert_int_equal(give_back("box", VERB_UNCAP), OUTCOME_BUSY); /* it is being done */
	act_assert_file(ACT_BOX "/memory.high", "max\n");
	assert_true(act_look(100));
	act_assert_done("uncapped box, after 1 min 0 s, in 100 ms: restore of critical: host.available 50.0 % > 35 %");
	assert_string_equal(act.result.title, "uncapped box, after 1 min 0 s");
	assert_int_equal(act.result.verb, VERB_UNCAP);
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	assert_int_equal(act.result.severity, SEVERITY_CRITICAL);
	assert_int_equal(act.result.instances, 0);
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void what_another_has_set_since_is_not_ours_to_give_back(void **state)
{
	(void)state;
	capped("cap", "box", ACT_BOX, BOX_CAP);
	act_put_high(ACT_BOX, "201326592", 110 << 20);
	assert_int_equal(give_back("box", VERB_UNCAP), OUTCOME_BEGUN);
	assert_true(act_look(100));
	act_assert_done("memory.high is 192 MiB; which is another's, and stays");
	assert_memory_equal(act.result.title, "box is capped by us no more", 27);
	act_assert_file(ACT_BOX "/memory.high", "201326592");
	act_assert_mark("box", STATE_MARK_NONE);
}

static void refuse_uncap(void)
{
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_UNCAP)->id, -EACCES, "systemd does not let us");
	assert_true(act_look(100));
	act_assert_not_done("uncap bot not done");
	act_assert_not_done("systemd does not let us");
	act_assert_mark("bot", STATE_MARK_CAPPED);
	assert_int_equal(row_of("bot")->given_s, 0);
}

static void an_uncap_that_is_refused_is_told_once(void **state)
{
	(void)state;
	capped("capbot", "bot", ACT_BOT, BOT_CAP);
	refuse_uncap();
	assert_int_equal(act.result.thread, THREAD);
	refuse_uncap();
	assert_int_equal(act.result.thread, 0);
	assert_int_equal(row_of("bot")->vain, 0);
}

static void what_systemd_has_no_more_is_capped_no_more(void **state)
{
	(void)state;
	capped("capbot", "bot", ACT_BOT, BOT_CAP);
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(2000));
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_UNCAP)->id, -ENOENT, "systemd has no such unit (not loaded)");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	act_assert_mark("bot", STATE_MARK_NONE);
}

/* It was capped, then stopped: it starts, capped as it was. */
static void both(void)
{
	capped("capbot", "bot", ACT_BOT, BOT_CAP);
	stopped("bot");
	assert_true(ledger_is_marked(act.ledger, "bot", STATE_MARK_CAPPED));
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BUSY);
	assert_int_equal(give_back("bot", VERB_START), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_START)->id, 0, "active (running)");
	act_put_unit(ACT_BOT, true, false);
	act_put_high(ACT_BOT, BOT_CAP, 110 << 20);
	assert_false(act_look(100));
	act_assert_mark("bot", STATE_MARK_CAPPED);
}

static void what_was_capped_and_stopped_is_started_then_uncapped(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	both();
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BUSY); /* it has to live first */
	assert_true(act_look(20000));
	act_assert_done("started bot again");
	act_assert_mark("bot", STATE_MARK_CAPPED);
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BEGUN);
	act_assert_file(ACT_BOT "/memory.high", "max\n");
	entry = act_assert_asked(VERB_UNCAP);
	assert_string_equal(entry->plugin, "systemd");
	assert_true(entry->gives_back);
	act_answer(entry->id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_done("uncapped bot, after ");
	act_assert_mark("bot", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void what_is_stopped_again_though_capped_still_was_started_in_vain(void **state)
{
	(void)state;
	both();
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BUSY);
	assert_true(act_look(100));
	act_assert_not_done("a stop is wanted before it has lived for its grace");
	assert_int_equal(act.result.thread, THREAD);
	stopped("bot");
	assert_int_equal(row_of("bot")->vain, 1);
	assert_int_equal(row_of("bot")->refused, 0);
}

static void what_is_capped_again_was_given_back_in_vain(void **state)
{
	(void)state;
	capped("cap", "box", ACT_BOX, BOX_CAP);
	assert_int_equal(give_back("box", VERB_UNCAP), OUTCOME_BEGUN);
	assert_true(act_look(100));
	assert_int_equal(row_of("box")->vain, 0);
	capped("cap", "box", ACT_BOX, BOX_CAP);
	assert_int_equal(row_of("box")->vain, 1);
	assert_int_equal(act_ask("lower", "box"), OUTCOME_BEGUN); /* a lower one is not another time */
	assert_int_equal(row_of("box")->vain, 1);
}

static void killed_before_systemd_has_heard_of_an_uncap_it_is_told_once(void **state)
{
	uint64_t id;

	(void)state;
	capped("capbot", "bot", ACT_BOT, BOT_CAP);
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_UNCAP)->id;
	act_begin();
	assert_int_equal(act_assert_asked(VERB_UNCAP)->id, id);
	act_answer(id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	act_assert_mark("bot", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void a_unit_that_leaves_while_it_is_given_back_is_told_of_in_the_log_alone(void **state)
{
	static const char without[] = "[unit box]\ncgroup = /box\n[rule cap]\nwhen = host.available < 6%\nthen = cap box 1G\n";
	const struct config *next = act_parse(without);
	uint64_t id;

	(void)state;
	capped("capbot", "bot", ACT_BOT, BOT_CAP);
	assert_int_equal(give_back("bot", VERB_UNCAP), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_UNCAP)->id;
	actions_let_go(&act.actions, config_find_unit(act.actions.config, "bot"), fakeroot.now);
	actions_config(&act.actions, next);
	see_config(act.see, next);
	act_answer(id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	assert_false(act.result.gives_back);
	assert_int_equal(act.result.thread, 0);
	act_assert_mark("bot", STATE_MARK_NONE);
}

/* The rules and names stay; bot is another unit. */
static const struct config *with_another_bot(void)
{
	return act_parse("[unit bot]\nsystemd = bot2.service\n[unit box]\ncgroup = /box\n"
			 "[rule capbot]\nwhen = host.available < 6%\nthen = cap bot 10%\n");
}

static void a_unit_that_becomes_another_is_let_go_and_the_new_one_begins_anew(void **state)
{
	const struct config *next = with_another_bot();
	uint32_t bot = config_find_unit(act.actions.config, "bot");
	const struct ledger_entry *entry;

	(void)state;
	assert_int_equal(config_find_same_unit(next, act.actions.config, bot), CONFIG_NONE);
	assert_int_equal(config_find_same_unit(next, act.actions.config, config_find_unit(act.actions.config, "box")), 1);
	capped("capbot", "bot", ACT_BOT, BOT_CAP);
	row_of("bot")->restarts = 3;
	row_of("bot")->peak_mib = 700;
	actions_let_go(&act.actions, bot, fakeroot.now);
	actions_forget(&act.actions, bot);
	actions_config(&act.actions, next);
	see_config(act.see, next);
	entry = act_assert_asked(VERB_UNCAP);
	assert_string_equal(entry->target, "bot.service");
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_equal(row_of("bot")->restarts, 0);
	assert_int_equal(row_of("bot")->peak_mib, 0);
	assert_non_null(ledger_mark_cap(act.ledger, "bot", "capbot", 1 << 20, UINT64_MAX)); /* the new one's */
	act_answer(entry->id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_mark("bot", STATE_MARK_CAPPED);
}

static void a_mark_is_not_that_of_another_unit_after_a_restart(void **state)
{
	(void)state;
	stopped("bot");
	row_of("bot")->vain = 2;
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_STOPPED); /* it is what it was */
	act.actions.config = with_another_bot();   /* as the next sentinel has it */
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_equal(row_of("bot")->vain, 0);
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

static void a_persons_start_ends_mark_and_wait_and_forgets_its_peak(void **state)
{
	(void)state;
	row_of("bot")->peak_mib = 5000; /* of before */
	act_begin();
	stopped("bot");
	row_of("bot")->vain = 2;
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_int_equal(row_of("bot")->vain, 0);
	assert_int_equal(row_of("bot")->peak_mib, 100); /* what it has now */
}

static void a_persons_thaw_ends_the_mark(void **state)
{
	(void)state;
	act_begin();
	assert_int_equal(act_ask("freeze", "box"), OUTCOME_BEGUN);
	act_put_unit(ACT_BOX, true, true);
	assert_true(act_look(1000));
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("box", STATE_MARK_FROZEN);
	act_put_unit(ACT_BOX, true, false); /* echo 0 >cgroup.freeze */
	assert_false(act_look(1000));
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("box", STATE_MARK_NONE);
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

/* It is started and takes so much. */
static void live_with(unsigned mib)
{
	fakeroot_remove(ACT_BOT);
	(void)act_look(2000);
	act_put_unit(ACT_BOT, true, false);
	put_anon(mib);
	(void)act_look(2000);
}

static void a_leak_is_forgotten_by_a_quarter_with_each_start(void **state)
{
	(void)state;
	put_anon(4000);
	(void)act_look(2000);
	live_with(1000);
	assert_int_equal(row_of("bot")->peak_mib, 4000); /* that life before took it */
	live_with(1000);
	assert_int_equal(row_of("bot")->peak_mib, 3000);
	act_begin(); /* killed: this life may have come to that for all we know */
	live_with(1000);
	assert_int_equal(row_of("bot")->peak_mib, 3000);
	for (int i = 0; i < 5; i++)
		live_with(1000);
	assert_int_equal(row_of("bot")->peak_mib, 1000);
	live_with(700);
	assert_int_equal(row_of("bot")->peak_mib, 1000);
	assert_int_equal(act_unit("bot")->peak_bytes, UINT64_C(1000) << 20);
}

static void what_a_stopped_unit_took_can_be_forgotten(void **state)
{
	uint32_t bot = config_find_unit(act.actions.config, "bot");

	(void)state;
	put_anon(4000);
	(void)act_look(2000);
	fakeroot_remove(ACT_BOT);
	(void)act_look(2000);
	see_forget_peak(act.see, bot);
	assert_int_equal(row_of("bot")->peak_mib, 0);
	assert_int_equal(act_unit("bot")->peak_bytes, 0);
	act_put_unit(ACT_BOT, true, false);
	put_anon(300);
	(void)act_look(2000);
	assert_int_equal(row_of("bot")->peak_mib, 300);
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
		T(a_slow_start_of_ours_is_no_persons),
		T(what_nobody_can_start_waits_as_a_start_does),
		T(what_was_capped_has_what_it_had_before),
		T(what_another_has_set_since_is_not_ours_to_give_back),
		T(an_uncap_that_is_refused_is_told_once),
		T(what_systemd_has_no_more_is_capped_no_more),
		T(what_was_capped_and_stopped_is_started_then_uncapped),
		T(what_is_stopped_again_though_capped_still_was_started_in_vain),
		T(what_is_capped_again_was_given_back_in_vain),
		T(killed_before_systemd_has_heard_of_an_uncap_it_is_told_once),
		T(a_unit_that_leaves_while_it_is_given_back_is_told_of_in_the_log_alone),
		T(a_unit_that_becomes_another_is_let_go_and_the_new_one_begins_anew),
		T(a_mark_is_not_that_of_another_unit_after_a_restart),
		T(killed_before_its_start_is_proved_it_is_asked_on),
		T(killed_while_it_lives_it_is_told_once),
		T(killed_between_the_shedding_and_the_start_it_keeps_its_mark),
		T(a_persons_start_ends_mark_and_wait_and_forgets_its_peak),
		T(a_persons_thaw_ends_the_mark),
		T(its_peak_is_the_most_that_it_ever_held),
		T(a_leak_is_forgotten_by_a_quarter_with_each_start),
		T(what_a_stopped_unit_took_can_be_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
