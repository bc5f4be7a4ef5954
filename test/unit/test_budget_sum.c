/* ask/budget_sum.h: hosts and their units by hand, and a thousand of random ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ask/budget_sum.h"
#include "config/config.h"

#define GIB (1024.0 * 1024 * 1024)
#define MIB (UINT64_C(1) << 20)

enum { BOTS };

static struct budget_unit rows[UNITS_MAX];
static uint32_t count;
static struct budget_sum sum;

static uint64_t gib(double x)
{
	return (uint64_t)(x * GIB);
}

static int begin(void **state)
{
	(void)state;
	count = 0;
	memset(rows, 0, sizeof(rows));
	return 0;
}

static struct budget_unit *add(const char *name, int32_t priority, double now, double peak)
{
	rows[count] = (struct budget_unit){.name = name,
					   .priority = priority,
					   .group = CONFIG_NONE,
					   .now_bytes = gib(now),
					   .peak_bytes = gib(peak),
					   .row = count};
	return &rows[count++];
}

/* used: now, of memory and swap together. */
static void host(double ram, double swap, double used)
{
	budget_sum_init(&sum, (struct budget_host){gib(ram), gib(swap), gib(used)}, rows, count);
}

/* To a thousandth of a GiB. */
static void assert_gib(uint64_t bytes, double expected)
{
	double is = (double)bytes / GIB;

	if (is > expected + 0.001 || is < expected - 0.001)
		fail_msg("%.4f GiB is, %.4f should be", is, expected);
}

static const char *names_of(const uint32_t *which, uint32_t n)
{
	static char text[512];

	text[0] = '\0';
	for (uint32_t i = 0; i < n; i++) {
		strcat(text, i > 0 ? " " : "");
		strcat(text, sum.unit[which[i]].name);
	}
	return text;
}

static const char *names_in(uint32_t set)
{
	uint32_t which[UNITS_MAX], n = 0;

	for (uint32_t i = sum.units; i-- > 0;)
		if (budget_sum_is_in(&sum, set, i))
			which[n++] = i;
	return names_of(which, n);
}

static void assert_sets(const char *const *want, uint32_t n)
{
	uint32_t sets[BUDGET_SETS_MAX];

	assert_int_equal(budget_sum_sets(&sum, sets), n);
	for (uint32_t i = 0; i < n; i++)
		assert_string_equal(names_in(sets[i]), want[i]);
}

/* 22 January 2026: two bots that took 5.1 GiB each, a text-to-speech server of 2. */
static void the_incident(double bot, double swap)
{
	add("nodira", 20, bot, bot)->group = BOTS;
	add("mirzo", 30, 0, bot)->group = BOTS;
	(void)add("xtts", 1, 2, 2);
	host(7.7, swap, bot + 2 + 0.6);
}

static void two_bots_of_five_gib_and_a_server_of_two_do_not_fit_into_8_and_swap(void **state)
{
	static const char *const sets[] = {"mirzo xtts", "nodira xtts"};
	uint32_t go[3], of;
	uint64_t need;

	(void)state;
	the_incident(5.1, 2);
	assert_gib(sum.rest_bytes, 0.6);
	assert_gib(sum.spare_bytes, 0.231);
	assert_gib(sum.room_bytes, 8.869);
	assert_gib(sum.room_ram_bytes, 6.869);
	assert_gib(budget_sum_lack(&sum, sum.peaks_bytes), 3.331);
	assert_int_equal(budget_sum_left(&sum, sum.peaks_bytes), 0);
	/* Is the server worth its memory? Without it the bots still do not fit. */
	assert_string_equal(sum.unit[0].name, "xtts");
	assert_gib(budget_sum_lack(&sum, budget_sum_without(&sum, 0)), 1.331);
	/* One bot at a time? One, and the server beside it. */
	assert_sets(sets, 2);
	assert_int_equal(budget_sum_of_group(&sum, BOTS, true, &of), 1);
	assert_int_equal(of, 2);
	assert_int_equal(budget_sum_of_group(&sum, BOTS, false, &of), 1);
	assert_string_equal(names_of(go, budget_sum_go(&sum, go, &need)), "xtts nodira");
	assert_gib(need, 5.1);
	assert_gib(budget_sum_left(&sum, need), 3.769);
	/* Or larger hardware? */
	assert_gib(budget_sum_more_ram(&sum, true), (0.6 + 12.2 - 2) / 0.97 - 7.7);
	assert_gib(budget_sum_more_ram(&sum, false), (0.6 + 12.2) / 0.97 - 7.7);
}

