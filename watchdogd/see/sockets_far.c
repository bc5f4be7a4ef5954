#include "see/sockets_far.h"

#include <errno.h>

#include "see/source.h"

/* Inode 0: nobody has accepted it, and all that listens in that namespace is taken for the unit's. */
static bool far_is_of(const struct sockets *s, uint16_t row, uint32_t inode)
{
	const struct sockets_entry *entry = NULL;

	if (inode == 0)
		return true;
	while ((entry = sockets_set_next(&s->inodes, inode, entry)) != NULL)
		if (entry->row == row)
			return true;
	return false;
}

void sockets_far_end(struct sockets *s)
{
	if (s->far_open)
		procnet_close(&s->far);
	s->far_open = false;
}

/* The one at hand is over. */
static void far_end_unit(struct sockets *s, uint16_t row, int error)
{
	if (error == -ENOENT || error == -ESRCH)
		s->seen[row] = SOCKETS_NOT_ASKED;
	else if (error < 0)
		s->seen[row] = SOCKETS_UNREADABLE;
	sockets_far_end(s);
	s->next++;
}

static void far_read_piece(struct sockets *s, uint16_t row)
{
	struct procnet_batch batch;

	if (!s->far_open) {
		s->far_open = true;
		/* Its error ends the list. A pid that is another's by now spoils this look alone, of the five that it takes. */
		(void)procnet_open(&s->far, s->far_pid[row]);
	}
	procnet_next(&s->far, &batch);
	for (uint32_t i = 0; i < batch.count; i++)
		if (far_is_of(s, row, batch.inode[i]))
			s->seen[row] = SOCKETS_CONNECTED;
	if (batch.ended || s->seen[row] == SOCKETS_CONNECTED)
		far_end_unit(s, row, batch.error);
}

int sockets_far_read(struct see *see, struct sockets *s)
{
	for (int i = 0; i < SOCKETS_PIECES && s->next < see->units.count; i++) {
		while (s->next < see->units.count && (s->seen[see->units.at[s->next]] != SOCKETS_NONE ||
						      s->far_pid[see->units.at[s->next]] == 0))
			s->next++;
		if (s->next < see->units.count)
			far_read_piece(s, see->units.at[s->next]);
	}
	return s->next < see->units.count;
}
