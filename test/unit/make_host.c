#include "make_host.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static struct host *host_now;

static void host_init_decide(struct host *host, bool dry_run)
{
	memset(&host->decide, 0, sizeof(host->decide));
	host->decide.config = host->config;
	host->decide.state = &host->state;
	host->decide.ledger = &host->ledger;
	host->decide.dry_run = dry_run;
	decide_init(&host->decide, host->now);
}

static struct host *host_make(struct config *config, bool dry_run)
{
	struct host *host = calloc(1, sizeof(*host));

	assert(host != NULL && host_now == NULL);
	host_now = host;
	host->config = config;
	host->now = 100000;
	host->answer = OUTCOME_BEGUN;
	host->ledger.next_id = host->ledger.next_firing = 1;
	host_available(host, 8);
	for (uint32_t i = 0; i < config->units.count; i++)
		host_unit(host, i, STATE_UNIT_RUNNING, 1);
	host_init_decide(host, dry_run);
	return host;
}

struct host *host_begin(struct config *config)
{
	return host_make(config, false);
}

struct host *host_begin_dry(struct config *config)
{
	return host_make(config, true);
}

void host_end(void)
{
	if (host_now != NULL)
		free(host_now->config);
	free(host_now);
	host_now = NULL;
}

void host_restart(struct host *host)
{
	host_init_decide(host, host->decide.dry_run);
}

void host_available(struct host *host, double gib)
{
	state_set(&host->state.host[HOST_AVAILABLE], (int64_t)(gib * (double)HOST_GIB),
		  8 * HOST_GIB, host->now);
}

void host_unit(struct host *host, uint32_t unit, enum state_unit_status status, double anon_gib)
{
	struct state_unit *seen = &host->state.unit[unit];

	seen->status = (uint8_t)status;
	if (status == STATE_UNIT_RUNNING)
		state_set(&seen->readings[UNIT_ANON], (int64_t)(anon_gib * (double)HOST_GIB),
			  8 * HOST_GIB, host->now);
	else
		seen->readings[UNIT_ANON].known = STATE_UNKNOWN;
}

static void host_take_orders(struct host *host)
{
	struct order order;

	for (int i = 0; decide_next(&host->decide, &order, host->now); i++) {
		assert(i < 200); /* a ladder that does not end */
		if (order.kind == ORDER_EFFECT) {
			(void)snprintf(host->effect, sizeof(host->effect), "%s", order.text);
			continue;
		}
		if (host->n < HOST_ORDERS_MAX)
			host->orders[host->n++] = order;
		if (order.kind == ORDER_STEP)
			decide_answer(&host->decide, &order, host->answer, host->now);
		else if (order.kind != ORDER_TELL && order.kind != ORDER_RESTORE)
			/* as alert_send does: the first gives its id to the thread */
			decide_sent(&host->decide, &order, order.thread != 0 ? order.thread : ++host->threads, host->now);
	}
}

static void host_look_on(struct host *host, mono_ms ms)
{
	host->now += ms;
	for (int i = 0; i < HOST_READINGS; i++)
		if (reading_host_words[i].window_ms == 0)
			host->state.host[i].from = host->now;
	for (uint32_t u = 0; u < host->config->units.count; u++)
		host->state.unit[u].readings[UNIT_ANON].from = host->now;
	decide_look(&host->decide, host->now);
	host_take_orders(host);
}

void host_look(struct host *host, mono_ms ms)
{
	host->n = 0;
	host_look_on(host, ms);
}

void host_looks(struct host *host, mono_ms ms)
{
	host->n = 0;
	for (; ms >= 100; ms -= 100)
		host_look_on(host, 100);
}

void host_event(struct host *host, enum event_kind kind, uint32_t unit, const char *text)
{
	struct event event = {.kind = kind, .unit = unit, .at = host->now};

	(void)snprintf(event.text, sizeof(event.text), "%s", text);
	decide_event(&host->decide, &event, host->now);
}

void host_outcome(struct host *host, uint32_t instance, uint32_t unit, enum outcome outcome)
{
	decide_outcome(&host->decide, instance, unit, outcome, host->now);
}

const char *host_orders(const struct host *host)
{
	static char text[4096];
	struct buffer b;

	BUFFER_OVER(&b, text);
	for (uint32_t i = 0; i < host->n; i++) {
		const struct order *o = &host->orders[i];

		buffer_add(&b, i > 0 ? " " : "");
		if (o->kind == ORDER_RESTORE)
			buffer_addf(&b, "restore:%s", config_unit_at(host->config, o->unit)->name);
		else if (o->kind == ORDER_ALERT)
			buffer_addf(&b, "alert:%s", severity_name(o->severity));
		else if (o->kind == ORDER_STEP)
			buffer_addf(&b, "%s:%s", verb_words[o->verb].name,
				    o->unit == CONFIG_NONE
					    ? "-"
					    : config_unit_at(host->config, o->unit)->name);
		else
			buffer_add(&b, o->kind == ORDER_CLEAR   ? "clear"
				       : o->kind == ORDER_REPLY ? "reply"
				       : o->kind == ORDER_REPEAT ? "repeat"
								: "tell");
	}
	return text;
}
