/* What a worker owns, and what its plugins get of it: each function of struct plugin_host leads to the part that
 * knows. */
#ifndef WD_START_WORKER_HOST_H
#define WD_START_WORKER_HOST_H

#include "share/plugin.h"
#include "start/worker_alerts.h"
#include "start/worker_lasting.h"
#include "start/worker_lines.h"
#include "start/worker_plugins.h"
#include "start/worker_requests.h"
#include "start/worker_units.h"

struct worker_host {
	struct worker_plugins plugins;
	struct worker_requests requests;
	struct worker_units units;
	struct worker_lines lines;
	struct worker_alerts alerts;
	struct worker_lasting lasting;
};

/* The one of this process: its functions take no argument that says whose they are. */
extern struct worker_host worker_host;

/* What the plugins of it get. */
extern const struct plugin_host worker_host_offers;

#endif
