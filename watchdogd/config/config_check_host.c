/* What of this host is not there as the config names it. The text is right all the same: what needs
 * it waits for it. */
#include "config/config_check_host.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/root.h"
#include "config/account.h"
#include "words/command.h"

bool config_check_host_has(const char *dir, const char *name)
{
	char path[PATH_BYTES], joined[PATH_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%s%s", dir, name);
	return !b.cut && root_join(path, joined, sizeof(joined)) == 0 && access(joined, F_OK) == 0;
}

void config_check_host_command(struct config_host *host, const struct config_place *place,
			       config_text text_at)
{
	const char *text = config_string(host->config, text_at);
	struct command command;

	if (command_parse(&command, text) == 0 && access(command.argv[0], X_OK) < 0)
		config_check_host_warn(host, place, "cannot execute \"%s\": %s", command.argv[0],
				       strerror(errno));
}

void config_check_host_plugin(struct config_host *host, const struct config_place *place,
			      const char *plugin)
{
	char path[PATH_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%s/%s.so", host->plugins, plugin);
	if (host->plugins[0] != '\0' && access(path, R_OK) < 0)
		config_check_host_warn(host, place, "cannot load the plugin \"%s\": %s", path,
				       strerror(errno));
}

/* cgroup.freeze stands in every cgroup of v2 but the root (since 5.2); v1 has a hierarchy for it.
 */
static bool config_check_host_can_freeze(void)
{
	return config_check_host_has("/sys/fs/cgroup/cgroup.controllers", "") ||
	       config_check_host_has("/sys/fs/cgroup/freezer", "");
}

/* The mount's own list: what its cgroups can have. */
static bool config_check_host_has_memory_v2(void)
{
	char text[256];
	int fd = root_open("/sys/fs/cgroup/cgroup.controllers", O_RDONLY);
	bool has = fd >= 0 && file_read(fd, text, sizeof(text)) > 0 && strstr(text, "memory") != NULL;

	(void)file_close(fd);
	return has;
}

/* `cap`, `uncap`, `reclaim`. memory.reclaim exists for all cgroups, the topmost too. */
static void config_check_host_press(struct config_host *host, const struct config_place *place,
				    const struct config_step *step)
{
	const struct config *config = host->config;

	if (!config_check_host_has_memory_v2())
		config_check_host_warn(host, place,
				       "this host has no memory controller of cgroup v2, which \"%s\" needs; the step is skipped",
				       verb_words[step->verb].name);
	else if (step->verb == VERB_RECLAIM && !config_check_host_has("/sys/fs/cgroup", "/memory.reclaim"))
		config_check_host_warn(host, place, "this kernel has no memory.reclaim (5.19); the step is skipped");
	else if (step->target == CONFIG_UNIT && step->unit < config->units.count &&
		 config_unit_at(config, step->unit)->kind == CONFIG_MATCH)
		config_check_host_warn(host, place, "the unit \"%s\" has no cgroup of its own; the step is skipped",
				       config_unit_at(config, step->unit)->name);
}

/* A `match` unit has no cgroup of its own; a group may have such a unit in it. */
static void config_check_host_freeze(struct config_host *host, const struct config_place *place,
				     const struct config_step *step)
{
	const struct config *config = host->config;

	if (!config_check_host_can_freeze())
		config_check_host_warn(host, place,
				       "this kernel cannot freeze a cgroup; the step is told as not done");
	else if (step->target == CONFIG_UNIT && step->unit < config->units.count &&
		 config_unit_at(config, step->unit)->kind == CONFIG_MATCH)
		config_check_host_warn(host, place,
				       "the unit \"%s\" has no cgroup of its own to be frozen; the step is told as "
				       "not done",
				       config_unit_at(config, step->unit)->name);
}

static void config_check_host_rule(struct config_host *host, const struct config_rule *rule)
{
	for (uint32_t i = 0; i < rule->steps.count; i++) {
		const struct config_step *step = config_step_at(host->config, rule, i);
		struct config_place place = {step->line, "rule", rule->name, "then"};

		if (step->command != 0)
			config_check_host_command(host, &place, step->command);
		if (step->verb == VERB_FREEZE || step->verb == VERB_THAW)
			config_check_host_freeze(host, &place, step);
		if (step->verb == VERB_CAP || step->verb == VERB_UNCAP || step->verb == VERB_RECLAIM)
			config_check_host_press(host, &place, step);
	}
}

void config_check_host(const struct config *config, const char *plugins, config_tell *tell, void *arg)
{
	struct config_host host = {.config = config, .plugins = plugins};
	struct config_place place = {0, "watchdogd", NULL, "readers"};
	const char *readers = config_string(config, config->readers);

	config_findings_init(&host.findings);
	if (readers[0] != '\0' && !account_is_group(readers))
		config_check_host_warn(&host, &place, "no group \"%s\" here; root alone may read",
				       readers);
	config_check_host_units(&host);
	for (uint32_t i = 0; i < config->rules.count; i++)
		config_check_host_rule(&host, config_rule_at(config, i));
	config_check_host_channels(&host);
	config_check_host_swapfile(&host);
	config_findings_tell(&host.findings, config_string(config, config->path), tell, arg);
	config_findings_fini(&host.findings);
}
