/* Not twice with systemd: what an event asks for, while systemd is at it or after it. */
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

static void assert_skipped(const char *rule, const char *why)
{
	assert_int_equal(act_ask(rule, "bot"), OUTCOME_SKIPPED);
	if (strstr(act.why, why) == NULL)
		fail_msg("\"%s\" says nothing of \"%s\"", act.why, why);
	assert_null(act_asked());
	act_assert_nothing_is_left();
}

/* bot is gone, and comes back by another's doing. */
static void test_start_by_another(void)
{
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(1000));
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
}

static void what_was_started_since_the_event_is_not_restarted(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	test_start_by_another();
	assert_false(act_look(2000));
	assert_skipped("dead", "it was started since, 2.0 s ago");
}

static void what_was_started_before_the_event_is_restarted(void **state)
{
	(void)state;
	test_start_by_another();
	act.event_at = fakeroot.now + 1;
	assert_false(act_look(100));
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BEGUN);
}

static void what_was_started_since_and_is_down_again_is_restarted(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	test_start_by_another();
	fakeroot_remove(ACT_BOT);
	assert_false(act_look(1000));
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BEGUN);
}

static void what_comes_up_without_its_process_yet_has_its_grace(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	test_start_by_another();
	act.dead = true;
	assert_skipped("dead", "it was started since");
	assert_false(act_look(20000));
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BEGUN);
}

/* The parent lives on, its child is dead: our own start in vain is no reason to leave it so. */
static void what_we_started_in_vain_is_restarted(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	act_stop("dead", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	act.dead = true;
	assert_false(act_look(1000));
	assert_true(act_look(5000));
	act_assert_not_done("it lived 1.0 s of its grace");
	assert_int_equal(act_unit("bot")->status, STATE_UNIT_RUNNING);
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BEGUN);
	(void)act_assert_asked(VERB_STOP);
}

static void what_another_rule_restarted_meanwhile_lives(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	act_stop("restart", "bot");
	assert_false(act_look(100));
	act_start("bot", 100);
	assert_true(act_look(20000));
	assert_skipped("dead", "it was started since");
}

static void a_condition_restarts_what_runs(void **state)
{
	(void)state;
	test_start_by_another();
	act_at_it("bot", true);
	assert_int_equal(act_ask("restart", "bot"), OUTCOME_BEGUN);
}

static void while_systemd_is_at_it_a_restart_is_put_off(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	act_at_it("bot", true);
	for (int i = 0; i < 30; i++) {
		assert_int_equal(act_ask("dead", "bot"), OUTCOME_BUSY);
		assert_false(act_look(1000));
	}
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BEGUN); /* it had its time */
	assert_non_null(act_asked());
}

static void the_next_time_systemd_has_its_time_anew(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	act_at_it("bot", true);
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BUSY);
	assert_false(act_look(40000));
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BUSY);
	assert_false(act_look(1000));
	act_at_it("bot", false);
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BEGUN);
}

static void systemd_that_had_it_back_meanwhile_is_enough(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	act_at_it("bot", true);
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BUSY);
	test_start_by_another();
	act_at_it("bot", false);
	assert_skipped("dead", "it was started since");
}

/* OOMPolicy=, Restart=: systemd hears of the end when we do. */
static void an_oom_kill_waits_a_second_for_systemd_to_show(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	assert_int_equal(act_ask("oom", "bot"), OUTCOME_BUSY);
	assert_false(act_look(900));
	assert_int_equal(act_ask("oom", "bot"), OUTCOME_BUSY);
	assert_false(act_look(100));
	assert_int_equal(act_ask("oom", "bot"), OUTCOME_BEGUN);
}

static void more_units_than_rows_forget_the_longest_forgotten(void **state)
{
	(void)state;
	act.event_at = fakeroot.now;
	act_at_it("bot", true);
	for (int i = 0; i < ACTIONS_MAX; i++)
		act.actions.put_off[i] = (struct action_put_off){.key = (uint64_t)i + 1, .since = 1,
								 .asked = fakeroot.now - (mono_ms)i};
	assert_int_equal(act_ask("dead", "bot"), OUTCOME_BUSY);
	assert_int_equal(act.actions.put_off[ACTIONS_MAX - 1].key, ledger_hash("bot"));
}

/* --- whose systemd, and a person's retry ----------------------------------------------------------- */

static uint32_t test_uid;

static void test_edit_user(struct config *config)
{
	struct config_unit *bot = (void *)((char *)config + config->units.at);

	bot->user = bot->target; /* any text */
	bot->uid = test_uid;
}

