/* The swap file is given back as a unit is: when, with what room, in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/patience.h"
#include "make_config.h"
#include "make_host.h"

#define MIN_MS (UINT64_C(60) * 1000)

/* when = host.available < 12%, clear = host.available > 15% and host.headroom > 20%, restore = host.available > 35%
 * for 1m; stop xtts, swap on; of 8 GiB: 0.96, 1.2, 1.6, 2.8 GiB */
static struct host *begin(void)
{
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_rule("short");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_clear();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 15);
	make_host_pct(HOST_HEADROOM, CONFIG_GT, 20);
	make_join(CONFIG_AND);
	make_restore();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 35);
	make_for(MIN_MS);
	make_alert(SEVERITY_CRITICAL);
	(void)make_step(VERB_STOP, 0);
	(void)make_step(VERB_SWAP, CONFIG_NONE);
	return host_begin(make_done());
}

static int end(void **state)
{
	(void)state;
	host_end();
	return 0;
}

#define assert_orders(host, want) assert_string_equal(host_orders(host), want)

/* So much is available, and so much of the 2 GiB of swap is used. */
static void memory(struct host *h, double available_gib, double used_gib)
{
	h->state.swap.used_bytes = (uint64_t)(used_gib * (double)HOST_GIB);
	host_available(h, available_gib);
	state_set(&h->state.host[HOST_HEADROOM], (int64_t)((available_gib + 2 - used_gib) * (double)HOST_GIB), 8 * HOST_GIB,
		  h->now);
}

/* It is on by our doing, and the firing is over. */
static struct host *on(void)
{
	struct host *h = begin();

	memory(h, 4, 0);
	h->state.swap = (struct state_swap){.phase = STATE_SWAP_READY, .known = 1, .on = 1, .size_bytes = 2 * HOST_GIB};
	assert_non_null(ledger_mark(&h->ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "short"));
	return h;
}

static const struct order *last(const struct host *h)
{
	assert_true(h->n > 0);
	return &h->orders[h->n - 1];
}

/* What host_orders says of an order to give it back. */
static void assert_given(const struct host *h)
{
	assert_int_equal(last(h)->kind, ORDER_RESTORE);
	assert_int_equal(last(h)->verb, VERB_SWAP);
	assert_int_equal(last(h)->unit, CONFIG_NONE);
}

static void it_is_given_back_when_restore_holds_for_its_time(void **state)
{
	struct host *h = on();

	(void)state;
	memory(h, 4, 0.5);
	host_looks(h, MIN_MS - 1000);
	assert_int_equal(h->n, 0);
	assert_non_null(strstr(h->state.swap.restore, "not yet, by restore of short"));
	host_looks(h, 4000);
	assert_given(h);
	assert_non_null(strstr(last(h)->text, "restore of short: "));
	assert_non_null(strstr(last(h)->text, "used on it are 0.50 GiB"));
	assert_int_equal(last(h)->severity, SEVERITY_CRITICAL);
}

static void what_is_used_on_it_must_leave_what_is_inside_clear(void **state)
{
	struct host *h = on();

	(void)state;
	memory(h, 3.1, 1.95); /* 1.15 GiB of 8 are left then: 14.4 % */
	host_looks(h, 2 * MIN_MS);
	assert_int_equal(h->n, 0);
	assert_non_null(strstr(h->state.swap.restore, "taken, not clear of rule short"));
	memory(h, 3.1, 1.4); /* 1.7 GiB */
	host_look(h, 100);
	assert_given(h);
}

static void the_bound_of_another_rule_that_fires_is_left_and_that_is_said(void **state)
{
	const uint32_t xtts = 0;
	struct host *h;

	(void)state;
	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_event_rule("short", EVENT_DEAD, &xtts, 1); /* has no word on memory */
	make_restore();
	make_host_pct(HOST_AVAILABLE, CONFIG_GT, 1);
	(void)make_step(VERB_SWAP, CONFIG_NONE);
	(void)make_rule("tight");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_alert(SEVERITY_WARNING);
	h = host_begin(make_done());
	h->state.swap = (struct state_swap){.phase = STATE_SWAP_READY, .known = 1, .on = 1, .size_bytes = 2 * HOST_GIB};
	assert_non_null(ledger_mark(&h->ledger, LEDGER_SWAP_MARK, STATE_MARK_SWAP, "short"));
	memory(h, 0.9, 0.1);
	host_looks(h, 5000);
	assert_orders(h, "alert:warning");
	assert_string_equal(h->state.swap.restore, "with 102 MiB taken, less than 0.96 GiB of host.available is left");
	memory(h, 1.1, 0.1);
	host_look(h, 100);
	assert_given(h);
}

