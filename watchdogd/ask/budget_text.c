/* The budget for a person: a table, the answers (budget_answers.c), what systemd would do wrong, and what can be pasted. */
#include "ask/budget.h"

#include <inttypes.h>

#include "ask/budget_advice.h"
#include "ask/budget_say.h"
#include "ask/status_cell.h"

enum { BUDGET_DAY_MS = 24 * 3600 * 1000 };

/* --- the head --- */

static void budget_print_rests(const struct budget *b, FILE *out)
{
	const struct state *s = b->page.state;
	uint64_t age = s->started != 0 && s->started <= b->page.now ? b->page.now - s->started : 0;
	char span[32], since[21];

	clock_format(b->page.wall > age ? b->page.wall - age : 0, since);
	BUDGET_SAY(out, "rests on",
		   "the highest anon of each unit that watchdogd saw; this run of it watches since %s, for %s.%s", since,
		   clock_format_span(age, span),
		   age < BUDGET_DAY_MS ? " That is less than a day: what they do seldom may be missing." : "");
}

static void budget_print_head(const struct budget *b, FILE *out)
{
	const struct budget_sum *sum = &b->sum;
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	if (b->page.not_alive != NULL)
		(void)fprintf(out, "NOT WATCHING: %s. Below is what it knew last.\n", b->page.not_alive);
	BUFFER_OVER(&said, text);
	budget_say_bytes(&said, sum->host.ram_bytes);
	buffer_add(&said, " of memory, ");
	if (sum->host.swap_bytes > 0)
		budget_say_bytes(&said, sum->host.swap_bytes);
	else
		buffer_add(&said, "no");
	buffer_add(&said, " swap. The rest of the host uses ");
	budget_say_bytes(&said, sum->rest_bytes);
	buffer_addf(&said, " now, and %d %% of memory (", BUDGET_SPARE_PCT);
	budget_say_bytes(&said, sum->spare_bytes);
	buffer_add(&said, ") is to stay free: ");
	budget_say_bytes(&said, sum->room_bytes);
	buffer_add(&said, " for the units");
	if (sum->host.swap_bytes > 0) {
		buffer_add(&said, ", ");
		budget_say_bytes(&said, sum->room_ram_bytes);
		buffer_add(&said, " of it in memory");
	}
	buffer_add(&said, ".");
	budget_say(out, "host", &said);
	budget_print_rests(b, out);
	if (b->no_config[0] == '\0')
		return;
	BUFFER_OVER(&said, text);
	buffer_add(&said, "priorities, groups and systemd's names are not known: ");
	budget_say_name(&said, b->no_config);
	budget_say(out, "config", &said);
}

/* --- the table --- */

static void budget_print_notes(const struct budget *b, uint32_t i, FILE *out)
{
	uint64_t kills = budget_kills(b, i);
	unsigned pct = budget_at_limit_pct(b, i);
	const char *outer = budget_outer(b, i);
	char limit[STATUS_CELL_BYTES];

	if (outer != NULL)
		(void)fprintf(out, "    is inside %s too: the sums count it twice\n", outer);
	if (kills > 0)
		(void)fprintf(out, "    killed by the kernel for want of memory, %" PRIu64 " time%s: it would take more\n",
			      kills, kills == 1 ? "" : "s");
	if (pct > 0)
		(void)fprintf(out, "    came to %u %% of its limit of %s: it may want more\n", pct,
			      budget_say_cell((uint64_t)budget_row(b, i)->readings[UNIT_ANON].total, limit));
}

static void budget_print_unit(const struct budget *b, uint32_t i, FILE *out)
{
	const struct budget_unit *unit = &b->unit[i];
	char now[STATUS_CELL_BYTES] = "-", peak[STATUS_CELL_BYTES], priority[STATUS_CELL_BYTES] = "-";
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	if (unit->now_bytes > 0)
		(void)budget_say_cell(unit->now_bytes, now);
	if (b->of_config[unit->row] != CONFIG_NONE)
		(void)snprintf(priority, sizeof(priority), "%" PRId32, unit->priority);
	if (unit->known)
		budget_say_verdict(&said, &b->sum, budget_sum_without(&b->sum, i), false);
	else
		buffer_add(&said, "it never ran while watched");
	if (unit->protect)
		buffer_add(&said, " (protected)");
	status_cell_name(out, unit->name, STATUS_CELL_UNIT);
	(void)fprintf(out, " %8s %9s %9s  %s\n", priority, now, unit->known ? budget_say_cell(unit->peak_bytes, peak) : "unknown",
		      text);
	budget_print_notes(b, i, out);
}

