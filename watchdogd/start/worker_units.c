#include "start/worker_units.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"

void worker_units_init(struct worker_units *units, const struct plugin *const *plugin)
{
	*units = (struct worker_units){.plugin = plugin};
}

/* --- from the config to the plugins --- */

static void worker_units_read(struct plugin_unit *row, const struct config *config, const struct config_unit *unit)
{
	const char *target = config_string(config, unit->target);

	*row = (struct plugin_unit){
		.id = message_unit_id(unit->name),
		.name = unit->name,
		.systemd = unit->kind == CONFIG_SYSTEMD ? target : "",
		.user = config_string(config, unit->user),
		.cgroup = unit->kind == CONFIG_CGROUP ? target : "",
		.uid = unit->uid,
		.alive = config_string(config, unit->alive),
		.alive_every_ms = unit->alive_every_ms,
		.alive_timeout_ms = unit->alive_timeout_ms,
		.log = config_string(config, unit->log),
		.journal = unit->journal != 0,
		.patterns_count = unit->log_match.count,
	};
}

static int worker_state_compare(const void *a, const void *b)
{
	const struct worker_state *one = a, *other = b;

	return (one->id > other->id) - (one->id < other->id);
}

static struct worker_state *worker_state_find(const struct worker_units *units, uint64_t id)
{
	struct worker_state key = {.id = id};

	return units->count == 0 ? NULL
				 : bsearch(&key, units->state, units->count, sizeof(key), worker_state_compare);
}

static void worker_units_free(struct worker_units *units)
{
	free(units->unit);
	free((void *)(uintptr_t)units->pattern);
	free(units->state);
	if (units->config != NULL)
		config_unmap(units->config);
}

/* Rows for each unit of `next`'s config; what waits of one that was there already goes on waiting. */
static int worker_units_fill(struct worker_units *next, const struct worker_units *last)
{
	size_t patterns = 0, used = 0;

	for (uint32_t i = 0; i < next->config->units.count; i++)
		patterns += config_unit_at(next->config, i)->log_match.count;
	next->count = next->config->units.count;
	next->unit = calloc(next->count + 1, sizeof(next->unit[0]));
	next->pattern = calloc(patterns + 1, sizeof(next->pattern[0]));
	next->state = calloc(next->count + 1, sizeof(next->state[0]));
	if (next->unit == NULL || next->pattern == NULL || next->state == NULL)
		return -ENOMEM;
	for (uint32_t i = 0; i < next->count; i++) {
		const struct config_unit *unit = config_unit_at(next->config, i);
		const struct worker_state *known;

		worker_units_read(&next->unit[i], next->config, unit);
		next->unit[i].patterns = next->pattern + used;
		for (uint32_t p = 0; p < unit->log_match.count; p++)
			next->pattern[used++] = config_string(next->config, config_pattern(next->config, unit, p));
		next->state[i].id = next->unit[i].id;
		known = worker_state_find(last, next->unit[i].id);
		if (known != NULL && (known->unit.waits || known->alive.waits))
			next->state[i] = *known;
	}
	qsort(next->state, next->count, sizeof(next->state[0]), worker_state_compare);
	return 0;
}

int worker_units_take(struct worker_units *units, int fd)
{
	struct worker_units last = *units, next = {.plugin = units->plugin, .waits = units->waits};
	int error;

	next.config = config_map(fd);
	if (next.config == NULL)
		return -errno;
	/* What was sent to one of us that ended comes to us too. */
	if (last.config != NULL && next.config->generation <= last.config->generation) {
		config_unmap(next.config);
		return 0;
	}
	error = worker_units_fill(&next, &last);
	if (error < 0) {
		worker_units_free(&next);
		return error;
	}
	*units = next; /* before `watch`: a plugin may tell of a unit at once */
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++)
		if (next.plugin[i] != NULL && next.plugin[i]->watch != NULL)
			next.plugin[i]->watch(next.unit, next.count);
	worker_units_free(&last);
	return 1;
}

bool worker_units_has(const struct worker_units *units, uint64_t id)
{
	return worker_state_find(units, id) != NULL;
}

/* --- from the plugins to the sentinel --- */

static void worker_state_set(struct worker_state_part *part, int32_t result, int32_t pid, const char *text)
{
	struct buffer b;

	part->result = result;
	part->pid = pid;
	part->waits = true;
	BUFFER_OVER(&b, part->text);
	buffer_add(&b, text);
}

void worker_units_tell(struct worker_units *units, uint64_t id, unsigned bits, int32_t pid, const char *text)
{
	struct worker_state *state = worker_state_find(units, id);

	if (state == NULL)
		return;
	/* A later word answers the look too. */
	if (state->unit.waits)
		bits |= (unsigned)state->unit.result & UNIT_LOOKED;
	worker_state_set(&state->unit, (int32_t)bits, pid, text);
	units->waits = true;
}

void worker_units_tell_alive(struct worker_units *units, uint64_t id, int result, const char *text)
{
	struct worker_state *state = worker_state_find(units, id);

	if (state == NULL)
		return;
	worker_state_set(&state->alive, result, 0, text);
	units->waits = true;
}

void worker_units_look(struct worker_units *units, uint64_t id)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX; i++) {
		const struct plugin *plugin = units->plugin[i];

		if (plugin != NULL && plugin->look != NULL && strcmp(plugin->name, "systemd") == 0) {
			plugin->look(id);
			return;
		}
	}
	worker_units_tell(units, id, UNIT_NO_ANSWER | UNIT_LOOKED, 0, "no systemd can be asked here");
}

/* Whether it need not be sent any more. */
static bool worker_state_send(struct worker_state_part *part, enum message_type type, uint64_t id, int link)
{
	struct message message;
	int error;

	if (!part->waits)
		return true;
	message_make(&message, type, id, part->result, part->text);
	message.pid = part->pid;
	error = link >= 0 ? message_send(link, &message, -1) : 0;
	part->waits = error == -EAGAIN || error == -ENOBUFS;
	if (error < 0 && !part->waits)
		diag_warning("cannot tell the sentinel of a unit: %s", diag_errno(error));
	return !part->waits;
}

void worker_units_send(struct worker_units *units, int link)
{
	for (size_t i = 0; units->waits && i < units->count; i++) {
		struct worker_state *state = &units->state[i];

		if (!worker_state_send(&state->unit, MESSAGE_UNIT, state->id, link) ||
		    !worker_state_send(&state->alive, MESSAGE_ALIVE, state->id, link))
			return;
	}
	units->waits = false;
}
