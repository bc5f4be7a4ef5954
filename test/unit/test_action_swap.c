/* The swap file as the sentinel sees it: looked at, made in a quiet time, switched on and off, its mark, crashes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "act.h"
#include "do/restore.h"
#include "do/swap.h"
#include "fakeroot.h"

enum { THREAD = 4711 };

#define SECTION "[swapfile]\npath = /swap\nsize = 512M\nfree = 1G\n"
#define RULES                                                                                      \
	"[rule swap]\nwhen = host.available < 6%\nthen = swap on\n"                                \
	"[rule swap2]\nwhen = host.available < 5%\nthen = swap on\n"
#define TARGET "536870912 1073741824 -1 /swap"

static void put_memory(unsigned available_mib, unsigned swap_mib)
{
	fakeroot_put("/proc/meminfo",
		     "MemTotal: 8192000 kB\nMemAvailable: %u kB\nSwapTotal: %u kB\nSwapFree: %u kB\n", available_mib * 1024,
		     swap_mib * 1024, swap_mib * 1024);
}

/* The kernel swaps to it, and so much is used; or (-1) not. */
static void put_swap(int used_mib)
{
	char line[128] = "";

	if (used_mib >= 0)
		(void)snprintf(line, sizeof(line), "/swap file\t\t524288\t\t%d\t\t-2\n", used_mib * 1024);
	fakeroot_put("/proc/swaps", "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n%s", line);
}

static int setup(void **state)
{
	act.more = SECTION RULES;
	if (act_setup(state) < 0)
		return -1;
	put_memory(4000, 0);
	put_swap(-1);
	act_begin();
	return 0;
}

static struct state_swap *swap(void)
{
	return &act.page->swap;
}

static struct ledger_entry *assert_asked_to(const char *what)
{
	struct ledger_entry *entry = act_assert_asked(VERB_SWAP);
	char target[LINE_BYTES + 1];

	(void)snprintf(target, sizeof(target), "%s %s", what, TARGET);
	assert_string_equal(entry->target, target);
	assert_string_equal(entry->plugin, "swapfile");
	return entry;
}

/* The first look asks the actor, which says how it is. */
static void look_finds(int error, const char *text)
{
	(void)act_look(100);
	act_answer(assert_asked_to("look")->id, error, text);
	(void)act_look(100);
}

static void begin_ready(void)
{
	look_finds(0, "/swap is there, 512 MiB");
	assert_int_equal(swap()->phase, STATE_SWAP_READY);
}

static uint16_t mark_rules(void)
{
	const struct ledger_mark *mark = ledger_mark_find(act.ledger, LEDGER_SWAP_MARK);

	return mark != NULL ? mark->rules : 0;
}

/* It is on by the rule `swap`. */
static void begin_on(int used_mib)
{
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	act_answer(assert_asked_to("on")->id, 0, "/swap is on");
	put_swap(used_mib);
	put_memory(4000, 512);
	assert_true(act_look(100));
	act_assert_done("switched on swap /swap");
}

/* --- it is made ------------------------------------------------------------------------------------ */

static void at_the_start_the_actor_looks_and_what_is_there_is_ready(void **state)
{
	(void)state;
	assert_int_equal(swap()->phase, STATE_SWAP_NONE);
	begin_ready();
	assert_false(act_look(3600000));
	assert_null(act_asked());
	act_assert_nothing_is_left();
}

static void a_file_that_is_missing_is_made_when_it_was_quiet_for_half_a_minute(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	look_finds(-ENOENT, "cannot open /swap: No such file or directory");
	assert_int_equal(swap()->phase, STATE_SWAP_WAITS);
	(void)act_look(29000);
	assert_null(act_asked());
	(void)act_look(1000);
	entry = assert_asked_to("make");
	assert_int_equal(entry->timeout_ms, 60000 + 512 * 250);
	assert_int_equal(swap()->phase, STATE_SWAP_MAKING);
	assert_false(actions_open(&act.actions)); /* nobody looks oftener for that */
	act_answer(entry->id, 0, "/swap was made, 512 MiB on ext4");
	(void)act_look(100);
	assert_int_equal(swap()->phase, STATE_SWAP_READY);
	act_assert_nothing_is_left();
}

