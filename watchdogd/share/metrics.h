/* The metrics: the state page, how channels stand and what watchdogd itself costs, as the text that
 * Prometheus reads (openmetrics.h). What is unknown has no sample: never 0. The families are in
 * metrics_family.h. For workers: it allocates. */
#ifndef WD_SHARE_METRICS_H
#define WD_SHARE_METRICS_H

#include <stddef.h>

#include "base/clock.h"
#include "share/metrics_cost.h"
#include "share/openmetrics.h"
#include "share/plugin.h"
#include "share/state.h"

/* What is told. All is borrowed for the time of the call. */
struct metrics_of {
	enum openmetrics_format format;
	const struct state *state; /* a copy of the page (state_copy); NULL: there is none */
	const struct plugin_standing *channel;
	size_t channels;
	const struct metrics_process *process; /* without the sentinel, the page's own figures count */
	size_t processes;
	mono_ms now;
};

/* The text: malloc'ed, the caller's, its length in *len. NULL: no memory. */
char *metrics_format(const struct metrics_of *of, size_t *len);

/* The same of what the host offers a plugin, now: the page (copied), the standings (none where the host has
 * no channels), the processes below proc (a kept descriptor of /proc; -1: none). Waits 100 ms at most, where
 * the page's writer was killed in the middle. */
char *metrics_take(const struct plugin_host *host, int proc, enum openmetrics_format format, size_t *len);

#endif
