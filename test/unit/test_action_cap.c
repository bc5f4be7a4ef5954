/* Caps and what gives them back, reclaim, and snapshots: asked of the actor, proved by what the kernel shows. */
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

#define MIB (UINT64_C(1) << 20)
/* A tenth of the made-up host's 8000000 kB, in the grain of a cap. */
#define BOT_CAP (UINT64_C(819200000) / 65536 * 65536)

static const struct ledger_mark *mark_of(const char *unit)
{
	const struct ledger_mark *mark = ledger_mark_find(act.ledger, unit);

	assert_non_null(mark);
	return mark;
}

/* box is capped at 128 MiB; it had no limit. */
static void cap_box(void)
{
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, 0, "memory.high is 128 MiB");
	act_put_high(ACT_BOX, "134217728", 110 * MIB);
	assert_true(act_look(100));
}

static void cap_bot(void)
{
	char high[32];

	act_put_high(ACT_BOT, "max", 110 * MIB);
	assert_int_equal(act_ask("capbot", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, 0, "MemoryHigh is 781 MiB");
	(void)snprintf(high, sizeof(high), "%llu", (unsigned long long)BOT_CAP);
	act_put_high(ACT_BOT, high, 110 * MIB);
	assert_true(act_look(100));
}

/* --- cap ---------------------------------------------------------------------------------------- */

static void a_cap_is_proved_by_what_the_kernel_shows(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_CAP);
	assert_string_equal(entry->plugin, "reclaim");
	assert_string_equal(entry->target, "box");
	assert_true(entry->bytes == 128 * MIB);
	act_assert_mark("box", STATE_MARK_CAPPED); /* before it is done */
	assert_true(mark_of("box")->high_before == UINT64_MAX);
	act_answer(entry->id, 0, "memory.high is 128 MiB");
	assert_false(act_look(100)); /* its word alone proves nothing */
	act_put_high(ACT_BOX, "134217728", 110 * MIB);
	assert_true(act_look(100));
	act_assert_done("capped box at 128 MiB in 200 ms: memory.high is 128 MiB");
	assert_memory_equal(act.result.title, "capped box at 128 MiB in ", 25);
	act_assert_mark("box", STATE_MARK_CAPPED);
	act_assert_nothing_is_left();
	see_look(act.see, fakeroot.now);
	assert_true(act_unit("box")->cap_bytes == 128 * MIB);
	assert_int_equal(act_unit("box")->mark, STATE_MARK_CAPPED);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "its memory.high is 128 MiB already");
}

static void a_running_unit_is_not_uncapped_by_running(void **state)
{
	(void)state;
	cap_box();
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("box", STATE_MARK_CAPPED);
	assert_true(mark_of("box")->cap_cgroup == act_unit("box")->cgroup_id);
	((struct ledger_mark *)(uintptr_t)mark_of("box"))->cap_cgroup++; /* as of the cgroup before this one */
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("box", STATE_MARK_NONE);
}

static void a_unit_of_systemd_stays_capped_in_its_next_cgroup(void **state)
{
	(void)state;
	cap_bot();
	((struct ledger_mark *)(uintptr_t)mark_of("bot"))->cap_cgroup++;
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_CAPPED);
}

static void systemd_caps_its_own_units(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	act_put_high(ACT_BOT, "max", 110 * MIB);
	assert_int_equal(act_ask("capbot", "bot"), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_CAP);
	assert_string_equal(entry->plugin, "systemd");
	assert_string_equal(entry->target, "bot.service");
	assert_true(entry->bytes == BOT_CAP);
}

