/* decide/condition.h: true, false and unknown; holds; what a person is told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "decide/condition.h"
#include "decide/condition_format.h"
#include "make_config.h"

#define GIB (INT64_C(1) << 30)

static struct state page;
static struct condition_hold holds[8];
static struct config *config;

static int begin(void **state)
{
	(void)state;
	memset(&page, 0, sizeof(page));
	memset(holds, 0, sizeof(holds));
	make_begin();
	(void)make_rule("r");
	make_when();
	return 0;
}

static int end(void **state)
{
	(void)state;
	free(config);
	config = NULL;
	return 0;
}

static struct condition at(mono_ms now)
{
	if (config == NULL)
		config = make_done();
	return (struct condition){
		.config = config, .state = &page, .holds = holds, .unit = CONFIG_NONE, .now = now};
}

static struct config_table when(void)
{
	return config_rule_at(config, 0)->when;
}

static enum condition_truth judge(mono_ms now)
{
	struct condition condition = at(now);

	return condition_evaluate(&condition, when()).truth;
}

static void available(double gib, mono_ms from)
{
	state_set(&page.host[HOST_AVAILABLE], (int64_t)(gib * (double)GIB), 8 * GIB, from);
}

static void pressure(int64_t mpct, mono_ms now)
{
	state_set(&page.host[HOST_PRESSURE_FULL], mpct, 0, now - 2000);
}

static void and_or_not_are_kleenes(void **state)
{
	enum { F = CONDITION_FALSE, T = CONDITION_TRUE, U = CONDITION_UNKNOWN };
	static const struct {
		enum config_node_kind kind;
		int a, b, want;
	} rows[] = {
		{CONFIG_AND, F, F, F}, {CONFIG_AND, F, T, F}, {CONFIG_AND, F, U, F},
		{CONFIG_AND, T, F, F}, {CONFIG_AND, T, T, T}, {CONFIG_AND, T, U, U},
		{CONFIG_AND, U, F, F}, {CONFIG_AND, U, T, U}, {CONFIG_AND, U, U, U},
		{CONFIG_OR, F, F, F},  {CONFIG_OR, F, T, T},  {CONFIG_OR, F, U, U},
		{CONFIG_OR, T, F, T},  {CONFIG_OR, T, T, T},  {CONFIG_OR, T, U, T},
		{CONFIG_OR, U, F, U},  {CONFIG_OR, U, T, T},  {CONFIG_OR, U, U, U},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)end(state);
		(void)begin(state);
		make_host(HOST_AVAILABLE, CONFIG_GT, 0);
		make_host(HOST_HEADROOM, CONFIG_GT, 0);
		make_join(rows[i].kind);
		if (rows[i].a != U)
			state_set(&page.host[HOST_AVAILABLE], rows[i].a == T, 0, 1);
		if (rows[i].b != U)
			state_set(&page.host[HOST_HEADROOM], rows[i].b == T, 0, 1);
		assert_int_equal(judge(1), rows[i].want);
	}
}

static void not_of_unknown_is_unknown(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_join(CONFIG_NOT);
	assert_int_equal(judge(1), CONDITION_UNKNOWN);
	available(8, 1);
	assert_int_equal(judge(1), CONDITION_TRUE);
	available(0, 1);
	assert_int_equal(judge(1), CONDITION_FALSE);
}

static void each_comparison_is_exact_at_its_bound(void **state)
{
	static const struct {
		enum config_compare compare;
		enum condition_truth below, equal, above;
	} rows[] = {
		{CONFIG_LT, CONDITION_TRUE, CONDITION_FALSE, CONDITION_FALSE},
		{CONFIG_LE, CONDITION_TRUE, CONDITION_TRUE, CONDITION_FALSE},
		{CONFIG_GT, CONDITION_FALSE, CONDITION_FALSE, CONDITION_TRUE},
		{CONFIG_GE, CONDITION_FALSE, CONDITION_TRUE, CONDITION_TRUE},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		(void)end(state);
		(void)begin(state);
		make_host_pct(HOST_AVAILABLE, rows[i].compare, 12.5); /* of 8 GiB: 1 GiB */
		state_set(&page.host[HOST_AVAILABLE], GIB - 1, 8 * GIB, 1);
		assert_int_equal(judge(1), rows[i].below);
		state_set(&page.host[HOST_AVAILABLE], GIB, 8 * GIB, 1);
		assert_int_equal(judge(1), rows[i].equal);
		state_set(&page.host[HOST_AVAILABLE], GIB + 1, 8 * GIB, 1);
		assert_int_equal(judge(1), rows[i].above);
	}
}

static void percent_of_an_unknown_total_is_unknown(void **state)
{
	(void)state;
	make_host_pct(HOST_SWAP_USED, CONFIG_GT, 80);
	state_set(&page.host[HOST_SWAP_USED], 0, 0, 1);
	assert_int_equal(judge(1), CONDITION_UNKNOWN);
}

