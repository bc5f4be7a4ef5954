#include "start/worker_host.h"

#include <stddef.h>
#include <syslog.h>

#include "base/diag.h"

struct worker_host worker_host;

static void host_answer(uint64_t id, int result, const char *text)
{
	worker_requests_answer(&worker_host.requests, id, result, text);
}

static int host_begin(uint64_t id)
{
	return worker_requests_begin(&worker_host.requests, id);
}

static void host_log(int level, const char *text)
{
	diag_event(level <= LOG_CRIT      ? SEVERITY_CRITICAL
		   : level <= LOG_WARNING ? SEVERITY_WARNING
		   : level <= LOG_INFO    ? SEVERITY_INFO
					  : SEVERITY_DEBUG,
		   NULL, NULL, "%s", text);
}

static void host_unit(uint64_t unit, unsigned bits, int32_t pid, const char *text)
{
	worker_units_tell(&worker_host.units, unit, bits, pid, text);
}

static void host_alive(uint64_t unit, int result, const char *text)
{
	worker_units_tell_alive(&worker_host.units, unit, result, text);
}

static void host_line(uint64_t unit, const char *line, size_t len)
{
	worker_lines_add(&worker_host.lines, worker_host.plugins.matcher, unit, line, len);
}

static void host_sent(uint64_t delivery, enum plugin_sent result, uint32_t again_ms, const char *text)
{
	worker_alerts_sent(&worker_host.alerts, delivery, result, again_ms, text);
}

static void host_talk(uint64_t delivery, const char *line)
{
	if (worker_host.alerts.deliver != NULL)
		deliver_talk(worker_host.alerts.deliver, delivery, line);
}

static const struct state *host_state(void)
{
	return worker_alerts_state(&worker_host.alerts);
}

static int host_channel(size_t i, struct plugin_standing *standing)
{
	return worker_host.alerts.deliver != NULL && deliver_standing(worker_host.alerts.deliver, i, standing);
}

static void host_kept(uint64_t id, int result, const char *text)
{
	worker_alerts_kept(&worker_host.alerts, id, result, text);
}

static int host_deliver(unsigned deliverer, const struct delivery *delivery)
{
	return worker_alerts_deliver(&worker_host.alerts, deliverer, delivery);
}

static void host_lasted(const struct lasting_of *of, const struct lasting *rows, size_t count)
{
	worker_lasting_read(&worker_host.lasting, of, rows, count);
}

const struct plugin_host worker_host_offers = {
	.answer = host_answer,
	.begin = host_begin,
	.log = host_log,
	.unit = host_unit,
	.alive = host_alive,
	.line = host_line,
	.sent = host_sent,
	.talk = host_talk,
	.state = host_state,
	.channel = host_channel,
	.kept = host_kept,
	.deliver = host_deliver,
	.lasted = host_lasted,
};
