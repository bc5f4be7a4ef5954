#include "ask/spool_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "ask/control.h"
#include "ask/rundir.h"
#include "base/buffer.h"
#include "base/file.h"
#include "config/config_parse.h"
#include "share/spool.h"
#include "share/state.h"

#define SPOOL_PLACE_USUAL "/var/lib/watchdogd"

static void spool_place_tell(void *arg, enum config_finding finding, const char *line)
{
	(void)arg; /* `check` tells what is wrong with a config */
	(void)finding;
	(void)line;
}

/* The config's file, as the page beside the control socket has it; false: there is no page of this version, or a
 * file that cannot be found from here. */
static bool spool_place_config(const char *control, char config[PATH_BYTES])
{
	char path[PATH_BYTES];
	const char *slash = strrchr(control, '/');
	const struct state *page;
	struct buffer b;
	int fd;

	BUFFER_OVER(&b, path);
	if (slash != NULL)
		buffer_add_bytes(&b, control, (size_t)(slash - control) + 1);
	buffer_add(&b, "state");
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return false;
	page = state_map(fd); /* for the life of this process */
	(void)file_close(fd);
	buffer_init(&b, config, PATH_BYTES);
	if (page != NULL)
		buffer_add_bytes(&b, page->config_path, strnlen(page->config_path, sizeof(page->config_path)));
	return config[0] == '/';
}

/* By the daemon's own parser, which knows what the file leaves out. */
static bool spool_place_in_config(const char *file, struct buffer *dir)
{
	struct config *config = config_parse_file(file, NULL, spool_place_tell, NULL);

	if (config == NULL)
		return false;
	buffer_add(dir, config_string(config, config->state));
	free(config);
	return dir->len > 0;
}

int spool_place_find(const char *control, const char *given, char path[PATH_BYTES])
{
	char file[PATH_BYTES];
	const char *variable;
	struct buffer b;

	buffer_init(&b, path, PATH_BYTES);
	/* As an ordinary user's daemon chooses it where the config does not say. */
	if (strcmp(control, CONTROL_PATH_DEFAULT) != 0)
		(void)rundir_choose();
	variable = getenv("STATE_DIRECTORY");
	if (given != NULL)
		buffer_add(&b, given);
	else if (!spool_place_config(control, file) || !spool_place_in_config(file, &b)) {
		if (variable != NULL && variable[0] == '/')
			buffer_add_bytes(&b, variable, strcspn(variable, ":"));
		else
			buffer_add(&b, SPOOL_PLACE_USUAL);
	}
	buffer_add(&b, "/" SPOOL_FILE);
	return b.cut ? -ENAMETOOLONG : 0;
}
