/* The connections of units in a network namespace of their own, as containers and PrivateNetwork= have it: sock_diag
 * tells those of ours alone, /proc/PID/net those of the process' (network_namespaces(7)). The last part of a round of
 * see/sockets.h. */
#ifndef WD_SEE_SOCKETS_FAR_H
#define WD_SEE_SOCKETS_FAR_H

#include "see/sockets.h"

/* A piece of it, for all rows with a far_pid that are not known to be connected yet. 1: there is more; 0: all is read. What
 * cannot be read is SOCKETS_UNREADABLE; whose process has ended meanwhile is SOCKETS_NOT_ASKED: at the next round. */
int sockets_far_read(struct see *see, struct sockets *sockets);

/* Nothing is open any more. */
void sockets_far_end(struct sockets *sockets);

#endif
