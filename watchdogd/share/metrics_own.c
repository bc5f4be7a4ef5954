/* The metrics of what watchdogd does and tells, and of how it is itself. */
#include <string.h>

#include "share/metrics_parts.h"

enum { METRICS_STALE_MS = 10000 }; /* a sentinel looks once a second at least */

/* --- actions, alerts, channels --- */

/* An alert is counted by its severity. */
static void metrics_actions(struct openmetrics *om, const struct state *state)
{
	metrics_begin(om, METRICS_ACTIONS);
	for (int verb = 0; verb < VERBS; verb++) {
		if (verb == VERB_ALERT)
			continue;
		openmetrics_sample(om, metrics_count(state->done[verb]), 0,
				   OPENMETRICS_LABELS("verb", verb_words[verb].name, "outcome", "done"));
		openmetrics_sample(om, metrics_count(state->not_done[verb]), 0,
				   OPENMETRICS_LABELS("verb", verb_words[verb].name, "outcome", "not_done"));
	}
	metrics_begin(om, METRICS_ALERTS);
	for (int severity = SEVERITY_INFO; severity < SEVERITIES; severity++)
		openmetrics_sample(om, metrics_count(state->alerts[severity]), 0,
				   OPENMETRICS_LABELS("severity", severity_name((enum severity)severity)));
}

static void metrics_channel_outcomes(struct openmetrics *om, const struct plugin_standing *channel)
{
	openmetrics_sample(om, metrics_count(channel->taken), 0,
			   OPENMETRICS_LABELS("channel", channel->name, "outcome", "taken"));
	openmetrics_sample(om, metrics_count(channel->dead), 0,
			   OPENMETRICS_LABELS("channel", channel->name, "outcome", "dead"));
	openmetrics_sample(om, metrics_count(channel->dropped), 0,
			   OPENMETRICS_LABELS("channel", channel->name, "outcome", "dropped"));
}

static void metrics_channels(struct openmetrics *om, const struct plugin_standing *channel, size_t channels)
{
	metrics_begin(om, METRICS_CHANNEL_ALERTS);
	for (size_t i = 0; i < channels; i++)
		metrics_channel_outcomes(om, &channel[i]);
	metrics_begin(om, METRICS_CHANNEL_ATTEMPTS);
	for (size_t i = 0; i < channels; i++)
		openmetrics_sample(om, metrics_count(channel[i].attempts), 0,
				   OPENMETRICS_LABELS("channel", channel[i].name));
	metrics_begin(om, METRICS_CHANNEL_WAITING);
	for (size_t i = 0; i < channels; i++)
		openmetrics_sample(om, channel[i].waiting, 0, OPENMETRICS_LABELS("channel", channel[i].name));
	metrics_begin(om, METRICS_CHANNEL_FAILING);
	for (size_t i = 0; i < channels; i++)
		openmetrics_sample(om, channel[i].failing_since_wall_ms != 0, 0,
				   OPENMETRICS_LABELS("channel", channel[i].name));
	metrics_begin(om, METRICS_CHANNEL_FAILING_SINCE);
	for (size_t i = 0; i < channels; i++)
		if (channel[i].failing_since_wall_ms != 0)
			openmetrics_sample(om, metrics_count(channel[i].failing_since_wall_ms), 3,
					   OPENMETRICS_LABELS("channel", channel[i].name));
}

void metrics_told(struct openmetrics *om, const struct metrics_of *of)
{
	if (of->state != NULL)
		metrics_actions(om, of->state);
	metrics_channels(om, of->channel, of->channels);
}

/* --- the sentinel, the config --- */

static void metrics_sentinel(struct openmetrics *om, const struct state *state, mono_ms now)
{
	bool ticks = state != NULL && state->tick != 0;

	metrics_begin(om, METRICS_SENTINEL_UP);
	openmetrics_sample(om, ticks && metrics_age_ms(state->tick, now) <= METRICS_STALE_MS, 0, NULL);
	if (!ticks)
		return;
	metrics_begin(om, METRICS_SENTINEL_UPTIME);
	openmetrics_sample(om, metrics_age_ms(state->started, now), 3, NULL);
	metrics_begin(om, METRICS_TICK_AGE);
	openmetrics_sample(om, metrics_age_ms(state->tick, now), 3, NULL);
	metrics_begin(om, METRICS_LOOKS);
	openmetrics_sample(om, metrics_count(state->looks), 0, NULL);
	metrics_begin(om, METRICS_WAKEUPS);
	openmetrics_sample(om, metrics_count(state->wakeups), 0, NULL);
	metrics_begin(om, METRICS_SOURCE_BLIND);
	openmetrics_sample(om, state->blind[0] != '\0', 0, NULL);
}

static void metrics_config(struct openmetrics *om, const struct state *state)
{
	metrics_begin(om, METRICS_DRY_RUN);
	openmetrics_sample(om, state->dry_run != 0, 0, NULL);
	metrics_begin(om, METRICS_CONFIG);
	openmetrics_sample(om, 1, 0, OPENMETRICS_LABELS("path", state->config_path)); /* none: the built-in one */
	metrics_begin(om, METRICS_CONFIG_GENERATION);
	openmetrics_sample(om, state->generation, 0, NULL);
}

/* --- the cost --- */

static bool metrics_has_process(const struct metrics_of *of, const char *name)
{
	for (size_t i = 0; i < of->processes; i++)
		if (strcmp(of->process[i].name, name) == 0)
			return true;
	return false;
}

static void metrics_cost(struct openmetrics *om, const struct metrics_of *of)
{
	static const char sentinel[] = "wd-sentinel";
	const struct state *s = of->state;
	bool by_page = s != NULL && s->rss_kb != 0 && !metrics_has_process(of, sentinel);

	metrics_begin(om, METRICS_PROCESS_CPU);
	for (size_t i = 0; i < of->processes; i++)
		openmetrics_sample(om, metrics_count(of->process[i].cpu_ms), 3,
				   OPENMETRICS_LABELS("process", of->process[i].name));
	if (by_page)
		openmetrics_sample(om, metrics_count(s->cpu_ms), 3, OPENMETRICS_LABELS("process", sentinel));
	metrics_begin(om, METRICS_PROCESS_MEMORY);
	for (size_t i = 0; i < of->processes; i++)
		openmetrics_sample(om, metrics_count(of->process[i].rss_bytes), 0,
				   OPENMETRICS_LABELS("process", of->process[i].name));
	if (by_page)
		openmetrics_sample(om, metrics_count(s->rss_kb * 1024), 0,
				   OPENMETRICS_LABELS("process", sentinel));
}

void metrics_own(struct openmetrics *om, const struct metrics_of *of)
{
	metrics_sentinel(om, of->state, of->now);
	if (of->state != NULL && of->state->tick != 0)
		metrics_config(om, of->state);
	metrics_cost(om, of);
}
