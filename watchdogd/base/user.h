/* The user for what needs no privileges. */
#ifndef WD_BASE_USER_H
#define WD_BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* The user of that name, else watchdogd, else nobody (65534, Debian's, where /etc/passwd names none). Of the
 * file alone: name services of the network must not be waited for, nor loaded. False: it is nobody. */
bool user_find(const char *name, uid_t *uid, gid_t *gid);

#endif
