/* The units of config_check_host. */
#include "config/config_check_host.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"

/* As systemd.unit(5) looks for it; a scope is made while it runs. */
static bool config_check_host_has_service(const char *name)
{
	static const char *const dirs[] = {
		"/etc/systemd/system/",           "/run/systemd/system/",
		"/run/systemd/transient/",        "/run/systemd/generator/",
		"/usr/local/lib/systemd/system/", "/usr/lib/systemd/system/",
		"/lib/systemd/system/",           "/etc/systemd/system.control/",
		"/run/systemd/generator.late/",
	};
	char template[PATH_BYTES];
	const char *instance = strchr(name, '@'), *end = strrchr(name, '.');
	struct buffer b;

	BUFFER_OVER(&b, template);
	if (instance != NULL && end != NULL && instance < end)
		buffer_addf(&b, "%.*s%s", (int)(instance + 1 - name), name, end);
	for (size_t i = 0; i < ARRAY_LEN(dirs); i++)
		if (config_check_host_has(dirs[i], name) ||
		    (template[0] != '\0' && config_check_host_has(dirs[i], template)))
			return true;
	return false;
}

/* What the unit is. Where a user's units lie is that user's affair: they are not looked for. */
static void config_check_host_target(struct config_host *host, const struct config_unit *unit,
				     bool has_systemd)
{
	struct config_place place = {unit->line, "unit", unit->name, NULL};
	const char *target = config_string(host->config, unit->target);

	if (unit->kind == CONFIG_SYSTEMD && has_systemd && unit->user == 0 &&
	    !config_check_host_has_service(target)) {
		place.key = "systemd";
		config_check_host_warn(host, &place,
				       "no unit \"%s\" here; the unit is watched when it "
				       "comes",
				       target);
	}
	if (unit->kind == CONFIG_CGROUP && !config_check_host_has("/sys/fs/cgroup", target) &&
	    !config_check_host_has("/sys/fs/cgroup/memory", target)) {
		place.key = "cgroup";
		config_check_host_warn(host, &place,
				       "no cgroup \"%s\" here; the unit is watched when it "
				       "comes",
				       target);
	}
	place.key = "user";
	if (unit->user != 0 && unit->uid == CONFIG_NONE)
		config_check_host_warn(host, &place,
				       "no user \"%s\" here; the unit is watched after a reload when there is one",
				       config_string(host->config, unit->user));
}

/* A * alone is special in the path of a log; to glob(7) more is. */
static bool config_check_host_has_log(const char *path)
{
	char pattern[2 * PATH_BYTES];
	struct buffer b;
	glob_t found;
	int error;

	BUFFER_OVER(&b, pattern);
	for (; *path != '\0'; path++) {
		if (strchr("?[\\", *path) != NULL)
			buffer_add_char(&b, '\\');
		buffer_add_char(&b, *path);
	}
	error = glob(pattern, GLOB_NOSORT, NULL, &found);
	globfree(&found);
	return error != GLOB_NOMATCH;
}

/* Who may not look into a directory cannot say: the scribe may. */
static void config_check_host_log(struct config_host *host, const struct config_unit *unit)
{
	struct config_place place = {unit->line, "unit", unit->name, "log"};
	const char *path = config_string(host->config, unit->log);
	char dir[PATH_BYTES];
	struct buffer b;
	struct stat st;

	BUFFER_OVER(&b, dir);
	buffer_add_bytes(&b, path, (size_t)(strrchr(path, '/') + 1 - path));
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			config_check_host_warn(host, &place,
					       "\"%s\" is a directory; expected a file, or \"%s/*\"", path, path);
		return;
	}
	if (strchr(path, '*') != NULL ? config_check_host_has_log(path) : errno != ENOENT && errno != ENOTDIR)
		return;
	if (strchr(dir, '*') == NULL && stat(dir, &st) < 0 && errno == ENOENT)
		config_check_host_warn(host, &place, "no directory \"%s\" here; the log is followed when it comes", dir);
	else
		config_check_host_warn(host, &place, "no log \"%s\" here; it is followed when it comes", path);
}

static void config_check_host_unit(struct config_host *host, const struct config_unit *unit)
{
	const struct {
		const char *key;
		config_text command;
	} commands[] = {{"start", unit->start}, {"stop", unit->stop}, {"alive", unit->alive}};
	struct config_place place = {unit->line, "unit", unit->name, NULL};

	if (unit->log != 0)
		config_check_host_log(host, unit);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		place.key = commands[i].key;
		if (commands[i].command != 0)
			config_check_host_command(host, &place, commands[i].command);
	}
}

/* What is missing for all such units is said with the first. */
enum config_need { NEED_SYSTEMD, NEED_COMMAND, NEED_LOG, NEED_JOURNAL, NEED_MATCH, NEEDS };

static bool config_check_host_needs(const struct config_unit *unit, enum config_need need)
{
	switch (need) {
	case NEED_SYSTEMD:
		return unit->kind == CONFIG_SYSTEMD;
	case NEED_COMMAND:
		return unit->start != 0 || unit->stop != 0 || unit->alive != 0;
	case NEED_LOG:
		return unit->log != 0;
	case NEED_JOURNAL:
		return unit->journal != 0;
	case NEED_MATCH:
		return unit->log_match.count > 0;
	default:
		return false;
	}
}

static void config_check_host_first(struct config_host *host, const struct config_place *place,
				    enum config_need need)
{
	static const char *const plugins[NEEDS] = {"systemd", "exec", "log", "journal", "pattern"};

	if (need == NEED_SYSTEMD && !config_check_host_has("/run/systemd/system", ""))
		config_check_host_warn(host, place,
				       "systemd does not run here; units of systemd "
				       "are not watched until it does");
	if (need == NEED_JOURNAL && !config_check_host_has("/run/log/journal", "") &&
	    !config_check_host_has("/var/log/journal", ""))
		config_check_host_warn(host, place, "no journal here; it is followed when it comes");
	config_check_host_plugin(host, place, plugins[need]);
}

void config_check_host_units(struct config_host *host)
{
	static const char *const keys[NEEDS] = {"systemd", NULL, "log", "journal", "log-match"};
	const struct config *config = host->config;
	bool has_systemd = config_check_host_has("/run/systemd/system", ""), said[NEEDS] = {false};

	for (uint32_t i = 0; i < config->units.count; i++) {
		const struct config_unit *unit = config_unit_at(config, i);

		config_check_host_target(host, unit, has_systemd);
		config_check_host_unit(host, unit);
		for (int need = 0; need < NEEDS; need++) {
			struct config_place place = {unit->line, "unit", unit->name, keys[need]};

			if (said[need] || !config_check_host_needs(unit, (enum config_need)need))
				continue;
			config_check_host_first(host, &place, (enum config_need)need);
			said[need] = true;
		}
	}
}
