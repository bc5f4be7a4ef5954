/* The budget as one JSON object. A number has its unit in its key; what is unknown is null. */
#include "ask/budget.h"

#include <inttypes.h>
#include <string.h>

#include "ask/budget_advice.h"
#include "base/buffer.h"
#include "base/escape.h"

static void budget_json_string(FILE *out, const char *key, const char *hostile)
{
	char text[2048];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_json(&b, hostile, strlen(hostile));
	if (hostile[0] == '\0')
		(void)fprintf(out, "\"%s\":null", key);
	else
		(void)fprintf(out, "\"%s\":\"%s\"", key, text);
}

static void budget_json_name(FILE *out, const char *hostile)
{
	char text[2048];
	struct buffer b;

	BUFFER_OVER(&b, text);
	escape_json(&b, hostile, strlen(hostile));
	(void)fprintf(out, "\"%s\"", text);
}

static void budget_json_bytes(FILE *out, const char *key, bool known, uint64_t bytes)
{
	if (known)
		(void)fprintf(out, ",\"%s\":%" PRIu64, key, bytes);
	else
		(void)fprintf(out, ",\"%s\":null", key);
}

static void budget_json_head(const struct budget *b, FILE *out)
{
	const struct budget_sum *sum = &b->sum;
	const struct state *s = b->page.state;

	(void)fprintf(out, "{\"alive\":%s,", b->page.not_alive == NULL ? "true" : "false");
	budget_json_string(out, "why_not", b->page.not_alive != NULL ? b->page.not_alive : "");
	budget_json_bytes(out, "watched_ms", s->started != 0 && s->started <= b->page.now, b->page.now - s->started);
	budget_json_bytes(out, "mem_total_bytes", true, sum->host.ram_bytes);
	budget_json_bytes(out, "swap_total_bytes", true, sum->host.swap_bytes);
	budget_json_bytes(out, "rest_bytes", true, sum->rest_bytes);
	budget_json_bytes(out, "spare_bytes", true, sum->spare_bytes);
	budget_json_bytes(out, "room_bytes", true, sum->room_bytes);
	budget_json_bytes(out, "room_in_memory_bytes", true, sum->room_ram_bytes);
	budget_json_bytes(out, "peaks_bytes", sum->known > 0, sum->peaks_bytes);
	(void)fputc(',', out);
	budget_json_string(out, "no_config", b->no_config);
	(void)fputc(',', out);
	budget_json_string(out, "no_systemd", b->no_systemd);
}

static void budget_json_verdict(const struct budget *b, FILE *out)
{
	const struct budget_sum *sum = &b->sum;
	bool known = sum->known > 0;
	uint64_t lack = budget_sum_lack(sum, sum->peaks_bytes), swapped = budget_sum_in_swap(sum, sum->peaks_bytes);

	(void)fprintf(out, ",\"fits\":%s", !known ? "null" : lack == 0 ? "true" : "false");
	(void)fprintf(out, ",\"fits_in_memory\":%s", !known ? "null" : lack == 0 && swapped == 0 ? "true" : "false");
	budget_json_bytes(out, "lacking_bytes", known, lack);
	budget_json_bytes(out, "more_memory_bytes", known, lack > 0 ? budget_sum_more_ram(sum, true) : 0);
	budget_json_bytes(out, "more_memory_without_swap_bytes", known, budget_sum_more_ram(sum, false));
}

static void budget_json_go(const struct budget *b, FILE *out)
{
	static uint32_t go[UNITS_MAX];
	uint64_t need;
	uint32_t n = budget_sum_go(&b->sum, go, &need);

	(void)fputs(",\"go_first\":[", out);
	for (uint32_t k = 0; k < n; k++) {
		(void)fputs(k > 0 ? "," : "", out);
		budget_json_name(out, b->unit[go[k]].name);
	}
	(void)fprintf(out, "],\"lacking_then_bytes\":%" PRIu64, budget_sum_lack(&b->sum, need));
}

static void budget_json_sets(const struct budget *b, FILE *out)
{
	uint32_t sets[BUDGET_SETS_MAX], n = budget_sum_sets(&b->sum, sets);

	(void)fputs(",\"together\":[", out);
	for (uint32_t k = 0; k < n; k++) {
		const char *comma = "";

		(void)fputs(k > 0 ? ",{\"units\":[" : "{\"units\":[", out);
		for (uint32_t i = b->sum.units; i-- > 0;)
			if (budget_sum_is_in(&b->sum, sets[k], i)) {
				(void)fputs(comma, out);
				budget_json_name(out, b->unit[i].name);
				comma = ",";
			}
		(void)fputc(']', out);
		budget_json_bytes(out, "bytes", true, budget_sum_of_set(&b->sum, sets[k]));
		budget_json_bytes(out, "in_swap_bytes", true,
				  budget_sum_in_swap(&b->sum, budget_sum_of_set(&b->sum, sets[k])));
		(void)fputc('}', out);
	}
	(void)fputc(']', out);
}

