#include "ask/budget.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "config/config_parse.h"

enum { BUDGET_TOLD = 0, BUDGET_IMPOSSIBLE = 1, BUDGET_NOT_RUNNING = 3 };
enum {
	BUDGET_WAIT_MS = 5000,
	BUDGET_UNIT_ANSWER_BYTES = 1024, /* nine short lines, and the unit's names */
	BUDGET_AT_LIMIT_PCT = 95,
};

/* --- the config --- */

static void budget_ignore(void *arg, enum config_finding finding, const char *line)
{
	(void)arg; /* `check` tells what is wrong with a config */
	(void)finding;
	(void)line;
}

static struct config *budget_config(struct budget *b)
{
	const char *path = b->page.state->config_path;
	struct config *config = NULL;
	struct buffer why;

	BUFFER_OVER(&why, b->no_config);
	errno = 0;
	if (path[0] == '/')
		config = config_parse_file(path, NULL, budget_ignore, NULL);
	if (config == NULL && path[0] != '/')
		buffer_add(&why, "the daemon names no file of its config");
	else if (config == NULL)
		buffer_addf(&why, "%s: %s", path, errno != 0 ? diag_errno(errno) : "is refused now (watchdogctl check)");
	b->config = config;
	return config;
}

static uint32_t budget_find(const struct budget *b, const char *name)
{
	return b->config != NULL ? config_find_unit(b->config, name) : CONFIG_NONE;
}

/* --- the rows --- */

const struct state_unit *budget_row(const struct budget *b, uint32_t i)
{
	return &b->page.state->unit[b->unit[i].row];
}

const struct budget_systemd *budget_systemd_of(const struct budget *b, uint32_t i)
{
	return &b->systemd[b->unit[i].row];
}

const char *budget_target(const struct budget *b, uint32_t i)
{
	uint32_t at = b->of_config[b->unit[i].row];
	const struct config_unit *unit = at != CONFIG_NONE ? config_unit_at(b->config, at) : NULL;

	return unit != NULL && unit->kind == CONFIG_SYSTEMD && unit->user == 0 ? config_string(b->config, unit->target)
									       : "";
}

/* "/a/b" is inside "/a", and all but the root is inside that. */
static bool budget_is_inside(const char *path, const char *outer)
{
	size_t len = strlen(outer);

	if (len > 0 && outer[len - 1] == '/')
		len--;
	return strncmp(path, outer, len) == 0 && path[len] == '/' && path[len + 1] != '\0';
}

const char *budget_outer(const struct budget *b, uint32_t i)
{
	uint32_t at = b->of_config[b->unit[i].row];
	const struct config_unit *unit = at != CONFIG_NONE ? config_unit_at(b->config, at) : NULL;

	if (unit == NULL || unit->kind != CONFIG_CGROUP)
		return NULL;
	for (uint32_t k = 0; k < b->config->units.count; k++) {
		const struct config_unit *other = config_unit_at(b->config, k);

		if (other->kind == CONFIG_CGROUP &&
		    budget_is_inside(config_string(b->config, unit->target), config_string(b->config, other->target)))
			return other->name;
	}
	return NULL;
}

uint64_t budget_kills(const struct budget *b, uint32_t i)
{
	const struct state_unit *row = budget_row(b, i);
	uint64_t deaths = row->death_causes[STATE_DEATH_OOM];

	return row->oom_kills > deaths ? row->oom_kills : deaths;
}

unsigned budget_at_limit_pct(const struct budget *b, uint32_t i)
{
	const struct state_reading *anon = &budget_row(b, i)->readings[UNIT_ANON];
	double pct;

	if (anon->known != STATE_KNOWN || anon->total <= 0 || (uint64_t)anon->total >= b->sum.host.ram_bytes)
		return 0;
	pct = 100 * (double)b->unit[i].peak_bytes / (double)anon->total;
	return pct < BUDGET_AT_LIMIT_PCT ? 0 : pct > 1000 ? 1000 : (unsigned)pct;
}

static uint64_t budget_known(const struct state_reading *reading)
{
	return reading->known == STATE_KNOWN && reading->value > 0 ? (uint64_t)reading->value : 0;
}

static void budget_take_unit(struct budget *b, uint32_t row)
{
	const struct state_unit *seen = &b->page.state->unit[row];
	struct budget_unit *unit = &b->unit[row];
	uint32_t at = budget_find(b, seen->name);

	b->of_config[row] = at;
	*unit = (struct budget_unit){.name = seen->name, .group = CONFIG_NONE, .row = row};
	unit->now_bytes = budget_known(&seen->readings[UNIT_ANON]);
	unit->peak_bytes = seen->peak_bytes > seen->held_bytes ? seen->peak_bytes : seen->held_bytes;
	if (at == CONFIG_NONE)
		return;
	unit->priority = config_unit_at(b->config, at)->priority;
	unit->group = config_unit_at(b->config, at)->group;
	unit->protect = config_unit_at(b->config, at)->protect != 0;
}

