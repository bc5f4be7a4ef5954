#include "decide/condition_format.h"

#include "base/bytes.h"
#include "base/clock.h"

static const char *const condition_format_compare[] = {
	[CONFIG_LT] = "<", [CONFIG_LE] = "<=", [CONFIG_GT] = ">", [CONFIG_GE] = ">="};

static void condition_format_value(struct buffer *out, const struct reading_word *word,
				   int64_t value)
{
	char span[32];

	switch (word->dimension) {
	case READING_BYTES:
		bytes_format(out, value);
		break;
	case READING_PERCENT:
		buffer_addf(out, "%.1f %%", (double)value / 1000);
		break;
	case READING_DURATION:
		buffer_add(out, value == INT64_MAX ? "never"
				: value < 0        ? "0 ms"
						   : clock_format_span((uint64_t)value, span));
		break;
	case READING_COUNT:
		buffer_addf(out, "%lld", (long long)value);
		break;
	case READING_BYTES_PER_MIN:
		bytes_format(out, value);
		buffer_add(out, " a minute");
		break;
	}
}

/* A bound is shown as it was written: "12 %", "12.5 %". */
static void condition_format_pct(struct buffer *out, int64_t mpct)
{
	if (mpct % 1000 == 0)
		buffer_addf(out, "%lld %%", (long long)(mpct / 1000));
	else
		buffer_addf(out, "%g %%", (double)mpct / 1000);
}

static void condition_format_bound(struct buffer *out, const struct config_node *node)
{
	const struct reading_word *word = condition_word(node);

	if (node->bound_is_pct || word->dimension == READING_PERCENT)
		condition_format_pct(out, node->bound);
	else
		condition_format_value(out, word, node->bound);
}

static void condition_format_name(struct buffer *out, const struct condition *c,
				  const struct config_node *node, bool brief)
{
	uint32_t unit = node->unit == CONFIG_EACH ? (brief ? CONFIG_HOST : c->unit) : node->unit;

	if (unit != CONFIG_HOST && unit < c->config->units.count)
		buffer_addf(out, "%s.", config_unit_at(c->config, unit)->name);
	buffer_add(out, condition_word(node)->name);
}

static void condition_format_term(struct buffer *out, const struct condition *c,
				  const struct config_node *node, bool brief)
{
	const struct state_reading *reading = condition_reading(c, node);
	const struct reading_word *word = condition_word(node);
	enum condition_truth truth = condition_compare(c, node);
	int64_t value;

	condition_format_name(out, c, node, brief);
	if (truth == CONDITION_UNKNOWN || reading == NULL) {
		buffer_add(out, " is unknown");
		return;
	}
	value = condition_value(c, node, reading);
	buffer_add_char(out, ' ');
	if (reading->known == STATE_NEVER) {
		buffer_add(out, "never");
	} else if (node->bound_is_pct) {
		buffer_addf(out, "%.1f %%", 100.0 * (double)value / (double)reading->total);
		if (!brief) {
			buffer_add(out, " (");
			bytes_format(out, value);
			buffer_add_char(out, ')');
		}
	} else {
		condition_format_value(out, word, value);
	}
	buffer_addf(out, " %s%s ", truth == CONDITION_TRUE ? "" : "is not ",
		    condition_format_compare[node->compare]);
	condition_format_bound(out, node);
}

void condition_format(const struct condition *c, struct config_table nodes, struct buffer *out)
{
	const struct config_node *node = config_nodes(c->config, nodes);
	struct condition_seen seen = condition_evaluate(c, nodes);
	bool first = true;
	char span[32];

	for (uint32_t i = 0; i < nodes.count && i < 64; i++) {
		if ((seen.why >> i & 1) == 0)
			continue;
		if (node[i].kind == CONFIG_COMPARE) {
			buffer_add(out, first ? "" : "; ");
			condition_format_term(out, c, &node[i], false);
			first = false;
		} else if (node[i].kind == CONFIG_HOLD && node[i].for_ms % 1000 == 0 &&
			   node[i].for_ms < 60000) {
			buffer_addf(out, " for %us", node[i].for_ms / 1000);
		} else if (node[i].kind == CONFIG_HOLD) {
			buffer_addf(out, " for %s", clock_format_span(node[i].for_ms, span));
		}
	}
}

void condition_format_title(const struct condition *c, struct config_table nodes, struct buffer *out)
{
	const struct config_node *node = config_nodes(c->config, nodes);
	struct condition_seen seen = condition_evaluate(c, nodes);
	const char *before = "";

	for (uint32_t i = 0; i < nodes.count && i < 64; i++) {
		if ((seen.why >> i & 1) == 0 || node[i].kind != CONFIG_COMPARE)
			continue;
		buffer_add(out, before);
		condition_format_term(out, c, &node[i], true);
		before = ", ";
	}
}
