/* The order of the text, what it is made of, and the host. */
#include "share/metrics.h"

#include <stdlib.h>
#include <unistd.h>

#include "share/metrics_parts.h"

void metrics_bytes(struct openmetrics *om, const struct state_reading *reading, const char *unit)
{
	if (reading->known == STATE_KNOWN)
		openmetrics_sample(om, reading->value, 0, OPENMETRICS_LABELS("unit", unit));
}

void metrics_until(struct openmetrics *om, const struct state_reading *reading, const char *unit)
{
	if (reading->known == STATE_NEVER)
		openmetrics_infinite(om, OPENMETRICS_LABELS("unit", unit));
	else if (reading->known == STATE_KNOWN)
		openmetrics_sample(om, reading->value, 3, OPENMETRICS_LABELS("unit", unit));
}

void metrics_pressure(struct openmetrics *om, const struct state_reading *first, const char *unit)
{
	static const char *const kinds[] = {"some", "full"}, *const windows[] = {"2s", "10s", "60s", "300s"};

	_Static_assert(HOST_PRESSURE_FULL - HOST_PRESSURE_SOME == ARRAY_LEN(windows) &&
			       UNIT_PRESSURE_FULL - UNIT_PRESSURE_SOME == ARRAY_LEN(windows),
		       "four windows of each");
	for (size_t kind = 0; kind < ARRAY_LEN(kinds); kind++)
		for (size_t window = 0; window < ARRAY_LEN(windows); window++, first++)
			if (first->known == STATE_KNOWN) /* 1/1000 % */
				openmetrics_sample(om, first->value, 5,
						   OPENMETRICS_LABELS("unit", unit,
								      "kind", kinds[kind], "window", windows[window]));
}

void metrics_host(struct openmetrics *om, const struct state *state)
{
	static const struct {
		enum metrics_family family;
		enum reading_host reading;
	} rows[] = {
		{METRICS_HOST_MEMORY_AVAILABLE, HOST_AVAILABLE},
		{METRICS_HOST_SWAP_FREE, HOST_SWAP_FREE},
		{METRICS_HOST_HEADROOM, HOST_HEADROOM},
	};

	/* Both are of one file: there is no swap where there is memory and no swap. */
	if (state->mem_total_bytes > 0) {
		metrics_begin(om, METRICS_HOST_MEMORY_TOTAL);
		openmetrics_sample(om, metrics_count(state->mem_total_bytes), 0, NULL);
		metrics_begin(om, METRICS_HOST_SWAP_TOTAL);
		openmetrics_sample(om, metrics_count(state->swap_total_bytes), 0, NULL);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		metrics_begin(om, rows[i].family);
		metrics_bytes(om, &state->host[rows[i].reading], "");
	}
	metrics_begin(om, METRICS_HOST_EXHAUSTED_IN);
	metrics_until(om, &state->host[HOST_EXHAUSTED_IN], "");
	metrics_begin(om, METRICS_HOST_PRESSURE);
	metrics_pressure(om, &state->host[HOST_PRESSURE_SOME], "");
}

char *metrics_format(const struct metrics_of *of, size_t *len)
{
	struct openmetrics om;

	openmetrics_init(&om, of->format);
	if (of->state != NULL) {
		metrics_host(&om, of->state);
		metrics_units(&om, of->state, of->now);
		metrics_rules(&om, of->state);
	}
	metrics_told(&om, of);
	metrics_own(&om, of);
	return openmetrics_end(&om, len);
}

/* malloc'ed; NULL: there is no page, or no memory. */
static struct state *metrics_copy_page(const struct plugin_host *host)
{
	const struct state *page = host->state != NULL ? host->state() : NULL;
	struct state *copy = page != NULL ? malloc(sizeof(*copy)) : NULL;

	if (copy == NULL)
		return NULL;
	(void)state_copy(page, copy); /* false: its writer was killed in the middle, and ticks no more */
	return copy;
}

char *metrics_take(const struct plugin_host *host, int proc, enum openmetrics_format format, size_t *len)
{
	struct plugin_standing channel[CHANNELS_MAX];
	struct metrics_process process[METRICS_PROCESSES_MAX];
	struct state *copy = metrics_copy_page(host);
	struct metrics_of of = {
		.format = format, .state = copy, .channel = channel, .process = process, .now = clock_mono()};
	char *text;

	while (host->channel != NULL && of.channels < CHANNELS_MAX &&
	       host->channel(of.channels, &channel[of.channels]))
		of.channels++;
	if (proc >= 0)
		of.processes = metrics_cost_read(proc, getppid(), process, METRICS_PROCESSES_MAX);
	text = metrics_format(&of, len);
	free(copy);
	return text;
}
