#include "ask/explain_kill.h"

#include <inttypes.h>
#include <string.h>

#include "base/escape.h"

#define EXPLAIN_BIG_PART 10 /* a task is "big" from a tenth of the largest on */
#define EXPLAIN_PAGE_KB  4  /* where the table does not tell */

static bool explain_kill_knows(const struct oomrecord *record, uint32_t bits)
{
	return (record->known & bits) == bits;
}

static void explain_kill_size(struct buffer *out, uint64_t kb)
{
	if (kb < 1024)
		buffer_addf(out, "%" PRIu64 " KiB", kb);
	else if (kb < (uint64_t)1024 * 1024)
		buffer_addf(out, "%.1f MiB", (double)kb / 1024);
	else
		buffer_addf(out, "%.1f GiB", (double)kb / (1024 * 1024));
}

static void explain_kill_name(struct buffer *out, const char *name)
{
	escape_line(out, name, strlen(name));
}

static void explain_kill_who(const struct explain_kill *kill, struct buffer *out)
{
	const struct oomrecord *record = &kill->record;

	if (kill->stamp_len > 0) {
		buffer_add(out, "[");
		escape_line(out, kill->stamp, kill->stamp_len);
		buffer_add(out, "] ");
	}
	buffer_add(out, "The kernel killed ");
	if (!explain_kill_knows(record, OOMRECORD_COMM))
		buffer_add(out, "a process whose name is not said");
	else if (record->comm[0] == '\0')
		buffer_add(out, "a process without a name");
	else
		explain_kill_name(out, record->comm);
	buffer_addf(out, " (pid %" PRId32, record->pid);
	if (explain_kill_knows(record, OOMRECORD_UID))
		buffer_addf(out, ", uid %" PRIu32, record->uid);
	buffer_add(out, ")");
}

static void explain_kill_why(const struct oomrecord *record, struct buffer *out)
{
	if (record->group && explain_kill_knows(record, OOMRECORD_GROUP_MEMCG)) {
		buffer_add(out, ", as all of cgroup ");
		explain_kill_name(out, record->group_memcg);
		buffer_add(out, " (memory.oom.group)");
	} else if (record->group) {
		buffer_add(out, ", as all of its cgroup (memory.oom.group)");
	}
	if (explain_kill_knows(record, OOMRECORD_OOM_MEMCG)) {
		buffer_add(out, ": cgroup ");
		explain_kill_name(out, record->oom_memcg);
		buffer_add(out, " had reached its memory limit.");
	} else if (record->scope == OOMRECORD_SCOPE_CGROUP) {
		buffer_add(out, ": a cgroup (not said which) had reached its memory limit.");
	} else if (record->scope == OOMRECORD_SCOPE_CPUSET) {
		buffer_add(out, ": the memory nodes of cpuset ");
		explain_kill_name(out, explain_kill_knows(record, OOMRECORD_CPUSET) ? record->cpuset
										    : "?");
		buffer_add(out, " were full.");
	} else if (record->scope == OOMRECORD_SCOPE_POLICY) {
		buffer_add(out, ": the memory nodes that a policy allows were full.");
	} else if (record->scope == OOMRECORD_SCOPE_HOST &&
		   explain_kill_knows(record, OOMRECORD_TRIGGER | OOMRECORD_ORDER) &&
		   record->trigger.order == -1) {
		buffer_add(out, ": someone asked for it with SysRq f.");
	} else if (record->scope == OOMRECORD_SCOPE_HOST) {
		buffer_add(out, ": the host was out of memory.");
	} else {
		buffer_add(out,
			   ": memory had run out (not said whether the host's or a cgroup's).");
	}
}