static void what_cannot_be_capped_is_skipped_and_the_log_says_why(void **state)
{
	(void)state;
	fakeroot_put("/proc/71/stat", "71 (app) S 1 71 71 0 -1 4194304 1 1 1 1 1 1 1 1 20 0 1 0 777 1 1\n");
	fakeroot_put("/proc/71/cmdline", "app");
	assert_false(act_look(2000));
	assert_int_equal(act_ask("capapp", "app"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it has no cgroup of its own");
	assert_int_equal(act_ask("cap", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "its cgroup has no memory.high, which only the memory controller of cgroup v2 has");
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("small", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "8 MiB is too little for it to run in");
	/* 100 MiB of anon, and no swap. */
	assert_int_equal(act_ask("less", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it holds 100 MiB that can only go to swap, where there is room for 0 KiB: under a cap of "
				     "64 MiB it would stand still");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
	act_put_unit(ACT_BOX, false, false);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it is not running");
}

static void where_swap_has_room_a_unit_is_capped_below_what_it_holds(void **state)
{
	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	fakeroot_put("/proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable: 400000 kB\nSwapTotal: 200000 kB\nSwapFree: 100000 kB\n");
	assert_false(act_look(2000));
	fakeroot_put(ACT_BOX "/memory.swap.max", "1048576\n");
	assert_int_equal(act_ask("less", "box"), OUTCOME_SKIPPED); /* not for this one */
	fakeroot_put(ACT_BOX "/memory.swap.max", "max\n");
	assert_int_equal(act_ask("less", "box"), OUTCOME_BEGUN);
}

static void a_cap_that_the_actor_cannot_do_leaves_nothing_behind(void **state)
{
	(void)state;
	act_put_high(ACT_BOX, "268435456", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	act_put_high(ACT_BOX, "134217728", 110 * MIB); /* half of it was done */
	act_answer(act_assert_asked(VERB_CAP)->id, -EIO, "so it is");
	assert_true(act_look(100));
	act_assert_not_done("cap not done: box at 128 MiB after 100 ms: so it is");
	act_assert_file(ACT_BOX "/memory.high", "268435456");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void what_systemd_may_have_taken_stays_marked(void **state)
{
	(void)state;
	act_put_high(ACT_BOT, "max", 110 * MIB);
	assert_int_equal(act_ask("capbot", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, -ETIMEDOUT, "systemd gave no answer within 8.0 s");
	assert_true(act_look(100));
	act_assert_not_done("systemd gave no answer");
	act_assert_mark("bot", STATE_MARK_CAPPED);
}

static void a_value_that_the_kernel_does_not_show_is_not_done(void **state)
{
	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, 0, "");
	assert_false(act_look(100));
	assert_true(act_look(5000));
	act_assert_not_done("memory.high is without a limit");
	act_assert_mark("box", STATE_MARK_NONE);
}

static void a_higher_cap_joins_and_a_lower_one_waits(void **state)
{
	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("cap2", "box"), OUTCOME_BEGUN);
	assert_int_equal(act_ask("lower", "box"), OUTCOME_BUSY);
	assert_int_equal(act_ask("uncap", "box"), OUTCOME_BUSY);
	assert_non_null(act_asked());
	assert_null(act_asked());
}

static void of_two_caps_the_first_ones_before_is_given_back(void **state)
{
	(void)state;
	cap_box();
	assert_int_equal(act_ask("lower", "box"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, 0, "");
	act_put_high(ACT_BOX, "117440512", 110 * MIB);
	assert_true(act_look(100));
	act_assert_done("capped box at 112 MiB");
	assert_true(mark_of("box")->cap_bytes == 112 * MIB);
	assert_true(mark_of("box")->high_before == UINT64_MAX);
}

static void a_second_cap_that_fails_leaves_the_first(void **state)
{
	(void)state;
	cap_box();
	assert_int_equal(act_ask("lower", "box"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, -EIO, "");
	assert_true(act_look(100));
	assert_true(mark_of("box")->cap_bytes == 128 * MIB);
	act_assert_file(ACT_BOX "/memory.high", "134217728");
}

/* --- uncap -------------------------------------------------------------------------------------- */

static void an_uncap_gives_back_what_was_at_once(void **state)
{
	(void)state;
	cap_box();
	assert_int_equal(act_ask("uncap", "box"), OUTCOME_BEGUN);
	act_assert_file(ACT_BOX "/memory.high", "max\n");
	assert_null(act_asked()); /* who raises it waits for nobody */
	assert_true(act_look(100));
	act_assert_done("uncapped box in 100 ms");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
	assert_int_equal(act_ask("uncap", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it is not capped");
}

static void a_limit_that_it_is_above_is_left_to_the_actor(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	act_put_high(ACT_BOX, "268435456", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_CAP)->id, 0, "");
	act_put_high(ACT_BOX, "134217728", 300 * MIB);
	assert_true(act_look(100));
	assert_int_equal(act_ask("uncap", "box"), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_UNCAP);
	assert_string_equal(entry->plugin, "reclaim");
	assert_true(entry->bytes == 256 * MIB);
	act_answer(entry->id, 0, "");
	act_put_high(ACT_BOX, "268435456", 250 * MIB);
	assert_true(act_look(100));
	act_assert_done("uncapped box");
}

static void systemd_is_told_of_an_uncap_and_the_kernel_shows_it_before(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	cap_bot();
	assert_false(act_look(6000));
	assert_int_equal(act_ask("uncapbot", "bot"), OUTCOME_BEGUN);
	act_assert_file(ACT_BOT "/memory.high", "max\n");
	entry = act_assert_asked(VERB_UNCAP);
	assert_string_equal(entry->plugin, "systemd");
	assert_string_equal(entry->target, "bot.service");
	assert_true(entry->bytes == UINT64_MAX);
	assert_false(act_look(100));
	act_assert_mark("bot", STATE_MARK_CAPPED);
	act_answer(entry->id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void an_uncap_that_systemd_refuses_keeps_the_mark(void **state)
{
	(void)state;
	cap_bot();
	assert_int_equal(act_ask("uncapbot", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_UNCAP)->id, -EACCES, "systemd does not let us");
	assert_true(act_look(100));
	act_assert_not_done("systemd does not let us");
	act_assert_mark("bot", STATE_MARK_CAPPED);
}

static void what_another_has_set_since_stays(void **state)
{
	(void)state;
	cap_box();
	act_put_high(ACT_BOX, "201326592", 110 * MIB);
	assert_int_equal(act_ask("uncap", "box"), OUTCOME_BEGUN);
	assert_true(act_look(100));
	act_assert_done("memory.high is 192 MiB; which is another's, and stays");
	act_assert_file(ACT_BOX "/memory.high", "201326592");
	act_assert_mark("box", STATE_MARK_NONE);
}

static void a_capped_unit_that_is_stopped_is_both_and_comes_back_capped(void **state)
{
	(void)state;
	cap_bot();
	act_stop("stop", "bot");
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_true(act_look(100));
	act_assert_done("stopped bot");
	assert_true(mark_of("bot")->cap_bytes == BOT_CAP);
	act_put_unit(ACT_BOT, true, false); /* a person starts it */
	assert_false(act_look(1000));
	actions_check_marks(&act.actions, fakeroot.now);
	act_assert_mark("bot", STATE_MARK_CAPPED);
}

static void the_cap_of_a_unit_that_is_down_is_ended_by_systemds_word(void **state)
{
	(void)state;
	cap_bot();
	act_stop("stop", "bot");
	assert_true(act_look(100));
	assert_int_equal(act_ask("uncapbot", "bot"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_UNCAP)->id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	act_assert_mark("bot", STATE_MARK_STOPPED);
	assert_true(mark_of("bot")->cap_bytes == 0);
}

/* --- crashes, the end, another config ------------------------------------------------------------ */

static void a_cap_is_taken_up_again_with_what_was_before_it(void **state)
{
	uint64_t id;

	(void)state;
	act_put_high(ACT_BOX, "268435456", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_CAP)->id;
	fakeroot_put(ACT_BOX "/memory.high", "134217728\n"); /* the actor has set it */
	act_begin();
	assert_int_equal(act_assert_asked(VERB_CAP)->id, id);
	assert_true(mark_of("box")->high_before == 256 * MIB);
	act_answer(id, 0, "");
	assert_true(act_look(100));
	act_assert_done("taken up again");
	assert_true(mark_of("box")->high_before == 256 * MIB);
}

static void a_crash_before_the_mark_loses_nothing(void **state)
{
	(void)state;
	act_put_high(ACT_BOX, "268435456", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	(void)act_assert_asked(VERB_CAP);
	ledger_uncap(act.ledger, "box"); /* as before it was put */
	act_begin();
	assert_true(mark_of("box")->high_before == 256 * MIB);
	assert_true(mark_of("box")->cap_bytes == 128 * MIB);
}

static void an_end_uncaps_at_once_what_is_no_systemds(void **state)
{
	uint32_t box = config_find_unit(act.actions.config, "box");

	(void)state;
	cap_box();
	actions_let_go(&act.actions, box, fakeroot.now);
	assert_false(actions_end(&act.actions, fakeroot.now));
	act_assert_file(ACT_BOX "/memory.high", "max\n");
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void an_end_waits_for_systemds_word(void **state)
{
	uint32_t bot = config_find_unit(act.actions.config, "bot");
	uint64_t id;

	(void)state;
	cap_bot();
	actions_let_go(&act.actions, bot, fakeroot.now);
	assert_true(actions_end(&act.actions, fakeroot.now));
	act_assert_file(ACT_BOT "/memory.high", "max\n");
	id = act_assert_asked(VERB_UNCAP)->id;
	act_answer(id, 0, "MemoryHigh is without a limit");
	assert_false(actions_end(&act.actions, fakeroot.now));
	act_assert_mark("bot", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void what_systemd_did_not_hear_of_is_the_next_sentinels(void **state)
{
	uint32_t bot = config_find_unit(act.actions.config, "bot");
	uint64_t id;

	(void)state;
	cap_bot();
	actions_let_go(&act.actions, bot, fakeroot.now);
	assert_true(actions_end(&act.actions, fakeroot.now + 2000));
	id = act_assert_asked(VERB_UNCAP)->id;
	act_begin();
	assert_int_equal(act_assert_asked(VERB_UNCAP)->id, id);
	act_answer(id, 0, "");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	act_assert_mark("bot", STATE_MARK_NONE);
}

static void an_end_ends_a_cap_under_way(void **state)
{
	uint32_t box = config_find_unit(act.actions.config, "box");
	uint64_t id;

	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("cap", "box"), OUTCOME_BEGUN);
	id = act_assert_asked(VERB_CAP)->id;
	actions_let_go(&act.actions, box, fakeroot.now);
	assert_null(ledger_find(act.ledger, id));
	/* The actor may be about to write: it is told, though the kernel shows no cap now. */
	id = act_assert_asked(VERB_UNCAP)->id;
	assert_true(actions_end(&act.actions, fakeroot.now));
	act_answer(id, 0, "");
	assert_false(actions_end(&act.actions, fakeroot.now));
	act_assert_mark("box", STATE_MARK_NONE);
	act_assert_nothing_is_left();
}

static void a_unit_that_leaves_the_config_is_uncapped_to_the_end(void **state)
{
	static const char without[] = "[unit box]\ncgroup = /box\n[rule cap]\nwhen = host.available < 6%\nthen = cap box 1G\n";
	uint32_t bot = config_find_unit(act.actions.config, "bot");
	const struct config *next = act_parse(without);
	uint64_t id;

	(void)state;
	cap_bot();
	actions_let_go(&act.actions, bot, fakeroot.now);
	id = act_assert_asked(VERB_UNCAP)->id;
	actions_config(&act.actions, next);
	see_config(act.see, next);
	assert_false(act_look(100));
	act_answer(id, 0, "MemoryHigh is without a limit");
	assert_true(act_look(100));
	act_assert_done("uncapped bot");
	act_assert_mark("bot", STATE_MARK_NONE);
	assert_null(ledger_find(act.ledger, id));
}

/* --- reclaim, snapshot --------------------------------------------------------------------------- */

static void a_reclaim_says_what_it_gave(void **state)
{
	const struct ledger_entry *entry;

	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	assert_int_equal(act_ask("reclaim", "box"), OUTCOME_SKIPPED);
	assert_string_equal(act.why,
			    "its cgroup has no memory.reclaim, which only the memory controller of cgroup v2 has (5.19)");
	fakeroot_put(ACT_BOX "/memory.reclaim", "\n");
	assert_int_equal(act_ask("reclaim", "box"), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_RECLAIM);
	assert_string_equal(entry->plugin, "reclaim");
	assert_string_equal(entry->target, "box");
	assert_true(entry->bytes == 32 * MIB);
	assert_true(entry->cgroup_id == act_unit("box")->cgroup_id);
	act_assert_mark("box", STATE_MARK_NONE);
	act_answer(entry->id, 0, "it gave back 20 MiB of 32 MiB");
	assert_true(act_look(100));
	act_assert_done("reclaimed from box in 100 ms: it gave back 20 MiB of 32 MiB");
	act_assert_nothing_is_left();
}

static void a_reclaim_that_gave_nothing_is_not_done(void **state)
{
	(void)state;
	act_put_high(ACT_BOX, "max", 110 * MIB);
	fakeroot_put(ACT_BOX "/memory.reclaim", "\n");
	assert_int_equal(act_ask("reclaim", "box"), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_RECLAIM)->id, -ENODATA, "nothing could be reclaimed");
	assert_true(act_look(100));
	act_assert_not_done("reclaim not done: box after 100 ms: nothing could be reclaimed");
	act_assert_nothing_is_left();
}

static void a_snapshot_acts_on_no_unit(void **state)
{
	const struct ledger_entry *entry;
	uint64_t id;

	(void)state;
	assert_int_equal(act_ask("snapshot", NULL), OUTCOME_BEGUN);
	entry = act_assert_asked(VERB_SNAPSHOT);
	assert_string_equal(entry->plugin, "snapshot");
	assert_string_equal(entry->target, "");
	id = entry->id;
	act_begin(); /* it is taken anew: it changes nothing */
	assert_int_equal(act_assert_asked(VERB_SNAPSHOT)->id, id);
	act_answer(id, 0, "xtts_server 71 2.1G, claude 80 1.9G");
	assert_true(act_look(100));
	act_assert_done("took a snapshot in 100 ms: taken up again; xtts_server 71 2.1G, claude 80 1.9G");
	assert_string_equal(act.result.title, "took a snapshot in 100 ms");
	act_assert_nothing_is_left();
}

#define T(name) cmocka_unit_test_setup_teardown(name, act_setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_cap_is_proved_by_what_the_kernel_shows),
		T(a_running_unit_is_not_uncapped_by_running),
		T(a_unit_of_systemd_stays_capped_in_its_next_cgroup),
		T(systemd_caps_its_own_units),
		T(what_cannot_be_capped_is_skipped_and_the_log_says_why),
		T(where_swap_has_room_a_unit_is_capped_below_what_it_holds),
		T(a_cap_that_the_actor_cannot_do_leaves_nothing_behind),
		T(what_systemd_may_have_taken_stays_marked),
		T(a_value_that_the_kernel_does_not_show_is_not_done),
		T(a_higher_cap_joins_and_a_lower_one_waits),
		T(of_two_caps_the_first_ones_before_is_given_back),
		T(a_second_cap_that_fails_leaves_the_first),
		T(an_uncap_gives_back_what_was_at_once),
		T(a_limit_that_it_is_above_is_left_to_the_actor),
		T(systemd_is_told_of_an_uncap_and_the_kernel_shows_it_before),
		T(an_uncap_that_systemd_refuses_keeps_the_mark),
		T(what_another_has_set_since_stays),
		T(a_capped_unit_that_is_stopped_is_both_and_comes_back_capped),
		T(the_cap_of_a_unit_that_is_down_is_ended_by_systemds_word),
		T(a_cap_is_taken_up_again_with_what_was_before_it),
		T(a_crash_before_the_mark_loses_nothing),
		T(an_end_uncaps_at_once_what_is_no_systemds),
		T(an_end_waits_for_systemds_word),
		T(what_systemd_did_not_hear_of_is_the_next_sentinels),
		T(an_end_ends_a_cap_under_way),
		T(a_unit_that_leaves_the_config_is_uncapped_to_the_end),
		T(a_reclaim_says_what_it_gave),
		T(a_reclaim_that_gave_nothing_is_not_done),
		T(a_snapshot_acts_on_no_unit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