static void it_is_not_made_while_a_rule_fires_or_memory_is_short_or_a_step_is_taken(void **state)
{
	(void)state;
	look_finds(-ENOENT, "none");
	act_rule("swap2", STATE_RULE_STANDING);
	for (int i = 0; i < 5; i++)
		(void)act_look(30000);
	assert_null(act_asked());
	act_rule("swap2", STATE_RULE_QUIET);
	put_memory(1199, 0); /* of 8000: under 15 % */
	for (int i = 0; i < 5; i++)
		(void)act_look(30000);
	assert_null(act_asked());
	put_memory(1200, 0);
	(void)act_look(1000);
	(void)act_look(29000);
	assert_int_equal(act_ask("run", NULL), OUTCOME_BEGUN);
	act_answer(act_assert_asked(VERB_RUN)->id, 0, "");
	(void)act_look(1000);
	(void)act_look(1000); /* quiet from here on */
	(void)act_look(29000);
	assert_null(act_asked());
	(void)act_look(1000);
	assert_non_null(assert_asked_to("make"));
}

static void a_rule_of_an_event_does_not_keep_it_from_being_made(void **state)
{
	(void)state;
	look_finds(-ENOENT, "none");
	act_rule("dead", STATE_RULE_GIVEN_UP);
	(void)act_look(30000);
	assert_non_null(assert_asked_to("make"));
}

static void what_cannot_be_made_is_said_and_tried_again_in_an_hour(void **state)
{
	(void)state;
	look_finds(-EOPNOTSUPP, "tmpfs cannot hold a swap file");
	assert_int_equal(swap()->phase, STATE_SWAP_REFUSED);
	assert_string_equal(swap()->why, "tmpfs cannot hold a swap file");
	(void)act_look(3599000);
	assert_null(act_asked());
	(void)act_look(1000);
	act_answer(assert_asked_to("look")->id, 0, "/swap is there, 512 MiB");
	(void)act_look(100);
	assert_int_equal(swap()->phase, STATE_SWAP_READY);
	assert_string_equal(swap()->why, "");
}

static void an_actor_that_is_not_there_yet_is_asked_again_soon(void **state)
{
	(void)state;
	look_finds(-ENODEV, "its plugin is not loaded here");
	assert_int_equal(swap()->phase, STATE_SWAP_WAITS);
	(void)act_look(9900);
	(void)act_look(100);
	assert_non_null(assert_asked_to("look"));
}

static void what_is_on_already_needs_no_look(void **state)
{
	(void)state;
	put_swap(0);
	act_begin();
	(void)act_look(100);
	assert_null(act_asked());
	assert_int_equal(swap()->phase, STATE_SWAP_READY);
	assert_true(swap()->on);
	assert_false(swap()->ours);
	assert_int_equal(act_ask("swap", NULL), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it is on already");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
}

static void a_dry_run_asks_nothing(void **state)
{
	(void)state;
	act.page->dry_run = 1;
	for (int i = 0; i < 10; i++)
		(void)act_look(30000);
	assert_null(act_asked());
	assert_int_equal(swap()->phase, STATE_SWAP_WAITS);
}

static void without_a_section_nothing_is_asked(void **state)
{
	(void)state;
	act.more = NULL;
	act_begin();
	for (int i = 0; i < 10; i++)
		(void)act_look(30000);
	assert_null(act_asked());
	assert_int_equal(swap()->phase, STATE_SWAP_NONE);
}

/* --- on -------------------------------------------------------------------------------------------- */

static void on_is_done_when_the_kernel_shows_it_and_told_with_numbers(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	entry = assert_asked_to("on");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP); /* from before it is done */
	assert_int_equal(mark_rules(), 1);
	assert_false(act_look(100));
	act_answer(entry->id, 0, "/swap is on");
	assert_false(act_look(100)); /* said, but not seen */
	put_swap(3);
	put_memory(4000, 512);
	assert_true(act_look(100));
	act_assert_done("switched on swap /swap in 300 ms: /swap is on; 512 MiB, of which 3 MiB are used; "
			"SwapTotal 0 MiB -> 512 MiB; host.available 4000 MiB -> 4000 MiB");
	assert_string_equal(act.result.title, "switched on swap /swap in 300 ms");
	assert_false(act.result.gives_back);
	assert_int_equal(act.result.instances, 1);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
	act_assert_nothing_is_left();
	(void)act_look(100);
	assert_true(swap()->ours);
}

static void that_it_is_seen_is_not_enough_while_the_actor_is_at_it(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	entry = assert_asked_to("on");
	put_swap(0);
	put_memory(4000, 512);
	assert_false(act_look(1000)); /* a swapoff that was given up may still have been at work */
	act_answer(entry->id, 0, "/swap is on");
	assert_true(act_look(100));
	act_assert_done("switched on swap");
}

