/* `watchdogctl check`: a config file read by the very parser that the daemon uses, and told what it
 * found. */
#ifndef WD_ASK_CHECK_H
#define WD_ASK_CHECK_H

#include <stdio.h>

#include "config/config_parse.h"

#define CHECK_PATH_DEFAULT "/etc/watchdogd/watchdogd.conf"

/* What who calls brings along. */
struct check_with {
	/* As config_parse_file, with the patterns judged. */
	struct config *(*parse)(const char *path, config_tell *tell, void *arg);
	const char *plugins; /* their directory, where the file names none; "" not known */
};

/* Check the file at path. Errors, warnings and what is not active yet go to err, a line each; a
 * summary to out when the file is good, and what its names find now (check_find.h). 0: good, perhaps with warnings; 2: refused, or not to be
 * read. */
int check_run(const char *path, const struct check_with *with, FILE *out, FILE *err);

#endif
