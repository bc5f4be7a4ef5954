#include "see/oomheader.h"

#include <string.h>

#define OOMHEADER_COMM_MAX    15 /* TASK_COMM_LEN - 1 */
#define OOMHEADER_COLUMNS_MAX 16 /* 11 in 6.x */

/* A name is up to 15 bytes, more only where the log escaped some (\xNN, #NNN). More without that is
 * a prefix that nobody took off: not the name. */
static bool oomheader_comm(struct oomtext text, char *comm)
{
	bool escaped = memchr(text.at, '\\', text.n) || memchr(text.at, '#', text.n);

	return text.n > 0 && (text.n <= OOMHEADER_COMM_MAX || escaped) &&
	       oomtext_copy(text, comm, OOMRECORD_COMM_SIZE);
}

bool oomheader_trigger(struct oomtext text, struct oomrecord_trigger *trigger, uint32_t *known)
{
	static const char words[] = " invoked oom-killer: gfp_mask=";
	size_t at = oomtext_find(text, words), end, open, order_at;
	struct oomtext gfp, rest;
	int64_t order;

	if (at == OOMTEXT_NONE || !oomheader_comm(oomtext_part(text, 0, at), trigger->comm))
		return false;
	gfp = rest = oomtext_from(text, at + strlen(words));
	for (end = 0; end < gfp.n && gfp.at[end] != ',' && gfp.at[end] != ' ';)
		end++;
	open = oomtext_find(oomtext_part(gfp, 0, end), "(");
	if (open != OOMTEXT_NONE) {
		size_t close = oomtext_find(gfp, ")");

		if (close == OOMTEXT_NONE)
			return false;
		end = close + 1;
	}
	if (!oomtext_begins(gfp, "0x") ||
	    !oomtext_copy(oomtext_part(gfp, 0, end), trigger->gfp, sizeof(trigger->gfp)))
		return false;
	*known |= OOMRECORD_TRIGGER;
	/* 4.9 to 4.20 have nodemask=... between them. */
	order_at = oomtext_find(rest, " order=");
	if (order_at != OOMTEXT_NONE) {
		rest = oomtext_from(rest, order_at + strlen(" order="));
		if (oomtext_signed(&rest, -1, 64, &order) && (rest.n == 0 || *rest.at == ',')) {
			trigger->order = (int32_t)order;
			*known |= OOMRECORD_ORDER;
		}
	}
	return true;
}

int32_t oomheader_trigger_pid(struct oomtext text, const char *comm)
{
	uint64_t number, pid = 0;

	if (oomtext_skip(&text, "CPU: ")) {
		if (!oomtext_number(&text, INT32_MAX, &number))
			return 0;
		if (oomtext_skip(&text, " UID: ") && !oomtext_number(&text, UINT32_MAX, &number))
			return 0;
		if (!oomtext_skip(&text, " PID: ") || !oomtext_number(&text, INT32_MAX, &pid) ||
		    !oomtext_skip(&text, " Comm: "))
			return 0;
	} else if (!oomtext_skip(&text, "Pid: ") || !oomtext_number(&text, INT32_MAX, &pid) ||
		   !oomtext_skip(&text, ", comm: ")) {
		return 0;
	}
	if (!oomtext_skip(&text, comm) || (text.n > 0 && *text.at != ' '))
		return 0;
	return (int32_t)pid;
}

bool oomheader_table(struct oomtext text, struct oomheader_columns *columns)
{
	struct oomheader_columns found = {0, OOMHEADER_COLUMNS_MAX, OOMHEADER_COLUMNS_MAX};

	if (!oomtext_skip(&text, "["))
		return false;
	oomtext_skip_blanks(&text);
	if (!oomtext_skip(&text, "pid"))
		return false;
	oomtext_skip_blanks(&text);
	if (!oomtext_skip(&text, "]"))
		return false;
	for (;;) {
		struct oomtext word;

		oomtext_skip_blanks(&text);
		for (word = oomtext_part(text, 0, 0); word.n < text.n && text.at[word.n] != ' ';)
			word.n++;
		text = oomtext_from(text, word.n);
		if (oomtext_is(word, "name"))
			break;
		if (word.n == 0 || found.n == OOMHEADER_COLUMNS_MAX)
			return false;
		if (oomtext_is(word, "total_vm"))
			found.total_vm_at = found.n;
		else if (oomtext_is(word, "rss"))
			found.rss_at = found.n;
		found.n++;
	}
	if (found.total_vm_at >= found.n || found.rss_at >= found.n)
		return false;
	*columns = found;
	return true;
}

bool oomheader_row(struct oomtext text, const struct oomheader_columns *columns,
		   struct oomrecord_task *task)
{
	uint64_t pid;

	if (columns->n == 0 || !oomtext_skip(&text, "["))
		return false;
	oomtext_skip_blanks(&text);
	if (!oomtext_number(&text, INT32_MAX, &pid) || !oomtext_skip(&text, "]"))
		return false;
	task->pid = (int32_t)pid;
	for (unsigned i = 0; i < columns->n; i++) {
		int64_t value;

		oomtext_skip_blanks(&text);
		if (!oomtext_signed(&text, INT32_MIN, INT64_MAX, &value))
			return false;
		if (i == columns->total_vm_at)
			task->total_vm_pages = value < 0 ? 0 : (uint64_t)value;
		if (i == columns->rss_at)
			task->rss_pages = value < 0 ? 0 : (uint64_t)value;
	}
	/* One blank, then the name, which may begin with blanks of its own. */
	return oomtext_skip(&text, " ") && oomtext_copy(text, task->comm, sizeof(task->comm));
}