static void what_the_kernel_does_not_take_is_not_done_and_looked_at_anew(void **state)
{
	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	act_answer(assert_asked_to("on")->id, -EINVAL, "the kernel does not take /swap: Invalid argument");
	assert_true(act_look(100));
	act_assert_not_done("swap on not done: /swap after 100 ms: the kernel does not take /swap");
	assert_string_equal(act.result.title, "swap on /swap not done");
	assert_int_equal(act.result.severity, SEVERITY_CRITICAL);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
	(void)act_look(100);
	assert_int_equal(swap()->phase, STATE_SWAP_WAITS);
	(void)act_look(10000);
	assert_non_null(assert_asked_to("look"));
}

static void what_is_said_and_never_seen_is_not_done(void **state)
{
	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	act_answer(assert_asked_to("on")->id, 0, "/swap is on");
	assert_false(act_look(4900));
	assert_true(act_look(200));
	act_assert_not_done("/proc/swaps does not show it");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
}

static void an_actor_that_does_not_answer_is_killed_and_it_is_not_done(void **state)
{
	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	(void)assert_asked_to("on");
	assert_false(act_look(35000));
	assert_true(act_look(100));
	assert_true(act.actions.actor_hung);
	act_assert_not_done("the actor did not answer in time");
}

/* Killed or too late it may come true yet, and nobody else would ever switch it off. */
static void assert_ours_when_it_comes_true(void)
{
	act_assert_not_done("swap on not done");
	(void)act_look(1000);
	assert_false(swap()->ours);
	assert_int_equal(swap()->undone, 0); /* nobody has switched it off */
	act_begin(); /* killed here */
	(void)act_look(1000);
	put_swap(0);
	(void)act_look(1000);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
	assert_int_equal(mark_rules(), 1);
	assert_true(swap()->ours);
	put_swap(-1); /* by a person */
	(void)act_look(1000);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
}

static void a_switch_on_that_comes_true_after_its_time_is_ours(void **state)
{
	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	act_answer(assert_asked_to("on")->id, -ETIMEDOUT, "it was not switched on in its time");
	assert_true(act_look(100));
	assert_ours_when_it_comes_true();
}

static void a_switch_on_that_nobody_answered_for_is_ours_when_it_comes_true(void **state)
{
	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	(void)assert_asked_to("on");
	assert_true(act_look(35001));
	assert_ours_when_it_comes_true();
}

static void a_second_rule_joins(void **state)
{
	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	assert_int_equal(act_ask("swap2", NULL), OUTCOME_BEGUN);
	act_answer(assert_asked_to("on")->id, 0, "/swap is on");
	assert_null(act_asked());
	put_swap(0);
	put_memory(4000, 512);
	assert_true(act_look(100));
	assert_int_equal(act.result.instances, 2);
	act_assert_nothing_is_left();
}

/* --- crashes, reloads, reboots --------------------------------------------------------------------- */

static void a_sentinel_that_was_killed_finds_it_on_and_asks_for_the_actors_word(void **state)
{
	uint64_t id;

	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	(void)assert_asked_to("on");
	put_swap(0);
	put_memory(4000, 512);
	act_begin();
	id = assert_asked_to("on")->id;
	assert_false(act_look(2000));
	act_answer(id, -EAGAIN, "the swap file is being worked on");
	assert_false(act_look(1000));
	act_answer(assert_asked_to("on")->id, 0, "/swap is on");
	assert_true(act_look(100) || act_look(1000));
	act_assert_done("taken up again");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
}

static void a_sentinel_that_was_killed_asks_again_for_what_is_not_seen(void **state)
{
	uint64_t id;

	(void)state;
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	id = assert_asked_to("on")->id;
	act_begin();
	assert_int_equal(assert_asked_to("on")->id, id);
	act_answer(id, 0, "/swap is on");
	put_swap(0);
	put_memory(4000, 512);
	assert_true(act_look(100));
	act_assert_done("switched on swap");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
}

static void what_only_prepares_it_begins_anew_after_a_crash(void **state)
{
	(void)state;
	look_finds(-ENOENT, "none");
	(void)act_look(30000);
	(void)assert_asked_to("make");
	act_begin();
	assert_null(act_asked());
	act_assert_nothing_is_left();
	(void)act_look(100);
	assert_non_null(assert_asked_to("look"));
}

