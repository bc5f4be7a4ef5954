/* The arithmetic of `watchdogctl budget`: whether what the units take at their peaks fits into memory and swap together
 * with what the rest of the host uses, what would have to go, and what would do. Pure; all in bytes. Peaks are taken to
 * fall together: that is the worst that was seen. */
#ifndef WD_ASK_BUDGET_SUM_H
#define WD_ASK_BUDGET_SUM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bounds.h"

enum {
	BUDGET_SPARE_PCT = 3,   /* of memory, is to stay free: below that a host stalls */
	BUDGET_TRIED_MAX = 16,  /* units of which all sets are tried */
	BUDGET_SETS_MAX = 8,    /* sets that are told */
};

struct budget_unit {
	const char *name;     /* borrowed */
	int32_t priority;     /* the lowest goes first */
	uint32_t group;       /* an index, or CONFIG_NONE */
	bool protect;         /* never goes */
	bool known;           /* its peak: it ran while it was watched */
	uint64_t now_bytes;   /* what it uses now; 0: it does not run */
	uint64_t peak_bytes;
	uint32_t row;         /* the caller's own */
};

struct budget_host {
	uint64_t ram_bytes, swap_bytes;
	uint64_t used_bytes;  /* of both together, now */
};

struct budget_sum {
	struct budget_host host;
	struct budget_unit *unit; /* borrowed; what goes first comes first */
	uint32_t units, known;    /* all; those whose peak is known */
	uint64_t rest_bytes;      /* what the host uses beside the units */
	uint64_t spare_bytes;     /* of memory, to stay free */
	uint64_t room_bytes;      /* for the units, in memory and swap */
	uint64_t room_ram_bytes;  /* in memory alone */
	uint64_t peaks_bytes;     /* of all that are known */
};

/* Begin: numbers beyond all reason (8 PiB) are cut down, the rows are put in the order of going (by priority, of equals the
 * larger first), and the sums are made. */
void budget_sum_init(struct budget_sum *sum, struct budget_host host, struct budget_unit *unit, uint32_t units);

/* What is lacking, and what is left, where the units take so much; one of both is 0. */
uint64_t budget_sum_lack(const struct budget_sum *sum, uint64_t need_bytes);
uint64_t budget_sum_left(const struct budget_sum *sum, uint64_t need_bytes);

/* What of it would lie in swap. */
uint64_t budget_sum_in_swap(const struct budget_sum *sum, uint64_t need_bytes);

/* What all but that unit take at their peaks. */
uint64_t budget_sum_without(const struct budget_sum *sum, uint32_t i);

/* Which units would have to go until the rest fits, in this order, into go (room for all of them): how many. Those whose
 * peak is not known and what is protected are passed over; *need_bytes: what the others take. */
uint32_t budget_sum_go(const struct budget_sum *sum, uint32_t *go, uint64_t *need_bytes);

/* What fits together: the best set by priority, which is the one that is made up from the highest down. in (room for all):
 * whether each unit is in it. What it takes. What is protected is always in it, if need be beyond what there is. */
uint64_t budget_sum_best(const struct budget_sum *sum, bool *in);

/* All sets that fit and that no further unit fits into, the best first: how many, at most BUDGET_SETS_MAX; bit k of a
 * set stands for the k-th unit whose peak is known. 0 where there are more than BUDGET_TRIED_MAX of them, or none fits. */
uint32_t budget_sum_sets(const struct budget_sum *sum, uint32_t sets[BUDGET_SETS_MAX]);
bool budget_sum_is_in(const struct budget_sum *sum, uint32_t set, uint32_t i);
uint64_t budget_sum_of_set(const struct budget_sum *sum, uint32_t set);

/* Of the units of that group whose peak is known: how many fit at once, whichever they are; beside all others, or alone
 * with what is protected. *of: of how many. */
uint32_t budget_sum_of_group(const struct budget_sum *sum, uint32_t group, bool beside, uint32_t *of);

/* How much more memory it would need for all to fit, with the swap there is, or without any of them in swap. More swap:
 * budget_sum_lack. */
uint64_t budget_sum_more_ram(const struct budget_sum *sum, bool with_swap);

struct budget_limit {
	uint64_t high_bytes, max_bytes; /* 0: its peak is not known, or there is no room at all */
	bool in_best;                   /* they hold together with those of the best set */
};

/* Limits for each unit: a quarter above its peak, less where the best set would not fit into memory and swap
 * otherwise. One that is not in that set gets what it may have in its place. limit: room for all. */
void budget_sum_limits(const struct budget_sum *sum, struct budget_limit *limit);

#endif
