/* Actions: who is left alone, though a step hits its unit: watchdogd itself, PID 1, what a stop would take along, and
 * what could not be started again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <unistd.h>

#include "act.h"
#include "base/buffer.h"
#include "do/direct.h"
#include "fakeroot.h"

/* More than are looked at one by one: where we are is asked of us. */
static void what_holds_us_is_not_hit_as_a_whole_however_many_it_holds(void **state)
{
	const int ours[] = {1, (int)getpid(), (int)getppid()};
	uint32_t box = config_find_unit(act.actions.config, "box");
	static char pids[32768];
	char path[64];
	struct buffer b;

	(void)state;
	BUFFER_OVER(&b, pids);
	for (int pid = 2; pid < DIRECT_PIDS_MAX + 10; pid++)
		buffer_addf(&b, "%d\n", pid);
	assert_false(b.cut);
	for (size_t i = 0; i < ARRAY_LEN(ours); i++) {
		fakeroot_put(ACT_BOX "/cgroup.procs", "%s%d\n", pids, ours[i]);
		(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", ours[i]);
		fakeroot_put(path, "0::/box/inner\n");
		assert_true(direct_holds_us(act.see, box));
		assert_int_equal(direct_freeze(act.see, box, true), -EPERM);
		(void)direct_kill(act.see, box);
		act_assert_file(ACT_BOX "/cgroup.kill", "\n");
		act_assert_file(ACT_BOX "/cgroup.freeze", "0");
		fakeroot_put(path, "0::/boxer\n");
	}
	assert_false(direct_holds_us(act.see, box));
	assert_int_equal(direct_kill(act.see, box), 0);
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
}

static void what_systemd_has_us_in_is_not_asked_for(void **state)
{
	(void)state;
	fakeroot_put("/proc/1/cgroup", "0::/system.slice/bot.service\n");
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "watchdogd itself, or PID 1, runs in it");
	act_assert_nothing_is_left();
}

/* What cannot be started again is not killed for a restart. */
static void a_restart_that_systemd_refuses_kills_nothing(void **state)
{
	(void)state;
	assert_int_equal(act_ask("restart", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_STOP)->id, -ENODEV, "its plugin is not loaded here");
	assert_true(act_look(100));
	act_assert_not_done("its plugin is not loaded here");
	act_assert_file(ACT_BOT "/cgroup.kill", "\n");
	assert_int_equal(act_unit("bot")->status, STATE_UNIT_RUNNING);
	act_assert_nothing_is_left();
}

/* Nor is that gone round, by signals or a kill: the other one's end may come with the process's. */
static void a_stop_that_takes_others_along_is_not_done(void **state)
{
	static const char *const verbs[] = {"stop", "restart"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
		assert_int_equal(act_ask(verbs[i], "bot"), OUTCOME_BEGUN);
		act_answer(act_assert_asked(VERB_STOP)->id, -EBUSY, "would stop big.service too (it requires it)");
		assert_true(act_look(100));
		act_assert_not_done("would stop big.service too (it requires it)");
		act_assert_file(ACT_BOT "/cgroup.kill", "\n");
		act_assert_nothing_is_left();
	}
}

static void below_floor_systemd_has_the_time_for_one_word(void **state)
{
	(void)state;
	act_available(100);
	assert_false(act_look(1000));
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("stopbox", "box"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	act_assert_file(ACT_BOX "/cgroup.kill", "1");
	assert_false(act_look(199));
	act_assert_file(ACT_BOT "/cgroup.kill", "\n");
	assert_false(act_look(1));
	act_assert_file(ACT_BOT "/cgroup.kill", "1");
	assert_string_equal(act.actions.action[0].saw, "killed: host.available is below floor");
}

static void below_floor_an_actor_that_is_not_there_is_not_waited_for(void **state)
{
	(void)state;
	act_available(100);
	assert_false(act_look(1000));
	(void)close(act.far_end);
	act.far_end = -1;
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	act_assert_file(ACT_BOT "/cgroup.kill", "1");
}

static void below_floor_a_stop_that_takes_others_along_is_not_done(void **state)
{
	static const char *const verbs[] = {"stop", "restart"};

	(void)state;
	act_available(100);
	assert_false(act_look(1000));
	for (size_t i = 0; i < ARRAY_LEN(verbs) * 2; i++) {
		assert_int_equal(act_ask(verbs[i / 2], "bot"), OUTCOME_BEGUN);
		assert_false(act_look(100));
		if (i % 2 != 0) { /* the next sentinel goes round it no more than this one */
			(void)act_assert_asked(VERB_STOP);
			act_begin();
		}
		act_answer(act_assert_asked(VERB_STOP)->id, -EBUSY, "would stop big.service too (it is bound to it)");
		assert_true(act_look(100));
		act_assert_not_done("would stop big.service too (it is bound to it)");
		act_assert_file(ACT_BOT "/cgroup.kill", "\n");
		act_assert_nothing_is_left();
	}
}

static void test_edit_no_time(struct config *config)
{
	struct config_unit *units = (void *)((char *)config + config->units.at);

	units[0].stop_timeout_ms = 0;
}

static void a_stop_without_any_time_waits_for_that_word_too(void **state)
{
	(void)state;
	act.edit = test_edit_no_time;
	act_begin();
	assert_int_equal(act_ask("stop", "bot"), OUTCOME_BEGUN);
	assert_false(act_look(100));
	act_assert_file(ACT_BOT "/cgroup.kill", "\n");
	act_answer(act_assert_asked(VERB_STOP)->id, -EBUSY, "would stop big.service too (it requires it)");
	assert_true(act_look(100));
	act_assert_not_done("would stop big.service too (it requires it)");
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(what_holds_us_is_not_hit_as_a_whole_however_many_it_holds),
		T(what_systemd_has_us_in_is_not_asked_for),
		T(a_restart_that_systemd_refuses_kills_nothing),
		T(a_stop_that_takes_others_along_is_not_done),
		T(below_floor_systemd_has_the_time_for_one_word),
		T(below_floor_an_actor_that_is_not_there_is_not_waited_for),
		T(below_floor_a_stop_that_takes_others_along_is_not_done),
		T(a_stop_without_any_time_waits_for_that_word_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
