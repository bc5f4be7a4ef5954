#include "ask/budget_sum.h"

#include <stdlib.h>

#include "config/config.h"

#define BUDGET_MOST_BYTES (UINT64_C(1) << 53) /* 8 PiB: a thousand of them do not overflow */

enum {
	BUDGET_ROOM_PCT = 125,   /* of its peak: what a unit gets where there is room */
	BUDGET_HIGH_TENTHS = 9,  /* of MemoryMax=: from there on it is slowed down */
};

static uint64_t budget_least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t budget_over(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* --- the sums --- */

static int budget_compare(const void *a, const void *b)
{
	const struct budget_unit *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	if (x->peak_bytes != y->peak_bytes)
		return x->peak_bytes > y->peak_bytes ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* A unit that uses more now than any peak that was noted: that is its peak. */
static void budget_bound_unit(struct budget_unit *unit)
{
	unit->now_bytes = budget_least(unit->now_bytes, BUDGET_MOST_BYTES);
	unit->peak_bytes = budget_least(unit->peak_bytes, BUDGET_MOST_BYTES);
	if (unit->now_bytes > unit->peak_bytes)
		unit->peak_bytes = unit->now_bytes;
	unit->known = unit->peak_bytes > 0;
}

void budget_sum_init(struct budget_sum *sum, struct budget_host host, struct budget_unit *unit, uint32_t units)
{
	uint64_t now = 0;

	host.ram_bytes = budget_least(host.ram_bytes, BUDGET_MOST_BYTES);
	host.swap_bytes = budget_least(host.swap_bytes, BUDGET_MOST_BYTES);
	host.used_bytes = budget_least(host.used_bytes, host.ram_bytes + host.swap_bytes);
	*sum = (struct budget_sum){.host = host, .unit = unit, .units = units};
	for (uint32_t i = 0; i < units; i++) {
		budget_bound_unit(&unit[i]);
		now += unit[i].now_bytes;
		sum->known += unit[i].known;
		sum->peaks_bytes += unit[i].peak_bytes;
	}
	if (units > 0)
		qsort(unit, units, sizeof(*unit), budget_compare);
	sum->rest_bytes = budget_over(host.used_bytes, now);
	sum->spare_bytes = host.ram_bytes * BUDGET_SPARE_PCT / 100;
	sum->room_ram_bytes = budget_over(host.ram_bytes, sum->spare_bytes + sum->rest_bytes);
	sum->room_bytes = budget_over(host.ram_bytes + host.swap_bytes, sum->spare_bytes + sum->rest_bytes);
}

uint64_t budget_sum_lack(const struct budget_sum *sum, uint64_t need)
{
	return budget_over(sum->spare_bytes + sum->rest_bytes + need, sum->host.ram_bytes + sum->host.swap_bytes);
}

uint64_t budget_sum_left(const struct budget_sum *sum, uint64_t need)
{
	return budget_over(sum->room_bytes, need);
}

uint64_t budget_sum_in_swap(const struct budget_sum *sum, uint64_t need)
{
	return budget_least(budget_over(need, sum->room_ram_bytes), sum->host.swap_bytes);
}

uint64_t budget_sum_without(const struct budget_sum *sum, uint32_t i)
{
	return sum->peaks_bytes - sum->unit[i].peak_bytes;
}

uint32_t budget_sum_go(const struct budget_sum *sum, uint32_t *go, uint64_t *need)
{
	uint32_t n = 0;

	*need = sum->peaks_bytes;
	for (uint32_t i = 0; i < sum->units && budget_sum_lack(sum, *need) > 0; i++) {
		if (!sum->unit[i].known || sum->unit[i].protect)
			continue;
		go[n++] = i;
		*need -= sum->unit[i].peak_bytes;
	}
	return n;
}

/* --- sets --- */

static uint64_t budget_protected(const struct budget_sum *sum)
{
	uint64_t need = 0;

	for (uint32_t i = 0; i < sum->units; i++)
		need += sum->unit[i].protect ? sum->unit[i].peak_bytes : 0;
	return need;
}

uint64_t budget_sum_best(const struct budget_sum *sum, bool *in)
{
	uint64_t need = budget_protected(sum);

	for (uint32_t i = sum->units; i-- > 0;) {
		const struct budget_unit *unit = &sum->unit[i];

		in[i] = unit->known && unit->protect;
		if (!unit->known || unit->protect || budget_sum_lack(sum, need + unit->peak_bytes) > 0)
			continue;
		in[i] = true;
		need += unit->peak_bytes;
	}
	return need;
}

/* The bit of a unit; 0: its peak is not known. */
static uint32_t budget_bit(const struct budget_sum *sum, uint32_t i)
{
	uint32_t bit = 1;

	for (uint32_t k = 0; k < i; k++)
		bit <<= sum->unit[k].known;
	return sum->unit[i].known ? bit : 0;
}

bool budget_sum_is_in(const struct budget_sum *sum, uint32_t set, uint32_t i)
{
	return (set & budget_bit(sum, i)) != 0;
}

/* The peaks of those whose peak is known, in the order of bits; the set of what is protected. */
static uint32_t budget_bits(const struct budget_sum *sum, uint64_t peak[BUDGET_TRIED_MAX])
{
	uint32_t k = 0, kept = 0;

	for (uint32_t i = 0; i < sum->units; i++) {
		if (!sum->unit[i].known)
			continue;
		kept |= (uint32_t)sum->unit[i].protect << k;
		peak[k++] = sum->unit[i].peak_bytes;
	}
	return kept;
}

/* Fits, and no further one would. */
static bool budget_is_full(const struct budget_sum *sum, const uint64_t *peak, uint32_t set)
{
	uint64_t need = 0;

	for (uint32_t k = 0; k < sum->known; k++)
		need += (set >> k & 1) != 0 ? peak[k] : 0;
	if (budget_sum_lack(sum, need) > 0)
		return false;
	for (uint32_t k = 0; k < sum->known; k++)
		if ((set >> k & 1) == 0 && budget_sum_lack(sum, need + peak[k]) == 0)
			return false;
	return true;
}

uint32_t budget_sum_sets(const struct budget_sum *sum, uint32_t sets[BUDGET_SETS_MAX])
{
	uint64_t peak[BUDGET_TRIED_MAX] = {0};
	uint32_t n = 0, kept;

	if (sum->known == 0 || sum->known > BUDGET_TRIED_MAX)
		return 0;
	kept = budget_bits(sum, peak);
	/* A higher bit is a unit that goes later: the larger number is the better set. */
	for (uint32_t set = (1u << sum->known) - 1; set > 0 && n < BUDGET_SETS_MAX; set--)
		if ((set & kept) == kept && budget_is_full(sum, peak, set))
			sets[n++] = set;
	return n;
}

uint64_t budget_sum_of_set(const struct budget_sum *sum, uint32_t set)
{
	uint64_t need = 0;

	for (uint32_t i = 0; i < sum->units; i++)
		need += budget_sum_is_in(sum, set, i) ? sum->unit[i].peak_bytes : 0;
	return need;
}

/* --- one group --- */

/* The largest of the group that is not larger than the last one: they are taken in that order, so that it holds
 * whichever they are. Index, or units. */
static uint32_t budget_next_of_group(const struct budget_sum *sum, uint32_t group, uint32_t last)
{
	uint32_t best = sum->units;

	for (uint32_t i = 0; i < sum->units; i++) {
		const struct budget_unit *unit = &sum->unit[i];

		if (unit->group != group || !unit->known)
			continue;
		if (last < sum->units && (unit->peak_bytes > sum->unit[last].peak_bytes ||
					  (unit->peak_bytes == sum->unit[last].peak_bytes && i <= last)))
			continue;
		if (best == sum->units || unit->peak_bytes > sum->unit[best].peak_bytes)
			best = i;
	}
	return best;
}

uint32_t budget_sum_of_group(const struct budget_sum *sum, uint32_t group, bool beside, uint32_t *of)
{
	uint32_t fit = 0, i = sum->units;
	uint64_t need = 0;

	*of = 0;
	for (uint32_t k = 0; k < sum->units; k++) {
		const struct budget_unit *unit = &sum->unit[k];

		if (unit->group == group)
			*of += unit->known;
		else if (beside || unit->protect)
			need += unit->peak_bytes;
	}
	while ((i = budget_next_of_group(sum, group, i)) < sum->units) {
		need += sum->unit[i].peak_bytes;
		if (budget_sum_lack(sum, need) > 0)
			break;
		fit++;
	}
	return fit;
}

/* --- what would do --- */

uint64_t budget_sum_more_ram(const struct budget_sum *sum, bool with_swap)
{
	uint64_t need = sum->rest_bytes + sum->peaks_bytes, whole;

	need = budget_over(need, with_swap ? sum->host.swap_bytes : 0);
	/* Of what comes, a part is to stay free too. */
	whole = need / (100 - BUDGET_SPARE_PCT) * 100 + (need % (100 - BUDGET_SPARE_PCT)) * 100 / (100 - BUDGET_SPARE_PCT) + 1;
	return budget_over(whole, sum->host.ram_bytes);
}

/* --- limits --- */

/* That of a unit which may have `percent` of its peak. */
static struct budget_limit budget_limit_of(uint64_t peak, uint64_t max)
{
	struct budget_limit limit = {.max_bytes = max};

	/* Not below its peak: without swap a unit that is held there stands still. */
	limit.high_bytes = max / 10 * BUDGET_HIGH_TENTHS;
	if (limit.high_bytes < budget_least(peak, max))
		limit.high_bytes = budget_least(peak, max);
	return limit;
}

/* peak * room / need, of numbers up to 2^63. */
static uint64_t budget_share(uint64_t peak, uint64_t room, uint64_t need)
{
	return (uint64_t)((double)peak * ((double)room / (double)need));
}

void budget_sum_limits(const struct budget_sum *sum, struct budget_limit *limit)
{
	bool in[UNITS_MAX];
	uint64_t need = budget_sum_best(sum, in);

	for (uint32_t i = 0; i < sum->units; i++) {
		uint64_t peak = sum->unit[i].peak_bytes, max = peak / 100 * BUDGET_ROOM_PCT;

		limit[i] = (struct budget_limit){.in_best = in[i]};
		if (!sum->unit[i].known)
			continue;
		if (in[i] && max > budget_share(peak, sum->room_bytes, need))
			max = budget_share(peak, sum->room_bytes, need);
		limit[i] = budget_limit_of(peak, budget_least(max, sum->room_bytes));
		limit[i].in_best = in[i];
	}
}