static void after_a_stop_of_watchdogd_it_is_still_ours(void **state)
{
	(void)state;
	begin_on(0);
	act_begin();
	(void)act_look(100);
	assert_null(act_asked());
	assert_true(swap()->on);
	assert_true(swap()->ours);
}

static void after_a_reboot_it_is_not(void **state)
{
	bool fresh;
	int fd = memfd_create("ledger", MFD_CLOEXEC);
	struct ledger *ledger = ledger_open(fd, "boot-1", &fresh);

	(void)state;
	assert_non_null(ledger_mark(ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "r"));
	assert_non_null(ledger_mark(ledger, "xtts", STATE_MARK_STOPPED, "r"));
	ledger_close(ledger);
	ledger = ledger_open(fd, "boot-2", &fresh);
	assert_null(ledger_mark_find(ledger, LEDGER_SWAP_MARK));
	assert_non_null(ledger_mark_find(ledger, "xtts"));
	ledger_close(ledger);
	(void)close(fd);
}

static void a_persons_swapoff_ends_our_mark(void **state)
{
	(void)state;
	begin_on(0);
	put_swap(-1);
	put_memory(4000, 0);
	(void)act_look(1000);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
	assert_int_equal(swap()->undone, fakeroot.now);
	assert_int_equal(swap()->phase, STATE_SWAP_READY); /* the next firing may have it */
}

/* What a reload does: the sentinel's order of calls. */
static void reload(const char *more, struct buffer *said)
{
	char text[1024];
	const struct config *config;

	(void)snprintf(text, sizeof(text), "[unit bot]\nsystemd = bot.service\n%s", more);
	config = act_parse(text);
	swap_let_go(&act.actions, config, said);
	actions_config(&act.actions, config);
	see_config(act.see, config);
}

static void a_reload_of_the_same_file_changes_nothing(void **state)
{
	char text[256];
	struct buffer said;

	(void)state;
	BUFFER_OVER(&said, text);
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	act_answer(assert_asked_to("on")->id, 0, "/swap is on");
	reload(SECTION RULES, &said);
	assert_string_equal(text, "");
	put_swap(0);
	put_memory(4000, 512);
	assert_true(act_look(100));
	act_assert_done("switched on swap");
}

static void a_file_that_leaves_the_config_stays_on_and_is_named(void **state)
{
	static const char *const rows[] = {"", "[swapfile]\npath = /other\nsize = 512M\n" RULES};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[256];
		struct buffer said;

		BUFFER_OVER(&said, text);
		if (i == 0)
			begin_on(0);
		else
			(void)ledger_mark(act.ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "swap");
		reload(rows[i], &said);
		assert_string_equal(text, "the swap file /swap was switched on by watchdogd and stays on; ");
		act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
		assert_false(swap()->on);
		act_begin();
	}
}

static void a_section_that_went_while_watchdogd_was_down_ends_the_mark(void **state)
{
	(void)state;
	begin_on(0);
	act.more = NULL;
	act_begin();
	(void)ledger_mark(act.ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "swap");
	(void)act_look(100);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
	assert_false(swap()->ours);
}

static void a_reload_with_another_file_ends_a_step_that_is_under_way(void **state)
{
	char text[256];
	struct buffer said;

	(void)state;
	BUFFER_OVER(&said, text);
	begin_ready();
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	reload("[swapfile]\npath = /other\nsize = 512M\n" RULES, &said);
	assert_true(act_look(100));
	act_assert_not_done("the config names another swap file now");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
}

static void a_reload_with_another_size_looks_anew_and_forgets_what_was_being_made(void **state)
{
	char text[256];
	struct buffer said;
	uint64_t id;

	(void)state;
	BUFFER_OVER(&said, text);
	look_finds(-ENOENT, "none");
	(void)act_look(30000);
	id = assert_asked_to("make")->id;
	reload("[swapfile]\npath = /swap\nsize = 256M\n" RULES, &said);
	act_answer(id, 0, "/swap was made, 512 MiB on ext4");
	(void)act_look(100);
	assert_int_not_equal(swap()->phase, STATE_SWAP_READY);
	assert_string_equal(act_assert_asked(VERB_SWAP)->target, "look 268435456 1073741824 -1 /swap");
}

/* --- off ------------------------------------------------------------------------------------------- */

