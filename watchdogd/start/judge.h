/* Reads a config file with the patterns of its logs judged by who will look for them: the plugin `pattern`,
 * loaded for the time of the reading. It is the program's own plugin, never one of a directory that the file
 * names: who checks a file does not run what stands beside it. */
#ifndef WD_START_JUDGE_H
#define WD_START_JUDGE_H

#include <stdbool.h>

#include "base/bounds.h"
#include "config/config_parse.h"
#include "share/plugin.h"

/* Public for its test. */
struct judge {
	char dir[PATH_BYTES];        /* of the plugins; "" none */
	bool tried;
	void *object;                /* of the plugin; NULL: not loaded */
	const struct plugin *plugin;
	char wrong[TEXT_BYTES];      /* why it is not loaded */
};

/* As config_judge's `pattern`; arg: a struct judge, zeroed but for dir. Loads the plugin when first asked. */
int judge_pattern(void *arg, const char *pattern, char *why, size_t size);
void judge_fini(struct judge *judge);

/* config_parse_file with that judge. */
struct config *judge_parse_file(const char *path, config_tell *tell, void *arg);

#endif