static void bots_of_two_gib_fit_in_memory_and_of_three_with_swap(void **state)
{
	uint32_t go[3];
	uint64_t need;

	(void)state;
	the_incident(2, 2);
	assert_int_equal(budget_sum_lack(&sum, sum.peaks_bytes), 0);
	assert_int_equal(budget_sum_in_swap(&sum, sum.peaks_bytes), 0);
	assert_int_equal(budget_sum_more_ram(&sum, false), 0);
	assert_int_equal(budget_sum_go(&sum, go, &need), 0);
	(void)begin(state);
	the_incident(3, 2);
	assert_int_equal(budget_sum_lack(&sum, sum.peaks_bytes), 0);
	assert_gib(budget_sum_in_swap(&sum, sum.peaks_bytes), 1.131);
	assert_gib(budget_sum_left(&sum, sum.peaks_bytes), 0.869);
	assert_gib(budget_sum_more_ram(&sum, false), 8.6 / 0.97 - 7.7);
	assert_int_equal(budget_sum_more_ram(&sum, true), 0);
}

static void without_swap_the_server_has_to_go_beside_two_bots_of_three_gib(void **state)
{
	static const char *const sets[] = {"mirzo nodira", "mirzo xtts", "nodira xtts"};
	uint32_t go[3], of;
	uint64_t need;

	(void)state;
	the_incident(3, 0);
	assert_int_equal(sum.room_bytes, sum.room_ram_bytes);
	assert_gib(budget_sum_lack(&sum, sum.peaks_bytes), 1.131);
	assert_int_equal(budget_sum_in_swap(&sum, sum.peaks_bytes), 0);
	assert_string_equal(names_of(go, budget_sum_go(&sum, go, &need)), "xtts");
	assert_sets(sets, 3);
	assert_int_equal(budget_sum_of_group(&sum, BOTS, true, &of), 1);
	assert_int_equal(budget_sum_of_group(&sum, BOTS, false, &of), 2);
	assert_int_equal(budget_sum_more_ram(&sum, true), budget_sum_more_ram(&sum, false));
}

static void a_unit_that_never_ran_is_not_known_and_in_no_sum(void **state)
{
	static const char *const sets[] = {"nodira"};
	struct budget_limit limit[3];
	uint32_t go[3];
	uint64_t need;

	(void)state;
	(void)add("mirzo", 30, 0, 0);
	(void)add("nodira", 20, 5, 5.1);
	(void)add("xtts", 1, 0, 0);
	host(4, 0, 5.5);
	assert_int_equal(sum.known, 1);
	assert_gib(sum.peaks_bytes, 5.1);
	assert_string_equal(names_of(go, budget_sum_go(&sum, go, &need)), "nodira");
	assert_int_equal(need, 0);
	assert_sets(NULL, 0);
	host(8, 0, 5.5);
	assert_sets(sets, 1);
	budget_sum_limits(&sum, limit);
	assert_int_equal(limit[0].max_bytes, 0);
	assert_true(limit[1].max_bytes > 0);
	assert_int_equal(limit[2].max_bytes, 0);
}

static void what_is_protected_never_goes_and_is_in_every_set(void **state)
{
	static const char *const sets[] = {"low", NULL};
	uint32_t go[3], n;
	uint64_t need;
	bool in[3];

	(void)state;
	add("low", 1, 3, 3)->protect = true;
	(void)add("middle", 2, 2, 2);
	(void)add("high", 3, 2, 2);
	host(4, 0, 7);
	assert_string_equal(names_of(go, budget_sum_go(&sum, go, &need)), "middle high");
	assert_sets(sets, 1);
	assert_gib(budget_sum_best(&sum, in), 3);
	assert_true(in[0] && !in[1] && !in[2]);
	/* It does not fit even by itself. */
	host(2, 0, 7);
	n = budget_sum_go(&sum, go, &need);
	assert_int_equal(n, 2);
	assert_true(budget_sum_lack(&sum, need) > 0);
	assert_sets(NULL, 0);
}

static void of_equal_priority_the_larger_goes_first(void **state)
{
	uint32_t go[3];
	uint64_t need;

	(void)state;
	(void)add("small", 0, 1, 1);
	(void)add("large", 0, 3, 3);
	(void)add("middle", 0, 2, 2);
	host(4, 0, 6);
	assert_string_equal(names_of(go, budget_sum_go(&sum, go, &need)), "large");
	assert_gib(need, 3);
}

static void what_a_unit_uses_now_is_its_peak_if_no_higher_one_is_known(void **state)
{
	(void)state;
	(void)add("new", 0, 1.5, 0);
	(void)add("old", 0, 1, 2);
	host(4, 0, 3);
	assert_gib(sum.peaks_bytes, 3.5);
	assert_int_equal(sum.known, 2);
	assert_gib(sum.rest_bytes, 0.5);
}

