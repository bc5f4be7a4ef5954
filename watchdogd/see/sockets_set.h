/* Numbers of sockets and cgroups, each with the row of the unit that it is of (see/sockets.h). */
#ifndef WD_SEE_SOCKETS_SET_H
#define WD_SEE_SOCKETS_SET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	SOCKETS_MAX = 4096, /* sockets of all units that a round is about; as many cgroups */
	SOCKETS_HEADS = 256,
};

/* Numbers, each with the row of a unit; a number can be of several. Entries in use lie together: what nobody needs is
 * not touched. */
struct sockets_set {
	uint32_t used;
	uint16_t head[SOCKETS_HEADS]; /* by the number: 1 + place of the last entry that was added; 0: none */
	struct sockets_entry {
		uint64_t number;
		uint16_t row;
		uint16_t next; /* as head */
	} entry[SOCKETS_MAX];
};

void sockets_set_empty(struct sockets_set *set);

/* Once for each row. False: it is full. */
bool sockets_set_add(struct sockets_set *set, uint64_t number, uint16_t row);

/* The entries of that number in turn: the next after `entry` (NULL: the first), or NULL. */
const struct sockets_entry *sockets_set_next(const struct sockets_set *set, uint64_t number,
					     const struct sockets_entry *entry);

#endif
