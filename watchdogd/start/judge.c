#include "start/judge.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "start/children.h"
#include "start/plugin_load.h"

#define JUDGE_PLUGIN "pattern"

static void judge_load(struct judge *judge)
{
	struct buffer wrong;

	judge->tried = true;
	BUFFER_OVER(&wrong, judge->wrong);
	if (judge->dir[0] == '\0') {
		buffer_add(&wrong, "no plugins directory");
		return;
	}
	judge->plugin = plugin_open(judge->dir, JUDGE_PLUGIN, &judge->object, &wrong);
	if (judge->plugin != NULL && judge->plugin->check == NULL) {
		buffer_add(&wrong, "the plugin \"" JUDGE_PLUGIN "\" judges none");
		judge_fini(judge);
	}
}

int judge_pattern(void *arg, const char *pattern, char *why, size_t size)
{
	struct judge *judge = arg;
	struct buffer b;

	if (!judge->tried)
		judge_load(judge);
	if (judge->plugin != NULL)
		return judge->plugin->check(pattern, why, size);
	buffer_init(&b, why, size);
	buffer_add(&b, judge->wrong);
	return -ENOENT;
}

void judge_fini(struct judge *judge)
{
	if (judge->object != NULL)
		plugin_close(judge->object);
	judge->object = NULL;
	judge->plugin = NULL;
}

struct config *judge_parse_file(const char *path, config_tell *tell, void *arg)
{
	struct judge judge = {.tried = false};
	const struct config_judge of = {judge_pattern, &judge};
	struct config *config;
	int error;

	if (child_find_program("plugins", judge.dir) < 0)
		judge.dir[0] = '\0';
	config = config_parse_file(path, &of, tell, arg);
	error = errno;
	judge_fini(&judge);
	errno = error;
	return config;
}
