/* The files that a path of the config means: a * in it is any text within one name (not a leading dot). */
#ifndef WD_LOG_GLOB_H
#define WD_LOG_GLOB_H

#include <stdbool.h>

bool log_glob_is(const char *path);

/* path: absolute. Call found for each path that may be there (what follows the last star is not looked for);
 * directories are read as they come, nothing is gathered. 0, or the first -errno that was met other than
 * "there is none" (the rest is gone through all the same). */
int log_glob(const char *path, void (*found)(void *arg, const char *path), void *arg);

#endif
