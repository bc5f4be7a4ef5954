/* The back-off between starts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "do/backoff.h"

#define START_MS ((mono_ms)1000000)

static void the_first_start_waits_for_nothing(void **state)
{
	struct ledger_unit row = {.hash = 7};

	(void)state;
	assert_int_equal(backoff_until(&row), 0);
	row.restarted_s = 900; /* long ago, and forgiven */
	assert_int_equal(backoff_until(&row), 0);
}

static void each_start_waits_longer_up_to_ten_minutes(void **state)
{
	static const uint32_t wait_s[] = {10, 30, 90, 270, 600, 600, 600};

	(void)state;
	for (uint32_t hash = 1; hash < 5000; hash += 7) {
		struct ledger_unit row = {.hash = hash * 2654435761u};
		mono_ms now = START_MS;

		for (size_t i = 0; i < ARRAY_LEN(wait_s); i++) {
			mono_ms until;

			backoff_count(&row, now);
			until = backoff_until(&row);
			assert_in_range(until - now, wait_s[i] * 800, wait_s[i] * 1200 + 1000);
			assert_int_equal(backoff_until(&row), until); /* however often it is asked */
			now = until;
		}
	}
}

static void units_that_died_together_do_not_come_back_together(void **state)
{
	mono_ms least = UINT64_MAX, most = 0;

	(void)state;
	for (uint32_t hash = 1; hash < 100; hash++) {
		struct ledger_unit row = {.hash = hash * 2654435761u};

		backoff_count(&row, START_MS);
		least = backoff_until(&row) < least ? backoff_until(&row) : least;
		most = backoff_until(&row) > most ? backoff_until(&row) : most;
	}
	assert_true(most - least > 3000);
}

/* StartLimitBurst=5 in StartLimitIntervalSec=10s counts starts over the bus too: the sixth would be refused. */
static void no_start_comes_near_systemds_limit(void **state)
{
	(void)state;
	for (uint32_t hash = 1; hash < 2000; hash++) {
		struct ledger_unit row = {.hash = hash * 2654435761u};
		mono_ms at[12] = {0}, now = START_MS;

		for (size_t i = 0; i < ARRAY_LEN(at); i++) {
			at[i] = now;
			backoff_count(&row, now);
			now = backoff_until(&row);
			if (i >= 2)
				assert_true(at[i] - at[i - 2] > 10000);
			if (i >= 4)
				assert_true(at[i] - at[i - 4] > 300000);
		}
	}
}

static void ten_minutes_of_life_are_forgiveness(void **state)
{
	static const struct {
		const char *name;
		mono_ms alive_since, now;
		bool forgiven;
	} rows[] = {
		{"not alive", 0, 5000000, false},
		{"alive for just less", 1010000, 1609000, false},
		{"alive for ten minutes", 1010000, 1610000, true},
		{"alive for long, but started anew since", 100000, 1200000, false},
		{"alive for long, and long since the start", 100000, 1700000, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ledger_unit row = {.hash = 3};

		backoff_count(&row, START_MS);
		backoff_count(&row, START_MS);
		if (backoff_forgive(&row, rows[i].alive_since, rows[i].now) != rows[i].forgiven)
			fail_msg("%s", rows[i].name);
		assert_int_equal(row.restarts, rows[i].forgiven ? 0 : 2);
		assert_true((backoff_until(&row) == 0) == rows[i].forgiven);
	}
}

static void a_count_at_its_bound_stays_there(void **state)
{
	struct ledger_unit row = {.hash = 3, .restarts = UINT16_MAX, .restarted_s = 1};

	(void)state;
	backoff_count(&row, START_MS);
	assert_int_equal(row.restarts, UINT16_MAX);
	assert_in_range(backoff_until(&row) - START_MS, 480000, 721000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_start_waits_for_nothing),
		cmocka_unit_test(each_start_waits_longer_up_to_ten_minutes),
		cmocka_unit_test(units_that_died_together_do_not_come_back_together),
		cmocka_unit_test(no_start_comes_near_systemds_limit),
		cmocka_unit_test(ten_minutes_of_life_are_forgiveness),
		cmocka_unit_test(a_count_at_its_bound_stays_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
