/* One systemd that is spoken with, the host's or a user's, and what all that speak with it share. */
#ifndef WD_PLUGINS_SYSTEMD_CONTEXT_H
#define WD_PLUGINS_SYSTEMD_CONTEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "share/plugin.h"
#include "systemd_bus.h"
#include "systemd_jobs.h"

struct systemd_units;

struct systemd_context {
	const struct plugin_host *host;
	const struct systemd_units *units; /* all watched ones */
	bool used;        /* there is a unit of it; it is connected to */
	struct systemd_bus bus;
	struct systemd_jobs jobs;
	unsigned anew;    /* counts connections and daemon-reloads: all is to be read anew */
	bool connected;   /* what bus.ready was at the last turn */
	mono_ms lost_at;  /* since when there is no connection; 0: there is one */
	bool told_lost;
};

/* Begin; arg of on_signal is the context. */
void systemd_context_init(struct systemd_context *context, const struct systemd_units *units, uint32_t uid,
			  sd_bus_message_handler_t on_signal);

/* Read what came. 0, or -errno: the connection is lost; who holds slots of it gives them up, and then
 * systemd_context_lose is called. */
int systemd_context_read(struct systemd_context *context);
void systemd_context_lose(struct systemd_context *context, int error);

/* Connect where nothing is and a try is due, and tell what is new about that. */
void systemd_context_connect(struct systemd_context *context);

/* "systemd", or "the systemd of user 1000". */
void systemd_context_name(const struct systemd_context *context, struct buffer *out);

/* Why it cannot be asked, for a person: "no connection to systemd: Connection refused". */
void systemd_context_explain(const struct systemd_context *context, struct buffer *out);

#endif
