#include "deliver/report_state.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { REPORT_STATE_TRIES = 20, REPORT_STATE_WAIT_US = 1000 };

#define REPORT_STATE_TAIL (offsetof(struct state, rule) + sizeof(((struct state *)0)->rule))

static uint32_t report_state_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void report_state_copy(struct state *copy, const struct state *page)
{
	memcpy(copy, page, offsetof(struct state, unit));
	copy->units = report_state_least(copy->units, UNITS_MAX);
	copy->rules = report_state_least(copy->rules, INSTANCES_MAX);
	memcpy(copy->unit, page->unit, copy->units * sizeof(copy->unit[0]));
	memcpy(copy->rule, page->rule, copy->rules * sizeof(copy->rule[0]));
	memcpy((char *)copy + REPORT_STATE_TAIL, (const char *)page + REPORT_STATE_TAIL,
	       sizeof(*copy) - REPORT_STATE_TAIL);
}

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
	for (int i = 0; i < REPORT_STATE_TRIES; i++) {
		unsigned before = atomic_load_explicit(&page->sequence, memory_order_acquire);

		report_state_copy(copy, page);
		atomic_thread_fence(memory_order_acquire);
		if ((before & 1) == 0 && before == atomic_load_explicit(&page->sequence, memory_order_relaxed))
			break;
		(void)usleep(REPORT_STATE_WAIT_US);
	}
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