static void explain_kill_held(const struct oomrecord *record, struct buffer *out)
{
	static const struct {
		uint32_t bit;
		size_t offset;
		const char *what;
	} parts[] = {
		{OOMRECORD_ANON_RSS, offsetof(struct oomrecord, anon_rss_kb), "anonymous"},
		{OOMRECORD_FILE_RSS, offsetof(struct oomrecord, file_rss_kb), "of files"},
		{OOMRECORD_SHMEM_RSS, offsetof(struct oomrecord, shmem_rss_kb), "shared"},
	};
	const char *before = " (";

	if (!(record->known & (OOMRECORD_ANON_RSS | OOMRECORD_FILE_RSS | OOMRECORD_SHMEM_RSS))) {
		buffer_add(out, " How big it was is not said.");
		return;
	}
	buffer_add(out, " It held ");
	explain_kill_size(out, oomrecord_rss_kb(record));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		uint64_t kb;

		memcpy(&kb, (const char *)record + parts[i].offset, sizeof(kb));
		if (!(record->known & parts[i].bit) || kb == 0)
			continue;
		buffer_add(out, before);
		explain_kill_size(out, kb);
		buffer_addf(out, " %s", parts[i].what);
		before = ", ";
	}
	buffer_add(out, *before == ',' ? ")." : ".");
}

/* The table counts pages of a size that the log does not tell, but the victim's address space
 * stands there in pages and in its own line in kB. */
static uint64_t explain_kill_page_kb(const struct oomrecord *record)
{
	for (unsigned i = 0; i < record->tasks_n; i++)
		for (uint64_t kb = 4; kb <= 256; kb *= 2)
			if (record->tasks[i].pid == record->pid &&
			    (record->known & OOMRECORD_TOTAL_VM) &&
			    record->tasks[i].total_vm_pages > 0 &&
			    record->total_vm_kb / kb == record->tasks[i].total_vm_pages)
				return kb;
	return EXPLAIN_PAGE_KB;
}

static void explain_kill_others(const struct oomrecord *record, struct buffer *out)
{
	uint64_t page_kb = explain_kill_page_kb(record);
	unsigned told = 0;

	for (unsigned i = 0; i < record->tasks_n; i++) {
		const struct oomrecord_task *task = &record->tasks[i];

		if (task->pid == record->pid || task->rss_pages > UINT64_MAX / page_kb / 2 ||
		    task->rss_pages == 0 ||
		    task->rss_pages < record->tasks[0].rss_pages / EXPLAIN_BIG_PART)
			continue;
		buffer_add(out, told++ ? ", " : " Also big then: ");
		explain_kill_name(out, task->comm);
		buffer_addf(out, " (pid %" PRId32 ") ", task->pid);
		explain_kill_size(out, task->rss_pages * page_kb);
	}
	if (told > 0)
		buffer_add(out, ".");
}

static void explain_kill_asked(const struct oomrecord *record, struct buffer *out)
{
	const struct oomrecord_trigger *trigger = &record->trigger;
	bool itself =
		trigger->pid == record->pid && explain_kill_knows(record, OOMRECORD_TRIGGER_PID);

	if (!explain_kill_knows(record, OOMRECORD_TRIGGER))
		return;
	buffer_add(out, itself ? " It" : " ");
	if (!itself)
		explain_kill_name(out, trigger->comm);
	if (!itself && explain_kill_knows(record, OOMRECORD_TRIGGER_PID))
		buffer_addf(out, " (pid %" PRId32 ")", trigger->pid);
	buffer_add(out, itself ? " had itself asked for more (" : " had asked for memory (");
	if (explain_kill_knows(record, OOMRECORD_ORDER))
		buffer_addf(out, "order %" PRId32 ", ", trigger->order);
	explain_kill_name(out, trigger->gfp);
	buffer_add(out, ").");
}

