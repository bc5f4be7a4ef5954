/* The sockets that a unit's processes have open, the cgroups in which its own are made, and its network namespace: the
 * first part of a round of see/sockets.h. */
#ifndef WD_SEE_SOCKETS_UNIT_H
#define WD_SEE_SOCKETS_UNIT_H

#include "see/sockets.h"

/* Take them all into the sets. far_open: that namespace has a list of its own, which is to be read next. How many
 * descriptors it took. */
uint32_t sockets_unit_read(struct see *see, struct sockets *sockets, uint32_t index);

/* The text of a link below a directory of /proc; "" where there is none. 0 or -errno. */
int sockets_read_link(int dir, const char *path, char *text, size_t size);

/* The inode of "socket:[12345]"; false: it is no socket. */
bool sockets_parse_link(const char *text, uint64_t *inode);

#endif