static void budget_print_table(const struct budget *b, FILE *out)
{
	const struct budget_sum *sum = &b->sum;
	char now[STATUS_CELL_BYTES], peak[STATUS_CELL_BYTES], text[BUDGET_SAID_BYTES];
	uint64_t now_bytes = 0;
	struct buffer said;

	(void)fprintf(out, "\n%-*s %8s %9s %9s  %s\n", STATUS_CELL_UNIT, "UNIT", "PRIORITY", "NOW", "PEAK",
		      "WITHOUT IT, THE OTHERS");
	for (uint32_t i = 0; i < sum->units; i++) {
		budget_print_unit(b, i, out);
		now_bytes += sum->unit[i].now_bytes;
	}
	if (sum->units == 0)
		(void)fputs("(none)\n", out);
	if (sum->known == 0)
		return;
	BUFFER_OVER(&said, text);
	budget_say_verdict(&said, sum, sum->peaks_bytes, false);
	(void)fprintf(out, "%-*s %8s %9s %9s  %s\n", STATUS_CELL_UNIT, "together", "", budget_say_cell(now_bytes, now),
		      budget_say_cell(sum->peaks_bytes, peak), text);
}

/* --- systemd and limits --- */

static void budget_print_wrong(const struct budget *b, uint32_t i, FILE *out)
{
	uint32_t wrong = budget_advice_find(budget_systemd_of(b, i), b->unit[i].peak_bytes);
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	for (int k = 0; k < BUDGET_WRONGS; k++) {
		if ((wrong >> k & 1) == 0)
			continue;
		BUFFER_OVER(&said, text);
		budget_say_name(&said, b->unit[i].name);
		buffer_add(&said, ": ");
		budget_advice_format(&said, (enum budget_wrong)k, budget_systemd_of(b, i));
		buffer_add(&said, ".");
		budget_say(out, "SYSTEMD", &said);
	}
	if (wrong != 0 || !budget_systemd_of(b, i)->answered)
		return;
	BUFFER_OVER(&said, text);
	budget_say_name(&said, b->unit[i].name);
	buffer_add(&said, ": nothing to say against it.");
	budget_say(out, "SYSTEMD", &said);
}

static void budget_print_systemd(const struct budget *b, FILE *out)
{
	(void)fputc('\n', out);
	if (b->no_systemd[0] != '\0')
		BUDGET_SAY(out, "SYSTEMD", "%s: what it has set for the units is not known.", b->no_systemd);
	for (uint32_t i = 0; i < b->sum.units; i++)
		budget_print_wrong(b, i, out);
}

static void budget_print_drop_in(const struct budget *b, uint32_t i, FILE *out)
{
	uint32_t wrong = budget_advice_find(budget_systemd_of(b, i), b->unit[i].peak_bytes);
	const struct budget_limit *limit = &b->limit[i];
	char text[BUDGET_SAID_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	if ((wrong & 1u << BUDGET_NOT_LOADED) != 0)
		return;
	if (budget_target(b, i)[0] != '\0') {
		budget_advice_drop_in(&said, budget_target(b, i), limit, wrong);
	} else if (limit->max_bytes > 0) {
		buffer_add(&said, "# ");
		budget_say_name(&said, b->unit[i].name);
		buffer_addf(&said, ": memory.high %" PRIu64 "M, memory.max %" PRIu64 "M, where it has a cgroup of its own\n",
			    limit->high_bytes >> 20, limit->max_bytes >> 20);
	}
	if (said.len > 0)
		(void)fprintf(out, "\n%s", text);
}

static void budget_print_limits(const struct budget *b, FILE *out)
{
	char text[BUDGET_SAID_BYTES];
	uint64_t sum = 0;
	struct buffer said;

	if (b->sum.known == 0)
		return;
	for (uint32_t i = 0; i < b->sum.units; i++)
		sum += b->limit[i].max_bytes;
	BUFFER_OVER(&said, text);
	buffer_add(&said, "A quarter above each peak, and no more than fits for those that fit together. ");
	if (sum > b->sum.room_bytes) {
		buffer_add(&said, "All MemoryMax= are ");
		budget_say_bytes(&said, sum);
		buffer_add(&said, ", more than there is: they bound what runs away, and do not make all of them fit. ");
	}
	buffer_add(&said, "To paste:");
	(void)fputc('\n', out);
	budget_say(out, "LIMITS", &said);
	for (uint32_t i = 0; i < b->sum.units; i++)
		budget_print_drop_in(b, i, out);
}

void budget_print(const struct budget *b, FILE *out)
{
	budget_print_head(b, out);
	budget_print_table(b, out);
	if (b->sum.units == 0)
		return;
	budget_print_answers(b, out);
	budget_print_systemd(b, out);
	budget_print_limits(b, out);
}
