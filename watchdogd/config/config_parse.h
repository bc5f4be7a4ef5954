/* From the text of a config file to its block: the only reader of what people write. Used by main and
 * by `watchdogctl check`. Allocates; never exits or logs: says what it found through diagnostics. */
#ifndef WD_CONFIG_CONFIG_PARSE_H
#define WD_CONFIG_CONFIG_PARSE_H

#include <stddef.h>

#include "config/config.h"

enum config_finding {
	CONFIG_ERROR,   /* the file is refused */
	CONFIG_WARNING, /* accepted; something of this host is not there (config_check_host) */
	CONFIG_LATER,   /* accepted; its feature is not active yet */
};

/* Gets each finding as one line without newline: "FILE:LINE: [rule tight] when: no reading
 * "host.availble"; did you mean "host.available"?" */
typedef void config_tell(void *arg, enum config_finding finding, const char *line);

/* Says whether a text of log-match is a pattern: the library that knows is a plugin's, so who parses brings
 * it along. `pattern` gets the text as written, "/.../" or "/.../i", and room for why not: 0; -EINVAL, it is none;
 * another -errno, nobody here can say. */
struct config_judge {
	int (*pattern)(void *arg, const char *pattern, char *why, size_t size);
	void *arg;
};

/* Parse `size` bytes of text (path: only for messages). All errors are told, not the first alone.
 * The block (heap, the caller frees it with free), or NULL when there was an error. */
struct config *config_parse(const char *path, const char *text, size_t size, config_tell *tell, void *arg);

/* config_parse of a whole file, with its patterns judged (judge NULL: they are not). NULL with errno set and
 * nothing told when it cannot be read. */
struct config *config_parse_file(const char *path, const struct config_judge *judge, config_tell *tell, void *arg);

/* What of this host (below the root prefix) is not there as the config names it: units, users, group
 * `readers`, logs, commands, systemd and its journal, freezing, the files of channels; plugin libraries in the directory `plugins`
 * ("": not looked for). Tells warnings alone. */
void config_check_host(const struct config *config, const char *plugins, config_tell *tell, void *arg);

#endif
