/* The place of the control socket: its directory, who may reach it, the socket's file. main makes
 * it, and the state page lies beside; watchdogctl connects to it. A group that we may not give a
 * file to (an ordinary user's daemon) is no error: its members then stay outside. */
#ifndef WD_ASK_PLACE_H
#define WD_ASK_PLACE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The gid of a group's name; false when there is no such group, or name is "". */
bool place_group(const char *name, gid_t *gid);

/* Make a directory where it is missing, 0750, and those above it. 0 or -errno. */
int place_make_dir(const char *dir);

/* Make the directory of `path` where it is missing: 0750, of group readers where that exists. One
 * that is ours with exactly that mode (made by us earlier, or by systemd's RuntimeDirectory=) is
 * given to the group too; any other (/run) is left as it is. 0 or -errno. */
int place_make(const char *path, const char *readers);

/* Give a file beside the socket (the state page) to the readers: mode 0640, their group where it
 * exists. fd: stays the caller's. 0 or -errno. */
int place_share(int fd, const char *readers);

/* A non-blocking stream socket that listens at path, mode 0660, group readers where that exists.
 * One that nobody answers at is replaced. st: gets what lstat(2) says of the new file. The fd (the
 * caller's); -EADDRINUSE when another daemon answers there; -EEXIST when a file that is no socket
 * is in the way; -ENAMETOOLONG; -errno. */
int place_listen(const char *path, const char *readers, int backlog, struct stat *st);

/* A non-blocking connection to the socket at path: the fd (the caller's), or -errno (-ECONNREFUSED:
 * nobody listens; -EAGAIN: too many wait). */
int place_connect(const char *path);

/* Another group of readers, for the socket at path and its directory. 0 or -errno. */
int place_regroup(const char *path, const char *readers);

#endif
