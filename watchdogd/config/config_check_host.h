/* The parts of config_check_host: what of this host is not there as the config names it. Kernel files,
 * systemd's, users and groups lie below the root prefix; commands, plugins, logs, secrets, certificates and
 * templates are where they are named. */
#ifndef WD_CONFIG_CONFIG_CHECK_HOST_H
#define WD_CONFIG_CONFIG_CHECK_HOST_H

#include "config/config_findings.h"

struct config_host {
	const struct config *config;
	const char *plugins; /* directory; "" not known */
	struct config_findings findings;
};

#define config_check_host_warn(host, place, ...)                                                   \
	config_findings_add(&(host)->findings, CONFIG_WARNING, (place), __VA_ARGS__)

/* config_check_host_unit.c: the units. */
void config_check_host_units(struct config_host *host);

/* config_check_host_channel.c: the channels, the heartbeat, the metrics. */
void config_check_host_channels(struct config_host *host);

/* config_check_host_swapfile.c: the swap file. */
void config_check_host_swapfile(struct config_host *host);

/* DIR NAME below the root prefix. */
bool config_check_host_has(const char *dir, const char *name);

/* The first word of the command can be executed. */
void config_check_host_command(struct config_host *host, const struct config_place *place,
			       config_text text_at);

/* The plugin's file can be read. */
void config_check_host_plugin(struct config_host *host, const struct config_place *place,
			      const char *plugin);

#endif
