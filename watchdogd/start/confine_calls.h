/* The system calls that an unprivileged worker gives up (seccomp). */
#ifndef WD_START_CONFINE_CALLS_H
#define WD_START_CONFINE_CALLS_H

#include <stdbool.h>

/* For all threads of this process, for good; PR_SET_NO_NEW_PRIVS must be set. network: sockets of AF_INET,
 * AF_INET6 and AF_NETLINK (a look-up asks it for addresses) besides AF_UNIX. 0 or -errno: -EINVAL, -ENOSYS: this
 * kernel has no filters. */
int confine_calls(bool network);

#endif
