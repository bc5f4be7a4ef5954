/* [heartbeat] and [prometheus] of the config, to the plugins that do them. */
#ifndef WD_START_WORKER_SETTINGS_H
#define WD_START_WORKER_SETTINGS_H

#include "config/config.h"
#include "share/plugin.h"
#include "share/vault.h"

/* To each plugin (WORKER_PLUGINS_MAX of them, NULL: none) that takes settings. vault: NULL where there is none. */
void worker_settings_hand_out(const struct plugin *const *plugin, const struct config *config,
			      const struct vault *vault);

#endif
