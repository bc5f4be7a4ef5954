#include "deliver/report_state.h"

#include <string.h>
#include <sys/mman.h>

/* Whoever wrote it may have been killed in the middle. */
static void report_state_end_texts(struct state *state)
{
	state->blind[sizeof(state->blind) - 1] = '\0';
	for (uint32_t i = 0; i < state->units; i++) {
		struct state_unit *unit = &state->unit[i];

		unit->name[sizeof(unit->name) - 1] = '\0';
		unit->main_comm[sizeof(unit->main_comm) - 1] = '\0';
		unit->watched_comm[sizeof(unit->watched_comm) - 1] = '\0';
		unit->parent_comm[sizeof(unit->parent_comm) - 1] = '\0';
	}
	for (uint32_t i = 0; i < state->rules; i++) {
		state->rule[i].rule[NAME_BYTES - 1] = '\0';
		state->rule[i].unit[NAME_BYTES - 1] = '\0';
	}
}

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
	report_state_end_texts(copy);
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
