/* `swap on` as a step of a ladder: when it has work, when it is skipped and why, whose mark it carries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_config.h"
#include "make_host.h"

/* when = host.available < 12%, clear = host.available > 15%; swap on */
static struct host *begin(bool dry)
{
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_rule("short");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_SWAP, CONFIG_NONE);
	return dry ? host_begin_dry(make_done()) : host_begin(make_done());
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

static void swap(struct host *h, enum state_swap_phase phase, bool on)
{
	h->state.swap.phase = (uint8_t)phase;
	h->state.swap.known = 1;
	h->state.swap.on = on;
}

static void a_file_that_is_ready_is_switched_on_proved_and_judged(void **state)
{
	struct host *h = begin(false);

	(void)state;
	swap(h, STATE_SWAP_READY, false);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical swap:-");
	assert_non_null(ledger_mark(&h->ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "short"));
	swap(h, STATE_SWAP_READY, true);
	host_outcome(h, 0, CONFIG_NONE, OUTCOME_DONE);
	host_available(h, 4);
	host_looks(h, 5000);
	assert_orders(h, "clear");
	assert_non_null(strstr(h->orders[0].text, "the swap file is still on"));
}

static void it_is_not_held_back_by_the_limit_only_its_alert_is(void **state)
{
	struct host *h = begin(false);

	(void)state;
	for (int i = 0; i < 7; i++) {
		swap(h, STATE_SWAP_READY, false);
		host_available(h, 0.5);
		host_look(h, 100);
		assert_orders(h, i < 5 ? "alert:critical swap:-" : "swap:-");
		swap(h, STATE_SWAP_READY, true);
		host_outcome(h, 0, CONFIG_NONE, OUTCOME_DONE);
		host_available(h, 4);
		host_looks(h, 10000);
	}
}

static void what_is_on_already_is_not_done_again_and_again(void **state)
{
	struct host *h = begin(false);

	(void)state;
	swap(h, STATE_SWAP_READY, true);
	host_available(h, 0.5);
	host_looks(h, 10000);
	assert_orders(h, "alert:critical tell tell");
	assert_string_equal(h->orders[1].text, "swap on skipped: it is on already");
	assert_non_null(strstr(h->orders[2].text, "nothing is left to shed"));
}

static void while_there_is_no_file_it_is_skipped_and_why(void **state)
{
	static const struct {
		enum state_swap_phase phase;
		const char *why;
	} rows[] = {
		{STATE_SWAP_NONE, "swap on skipped: there is no [swapfile]"},
		{STATE_SWAP_WAITS, "swap on skipped: the swap file is not there yet"},
		{STATE_SWAP_MAKING, "swap on skipped: the swap file is being made"},
		{STATE_SWAP_REFUSED, "swap on skipped: there is no swap file to use: ZFS cannot"},
		{STATE_SWAP_PHASES, "swap on skipped: there is no [swapfile]"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct host *h = begin(false);

		swap(h, rows[i].phase, false);
		strcpy(h->state.swap.why, "ZFS cannot");
		host_available(h, 0.5);
		host_look(h, 100);
		assert_string_equal(h->orders[1].text, rows[i].why);
		host_end();
	}
}

static void a_file_that_comes_while_it_fires_is_switched_on_in_the_next_round(void **state)
{
	struct host *h = begin(false);

	(void)state;
	swap(h, STATE_SWAP_MAKING, false);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical tell tell");
	swap(h, STATE_SWAP_READY, false);
	host_look(h, 1000);
	assert_orders(h, "swap:-");
}

static void what_goes_off_is_wanted_again(void **state)
{
	struct host *h = begin(false);

	(void)state;
	swap(h, STATE_SWAP_READY, true);
	h->state.swap.going_off = 1;
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical swap:-");
}

static void what_a_person_switched_off_this_firing_leaves_off_and_the_next_does_not(void **state)
{
	struct host *h = begin(false);

	(void)state;
	swap(h, STATE_SWAP_READY, false);
	host_available(h, 0.5);
	host_look(h, 100);
	host_outcome(h, 0, CONFIG_NONE, OUTCOME_DONE);
	h->state.swap.undone = h->now + 1;
	host_looks(h, 10000);
	assert_orders(h, "tell"); /* nothing is left */
	host_available(h, 4);
	host_looks(h, 1000);
	assert_orders(h, "clear");
	host_available(h, 0.5);
	host_look(h, 1000);
	assert_orders(h, "alert:critical swap:-");
}

static void who_finds_it_on_has_its_name_on_the_mark(void **state)
{
	struct host *h = begin(false);
	const struct ledger_mark *mark;

	(void)state;
	mark = ledger_mark(&h->ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "another");
	swap(h, STATE_SWAP_READY, true);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_int_equal(mark->rules, 2);
	assert_int_equal(mark->rule[1], ledger_hash("short"));
	assert_int_equal(mark->kind, STATE_MARK_SWAP);
}

static void swap_of_somebody_else_gets_no_mark(void **state)
{
	struct host *h = begin(false);

	(void)state;
	swap(h, STATE_SWAP_READY, true);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_null(ledger_mark_find(&h->ledger, LEDGER_SWAP_MARK));
}

static void a_dry_run_says_it_though_no_file_is_made(void **state)
{
	struct host *h = begin(true);

	(void)state;
	swap(h, STATE_SWAP_WAITS, false);
	host_available(h, 0.5);
	host_look(h, 100);
	assert_orders(h, "alert:critical swap:-");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_that_is_ready_is_switched_on_proved_and_judged),
		TEST(it_is_not_held_back_by_the_limit_only_its_alert_is),
		TEST(what_is_on_already_is_not_done_again_and_again),
		TEST(while_there_is_no_file_it_is_skipped_and_why),
		TEST(a_file_that_comes_while_it_fires_is_switched_on_in_the_next_round),
		TEST(what_goes_off_is_wanted_again),
		TEST(what_a_person_switched_off_this_firing_leaves_off_and_the_next_does_not),
		TEST(who_finds_it_on_has_its_name_on_the_mark),
		TEST(swap_of_somebody_else_gets_no_mark),
		TEST(a_dry_run_says_it_though_no_file_is_made),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
