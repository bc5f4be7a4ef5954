/* `watchdogctl check`: a config file read by the very parser that the daemon uses, and told what it
 * found. */
#ifndef WD_ASK_CHECK_H
#define WD_ASK_CHECK_H

#include <stdio.h>

#include "config/config_parse.h"

#define CHECK_PATH_DEFAULT "/etc/watchdogd/watchdogd.conf"

/* As config_parse_file; who calls brings along one that judges patterns. */
typedef struct config *check_parse(const char *path, config_tell *tell, void *arg);

/* Check the file at path. Errors, warnings and what is not active yet go to err, a line each; a
 * summary to out when the file is good. 0: good, perhaps with warnings; 2: refused, or not to be
 * read. */
int check_run(const char *path, check_parse *parse, FILE *out, FILE *err);

#endif
