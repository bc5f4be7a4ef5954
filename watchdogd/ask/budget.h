/* `watchdogctl budget`: does what the units took at their peaks fit into this host, what fits together, what would do, which
 * limits suit them, and what systemd would do wrong today. Reads the state page, as status does, the config that the
 * daemon runs with (priorities, groups, systemd's names) and systemd's own settings. */
#ifndef WD_ASK_BUDGET_H
#define WD_ASK_BUDGET_H

#include <stdbool.h>
#include <stdio.h>

#include "ask/budget_sum.h"
#include "ask/budget_systemd.h"
#include "ask/status.h"
#include "config/config.h"

/* All that is told; on the heap, as it is large. unit, limit: in the order of going; the rest by row of the page
 * (unit[i].row). */
struct budget {
	struct status page;
	struct budget_sum sum;
	struct budget_unit unit[UNITS_MAX];
	struct budget_limit limit[UNITS_MAX];
	struct budget_systemd systemd[UNITS_MAX];
	uint32_t of_config[UNITS_MAX]; /* index in the config; CONFIG_NONE: not there */
	const struct config *config;   /* NULL: it cannot be read, */
	char no_config[TEXT_BYTES];    /* why */
	char no_systemd[TEXT_BYTES];   /* why systemd could not be asked; "": it was, or there was nothing to ask */
};

struct budget_ask {
	const char *control;   /* the socket; the page lies beside it */
	const char *systemctl; /* the program; NULL: where it usually is, if systemd runs */
	bool json;
};

/* The table, its answers and the drop-ins; names and texts are escaped for a terminal. */
void budget_print(const struct budget *budget, FILE *out);

/* Its answers alone (budget_answers.c). */
void budget_print_answers(const struct budget *budget, FILE *out);

/* One JSON object and a newline; its keys are in watchdogctl(1). */
void budget_print_json(const struct budget *budget, FILE *out);

/* The systemd unit of unit i, as the config has it; "": it is none of the host's systemd. */
const char *budget_target(const struct budget *budget, uint32_t i);

/* Its row of the page, and what systemd has set for it. */
const struct state_unit *budget_row(const struct budget *budget, uint32_t i);
const struct budget_systemd *budget_systemd_of(const struct budget *budget, uint32_t i);

/* The unit whose cgroup it lies in, by the paths of the config; NULL: none. Its memory is counted twice in the sums. */
const char *budget_outer(const struct budget *budget, uint32_t i);

/* How many times the kernel killed something of it for want of memory. */
uint64_t budget_kills(const struct budget *budget, uint32_t i);

/* Its limit was its peak: it came to so many % of it, at least 95; 0: it has none of its own, or did not. */
unsigned budget_at_limit_pct(const struct budget *budget, uint32_t i);

/* 0: told; 3: told from a page that is old; 1: no page can be read, or it does not know the host yet. Errors are told on err. */
int budget_run(const struct budget_ask *ask, FILE *out, FILE *err);

#endif