static void a_host_that_is_full_without_the_units_has_no_room(void **state)
{
	struct budget_limit limit[1];
	uint32_t of;

	(void)state;
	add("bot", 0, 0, 1)->group = BOTS;
	host(2, 0, 2);
	assert_int_equal(sum.room_bytes, 0);
	assert_gib(budget_sum_lack(&sum, sum.peaks_bytes), 1.06);
	assert_sets(NULL, 0);
	assert_int_equal(budget_sum_of_group(&sum, BOTS, true, &of), 0);
	budget_sum_limits(&sum, limit);
	assert_int_equal(limit[0].max_bytes, 0);
	assert_false(limit[0].in_best);
}

static void no_units_are_no_sum(void **state)
{
	uint32_t go[1];
	uint64_t need;

	(void)state;
	host(8, 2, 1);
	assert_int_equal(sum.known, 0);
	assert_int_equal(budget_sum_go(&sum, go, &need), 0);
	assert_sets(NULL, 0);
}

static void numbers_beyond_all_reason_overflow_nothing(void **state)
{
	static uint32_t go[UNITS_MAX];
	static bool in[UNITS_MAX];
	static struct budget_limit limit[UNITS_MAX];
	struct budget_host most = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
	uint32_t of;
	uint64_t need;

	(void)state;
	for (uint32_t i = 0; i < UNITS_MAX; i++)
		rows[i] = (struct budget_unit){
			.name = "x", .priority = INT32_MIN, .now_bytes = UINT64_MAX, .peak_bytes = UINT64_MAX, .row = i};
	budget_sum_init(&sum, most, rows, UNITS_MAX);
	assert_int_equal(sum.peaks_bytes, UINT64_C(1) << 63);
	assert_true(budget_sum_lack(&sum, sum.peaks_bytes) > 0);
	assert_true(budget_sum_go(&sum, go, &need) > 0);
	assert_true(budget_sum_best(&sum, in) <= sum.room_bytes);
	assert_true(budget_sum_more_ram(&sum, false) > UINT64_C(1) << 60);
	(void)budget_sum_of_group(&sum, 0, true, &of);
	assert_int_equal(of, UNITS_MAX);
	budget_sum_limits(&sum, limit);
	assert_sets(NULL, 0); /* too many to try all */
}

/* --- limits --- */

static void a_limit_is_a_quarter_above_the_peak_where_there_is_room(void **state)
{
	struct budget_limit limit[2];

	(void)state;
	(void)add("xtts", 1, 2, 2);
	(void)add("mirzo", 30, 2, 2.4);
	host(7.7, 2, 5);
	budget_sum_limits(&sum, limit);
	assert_gib(limit[0].max_bytes, 2.5);
	assert_gib(limit[0].high_bytes, 2.25);
	assert_gib(limit[1].max_bytes, 3.0);
	assert_gib(limit[1].high_bytes, 2.7);
}

static void limits_of_what_fits_together_fit_together(void **state)
{
	struct budget_limit limit[3];

	(void)state;
	the_incident(5.1, 2);
	budget_sum_limits(&sum, limit);
	assert_true(limit[0].in_best && !limit[1].in_best && limit[2].in_best); /* xtts, nodira, mirzo */
	assert_gib(limit[0].max_bytes + limit[2].max_bytes, 8.869);
	assert_gib(limit[0].max_bytes, 2 * 8.869 / 7.1);
	assert_gib(limit[2].max_bytes, 5.1 * 8.869 / 7.1);
	/* In the place of mirzo, with what is there. */
	assert_gib(limit[1].max_bytes, 5.1 * 1.25);
}

static void no_limit_is_above_what_there_is(void **state)
{
	struct budget_limit limit[1];

	(void)state;
	(void)add("huge", 0, 3, 10);
	host(4, 0, 3.5);
	budget_sum_limits(&sum, limit);
	assert_false(limit[0].in_best);
	assert_int_equal(limit[0].max_bytes, sum.room_bytes);
	assert_int_equal(limit[0].high_bytes, sum.room_bytes);
}

/* --- random ones --- */

static double random_gib(double most)
{
	static uint64_t x = 88172645463325252u;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return most * (double)(x >> 11) / 9007199254740992.0;
}

