#include "ask/check_find.h"

#include <unistd.h>

#include "ask/belong.h"
#include "ask/status_cell.h"
#include "base/diag.h"
#include "base/root.h"

enum { FIND_LINES_MAX = 16 }; /* of one key: a name that finds hundreds is a mistake that shows by then */

struct check_find {
	struct belong of;
	FILE *out;
};

static void check_find_head(const struct check_find *f, uint32_t u, const char *key, const char *words)
{
	(void)fprintf(f->out, "[unit %s] %s = ", config_unit_at(f->of.config, u)->name, key);
	status_cell_put(f->out, words);
	(void)fputs(": ", f->out);
}

static void check_find_show(const struct check_find *f, size_t i)
{
	const struct process_now *process = &f->of.processes.row[i];
	int64_t age_ms = processes_age_ms(&f->of.processes, process);
	char span[STATUS_CELL_BYTES];

	(void)fprintf(f->out, "pid %d (", process->stat.pid);
	status_cell_put(f->out, process->stat.comm);
	(void)fputc(')', f->out);
	if (age_ms >= 0)
		(void)fprintf(f->out, ", %s old", clock_format_span((uint64_t)age_ms, span));
	if (process->exe[0] != '\0') {
		(void)fputs(", ", f->out);
		status_cell_put(f->out, process->exe);
	}
}

static void check_find_show_match(const struct check_find *f, uint32_t u)
{
	const char *words = config_string(f->of.config, config_unit_at(f->of.config, u)->target);
	unsigned found = 0;

	for (size_t i = 0; i < f->of.processes.count; i++) {
		const struct belong_owner *owner = &f->of.owner[i];

		if ((owner->first != u && owner->second != u) || ++found > FIND_LINES_MAX)
			continue;
		check_find_head(f, u, "match", words);
		check_find_show(f, i);
		if (owner->second != CONFIG_NONE)
			(void)fprintf(f->out, "; it belongs to nobody, as the unit \"%s\" matches it too",
				      config_unit_at(f->of.config, owner->first == u ? owner->second : owner->first)->name);
		(void)fputc('\n', f->out);
	}
	if (found == 0 || found > FIND_LINES_MAX)
		check_find_head(f, u, "match", words);
	if (found == 0)
		(void)fputs("nothing now\n", f->out);
	else if (found > FIND_LINES_MAX)
		(void)fprintf(f->out, "%u more\n", found - FIND_LINES_MAX);
}

static void check_find_show_process(const struct check_find *f, uint32_t u)
{
	const char *words = config_string(f->of.config, config_unit_at(f->of.config, u)->process);
	unsigned found = 0, others = 0;

	for (size_t i = 0; i < f->of.processes.count; i++) {
		struct match_process seen = processes_match(&f->of.processes.row[i]);

		if (!belong_is_in(&f->of, u, i))
			continue;
		if (!match_holds(words, &seen)) {
			others++;
		} else if (++found <= FIND_LINES_MAX) {
			check_find_head(f, u, "process", words);
			check_find_show(f, i);
			(void)fputc('\n', f->out);
		}
	}
	if (found == 0 || found > FIND_LINES_MAX)
		check_find_head(f, u, "process", words);
	if (found == 0 && others > 0)
		(void)fprintf(f->out, "nothing now, among %u process%s of the unit\n", others, others == 1 ? "" : "es");
	else if (found == 0)
		(void)fputs("nothing now: the unit has no processes\n", f->out);
	else if (found > FIND_LINES_MAX)
		(void)fprintf(f->out, "%u more\n", found - FIND_LINES_MAX);
}

static bool check_find_is_wanted(const struct config *config)
{
	for (uint32_t u = 0; u < config->units.count; u++)
		if (config_unit_at(config, u)->kind == CONFIG_MATCH || config_unit_at(config, u)->process != 0)
			return true;
	return false;
}

void check_find(const struct config *config, FILE *out)
{
	struct check_find f = {.out = out};
	int error;

	if (!check_find_is_wanted(config))
		return;
	error = belong_init(&f.of, config);
	if (error < 0)
		(void)fprintf(out, "cannot look for processes: %s\n", diag_errno(error));
	for (uint32_t u = 0; error == 0 && u < config->units.count; u++) {
		if (config_unit_at(config, u)->kind == CONFIG_MATCH)
			check_find_show_match(&f, u);
		if (config_unit_at(config, u)->process != 0)
			check_find_show_process(&f, u);
	}
	if (error == 0 && f.of.processes.hidden > 0 && geteuid() != 0 && !root_is_fake())
		(void)fprintf(out, "this user may not see the executables of %zu processes; root may find more\n",
			      f.of.processes.hidden);
	belong_fini(&f.of);
}
