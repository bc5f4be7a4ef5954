/* The root prefix of /proc, /sys and /dev: the only place that joins it to a path, so that a test can
 * lay a whole fake host. With a prefix no pidfd, signal, bus or netlink socket is ever opened: a
 * made-up pid must not hit a real process. */
#ifndef WD_BASE_ROOT_H
#define WD_BASE_ROOT_H

#include <stdbool.h>
#include <stddef.h>

/* prefix: borrowed for the life of the process; "" or "/" is the real host. */
void root_set(const char *prefix);

/* As it was set; "": the real host. */
const char *root_prefix(void);

/* There is a prefix: the host is made up. */
bool root_is_fake(void);

/* PREFIX/path into joined (size bytes); path begins with '/'. 0, or -ENAMETOOLONG. */
int root_join(const char *path, char *joined, size_t size);

/* open(2) of PREFIX/path with O_CLOEXEC. The caller owns the descriptor. The fd, or -errno. */
int root_open(const char *path, int flags);

/* The id of this boot (random(4)), 36 characters; "" where there is none. */
void root_boot_id(char boot_id[37]);

#endif
