#include "start/worker_settings.h"

#include <stdlib.h>

#include "start/worker_units.h"

/* The secrets of the heartbeat; those that could not be read are left out. Malloc'ed; NULL: none. */
static struct plugin_pair *settings_secrets(const struct config *config, const struct vault *vault, size_t *count)
{
	const struct config_table table = config->heartbeat.secrets;
	struct plugin_pair *pairs = calloc(table.count + 1, sizeof(*pairs));
	size_t len;

	*count = 0;
	for (uint32_t i = 0; pairs != NULL && vault != NULL && i < table.count; i++) {
		const struct config_secret *secret =
			config_row(config, table, sizeof(struct config_secret), i);
		const char *value = vault_find(vault, config_string(config, secret->path), &len);

		if (value != NULL)
			pairs[(*count)++] = (struct plugin_pair){secret->name, value};
	}
	return pairs;
}

static void settings_read(struct plugin_settings *settings, const struct config *config, const struct vault *vault)
{
	const struct config_heartbeat *beat = &config->heartbeat;
	size_t len = 0;
	const char *ca = vault != NULL && beat->ca != 0 ? vault_find(vault, config_string(config, beat->ca), &len) : NULL;

	*settings = (struct plugin_settings){
		.heartbeat = {.name = "heartbeat", .command = "", .url = config_string(config, beat->url),
			      .proxy = config_string(config, beat->proxy), .ca = ca != NULL ? ca : "",
			      .ca_len = ca != NULL ? len : 0, .from = "", .user = "", .format = "",
			      .template_text = "", .chat = "", .sign = "", .timeout_ms = beat->timeout_ms},
		.heartbeat_every_ms = beat->every_ms,
		.listen = config_string(config, config->prometheus.listen),
		.textfile = config_string(config, config->prometheus.textfile),
	};
}

void worker_settings_hand_out(const struct plugin *const *plugin, const struct config *config,
			      const struct vault *vault)
{
	static struct plugin_pair *secrets; /* borrowed by the plugins until the next time */
	struct plugin_pair *last = secrets;
	struct plugin_settings settings;

	settings_read(&settings, config, vault);
	secrets = settings_secrets(config, vault, &settings.heartbeat.secrets_count);
	settings.heartbeat.secrets = secrets;
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (plugin[i] != NULL && plugin[i]->settings != NULL)
			plugin[i]->settings(&settings);
	free(last);
}