static void a_step_says_whose_systemd_has_the_unit(void **state)
{
	(void)state;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_asked()->uid, UINT32_MAX);
	test_uid = 1000;
	act.edit = test_edit_user;
	actions_config(&act.actions, act.actions.config);
	act.ledger->entries[0].state = LEDGER_FREE;
	act_begin();
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_asked()->uid, 1000);
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	assert_int_equal(act_asked()->uid, UINT32_MAX);
}

/* That must never become the host's unit of that name. */
static void a_unit_of_a_user_who_is_not_known_is_not_asked_for(void **state)
{
	(void)state;
	test_uid = CONFIG_NONE;
	act.edit = test_edit_user;
	act_begin();
	assert_skipped("restart", "its user is not known on this host");
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_null(act_asked()); /* by signal */
}

static void a_retry_resets_at_the_next_start_and_only_there(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	ledger_unit(act.ledger, "bot")->flags |= LEDGER_UNIT_RESET;
	act_stop("restart", "bot");
	assert_int_equal(ledger_find(act.ledger, act.actions.action[0].entry)->reset, 0);
	assert_false(act_look(100));
	assert_false(act_look(100));
	entry = act_assert_asked(VERB_START);
	assert_int_equal(entry->reset, 1);
	assert_int_equal(ledger_unit(act.ledger, "bot")->flags & LEDGER_UNIT_RESET, 0);
	act_begin(); /* killed: it is asked as it was */
	assert_int_equal(act_assert_asked(VERB_START)->reset, 1);
	act_answer(entry->id, -EIO, "");
	assert_true(act_look(100));
	act_put_unit(ACT_BOT, true, false);
	assert_false(act_look(1000));
	act_stop("restart", "bot");
	assert_false(act_look(100));
	assert_false(act_look(60000));
	assert_int_equal(act_assert_asked(VERB_START)->reset, 0);
}

/* Somebody came since it was chosen. */
static void what_is_stopped_as_unused_is_looked_at_once_more(void **state)
{
	static const char head[] = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
	static const char *const rules[] = {"lazy", "unused"};

	(void)state;
	act.more = "[unit lazy]\ncgroup = /lazy\ngroup = lazies\nidle = 10s\n"
		   "[rule lazy]\nwhen = host.available < 6%\nthen = stop idle of lazies\n"
		   "[rule unused]\non = idle lazy\nthen = stop unit\n";
	act_put_unit(ACT_CGROUPS "/lazy", true, false);
	fakeroot_put(ACT_CGROUPS "/lazy/cgroup.procs", "77\n");
	fakeroot_put(ACT_CGROUPS "/lazy/cpu.stat", "usage_usec 5\n");
	fakeroot_link("/proc/77/fd/3", "socket:[4711]");
	fakeroot_put("/proc/net/tcp", "%s", head);
	act_begin();
	for (int i = 0; i < 20; i++)
		assert_false(act_look(1000));
	assert_int_equal(act_unit("lazy")->use, STATE_USE_UNUSED);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
		fakeroot_put("/proc/net/tcp", "%s   0: A:1 B:2 01 C:D 0:0 0 1000 0 4711 1 0\n", head);
		assert_int_equal(act_ask(rules[i], "lazy"), OUTCOME_BUSY);
		assert_int_equal(act_unit("lazy")->use, STATE_USE_USED);
		act_assert_nothing_is_left();
		fakeroot_put("/proc/net/tcp", "%s", head);
		for (int k = 0; k < 20; k++)
			assert_false(act_look(1000));
	}
	assert_int_equal(act_ask("lazy", "lazy"), OUTCOME_BEGUN);
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_was_started_since_the_event_is_not_restarted),
		T(what_was_started_before_the_event_is_restarted),
		T(what_was_started_since_and_is_down_again_is_restarted),
		T(what_comes_up_without_its_process_yet_has_its_grace),
		T(what_we_started_in_vain_is_restarted),
		T(what_another_rule_restarted_meanwhile_lives),
		T(a_condition_restarts_what_runs),
		T(while_systemd_is_at_it_a_restart_is_put_off),
		T(the_next_time_systemd_has_its_time_anew),
		T(systemd_that_had_it_back_meanwhile_is_enough),
		T(an_oom_kill_waits_a_second_for_systemd_to_show),
		T(more_units_than_rows_forget_the_longest_forgotten),
		T(a_step_says_whose_systemd_has_the_unit),
		T(a_unit_of_a_user_who_is_not_known_is_not_asked_for),
		T(a_retry_resets_at_the_next_start_and_only_there),
		T(what_is_stopped_as_unused_is_looked_at_once_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
