/* The user for what needs no privileges. */
#ifndef WD_BASE_USER_H
#define WD_BASE_USER_H

#include <stdbool.h>
#include <sys/types.h>

/* The user watchdogd, else nobody (65534, Debian's, where /etc/passwd names neither). Of the file alone:
 * name services of the network must not be waited for, nor loaded. True: it is watchdogd. */
bool user_find_ours(uid_t *uid, gid_t *gid);

#endif