static enum outcome begin_off(void)
{
	struct order order = {.kind = ORDER_RESTORE, .severity = SEVERITY_CRITICAL, .verb = VERB_SWAP, .thread = THREAD,
			      .unit = CONFIG_NONE};

	for (uint32_t i = 0; i < act.actions.config->rules.count; i++)
		if (strcmp(config_rule_at(act.actions.config, i)->name, "swap") == 0)
			order.rule = i;
	return restore_begin(&act.actions, &order, fakeroot.now, act.why);
}

static void off_is_done_when_the_kernel_shows_it_no_more(void **state)
{
	struct ledger_entry *entry;

	(void)state;
	begin_on(100);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	entry = assert_asked_to("off");
	assert_int_equal(entry->timeout_ms, 60000 + 100 * 250);
	(void)act_look(100);
	assert_true(swap()->going_off);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP); /* until it is proved */
	act_answer(entry->id, 0, "/swap is off");
	assert_false(act_look(100));
	put_swap(-1);
	put_memory(3900, 0);
	assert_true(act_look(100));
	act_assert_done("switched off swap /swap in 300 ms: /swap is off; 100 MiB were used on it; host.available 4000 MiB "
			"-> 3900 MiB");
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	assert_int_equal(act.result.severity, SEVERITY_CRITICAL);
	assert_int_equal(act.result.instances, 0);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
	(void)act_look(1000);
	assert_false(swap()->ours);
	assert_false(swap()->going_off);
	assert_int_equal(swap()->undone, 0); /* it was us */
	act_assert_nothing_is_left();
}

static void off_is_only_of_what_we_switched_on(void **state)
{
	(void)state;
	put_swap(0);
	act_begin();
	(void)act_look(100);
	assert_int_equal(begin_off(), OUTCOME_SKIPPED);
	assert_string_equal(act.why, "it is not on by our doing");
	assert_null(act_asked());
}

static void off_that_takes_too_long_is_given_up_and_it_stays_ours(void **state)
{
	(void)state;
	begin_on(100);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	act_answer(assert_asked_to("off")->id, -ETIMEDOUT, "it was not switched off in its time");
	assert_true(act_look(100));
	act_assert_not_done("swap off not done: /swap after 100 ms: it was not switched off in its time");
	assert_int_equal(act.result.thread, THREAD); /* told, but once: */
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	act_answer(assert_asked_to("off")->id, -ENOMEM, "the kernel does not let go of /swap");
	assert_true(act_look(100));
	assert_int_equal(act.result.thread, 0);
}

static void swap_that_is_wanted_again_while_it_goes_off_stays_on(void **state)
{
	struct ledger_entry *off;

	(void)state;
	begin_on(100);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	off = assert_asked_to("off");
	(void)act_look(100);
	assert_int_equal(act_ask("swap2", NULL), OUTCOME_BEGUN);
	act_answer(off->id, -ECANCELED, "given up: swap is wanted again");
	act_answer(assert_asked_to("on")->id, 0, "/swap is on");
	assert_true(act_look(100));
	act_assert_not_done("swap off not done");
	assert_int_equal(act.result.thread, 0); /* for the log alone */
	assert_int_equal(ledger_unit(act.ledger, LEDGER_SWAP_MARK)->vain, 1);
	assert_true(act_look(0) || act_look(1000));
	act_assert_done("switched on swap");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
	assert_int_equal(mark_rules(), 2);
	act_assert_nothing_is_left();
}

/* What is going off is on still, and proves nothing. */
static void killed_when_it_was_wanted_again_it_is_not_switched_off_any_more(void **state)
{
	uint64_t id;

	(void)state;
	begin_on(100);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	(void)assert_asked_to("off");
	(void)act_look(100);
	assert_int_equal(act_ask("swap2", NULL), OUTCOME_BEGUN);
	id = assert_asked_to("on")->id;
	act_begin();
	assert_int_equal(assert_asked_to("on")->id, id);
	assert_null(act_asked()); /* nor "off" */
	assert_false(act_look(2000));
	act_answer(id, 0, "/swap is on");
	assert_true(act_look(100) || act_look(1000));
	act_assert_done("switched on swap");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
	act_assert_nothing_is_left();
}

static void a_swapoff_that_was_done_before_it_was_given_up_takes_no_mark_away(void **state)
{
	struct ledger_entry *off;

	(void)state;
	begin_on(0);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	off = assert_asked_to("off");
	act_answer(off->id, 0, "/swap is off");
	put_swap(-1);
	fakeroot.now += 100;
	actions_look(&act.actions, fakeroot.now); /* proved, not told yet */
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	assert_true(actions_next(&act.actions, &act.result, fakeroot.now));
	act_assert_done("switched off swap");
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_SWAP);
}

