#include "ask/status_alerts.h"

#include <inttypes.h>

#include "ask/status_cell.h"
#include "base/severity.h"
#include "share/delivery.h"

enum { STATUS_ALERTS_NAME = 20 };

static const char *status_alerts_severity(uint32_t severity)
{
	return severity < SEVERITIES ? severity_name((enum severity)severity) : "?";
}

static void status_alerts_row(const struct state_rule *rule, mono_ms now, FILE *out)
{
	char id[16], age[STATUS_CELL_BYTES];

	delivery_format_id(rule->thread, id);
	(void)fprintf(out, "%-10s %-8s ", id, status_alerts_severity(rule->severity));
	status_cell_name(out, rule->rule, STATUS_ALERTS_NAME);
	(void)fputc(' ', out);
	status_cell_name(out, rule->unit[0] != '\0' ? rule->unit : "-", STATUS_ALERTS_NAME);
	(void)fprintf(out, " %11s%s\n", status_cell_age(rule->began, now, age), rule->acked ? " seen" : "");
}

void status_alerts_print(const struct status *status, FILE *out)
{
	const struct state *s = status->state;
	bool some = false;

	for (uint32_t i = 0; i < s->rules; i++) {
		if (s->rule[i].thread == 0)
			continue;
		if (!some)
			(void)fprintf(out, "\n%-10s %-8s %-*s %-*s %11s\n", "OPEN ALERT", "SEVERITY", STATUS_ALERTS_NAME,
				      "RULE", STATUS_ALERTS_NAME, "UNIT", "SINCE");
		some = true;
		status_alerts_row(&s->rule[i], status->now, out);
	}
}

void status_alerts_json(const struct state_rule *rule, mono_ms now, FILE *out)
{
	char id[16];

	(void)fprintf(out, "\"severity\":\"%s\",", status_alerts_severity(rule->severity));
	if (rule->thread == 0) {
		(void)fputs("\"alert\":null,\"alert_ms\":null,\"acknowledged\":null,", out);
		return;
	}
	delivery_format_id(rule->thread, id);
	(void)fprintf(out, "\"alert\":\"%s\",\"alert_ms\":%" PRIu64 ",\"acknowledged\":%s,", id,
		      rule->began != 0 && rule->began <= now ? now - rule->began : 0, rule->acked ? "true" : "false");
}
