#include "share/state.h"

#include <errno.h>
#include <stddef.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"

/* All zero again, without a moment at which it is shorter: who has it mapped would die of SIGBUS. */
static int state_empty(int fd)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -1;
	if (st.st_size == (off_t)sizeof(struct state) &&
	    fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, sizeof(struct state)) == 0)
		return 0;
	return ftruncate(fd, 0) < 0 ? -1 : ftruncate(fd, sizeof(struct state));
}

struct state *state_create(int fd)
{
	struct state *state;

	if (state_empty(fd) < 0)
		return NULL;
	state = mmap(NULL, sizeof(*state), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return NULL;
	memset(state->hour_permille, 0xff, sizeof(state->hour_permille)); /* 0 would be a reading */
	state->size = sizeof(*state);
	state->version = STATE_VERSION;
	state->magic = STATE_MAGIC;
	return state;
}

const struct state *state_map(int fd)
{
	struct stat st;
	const struct state *state;

	if (fstat(fd, &st) < 0)
		return NULL;
	if ((size_t)st.st_size < sizeof(*state)) {
		errno = EPROTO;
		return NULL;
	}
	state = mmap(NULL, sizeof(*state), PROT_READ, MAP_SHARED, fd, 0);
	if (state == MAP_FAILED)
		return NULL;
	if (state->magic != STATE_MAGIC || state->version != STATE_VERSION || state->size != sizeof(*state)) {
		(void)munmap((void *)(uintptr_t)state, sizeof(*state));
		errno = EPROTO;
		return NULL;
	}
	return state;
}

void state_write_begin(struct state *state)
{
	atomic_fetch_add_explicit(&state->sequence, 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
}

void state_write_end(struct state *state)
{
	atomic_fetch_add_explicit(&state->sequence, 1, memory_order_release);
}

static uint32_t state_least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void state_copy_rows(const struct state *state, struct state *copy)
{
	memcpy(copy, state, offsetof(struct state, unit));
	copy->units = state_least(copy->units, UNITS_MAX);
	copy->rules = state_least(copy->rules, INSTANCES_MAX);
	memcpy(copy->unit, state->unit, copy->units * sizeof(copy->unit[0]));
	memcpy(copy->rule, state->rule, copy->rules * sizeof(copy->rule[0]));
}

#define STATE_END(array) ((array)[sizeof(array) - 1] = '\0')

/* Its writer may be hostile, broken, or killed in the middle. */
static void state_end_texts(struct state *copy)
{
	STATE_END(copy->boot_id);
	STATE_END(copy->config_path);
	STATE_END(copy->blind);
	STATE_END(copy->swap.why);
	STATE_END(copy->swap.restore);
	for (uint32_t i = 0; i < copy->units; i++) {
		STATE_END(copy->unit[i].name);
		STATE_END(copy->unit[i].main_comm);
		STATE_END(copy->unit[i].watched_comm);
		STATE_END(copy->unit[i].parent_comm);
		STATE_END(copy->unit[i].died_text);
		STATE_END(copy->unit[i].restore);
	}
	for (uint32_t i = 0; i < copy->rules; i++) {
		STATE_END(copy->rule[i].rule);
		STATE_END(copy->rule[i].unit);
	}
	for (int i = 0; i < STATE_ACTIONS; i++) {
		STATE_END(copy->actions[i].rule);
		STATE_END(copy->actions[i].unit);
		STATE_END(copy->actions[i].text);
	}
}

static bool state_copy_whole(const struct state *state, struct state *copy)
{
	for (int i = 0; i < 100; i++) {
		unsigned before = atomic_load_explicit(&state->sequence, memory_order_acquire);

		state_copy_rows(state, copy);
		atomic_thread_fence(memory_order_acquire);
		if ((before & 1) == 0 && before == atomic_load_explicit(&state->sequence, memory_order_relaxed))
			return true;
		(void)usleep(1000);
	}
	return false;
}

bool state_copy(const struct state *state, struct state *copy)
{
	bool whole = state_copy_whole(state, copy);

	state_end_texts(copy);
	return whole;
}

void state_add_action(struct state *state, uint32_t severity, const char *rule, const char *unit, const char *text)
{
	uint64_t last = 0;
	struct state_action *action;
	struct buffer b;

	for (int i = 0; i < STATE_ACTIONS; i++)
		last = state->actions[i].number > last ? state->actions[i].number : last;
	action = &state->actions[(last + 1) % STATE_ACTIONS];
	action->at = clock_wall();
	action->severity = severity;
	BUFFER_OVER(&b, action->rule);
	buffer_add(&b, rule != NULL ? rule : "");
	BUFFER_OVER(&b, action->unit);
	buffer_add(&b, unit != NULL ? unit : "");
	BUFFER_OVER(&b, action->text);
	buffer_add(&b, text);
	action->number = last + 1;
}
