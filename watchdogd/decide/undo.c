#include "decide/undo.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "decide/restorable.h"

/* "; xtts is still stopped", "; xtts is still capped at 1.50 GiB". */
static void undo_format_mark(const struct ledger_mark *mark, struct buffer *text)
{
	buffer_addf(text, "; %s is still %s", mark->unit, ledger_mark_word(mark->kind));
	if (mark->kind != STATE_MARK_CAPPED)
		return;
	buffer_add(text, " at ");
	bytes_format(text, (int64_t)mark->cap_bytes);
}

/* What thaws it: a write, as systemd knows of no freeze but its own. A `match` unit has no cgroup, and is never frozen. */
static void undo_format_thaw(const struct config_unit *unit, const char *target, struct buffer *text)
{
	if (unit->kind == CONFIG_MATCH)
		return;
	buffer_add(text, " (on cgroup v2: echo 0 >/sys/fs/cgroup");
	if (unit->kind == CONFIG_SYSTEMD)
		buffer_addf(text, "$(systemctl %sshow -p ControlGroup --value %s)", unit->user != 0 ? "--user " : "",
			    target);
	else
		buffer_add(text, target);
	buffer_add(text, "/cgroup.freeze)");
}

/* The command that gives it back; of one of the config its first word: the others may hold a secret. */
static void undo_format_command(const struct ladder *l, const struct ledger_mark *mark, struct buffer *text)
{
	uint32_t i = config_find_unit(l->config, mark->unit);
	const struct config_unit *unit = i != CONFIG_NONE ? config_unit_at(l->config, i) : NULL;
	const char *target, *start;

	if (unit == NULL)
		return;
	target = config_string(l->config, unit->target);
	if (mark->kind == STATE_MARK_FROZEN) {
		undo_format_thaw(unit, target, text);
		return;
	}
	start = config_string(l->config, unit->start);
	if (mark->kind == STATE_MARK_STOPPED && unit->kind != CONFIG_SYSTEMD && start[0] != '\0')
		buffer_addf(text, " (started by %.*s)", (int)strcspn(start, " "), start);
	if (unit->kind != CONFIG_SYSTEMD)
		return;
	buffer_addf(text, " (systemctl %s", unit->user != 0 ? "--user " : "");
	if (mark->kind == STATE_MARK_STOPPED)
		buffer_addf(text, "start %s)", target);
	else if (mark->high_before == UINT64_MAX)
		buffer_addf(text, "set-property --runtime %s MemoryHigh=infinity)", target);
	else
		buffer_addf(text, "set-property --runtime %s MemoryHigh=%" PRIu64 ")", target, mark->high_before);
}

void undo_format(const struct ladder *l, bool with_command, struct buffer *text)
{
	for (uint32_t i = 0; i < MARKS_MAX; i++) {
		const struct ledger_mark *mark = &l->ledger->marks[i];

		if (!ledger_mark_has(mark, l->rule->name) || (mark->kind == STATE_MARK_SWAP && !l->state->swap.on))
			continue;
		undo_format_mark(mark, text);
		if (with_command && !restorable_ever(l->config, mark))
			undo_format_command(l, mark, text);
	}
}
