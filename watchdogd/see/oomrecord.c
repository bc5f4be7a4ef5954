#include "see/oomrecord.h"

#include <string.h>

#include "see/oomcontext.h"
#include "see/oomfields.h"
#include "see/oomheader.h"

/* A header that is this old when the kill comes belongs to another: the lines of one record follow
 * each other at once, or as fast as a slow serial console takes them. */
#define OOMRECORD_APART_US ((uint64_t)60 * 1000 * 1000)
#define OOMRECORD_GROUP_US ((uint64_t)10 * 1000 * 1000)
#define OOMRECORD_BACK_US  ((uint64_t)1000 * 1000) /* more back is another boot */
#define OOMRECORD_KILL_MAX 4096                    /* bytes of a line looked at */

void oomrecord_init(struct oomrecord_parser *parser)
{
	memset(parser, 0, sizeof(*parser));
}

/* Forget the header and what followed it. */
static void oomrecord_forget(struct oomrecord_parser *parser)
{
	parser->announced_scope = OOMRECORD_SCOPE_UNKNOWN;
	parser->announced_pid = 0;
	parser->known = 0;
	parser->columns = 0;
	parser->tasks_n = 0;
	parser->context_len = 0;
	parser->context_cut = false;
}

static void oomrecord_age(struct oomrecord_parser *parser, uint64_t at_us)
{
	uint64_t last = parser->last_us;
	uint64_t apart = at_us > last ? at_us - last : 0;

	if (at_us == 0 || last == 0)
		return;
	if (last > at_us && last - at_us > OOMRECORD_BACK_US)
		apart = UINT64_MAX;
	if (apart > OOMRECORD_APART_US)
		oomrecord_forget(parser);
	if (apart > OOMRECORD_GROUP_US) {
		parser->in_group = false;
		parser->chosen_pid = 0;
	}
}

static void oomrecord_keep_task(struct oomrecord_parser *parser, const struct oomrecord_task *task)
{
	unsigned i = parser->tasks_n;

	if (i < OOMRECORD_TASKS)
		parser->tasks_n++;
	else if (task->rss_pages <= parser->tasks[--i].rss_pages)
		return;
	for (; i > 0 && parser->tasks[i - 1].rss_pages < task->rss_pages; i--)
		parser->tasks[i] = parser->tasks[i - 1];
	parser->tasks[i] = *task;
}

static void oomrecord_add_context(struct oomrecord_parser *parser, struct oomtext text)
{
	size_t room = sizeof(parser->context) - parser->context_len;

	if (text.n > room) {
		text.n = room;
		parser->context_cut = true;
	}
	parser->used = true;
	memcpy(parser->context + parser->context_len, text.at, text.n);
	parser->context_len += text.n;
}

static struct oomtext oomrecord_context(const struct oomrecord_parser *parser)
{
	return (struct oomtext){parser->context, parser->context_len};
}

/* "Tasks in A are going to be killed": said after the one that was chosen, before the others. */
static enum oomrecord_result oomrecord_group(struct oomrecord_parser *parser, struct oomrecord *out)
{
	struct oomtext memcg;

	if (parser->context_cut || !oomcontext_group(oomrecord_context(parser), &memcg))
		return OOMRECORD_NOTHING;
	if (!oomtext_begins(memcg, "/") ||
	    !oomtext_copy(memcg, parser->group_memcg, sizeof(parser->group_memcg)))
		parser->group_memcg[0] = '\0';
	oomrecord_forget(parser);
	parser->in_group = true;
	if (parser->chosen_pid == 0)
		return OOMRECORD_NOTHING;
	out->pid = parser->chosen_pid;
	out->group = true;
	memcpy(out->group_memcg, parser->group_memcg, sizeof(out->group_memcg));
	out->known |= parser->group_memcg[0] ? OOMRECORD_GROUP_MEMCG : 0;
	return OOMRECORD_GROUP;
}

static enum oomrecord_result oomrecord_context_begins(struct oomrecord_parser *parser,
						      struct oomtext text, struct oomrecord *out)
{
	/* A second one without a header between: the header was of the first. */
	if (parser->context_len > 0 || oomtext_begins(text, "Tasks in "))
		oomrecord_forget(parser);
	if (!oomtext_begins(text, "Tasks in "))
		parser->in_group = false;
	oomrecord_add_context(parser, text);
	return oomrecord_group(parser, out);
}

static void oomrecord_announced(struct oomrecord_parser *parser, const struct oomrecord *found)
{
	/* Announcements are not rate-limited, headers are. */
	if (parser->announced_pid != 0)
		oomrecord_forget(parser);
	parser->used = true;
	parser->in_group = false;
	parser->announced_pid = found->pid;
	parser->announced_scope = found->scope;
}

/* What was said before the kill, for the kill. */
static void oomrecord_attach(const struct oomrecord_parser *parser, struct oomrecord *out)
{
	if (out->scope == OOMRECORD_SCOPE_UNKNOWN)
		out->scope = parser->announced_scope;
	out->known |= parser->known;
	out->trigger = parser->trigger;
	out->tasks_n = parser->tasks_n;
	memcpy(out->tasks, parser->tasks, sizeof(out->tasks));
	if (parser->context_len > 0 && !parser->context_cut)
		oomcontext_read(oomrecord_context(parser), out);
}