static void budget_json_groups(const struct budget *b, FILE *out)
{
	(void)fputs(",\"groups\":[", out);
	for (uint32_t g = 0; b->config != NULL && g < b->config->groups.count; g++) {
		uint32_t of, beside = budget_sum_of_group(&b->sum, g, true, &of),
			     alone = budget_sum_of_group(&b->sum, g, false, &of);

		(void)fprintf(out, "%s{\"group\":", g > 0 ? "," : "");
		budget_json_name(out, config_group_at(b->config, g)->name);
		(void)fprintf(out,
			      ",\"units_known\":%" PRIu32 ",\"at_a_time\":%" PRIu32 ",\"at_a_time_without_others\":%" PRIu32
			      "}",
			      of, beside, alone);
	}
	(void)fputc(']', out);
}

static void budget_json_limit(FILE *out, const char *key, uint64_t bytes)
{
	if (bytes == BUDGET_NO_LIMIT)
		(void)fprintf(out, ",\"%s\":\"infinity\"", key);
	else
		budget_json_bytes(out, key, bytes > 0, bytes);
}

static void budget_json_systemd(const struct budget *b, uint32_t i, FILE *out)
{
	const struct budget_systemd *s = budget_systemd_of(b, i);
	uint32_t wrong = budget_advice_find(s, b->unit[i].peak_bytes);
	const char *comma = "";

	if (!s->answered) {
		(void)fputs(",\"systemd\":null", out);
		return;
	}
	(void)fputs(",\"systemd\":{", out);
	budget_json_string(out, "unit", budget_target(b, i));
	(void)fprintf(out, ",\"oom_policy\":\"%s\",\"restart\":\"%s\"", budget_oom_policy_word(s->oom_policy),
		      budget_restart_word(s->restart));
	budget_json_limit(out, "memory_high_bytes", s->high_bytes);
	budget_json_limit(out, "memory_max_bytes", s->max_bytes);
	(void)fputs(",\"wrong\":[", out);
	for (int k = 0; k < BUDGET_WRONGS; k++)
		if ((wrong >> k & 1) != 0) {
			(void)fprintf(out, "%s\"%s\"", comma, budget_advice_word((enum budget_wrong)k));
			comma = ",";
		}
	(void)fputs("]}", out);
}

static void budget_json_unit(const struct budget *b, uint32_t i, FILE *out)
{
	const struct budget_unit *unit = &b->unit[i];
	uint64_t others = budget_sum_without(&b->sum, i);

	(void)fputc('{', out);
	budget_json_string(out, "unit", unit->name);
	if (b->of_config[unit->row] != CONFIG_NONE)
		(void)fprintf(out, ",\"priority\":%" PRId32 ",\"protect\":%s", unit->priority,
			      unit->protect ? "true" : "false");
	else
		(void)fputs(",\"priority\":null,\"protect\":null", out);
	budget_json_bytes(out, "now_bytes", unit->now_bytes > 0, unit->now_bytes);
	budget_json_bytes(out, "peak_bytes", unit->known, unit->peak_bytes);
	(void)fprintf(out, ",\"oom_kills\":%" PRIu64, budget_kills(b, i));
	budget_json_bytes(out, "others_lack_bytes", unit->known, budget_sum_lack(&b->sum, others));
	budget_json_bytes(out, "suggested_high_bytes", b->limit[i].max_bytes > 0, b->limit[i].high_bytes);
	budget_json_bytes(out, "suggested_max_bytes", b->limit[i].max_bytes > 0, b->limit[i].max_bytes);
	budget_json_systemd(b, i, out);
	(void)fputc('}', out);
}

void budget_print_json(const struct budget *b, FILE *out)
{
	budget_json_head(b, out);
	budget_json_verdict(b, out);
	budget_json_go(b, out);
	budget_json_sets(b, out);
	budget_json_groups(b, out);
	(void)fputs(",\"units\":[", out);
	for (uint32_t i = 0; i < b->sum.units; i++) {
		(void)fputs(i > 0 ? "," : "", out);
		budget_json_unit(b, i, out);
	}
	(void)fputs("]}\n", out);
}
