/* All watched units: which a signal is about, and whose turn it is. */
#ifndef WD_PLUGINS_SYSTEMD_UNITS_H
#define WD_PLUGINS_SYSTEMD_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "share/plugin.h"
#include "systemd_context.h"
#include "systemd_watch.h"

enum { SYSTEMD_READS_MAX = 32 }; /* units that are read at once, for PID 1's sake; a look does not wait */

struct systemd_units {
	const struct plugin_host *host;
	/* The systemd of that user (SYSTEMD_HOST: PID 1), made if need be; NULL: no room for one more. */
	struct systemd_context *(*context)(uint32_t uid);
	struct systemd_watch **watch; /* each in a place of its own: slots point to it */
	size_t count;
};

/* The units of the config anew; one that is there still, with the same texts, goes on. 0, or -ENOMEM: it
 * stays as it was. */
int systemd_units_set(struct systemd_units *units, const struct plugin_unit *unit, size_t count);

/* By the id of the config; NULL: none. */
struct systemd_watch *systemd_units_find(const struct systemd_units *units, uint64_t id);

/* The watched unit of that section and systemd name, or NULL. */
struct systemd_watch *systemd_units_find_named(const struct systemd_units *units, const char *section,
					       const char *name);

/* The watched unit of that systemd that goes by this name; NULL: none. */
struct systemd_watch *systemd_units_find_tied(const struct systemd_units *units,
					      const struct systemd_context *context, const char *name);

/* A signal that context's connection got. */
void systemd_units_on_signal(const struct systemd_units *units, struct systemd_context *context,
			     sd_bus_message *signal);

/* The connection of context is lost. */
void systemd_units_lose(const struct systemd_units *units, const struct systemd_context *context);

void systemd_units_run(const struct systemd_units *units);
void systemd_units_prepare(const struct systemd_units *units, int *timeout_ms);
void systemd_units_clear(struct systemd_units *units);

#endif