static enum oomrecord_result oomrecord_killed(struct oomrecord_parser *parser,
					      const struct oomrecord *found, struct oomrecord *out)
{
	bool known = (found->known & OOMRECORD_COMM) != 0;

	parser->used = true;
	if (parser->in_group) {
		/* The chosen one is printed once more with its group. */
		if (found->pid == parser->chosen_pid && known &&
		    strcmp(found->comm, parser->chosen_comm) == 0)
			return OOMRECORD_NOTHING;
		*out = *found;
		out->group = true;
		memcpy(out->group_memcg, parser->group_memcg, sizeof(out->group_memcg));
		out->known |= parser->group_memcg[0] ? OOMRECORD_GROUP_MEMCG : 0;
		return OOMRECORD_KILL;
	}
	*out = *found;
	oomrecord_attach(parser, out);
	oomrecord_forget(parser);
	parser->chosen_pid = found->pid;
	memcpy(parser->chosen_comm, found->comm, sizeof(parser->chosen_comm));
	return OOMRECORD_KILL;
}

static enum oomrecord_result oomrecord_kill(struct oomrecord_parser *parser, struct oomtext text,
					    struct oomrecord *out)
{
	struct oomrecord found = {0};

	switch (oomfields_kill(text, &found)) {
	case OOMFIELDS_ANNOUNCED:
		oomrecord_announced(parser, &found);
		return OOMRECORD_NOTHING;
	case OOMFIELDS_BARE:
		/* 2.6.32 prints no more than that, but has announced it. */
		if (parser->announced_pid == 0 && !(parser->known & OOMRECORD_TRIGGER))
			return OOMRECORD_UNKNOWN;
		return oomrecord_killed(parser, &found, out);
	case OOMFIELDS_KILLED:
		return oomrecord_killed(parser, &found, out);
	case OOMFIELDS_ODD:
		return OOMRECORD_UNKNOWN;
	case OOMFIELDS_OTHER:
		break;
	}
	return OOMRECORD_NOTHING;
}

static enum oomrecord_result oomrecord_trigger(struct oomrecord_parser *parser, struct oomtext text)
{
	oomrecord_forget(parser);
	parser->used = true;
	parser->in_group = false;
	parser->chosen_pid = 0;
	memset(&parser->trigger, 0, sizeof(parser->trigger));
	if (oomheader_trigger(text, &parser->trigger, &parser->known))
		return OOMRECORD_NOTHING;
	parser->known = 0;
	return OOMRECORD_UNKNOWN;
}

/* The lines between the header and the kill. True when it was one. */
static bool oomrecord_header_line(struct oomrecord_parser *parser, struct oomtext text)
{
	struct oomheader_columns columns = {parser->columns, parser->total_vm_at, parser->rss_at};
	struct oomrecord_task task = {0};

	if (oomheader_row(text, &columns, &task)) {
		oomrecord_keep_task(parser, &task);
		return true;
	}
	if (oomheader_table(text, &columns)) {
		parser->columns = columns.n;
		parser->rss_at = columns.rss_at;
		parser->total_vm_at = columns.total_vm_at;
		parser->tasks_n = 0;
		return true;
	}
	if (!(parser->known & OOMRECORD_TRIGGER) || (parser->known & OOMRECORD_TRIGGER_PID))
		return false;
	parser->trigger.pid = oomheader_trigger_pid(text, parser->trigger.comm);
	parser->known |= parser->trigger.pid ? OOMRECORD_TRIGGER_PID : 0;
	return parser->trigger.pid != 0;
}

/* A record that ends without a kill. */
static bool oomrecord_no_kill(struct oomtext text)
{
	return oomtext_begins(text, "Kernel panic") ||
	       oomtext_find(text, "ut of memory and no killable processes") != OOMTEXT_NONE ||
	       oomtext_find(text, ": OOM victim ") != OOMTEXT_NONE;
}

static enum oomrecord_result oomrecord_line(struct oomrecord_parser *parser, struct oomtext text,
					    struct oomrecord *out)
{
	enum oomfields_kind reaper;

	if (oomcontext_begins(text))
		return oomrecord_context_begins(parser, text, out);
	if (oomtext_find(text, "invoked oom-killer") != OOMTEXT_NONE)
		return oomrecord_trigger(parser, text);
	reaper = oomfields_reaper(text, out);
	if (reaper == OOMFIELDS_KILLED)
		return OOMRECORD_REAPED;
	if (reaper == OOMFIELDS_ODD || oomtext_begins(text, "oom-kill:"))
		return OOMRECORD_UNKNOWN;
	if (oomrecord_no_kill(text)) {
		oomrecord_forget(parser);
		parser->in_group = false;
		return OOMRECORD_NOTHING;
	}
	return oomrecord_kill(parser, text, out);
}

enum oomrecord_result oomrecord_feed(struct oomrecord_parser *parser,
				     const struct oomrecord_line *line, struct oomrecord *out)
{
	struct oomtext text = {line->text, line->len};
	struct oomtext context = oomrecord_context(parser);
	enum oomrecord_result result;

	memset(out, 0, sizeof(*out));
	if (text.n > OOMRECORD_KILL_MAX)
		text.n = OOMRECORD_KILL_MAX;
	if (line->escaped)
		text = oomtext_unescape(text, parser->scratch, sizeof(parser->scratch));
	oomrecord_age(parser, line->at_us);
	parser->used = false;
	if (context.n > 0 && oomcontext_continues(context, text, line->continues)) {
		oomrecord_add_context(parser, text);
		result = oomrecord_group(parser, out);
	} else if (oomrecord_header_line(parser, text)) {
		parser->used = true;
		result = OOMRECORD_NOTHING;
	} else {
		result = oomrecord_line(parser, text, out);
	}
	if (line->at_us != 0 && parser->used)
		parser->last_us = line->at_us;
	return result;
}

uint64_t oomrecord_rss_kb(const struct oomrecord *record)
{
	return ((record->known & OOMRECORD_ANON_RSS) ? record->anon_rss_kb : 0) +
	       ((record->known & OOMRECORD_FILE_RSS) ? record->file_rss_kb : 0) +
	       ((record->known & OOMRECORD_SHMEM_RSS) ? record->shmem_rss_kb : 0);
}
