/* The connections of a unit in a network namespace of its own, as containers and PrivateNetwork= have it: sock_diag tells
 * those of ours alone, /proc/PID/net those of the process' (network_namespaces(7)). A part of a round of see/sockets.h. */
#ifndef WD_SEE_SOCKETS_FAR_H
#define WD_SEE_SOCKETS_FAR_H

#include "see/sockets.h"

/* Open the list of the process whose directory in /proc that is. 0 or -errno. */
int sockets_far_open(struct sockets *sockets, int process);

/* A piece of it, about that row, whose sockets are in the set; at its end far_open is false. The kernel goes through the
 * connections of all namespaces for each piece, a few milliseconds: one in a look. */
void sockets_far_read(struct sockets *sockets, uint16_t row);

/* Leave it; nothing is open any more. */
void sockets_far_end(struct sockets *sockets);

#endif
