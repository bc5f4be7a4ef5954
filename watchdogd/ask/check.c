#include "ask/check.h"

#include <errno.h>
#include <stdlib.h>

#include "ask/check_find.h"
#include "base/diag.h"
#include "config/config_parse.h"

enum { CHECK_GOOD = 0, CHECK_REFUSED = 2 };

struct check {
	FILE *err;
	unsigned found[CONFIG_LATER + 1]; /* by enum config_finding */
};

static void check_tell(void *arg, enum config_finding finding, const char *line)
{
	struct check *check = arg;

	check->found[finding]++;
	(void)fprintf(check->err, "%s\n", line); /* escaped by who found it */
}

static void check_count(FILE *out, unsigned count, const char *one, const char *many)
{
	(void)fprintf(out, ", %u %s", count, count == 1 ? one : many);
}

static void check_summary(const struct check *check, const char *path, const struct config *config,
			  FILE *out)
{
	(void)fprintf(out, "%s: good", path);
	check_count(out, config->units.count, "unit", "units");
	check_count(out, config->groups.count, "group", "groups");
	check_count(out, config->rules.count, "rule", "rules");
	check_count(out, config->channels.count, "channel", "channels");
	if (check->found[CONFIG_WARNING] > 0)
		check_count(out, check->found[CONFIG_WARNING], "warning", "warnings");
	if (check->found[CONFIG_LATER] > 0)
		(void)fprintf(out, ", %u notes of what is not active yet", check->found[CONFIG_LATER]);
	(void)fputc('\n', out);
}

int check_run(const char *path, const struct check_with *with, FILE *out, FILE *err)
{
	struct check check = {.err = err};
	struct config *config = with->parse(path, check_tell, &check);

	if (config == NULL && check.found[CONFIG_ERROR] == 0)
		(void)fprintf(err, "%s: cannot be read: %s\n", path, diag_errno(errno));
	if (config == NULL)
		return CHECK_REFUSED;
	config_check_host(config, config->plugins != 0 ? config_string(config, config->plugins) : with->plugins,
			  check_tell, &check);
	check_summary(&check, path, config, out);
	check_find(config, out);
	free(config);
	return CHECK_GOOD;
}
