#include "see/sockets_set.h"

#include <stddef.h>
#include <string.h>

static uint32_t sockets_set_head(uint64_t number)
{
	return (uint32_t)((number * 0x9e3779b97f4a7c15u) >> 40) % SOCKETS_HEADS;
}

void sockets_set_empty(struct sockets_set *set)
{
	set->used = 0;
	memset(set->head, 0, sizeof(set->head));
}

const struct sockets_entry *sockets_set_next(const struct sockets_set *set, uint64_t number,
					     const struct sockets_entry *entry)
{
	uint16_t at = entry != NULL ? entry->next : set->head[sockets_set_head(number)];

	while (at != 0 && set->entry[at - 1].number != number)
		at = set->entry[at - 1].next;
	return at != 0 ? &set->entry[at - 1] : NULL;
}

bool sockets_set_add(struct sockets_set *set, uint64_t number, uint16_t row)
{
	uint16_t *head = &set->head[sockets_set_head(number)];
	const struct sockets_entry *entry = NULL;

	while ((entry = sockets_set_next(set, number, entry)) != NULL)
		if (entry->row == row)
			return true;
	if (set->used == SOCKETS_MAX)
		return false;
	set->entry[set->used++] = (struct sockets_entry){.number = number, .row = row, .next = *head};
	*head = (uint16_t)set->used;
	return true;
}