static void without_room_for_it_it_keeps_nothing_back(void **state)
{
	struct host *h = on();

	(void)state;
	host_unit(h, 0, STATE_UNIT_INACTIVE, 0); /* shed before it */
	assert_non_null(ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "short"));
	ledger_mark_find(&h->ledger, "xtts")->shed = 0;
	memory(h, 3.1, 1.95);
	host_looks(h, 2 * MIN_MS);
	assert_int_equal(last(h)->kind, ORDER_RESTORE);
	assert_int_equal(last(h)->unit, 0);
	assert_non_null(strstr(h->state.swap.restore, "taken, not clear of rule short"));
}

static void its_whole_size_is_missing_in_the_headroom(void **state)
{
	struct host *h = on();

	(void)state;
	/* Available 3 GiB, 1.5 GiB used: of a headroom of 3.5 GiB 1.5 GiB are left, 18.75 %. */
	memory(h, 3, 1.5);
	host_looks(h, 2 * MIN_MS);
	assert_int_equal(h->n, 0);
	assert_non_null(strstr(h->state.swap.restore, "host.headroom"));
	memory(h, 3, 1.3);
	host_look(h, 100);
	assert_given(h);
}

static void what_was_shed_after_it_comes_first(void **state)
{
	struct host *h = on();

	(void)state;
	memory(h, 6, 0);
	assert_non_null(ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "short"));
	host_unit(h, 0, STATE_UNIT_INACTIVE, 0);
	host_looks(h, 2 * MIN_MS);
	assert_int_equal(h->orders[0].verb, VERB_START);
	assert_int_equal(h->orders[0].unit, 0);
	assert_string_equal(h->state.swap.restore, "after xtts, which was shed later");
}

static void while_it_goes_off_it_is_not_asked_again_and_nothing_else_comes_back(void **state)
{
	struct host *h = on();

	(void)state;
	memory(h, 6, 0);
	h->state.swap.going_off = 1;
	host_looks(h, 2 * MIN_MS);
	assert_int_equal(h->n, 0);
	assert_non_null(strstr(h->state.swap.restore, "an action is under way"));
}

static void one_in_vain_waits_as_a_unit_does(void **state)
{
	struct host *h = on();
	struct ledger_unit *row = ledger_unit(&h->ledger, LEDGER_SWAP_MARK);

	(void)state;
	memory(h, 6, 0);
	patience_note_given(row, h->now);
	patience_note_shed(row, h->now + MIN_MS);
	host_looks(h, 5 * MIN_MS);
	assert_int_equal(h->n, 0);
	assert_non_null(strstr(h->state.swap.restore, "given back in vain 1 time"));
}

static void what_cannot_be_switched_off_waits_and_keeps_nothing_back(void **state)
{
	struct host *h = on();
	struct ledger_unit *row = ledger_unit(&h->ledger, LEDGER_SWAP_MARK);

	(void)state;
	memory(h, 6, 0);
	patience_note_given(row, h->now);
	for (int i = 0; i < 3; i++) /* 20, 40, 80 s */
		(void)patience_note_not_given(row, h->now + MIN_MS);
	host_looks(h, MIN_MS + 60000);
	assert_int_equal(h->n, 0);
	assert_null(strstr(h->state.swap.restore, "under way"));
	host_unit(h, 0, STATE_UNIT_INACTIVE, 0); /* shed before it */
	(void)ledger_mark(&h->ledger, "xtts", STATE_MARK_STOPPED, "short");
	ledger_mark_find(&h->ledger, "xtts")->shed = 0;
	host_looks(h, 5000);
	assert_int_equal(last(h)->kind, ORDER_RESTORE);
	assert_int_equal(last(h)->unit, 0);
}

static void without_our_mark_nothing_is_given_back(void **state)
{
	struct host *h = on();

	(void)state;
	ledger_unmark(&h->ledger, LEDGER_SWAP_MARK);
	memory(h, 6, 0);
	host_looks(h, 2 * MIN_MS);
	assert_int_equal(h->n, 0);
	assert_string_equal(h->state.swap.restore, "");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, NULL, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(it_is_given_back_when_restore_holds_for_its_time),
		TEST(what_is_used_on_it_must_leave_what_is_inside_clear),
		TEST(the_bound_of_another_rule_that_fires_is_left_and_that_is_said),
		TEST(without_room_for_it_it_keeps_nothing_back),
		TEST(its_whole_size_is_missing_in_the_headroom),
		TEST(what_was_shed_after_it_comes_first),
		TEST(while_it_goes_off_it_is_not_asked_again_and_nothing_else_comes_back),
		TEST(one_in_vain_waits_as_a_unit_does),
		TEST(what_cannot_be_switched_off_waits_and_keeps_nothing_back),
		TEST(without_our_mark_nothing_is_given_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
