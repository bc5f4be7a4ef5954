/* What the budget answers: does it fit, who goes first, what fits together, what would do. */
#include "ask/budget.h"

#include <inttypes.h>

#include "ask/budget_say.h"

static void budget_print_unknown(const struct budget *b, FILE *out)
{
	char text[BUDGET_SAID_BYTES];
	struct buffer said;
	uint32_t n = 0, unknown = b->sum.units - b->sum.known;

	if (unknown == 0)
		return;
	BUFFER_OVER(&said, text);
	for (uint32_t i = 0; i < b->sum.units && n < BUDGET_NAMES_MAX; i++) {
		if (b->unit[i].known)
			continue;
		budget_say_next(&said, &n);
		budget_say_name(&said, b->unit[i].name);
	}
	if (unknown > n)
		buffer_addf(&said, " and %" PRIu32 " more", unknown - n);
	buffer_addf(&said, ": not in any of these sums, as what %s at the most is not known yet.",
		    unknown == 1 ? "it takes" : "they take");
	budget_say(out, "UNKNOWN", &said);
}

static void budget_print_fits(const struct budget *b, FILE *out)
{
	const struct budget_sum *sum = &b->sum;
	uint64_t swapped = budget_sum_in_swap(sum, sum->peaks_bytes), lack = budget_sum_lack(sum, sum->peaks_bytes);
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	if (lack > 0) {
		buffer_add(&said, "no: where all are at their peaks at once, ");
		budget_say_bytes(&said, lack);
		buffer_add(&said, " is lacking.");
	} else if (swapped > 0) {
		buffer_add(&said, "yes, with ");
		budget_say_bytes(&said, swapped);
		buffer_add(&said, " of them in swap where all are at their peaks at once; what is in swap is slow.");
	} else {
		buffer_add(&said, "yes, in memory, all at their peaks at once.");
	}
	budget_say(out, "FITS", &said);
}

static void budget_print_go(const struct budget *b, FILE *out)
{
	static uint32_t go[UNITS_MAX];
	uint64_t need, left = b->sum.peaks_bytes;
	uint32_t n = budget_sum_go(&b->sum, go, &need), told = 0;
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	while (told < n && told < BUDGET_NAMES_MAX) {
		left -= b->unit[go[told]].peak_bytes;
		buffer_add(&said, told > 0 ? "; " : "");
		budget_say_name(&said, b->unit[go[told++]].name);
		buffer_add(&said, ", then the rest ");
		budget_say_verdict(&said, &b->sum, left, true);
	}
	if (told < n)
		buffer_addf(&said, "; and %" PRIu32 " more", n - told);
	if (budget_sum_lack(&b->sum, need) > 0)
		buffer_add(&said, n > 0 ? ". Even so it does not fit" : "nothing that may go would help");
	buffer_add(&said, ".");
	budget_say(out, "GO FIRST", &said);
}

/* "mirzo, xtts: 7.10 GiB, 0.24 GiB of it in swap." */
static void budget_print_set(const struct budget *b, uint32_t set, const char *label, FILE *out)
{
	uint64_t need = budget_sum_of_set(&b->sum, set), swapped = budget_sum_in_swap(&b->sum, need);
	char text[BUDGET_SAID_BYTES];
	struct buffer said;
	uint32_t n = 0;

	BUFFER_OVER(&said, text);
	for (uint32_t i = b->sum.units; i-- > 0;)
		if (budget_sum_is_in(&b->sum, set, i)) {
			budget_say_next(&said, &n);
			budget_say_name(&said, b->unit[i].name);
		}
	buffer_add(&said, ": ");
	budget_say_bytes(&said, need);
	if (swapped > 0) {
		buffer_add(&said, ", ");
		budget_say_bytes(&said, swapped);
		buffer_add(&said, " of it in swap");
	}
	buffer_add(&said, ".");
	budget_say(out, label, &said);
}

/* Of more units than all sets can be tried of, the best one: as many as there are, from the highest priority down. */
static void budget_print_best(const struct budget *b, FILE *out)
{
	static bool in[UNITS_MAX];
	uint64_t need = budget_sum_best(&b->sum, in);
	uint32_t n = 0, all = 0;
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	for (uint32_t i = b->sum.units; i-- > 0;) {
		all += in[i];
		if (!in[i] || n == BUDGET_NAMES_MAX)
			continue;
		budget_say_next(&said, &n);
		budget_say_name(&said, b->unit[i].name);
	}
	if (all > n)
		buffer_addf(&said, " and %" PRIu32 " more", all - n);
	buffer_add(&said, all > 0 ? ": " : "nothing: ");
	budget_say_bytes(&said, need);
	buffer_add(&said, ".");
	budget_say(out, "TOGETHER", &said);
}

static void budget_print_together(const struct budget *b, FILE *out)
{
	uint32_t sets[BUDGET_SETS_MAX], n = budget_sum_sets(&b->sum, sets);

	if (n == 0)
		budget_print_best(b, out);
	for (uint32_t k = 0; k < n; k++)
		budget_print_set(b, sets[k], k == 0 ? "TOGETHER" : "    or", out);
}

static void budget_print_group(const struct budget *b, uint32_t group, FILE *out)
{
	uint32_t of, beside = budget_sum_of_group(&b->sum, group, true, &of),
		     alone = budget_sum_of_group(&b->sum, group, false, &of);

	if (of < 2 || beside == of)
		return;
	BUDGET_SAY(out, "AT A TIME", "of the group %s, %" PRIu32 " of %" PRIu32 " beside the others; %" PRIu32 " without them.",
		   config_group_at(b->config, group)->name, beside, of, alone);
}

static void budget_print_do(const struct budget *b, FILE *out)
{
	const struct budget_sum *sum = &b->sum;
	uint64_t lack = budget_sum_lack(sum, sum->peaks_bytes), ram = budget_sum_more_ram(sum, true),
		 all = budget_sum_more_ram(sum, false);
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	if (all == 0)
		return;
	BUFFER_OVER(&said, text);
	if (lack > 0) {
		budget_say_bytes(&said, lack);
		buffer_add(&said, " more swap (");
		budget_say_bytes(&said, sum->host.swap_bytes + lack);
		buffer_add(&said, " in all), which is slow where it is used; or ");
		budget_say_bytes(&said, ram);
		buffer_add(&said, " more memory (");
		budget_say_bytes(&said, sum->host.ram_bytes + ram);
		buffer_add(&said, " in all); ");
	}
	if (lack == 0 || sum->host.swap_bytes > 0) {
		budget_say_bytes(&said, all);
		buffer_add(&said, " more memory (");
		budget_say_bytes(&said, sum->host.ram_bytes + all);
		buffer_add(&said, " in all) and nothing of it is in swap; ");
	}
	if (said.len >= 2 && !said.cut)
		said.text[said.len -= 2] = '\0';
	buffer_add(&said, ".");
	budget_say(out, "WOULD DO", &said);
}

void budget_print_answers(const struct budget *b, FILE *out)
{
	(void)fputc('\n', out);
	if (b->sum.known > 0) {
		budget_print_fits(b, out);
		if (budget_sum_lack(&b->sum, b->sum.peaks_bytes) > 0) {
			budget_print_go(b, out);
			budget_print_together(b, out);
			for (uint32_t g = 0; b->config != NULL && g < b->config->groups.count; g++)
				budget_print_group(b, g, out);
		}
		budget_print_do(b, out);
	}
	budget_print_unknown(b, out);
}