static void percent_of_a_huge_host_does_not_overflow(void **state)
{
	(void)state;
	make_host_pct(HOST_USED, CONFIG_GT, 99.999);
	state_set(&page.host[HOST_USED], INT64_MAX, INT64_MAX, 1);
	assert_int_equal(judge(1), CONDITION_TRUE);
}

static void never_is_longer_than_any_time(void **state)
{
	(void)state;
	make_host(HOST_EXHAUSTED_IN, CONFIG_LT, 20000);
	page.host[HOST_EXHAUSTED_IN].known = STATE_NEVER;
	assert_int_equal(judge(1), CONDITION_FALSE);
	state_set(&page.host[HOST_EXHAUSTED_IN], 19999, 0, 1);
	assert_int_equal(judge(1), CONDITION_TRUE);
}

static void never_as_a_bound_is_equal_to_never(void **state)
{
	(void)state;
	make_host(HOST_EXHAUSTED_IN, CONFIG_GE, INT64_MAX);
	page.host[HOST_EXHAUSTED_IN].known = STATE_NEVER;
	assert_int_equal(judge(1), CONDITION_TRUE);
	state_set(&page.host[HOST_EXHAUSTED_IN], 19999, 0, 1);
	assert_int_equal(judge(1), CONDITION_FALSE);
}

static void hold_is_true_when_the_term_was_true_at_every_reading(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 50);
	make_for(5000);
	available(1, 1);
	assert_int_equal(judge(1000), CONDITION_FALSE);
	assert_int_equal(judge(5999), CONDITION_FALSE);
	assert_int_equal(judge(6000), CONDITION_TRUE);
	available(7, 1);
	assert_int_equal(judge(7000), CONDITION_FALSE);
	available(1, 1);
	assert_int_equal(judge(8000), CONDITION_FALSE);
	assert_int_equal(judge(12999), CONDITION_FALSE);
	assert_int_equal(judge(13000), CONDITION_TRUE);
}

static void only_the_term_before_for_waits(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12); /* a or b for 3s */
	make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 10);
	make_for(3000);
	make_join(CONFIG_OR);
	available(8, 1);
	pressure(20000, 3000);
	assert_int_equal(judge(3000), CONDITION_FALSE);
	available(0.1, 1);
	assert_int_equal(judge(3100), CONDITION_TRUE);
	available(8, 1);
	assert_int_equal(judge(6000), CONDITION_TRUE);
}

static void a_running_hold_schedules_the_next_look(void **state)
{
	struct condition condition;

	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 50);
	make_for(5000);
	available(1, 1);
	(void)judge(1000);
	condition = at(3500);
	assert_int_equal(condition_next_ms(&condition, when()), 2500);
	assert_true(condition_is_holding(&condition, when()));
	condition = at(6000);
	assert_int_equal(condition_next_ms(&condition, when()), UINT32_MAX);
}

static void an_unknown_of_two_seconds_does_not_reset_a_hold(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 50);
	make_for(5000);
	available(1, 1);
	(void)judge(1000);
	page.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	assert_int_equal(judge(2000), CONDITION_UNKNOWN);
	available(1, 1);
	assert_int_equal(judge(4000), CONDITION_FALSE);
	assert_int_equal(judge(6000), CONDITION_TRUE);
}

static void an_unknown_longer_than_two_seconds_resets_a_hold(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 50);
	make_for(5000);
	available(1, 1);
	(void)judge(1000);
	page.host[HOST_AVAILABLE].known = STATE_UNKNOWN;
	(void)judge(2000);
	available(1, 1);
	assert_int_equal(judge(4001), CONDITION_FALSE);
	assert_int_equal(judge(9000), CONDITION_FALSE);
	assert_int_equal(judge(9001), CONDITION_TRUE);
}

static void a_window_that_reaches_back_before_the_proof_is_unknown(void **state)
{
	struct condition condition;

	(void)state;
	make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 10);
	condition = at(5000);
	condition.since = 4000;
	pressure(50000, 5000); /* from 3000 */
	assert_int_equal(condition_evaluate(&condition, when()).truth, CONDITION_UNKNOWN);
	pressure(50000, 6000); /* from 4000 */
	assert_int_equal(condition_evaluate(&condition, when()).truth, CONDITION_TRUE);
}

static void unit_is_that_of_the_instance(void **state)
{
	struct condition condition;

	(void)state;
	(void)make_unit("a", CONFIG_NONE);
	(void)make_unit("b", CONFIG_NONE);
	make_unit_term(CONFIG_EACH, UNIT_ANON, CONFIG_GT, GIB);
	state_set(&page.unit[1].readings[UNIT_ANON], 2 * GIB, 0, 1);
	assert_int_equal(judge(1), CONDITION_UNKNOWN);
	condition = at(1);
	condition.unit = 1;
	assert_int_equal(condition_evaluate(&condition, when()).truth, CONDITION_TRUE);
	condition.unit = 0;
	assert_int_equal(condition_evaluate(&condition, when()).truth, CONDITION_UNKNOWN);
}

