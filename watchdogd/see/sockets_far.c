#include "see/sockets_far.h"

#include <stddef.h>

int sockets_far_open(struct sockets *s, int process)
{
	int error = procnet_open(&s->far, process);

	s->far_open = true;
	if (error < 0)
		sockets_far_end(s);
	else
		s->fars++;
	return error;
}

void sockets_far_end(struct sockets *s)
{
	if (s->far_open)
		procnet_close(&s->far);
	s->far_open = false;
}

/* Inode 0: nobody has accepted it, and all that listens in that namespace is taken for the unit's. */
static bool sockets_far_is_of(const struct sockets *s, uint16_t row, uint32_t inode)
{
	const struct sockets_entry *entry = NULL;

	if (inode == 0)
		return true;
	while ((entry = sockets_set_next(&s->inodes, inode, entry)) != NULL)
		if (entry->row == row)
			return true;
	return false;
}

void sockets_far_read(struct sockets *s, uint16_t row)
{
	struct procnet_batch batch = {.ended = true};
	bool asked = s->seen[row] == SOCKETS_NONE; /* still */

	if (asked)
		procnet_next(&s->far, &batch);
	for (uint32_t i = 0; i < batch.count; i++)
		if (sockets_far_is_of(s, row, batch.inode[i]))
			s->seen[row] = SOCKETS_CONNECTED;
	if (s->seen[row] == SOCKETS_NONE && batch.error < 0)
		s->seen[row] = SOCKETS_UNREADABLE;
	if (batch.ended || s->seen[row] != SOCKETS_NONE)
		sockets_far_end(s);
}
