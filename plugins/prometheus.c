/* prometheus: the metrics (share/metrics.h) at an address of this host, for Prometheus to scrape. Plain HTTP and
 * no login, so the address is meant to be the loopback's: whoever reaches it reads them. An address that cannot
 * be had is told, and tried again. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "share/metrics.h"
#include "share/plugin.h"
#include "prometheus_http.h"
#include "prometheus_listen.h"
#include "prometheus_warm.h"

enum { PROMETHEUS_AGAIN_MS = 10000 };

static struct {
	const struct plugin_host *host;
	int proc;                     /* kept: a worker opens little after its start */
	char listen[LINE_BYTES + 1];  /* as the config has it; "": none */
	struct prometheus_address address;
	bool serving;
	mono_ms again;                /* 0: nothing to try */
	int told;                     /* the error that was told; 0: none */
} prometheus;

static char *prometheus_make(enum openmetrics_format format, size_t *len)
{
	return metrics_take(prometheus.host, prometheus.proc, format, len);
}

/* "BEFORE ADDRESS AFTER" in the log. */
static void prometheus_say(int level, const char *before, const char *after)
{
	char said[TEXT_BYTES];

	(void)snprintf(said, sizeof(said), "%s%s%s", before, prometheus.listen, after);
	prometheus.host->log(level, said);
}

static void prometheus_say_why_not(int error)
{
	char after[128];

	(void)snprintf(after, sizeof(after), ": %s; tried again every 10 s", diag_errno(error));
	prometheus_say(LOG_WARNING, "cannot serve the metrics at ", after);
}

/* --- listening --- */

static int prometheus_serve(void)
{
	int fd = prometheus_listen(&prometheus.address);

	return fd < 0 ? fd : prometheus_http_open(fd, prometheus_make);
}

static void prometheus_try(void)
{
	int error = prometheus_serve();

	prometheus.serving = error == 0;
	prometheus.again = error == 0 ? 0 : clock_mono() + PROMETHEUS_AGAIN_MS;
	if (error == 0)
		prometheus_say(LOG_INFO, "the metrics are at http://",
			       prometheus.address.loopback ? "/metrics" : "/metrics, for other hosts too");
	else if (error != prometheus.told)
		prometheus_say_why_not(error);
	prometheus.told = error;
}

static void prometheus_stop(void)
{
	prometheus_http_close();
	prometheus.serving = false;
	prometheus.again = 0;
	prometheus.told = 0;
}

/* The same address keeps its socket, and who is connected. */
static void prometheus_settings(const struct plugin_settings *settings)
{
	if (strcmp(settings->listen, prometheus.listen) == 0)
		return;
	prometheus_stop();
	(void)snprintf(prometheus.listen, sizeof(prometheus.listen), "%s", settings->listen);
	if (prometheus.listen[0] == '\0')
		return;
	if (prometheus_parse_address(prometheus.listen, &prometheus.address))
		prometheus_try();
	else
		prometheus_say(LOG_WARNING, "no metrics are served: listen = ", " is no address and port");
}

/* --- the plugin --- */

static int prometheus_open(const struct plugin_host *host)
{
	memset(&prometheus, 0, sizeof(prometheus));
	prometheus.host = host;
	prometheus.proc = root_open("/proc", O_RDONLY | O_DIRECTORY);
	return 0;
}

static void prometheus_ask(const struct plugin_request *request)
{
	prometheus.host->answer(request->id, -EINVAL, "metrics are read, nothing is carried out by them");
}

static int prometheus_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	int left = prometheus.again > now ? (int)(prometheus.again - now) : 0;

	if (prometheus.again != 0 && (*timeout_ms < 0 || left < *timeout_ms))
		*timeout_ms = left;
	return prometheus.serving ? prometheus_http_prepare(fds, max, timeout_ms) : 0;
}

static void prometheus_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
	if (prometheus.again != 0 && clock_mono() >= prometheus.again)
		prometheus_try();
	if (prometheus.serving)
		prometheus_http_dispatch();
}

static void prometheus_warm(void)
{
	size_t got = prometheus.serving ? prometheus_warm_at(&prometheus.address) : prometheus_warm_alone(prometheus_make);

	if (got == 0)
		prometheus.host->log(LOG_DEBUG, "the metrics could not be read by ourselves: the first scrape may be slow");
}

static void prometheus_close(void)
{
	prometheus_stop();
	prometheus.listen[0] = '\0';
	prometheus.proc = file_close(prometheus.proc);
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "prometheus",
	.open = prometheus_open,
	.ask = prometheus_ask,
	.prepare = prometheus_prepare,
	.dispatch = prometheus_dispatch,
	.close = prometheus_close,
	.settings = prometheus_settings,
	.warm = prometheus_warm,
};