static void an_unsound_program_is_unknown(void **state)
{
	(void)state;
	make_join(CONFIG_NOT);
	assert_int_equal(judge(1), CONDITION_UNKNOWN);
	make_begin();
	(void)make_rule("r");
	make_when();
	make_host(HOST_AVAILABLE, CONFIG_GT, 0);
	make_join(CONFIG_AND);
	free(config);
	config = make_done();
	available(1, 1);
	assert_int_equal(judge(1), CONDITION_UNKNOWN);
}

static bool awaited(mono_ms now)
{
	struct condition condition = at(now);

	return condition_is_awaited(&condition, when(), condition_evaluate(&condition, when()));
}

static void a_blind_source_is_awaited(void **state)
{
	(void)state;
	make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 10);
	assert_true(awaited(1));
	pressure(0, 3000);
	assert_false(awaited(3000));
}

static void swap_of_a_host_without_is_not_awaited(void **state)
{
	(void)state;
	make_host_pct(HOST_SWAP_USED, CONFIG_GT, 80);
	assert_false(awaited(1));
	page.swap_total_bytes = 1 << 30;
	assert_true(awaited(1));
}

static void a_unit_that_is_not_running_is_not_awaited(void **state)
{
	(void)state;
	(void)make_unit("a", CONFIG_NONE);
	make_unit_term(0, UNIT_ANON, CONFIG_GT, GIB);
	page.unit[0].status = STATE_UNIT_INACTIVE;
	assert_false(awaited(1));
	page.unit[0].status = STATE_UNIT_RUNNING;
	assert_true(awaited(1));
}

static void assert_seen(mono_ms now, const char *want)
{
	struct condition condition = at(now);
	char text[TEXT_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, text);
	condition_format(&condition, when(), &b);
	assert_string_equal(text, want);
}

static void a_person_is_told_value_and_bound(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	available(0.904, 1);
	assert_seen(1, "host.available 11.3 % (0.90 GiB) < 12 %");
}

static void a_person_is_told_the_terms_that_made_it_true(void **state)
{
	(void)state;
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_host_pct(HOST_PRESSURE_FULL, CONFIG_GT, 10);
	make_for(2000);
	make_join(CONFIG_OR);
	available(4, 1);
	pressure(14200, 3000);
	(void)judge(3000);
	(void)judge(5000);
	assert_seen(5000, "host.pressure.full 14.2 % > 10 % for 2s");
	available(0.5, 1);
	assert_seen(
		5000,
		"host.available 6.2 % (0.50 GiB) < 12 %; host.pressure.full 14.2 % > 10 % for 2s");
}

static void a_negated_term_is_told_as_it_is(void **state)
{
	(void)state;
	make_host(HOST_AVAILABLE, CONFIG_GT, 2 * GIB);
	make_join(CONFIG_NOT);
	available(1, 1);
	assert_seen(1, "host.available 1.00 GiB is not > 2.00 GiB");
}

static void an_unknown_term_is_told_as_unknown(void **state)
{
	(void)state;
	(void)make_unit("xtts", CONFIG_NONE);
	make_unit_term(0, UNIT_PRESSURE_FULL, CONFIG_GT, 1000);
	assert_seen(1, "xtts.pressure.full is unknown");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(and_or_not_are_kleenes),
		TEST(not_of_unknown_is_unknown),
		TEST(each_comparison_is_exact_at_its_bound),
		TEST(percent_of_an_unknown_total_is_unknown),
		TEST(percent_of_a_huge_host_does_not_overflow),
		TEST(never_is_longer_than_any_time),
		TEST(never_as_a_bound_is_equal_to_never),
		TEST(hold_is_true_when_the_term_was_true_at_every_reading),
		TEST(only_the_term_before_for_waits),
		TEST(a_running_hold_schedules_the_next_look),
		TEST(an_unknown_of_two_seconds_does_not_reset_a_hold),
		TEST(an_unknown_longer_than_two_seconds_resets_a_hold),
		TEST(a_window_that_reaches_back_before_the_proof_is_unknown),
		TEST(unit_is_that_of_the_instance),
		TEST(an_unsound_program_is_unknown),
		TEST(a_blind_source_is_awaited),
		TEST(swap_of_a_host_without_is_not_awaited),
		TEST(a_unit_that_is_not_running_is_not_awaited),
		TEST(a_person_is_told_value_and_bound),
		TEST(a_person_is_told_the_terms_that_made_it_true),
		TEST(a_negated_term_is_told_as_it_is),
		TEST(an_unknown_term_is_told_as_unknown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