void explain_kill_text(const struct explain_kill *kill, struct buffer *out)
{
	const struct oomrecord *record = &kill->record;

	explain_kill_who(kill, out);
	explain_kill_why(record, out);
	explain_kill_held(record, out);
	if (explain_kill_knows(record, OOMRECORD_TASK_MEMCG) &&
	    !(explain_kill_knows(record, OOMRECORD_OOM_MEMCG) &&
	      strcmp(record->task_memcg, record->oom_memcg) == 0)) {
		buffer_add(out, " It was in cgroup ");
		explain_kill_name(out, record->task_memcg);
		buffer_add(out, ".");
	}
	explain_kill_asked(record, out);
	explain_kill_others(record, out);
	if (kill->reaper_known)
		buffer_add(out, record->reaped ? " The reaper got its memory back."
					       : " The reaper could not get its memory back.");
	buffer_add(out, "\n");
}

static void explain_kill_string(struct buffer *out, const char *key, const char *value)
{
	buffer_addf(out, ",\"%s\":\"", key);
	escape_json(out, value, strlen(value));
	buffer_add(out, "\"");
}

static void explain_kill_number(const struct oomrecord *record, struct buffer *out, uint32_t bit,
				const char *key, uint64_t value)
{
	if (record->known & bit)
		buffer_addf(out, ",\"%s\":%" PRIu64, key, value);
}

static void explain_kill_json_trigger(const struct oomrecord *record, struct buffer *out)
{
	const struct oomrecord_trigger *trigger = &record->trigger;

	if (!explain_kill_knows(record, OOMRECORD_TRIGGER))
		return;
	buffer_add(out, ",\"trigger\":{\"comm\":\"");
	escape_json(out, trigger->comm, strlen(trigger->comm));
	buffer_add(out, "\"");
	if (explain_kill_knows(record, OOMRECORD_TRIGGER_PID))
		buffer_addf(out, ",\"pid\":%" PRId32, trigger->pid);
	explain_kill_string(out, "gfp", trigger->gfp);
	if (explain_kill_knows(record, OOMRECORD_ORDER))
		buffer_addf(out, ",\"order\":%" PRId32, trigger->order);
	buffer_add(out, "}");
}

void explain_kill_json(const struct explain_kill *kill, struct buffer *out)
{
	const struct oomrecord *r = &kill->record;

	buffer_addf(out, "{\"pid\":%" PRId32, r->pid);
	if (explain_kill_knows(r, OOMRECORD_COMM))
		explain_kill_string(out, "comm", r->comm);
	explain_kill_number(r, out, OOMRECORD_UID, "uid", r->uid);
	explain_kill_number(r, out, OOMRECORD_TOTAL_VM, "total_vm_kb", r->total_vm_kb);
	explain_kill_number(r, out, OOMRECORD_ANON_RSS, "anon_rss_kb", r->anon_rss_kb);
	explain_kill_number(r, out, OOMRECORD_FILE_RSS, "file_rss_kb", r->file_rss_kb);
	explain_kill_number(r, out, OOMRECORD_SHMEM_RSS, "shmem_rss_kb", r->shmem_rss_kb);
	explain_kill_number(r, out, OOMRECORD_PGTABLES, "pgtables_kb", r->pgtables_kb);
	if (explain_kill_knows(r, OOMRECORD_SCORE_ADJ))
		buffer_addf(out, ",\"oom_score_adj\":%" PRId32, r->oom_score_adj);
	if (explain_kill_knows(r, OOMRECORD_CONSTRAINT))
		explain_kill_string(out, "constraint", r->constraint);
	if (explain_kill_knows(r, OOMRECORD_OOM_MEMCG))
		explain_kill_string(out, "oom_memcg", r->oom_memcg);
	if (explain_kill_knows(r, OOMRECORD_TASK_MEMCG))
		explain_kill_string(out, "task_memcg", r->task_memcg);
	if (r->group)
		buffer_add(out, ",\"group\":true");
	if (kill->reaper_known)
		buffer_addf(out, ",\"reaped\":%s", r->reaped ? "true" : "false");
	explain_kill_json_trigger(r, out);
	buffer_add(out, "}\n");
}