static void make_random(void)
{
	uint32_t n = (uint32_t)random_gib(9);
	double used = random_gib(1);

	(void)begin(NULL);
	for (uint32_t i = 0; i < n; i++) {
		double peak = random_gib(1) < 0.2 ? 0 : random_gib(6);
		struct budget_unit *unit = add("x", (int32_t)random_gib(4), peak * random_gib(1), peak);

		unit->protect = random_gib(1) < 0.1;
		used += (double)unit->now_bytes / GIB;
	}
	host(1 + random_gib(15), random_gib(1) < 0.5 ? 0 : random_gib(4), used);
}

static void check_go(void)
{
	uint32_t go[16], n;
	uint64_t need, before = sum.peaks_bytes;

	n = budget_sum_go(&sum, go, &need);
	for (uint32_t k = 0; k < n; k++) {
		assert_true(budget_sum_lack(&sum, before) > 0); /* no unit goes in vain */
		assert_true(k == 0 || sum.unit[go[k]].priority >= sum.unit[go[k - 1]].priority);
		assert_false(sum.unit[go[k]].protect);
		before -= sum.unit[go[k]].peak_bytes;
	}
	assert_int_equal(before, need);
}

static void check_sets(void)
{
	uint32_t sets[BUDGET_SETS_MAX], n = budget_sum_sets(&sum, sets);
	struct budget_limit limit[16];
	bool in[16];
	uint64_t best = budget_sum_best(&sum, in), limits = 0;

	assert_true(n == 0 || budget_sum_of_set(&sum, sets[0]) == best);
	for (uint32_t k = 0; k < n; k++)
		assert_int_equal(budget_sum_lack(&sum, budget_sum_of_set(&sum, sets[k])), 0);
	budget_sum_limits(&sum, limit);
	for (uint32_t i = 0; i < sum.units; i++) {
		limits += limit[i].in_best ? limit[i].max_bytes : 0;
		assert_true(limit[i].high_bytes <= limit[i].max_bytes && limit[i].max_bytes <= sum.room_bytes);
		assert_true(n == 0 || !in[i] || limit[i].max_bytes + MIB > sum.unit[i].peak_bytes);
	}
	assert_true(n == 0 || limits <= sum.room_bytes + MIB);
}

/* What it says would do does; and not much less would. */
static void check_more(void)
{
	double used = (double)sum.host.used_bytes / GIB, ram = (double)sum.host.ram_bytes / GIB,
	       swap = (double)sum.host.swap_bytes / GIB;
	double more = (double)(budget_sum_more_ram(&sum, true) + 4096) / GIB,
	       lack = (double)(budget_sum_lack(&sum, sum.peaks_bytes) + 4096) / GIB;

	host(ram + more, swap, used);
	assert_int_equal(budget_sum_lack(&sum, sum.peaks_bytes), 0);
	if (more > 0.01) {
		host(ram + more - 0.01, swap, used);
		assert_true(budget_sum_lack(&sum, sum.peaks_bytes) > 0);
	}
	host(ram, swap + lack, used);
	assert_int_equal(budget_sum_lack(&sum, sum.peaks_bytes), 0);
}

static void a_thousand_random_hosts_hold_what_is_said(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		make_random();
		if (sum.host.used_bytes == sum.host.ram_bytes + sum.host.swap_bytes)
			continue; /* cut: more was used than there is */
		check_go();
		check_sets();
		check_more();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_bots_of_five_gib_and_a_server_of_two_do_not_fit_into_8_and_swap, begin),
		cmocka_unit_test_setup(bots_of_two_gib_fit_in_memory_and_of_three_with_swap, begin),
		cmocka_unit_test_setup(without_swap_the_server_has_to_go_beside_two_bots_of_three_gib, begin),
		cmocka_unit_test_setup(a_unit_that_never_ran_is_not_known_and_in_no_sum, begin),
		cmocka_unit_test_setup(what_is_protected_never_goes_and_is_in_every_set, begin),
		cmocka_unit_test_setup(of_equal_priority_the_larger_goes_first, begin),
		cmocka_unit_test_setup(what_a_unit_uses_now_is_its_peak_if_no_higher_one_is_known, begin),
		cmocka_unit_test_setup(a_host_that_is_full_without_the_units_has_no_room, begin),
		cmocka_unit_test_setup(no_units_are_no_sum, begin),
		cmocka_unit_test_setup(numbers_beyond_all_reason_overflow_nothing, begin),
		cmocka_unit_test_setup(a_limit_is_a_quarter_above_the_peak_where_there_is_room, begin),
		cmocka_unit_test_setup(limits_of_what_fits_together_fit_together, begin),
		cmocka_unit_test_setup(no_limit_is_above_what_there_is, begin),
		cmocka_unit_test_setup(a_thousand_random_hosts_hold_what_is_said, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
