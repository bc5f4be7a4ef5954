#include "start/worker_plugins.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "base/root.h"
#include "start/plugin_load.h"

static void plugins_open_one(struct worker_plugins *plugins, size_t i, const char *dir, const struct plugin_host *host)
{
	const char *name = plugins->role->plugin[i].name;
	const struct plugin *plugin;
	char text[TEXT_BYTES];
	struct buffer wrong;
	int error;

	BUFFER_OVER(&wrong, text);
	plugin = plugin_load(dir, name, &wrong);
	if (plugin == NULL) {
		diag_warning("cannot load plugin %s: %s; what needs it is told as not done", name, text);
		return;
	}
	error = plugin->open(host);
	if (error == 0 && plugin->match != NULL && plugins->matcher == NULL)
		plugins->matcher = plugin;
	if (error == 0)
		plugins->plugin[i] = plugin;
	else if (error == -ENODEV)
		diag_debug("plugin %s: this host has nothing of its kind", name);
	else
		diag_warning("cannot open plugin %s: %s; what needs it is told as not done", name, diag_errno(error));
}

void worker_plugins_open(struct worker_plugins *plugins, const struct worker_role *role, const char *dir,
			 int config_fd, const struct plugin_host *host)
{
	const struct config *config = config_map(config_fd);

	plugins->role = role;
	plugins->first = config;
	for (size_t i = 0; i < WORKER_PLUGINS_MAX && role->plugin[i].name != NULL; i++) {
		const struct worker_plugin *row = &role->plugin[i];

		if (row->is_wanted != NULL && (config == NULL || !row->is_wanted(config)))
			continue;
		plugins->tried[i] = true;
		if (!row->acts_on_host || !root_is_fake())
			plugins_open_one(plugins, i, dir, host);
	}
}

static bool plugins_lack_one(const struct worker_plugins *plugins, const struct config *config)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX && plugins->role->plugin[i].name != NULL; i++)
		if (plugins->role->plugin[i].is_wanted != NULL && plugins->role->plugin[i].is_wanted(config) &&
		    !plugins->tried[i])
			return true;
	return false;
}

/* It is confined to those that its first config named. */
static bool plugins_lack_directory(const struct worker_plugins *plugins, const struct config *config)
{
	const struct config *first = plugins->first;

	return first != NULL && plugins->role->confined && !plugins->role->network &&
	       (strcmp(config_string(first, first->state), config_string(config, config->state)) != 0 ||
		strcmp(config_string(first, first->prometheus.textfile),
		       config_string(config, config->prometheus.textfile)) != 0);
}

bool worker_plugins_lack(const struct worker_plugins *plugins, const struct config *config)
{
	return plugins_lack_one(plugins, config) || plugins_lack_directory(plugins, config);
}

void worker_plugins_warm(const struct worker_plugins *plugins)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (plugins->plugin[i] != NULL && plugins->plugin[i]->warm != NULL)
			plugins->plugin[i]->warm();
}

int worker_plugins_prepare(const struct worker_plugins *plugins, struct pollfd *fds, int max,
			   int rows[WORKER_PLUGINS_MAX], int *timeout_ms)
{
	int used = 0;

	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		rows[i] = 0;
		if (plugins->plugin[i] != NULL)
			rows[i] = plugins->plugin[i]->prepare(fds + used, max - used, timeout_ms);
		used += rows[i];
	}
	return used;
}

void worker_plugins_dispatch(const struct worker_plugins *plugins, const struct pollfd *fds, const int *rows)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		if (plugins->plugin[i] != NULL)
			plugins->plugin[i]->dispatch(fds, rows[i]);
		fds += rows[i];
	}
}

void worker_plugins_close(const struct worker_plugins *plugins)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (plugins->plugin[i] != NULL)
			plugins->plugin[i]->close();
}