static void what_is_switched_on_again_soon_after_was_given_back_in_vain(void **state)
{
	(void)state;
	begin_on(0);
	assert_int_equal(ledger_unit(act.ledger, LEDGER_SWAP_MARK)->vain, 0);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	act_answer(assert_asked_to("off")->id, 0, "/swap is off");
	put_swap(-1);
	put_memory(4000, 0);
	assert_true(act_look(100));
	assert_false(act_look(60000));
	assert_int_equal(act_ask("swap", NULL), OUTCOME_BEGUN);
	assert_int_equal(ledger_unit(act.ledger, LEDGER_SWAP_MARK)->vain, 1);
}

static void a_killed_sentinel_goes_on_with_giving_it_back(void **state)
{
	uint64_t id;

	(void)state;
	begin_on(7);
	assert_int_equal(begin_off(), OUTCOME_BEGUN);
	id = assert_asked_to("off")->id;
	act_begin();
	assert_int_equal(assert_asked_to("off")->id, id);
	act_answer(id, 0, "/swap is off");
	put_swap(-1);
	put_memory(4000, 0);
	assert_true(act_look(100));
	act_assert_done("switched off swap");
	assert_true(act.result.gives_back);
	assert_int_equal(act.result.thread, THREAD);
	act_assert_mark(LEDGER_SWAP_MARK, STATE_MARK_NONE);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, act_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(at_the_start_the_actor_looks_and_what_is_there_is_ready),
		TEST(a_file_that_is_missing_is_made_when_it_was_quiet_for_half_a_minute),
		TEST(it_is_not_made_while_a_rule_fires_or_memory_is_short_or_a_step_is_taken),
		TEST(a_rule_of_an_event_does_not_keep_it_from_being_made),
		TEST(what_cannot_be_made_is_said_and_tried_again_in_an_hour),
		TEST(an_actor_that_is_not_there_yet_is_asked_again_soon),
		TEST(what_is_on_already_needs_no_look),
		TEST(a_dry_run_asks_nothing),
		TEST(without_a_section_nothing_is_asked),
		TEST(on_is_done_when_the_kernel_shows_it_and_told_with_numbers),
		TEST(that_it_is_seen_is_not_enough_while_the_actor_is_at_it),
		TEST(what_the_kernel_does_not_take_is_not_done_and_looked_at_anew),
		TEST(what_is_said_and_never_seen_is_not_done),
		TEST(an_actor_that_does_not_answer_is_killed_and_it_is_not_done),
		TEST(a_switch_on_that_comes_true_after_its_time_is_ours),
		TEST(a_switch_on_that_nobody_answered_for_is_ours_when_it_comes_true),
		TEST(a_second_rule_joins),
		TEST(a_sentinel_that_was_killed_finds_it_on_and_asks_for_the_actors_word),
		TEST(a_sentinel_that_was_killed_asks_again_for_what_is_not_seen),
		TEST(what_only_prepares_it_begins_anew_after_a_crash),
		TEST(after_a_stop_of_watchdogd_it_is_still_ours),
		TEST(after_a_reboot_it_is_not),
		TEST(a_persons_swapoff_ends_our_mark),
		TEST(a_reload_of_the_same_file_changes_nothing),
		TEST(a_file_that_leaves_the_config_stays_on_and_is_named),
		TEST(a_section_that_went_while_watchdogd_was_down_ends_the_mark),
		TEST(a_reload_with_another_file_ends_a_step_that_is_under_way),
		TEST(a_reload_with_another_size_looks_anew_and_forgets_what_was_being_made),
		TEST(off_is_done_when_the_kernel_shows_it_no_more),
		TEST(off_is_only_of_what_we_switched_on),
		TEST(off_that_takes_too_long_is_given_up_and_it_stays_ours),
		TEST(swap_that_is_wanted_again_while_it_goes_off_stays_on),
		TEST(killed_when_it_was_wanted_again_it_is_not_switched_off_any_more),
		TEST(a_swapoff_that_was_done_before_it_was_given_up_takes_no_mark_away),
		TEST(what_is_switched_on_again_soon_after_was_given_back_in_vain),
		TEST(a_killed_sentinel_goes_on_with_giving_it_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