/* False: the page does not know the host. */
static bool budget_take(struct budget *b)
{
	const struct state *s = b->page.state;
	struct budget_host host = {s->mem_total_bytes, s->swap_total_bytes, 0};

	if (host.ram_bytes == 0 || s->host[HOST_AVAILABLE].known != STATE_KNOWN)
		return false;
	host.used_bytes = budget_known(&s->host[HOST_USED]) + budget_known(&s->host[HOST_SWAP_USED]);
	for (uint32_t i = 0; i < s->units; i++)
		budget_take_unit(b, i);
	budget_sum_init(&b->sum, host, b->unit, s->units);
	budget_sum_limits(&b->sum, b->limit);
	return true;
}

/* --- systemd --- */

static const char *budget_systemctl(const struct budget_ask *ask, struct buffer *why)
{
	static const char *const places[] = {"/usr/bin/systemctl", "/bin/systemctl"};

	if (ask->systemctl != NULL)
		return ask->systemctl;
	if (access("/run/systemd/system", F_OK) < 0) {
		buffer_add(why, "systemd does not run here");
		return NULL;
	}
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (access(places[i], X_OK) == 0)
			return places[i];
	buffer_add(why, "there is no systemctl here");
	return NULL;
}

static void budget_say_error(struct buffer *why, const char *program, int error)
{
	if (error == -ETIMEDOUT)
		buffer_addf(why, "%s has not answered within %d s", program, BUDGET_WAIT_MS / 1000);
	else if (error == -EPROTO)
		buffer_addf(why, "%s has failed", program);
	else if (error == -EFBIG)
		buffer_addf(why, "%s has said too much", program);
	else
		buffer_addf(why, "%s: %s", program, diag_errno(-error));
}

/* Names and rows of the units that systemd may know. */
struct budget_asked {
	const char *name[UNITS_MAX];
	struct budget_systemd row[UNITS_MAX];
	uint32_t unit[UNITS_MAX];
	uint32_t n;
	char text[];
};

static void budget_ask_of(struct budget *b, struct budget_asked *asked, const char *program, size_t size,
			  struct buffer *why)
{
	int error = budget_systemd_ask(program, asked->name, asked->n, BUDGET_WAIT_MS, asked->text, size);

	if (error < 0)
		budget_say_error(why, program, error);
	budget_systemd_parse(asked->text, asked->name, asked->n, asked->row);
	for (uint32_t i = 0; i < asked->n; i++)
		b->systemd[b->unit[asked->unit[i]].row] = asked->row[i];
}

static void budget_ask_systemd(struct budget *b, const struct budget_ask *ask)
{
	size_t size = (b->sum.units + 1) * (size_t)BUDGET_UNIT_ANSWER_BYTES;
	struct budget_asked *asked = calloc(1, sizeof(*asked) + size);
	const char *program;
	struct buffer why;

	BUFFER_OVER(&why, b->no_systemd);
	for (uint32_t i = 0; asked != NULL && i < b->sum.units; i++)
		if (budget_target(b, i)[0] != '\0') {
			asked->name[asked->n] = budget_target(b, i);
			asked->unit[asked->n++] = i;
		}
	if (asked != NULL && asked->n > 0 && (program = budget_systemctl(ask, &why)) != NULL)
		budget_ask_of(b, asked, program, size, &why);
	free(asked);
}

/* --- all of it --- */

static int budget_tell(struct budget *b, const struct budget_ask *ask, FILE *out, FILE *err)
{
	struct config *config = budget_config(b);
	int result = BUDGET_TOLD;

	if (!budget_take(b)) {
		(void)fputs("watchdogctl: watchdogd does not know the memory of this host (yet); see watchdogctl status\n", err);
		result = BUDGET_IMPOSSIBLE;
	} else {
		budget_ask_systemd(b, ask);
		(ask->json ? budget_print_json : budget_print)(b, out);
		result = b->page.not_alive != NULL ? BUDGET_NOT_RUNNING : BUDGET_TOLD;
	}
	free(config);
	return result;
}

int budget_run(const struct budget_ask *ask, FILE *out, FILE *err)
{
	struct budget *b = calloc(1, sizeof(*b));
	int result = BUDGET_IMPOSSIBLE;

	if (b == NULL) {
		(void)fputs("watchdogctl: out of memory\n", err);
		return result;
	}
	result = status_open(ask->control, &b->page, err);
	if (result == 0) {
		result = budget_tell(b, ask, out, err);
		status_close(&b->page);
	}
	free(b);
	return result;
}
