#include "deliver/report_state.h"

#include <string.h>
#include <sys/mman.h>

/* Not from the heap, which would touch all of it and keep it. */
static struct state *report_state_room(void)
{
	void *room = mmap(NULL, sizeof(struct state), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return room != MAP_FAILED ? room : NULL;
}

struct state *report_state_new(const struct state *page)
{
	struct state *copy = page != NULL ? report_state_room() : NULL;

	if (copy == NULL)
		return NULL;
	(void)state_copy(page, copy); /* of a page whose writer was killed in the middle, the best there is */
	return copy;
}

void report_state_free(struct state *state)
{
	if (state != NULL)
		(void)munmap(state, sizeof(*state));
}

const struct state_unit *report_state_unit(const struct state *state, const char *name)
{
	if (state == NULL || name[0] == '\0')
		return NULL;
	for (uint32_t i = 0; i < state->units; i++)
		if (strcmp(state->unit[i].name, name) == 0)
			return &state->unit[i];
	return NULL;
}

const struct state_rule *report_state_rule(const struct state *state, const char *rule, const char *unit)
{
	const struct state_rule *found = NULL;

	if (state == NULL || rule[0] == '\0')
		return NULL;
	for (uint32_t i = 0; i < state->rules; i++) {
		const struct state_rule *row = &state->rule[i];

		if (strcmp(row->rule, rule) != 0)
			continue;
		if (strcmp(row->unit, unit) == 0)
			return row;
		if (row->unit[0] == '\0')
			found = row;
	}
	return found;
}
