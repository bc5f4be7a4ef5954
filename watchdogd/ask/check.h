/* `watchdogctl check`: a config file read by the very parser that the daemon uses, and told what it
 * found. */
#ifndef WD_ASK_CHECK_H
#define WD_ASK_CHECK_H

#include <stdio.h>

#define CHECK_PATH_DEFAULT "/etc/watchdogd/watchdogd.conf"

/* Check the file at path. Errors, warnings and what is not active yet go to err, a line each; a
 * summary to out when the file is good. 0: good, perhaps with warnings; 2: refused, or not to be
 * read. */
int check_run(const char *path, FILE *out, FILE *err);

#endif
