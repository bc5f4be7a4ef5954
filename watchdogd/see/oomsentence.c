#include "see/oomsentence.h"

#include <inttypes.h>

enum { OOMSENTENCE_PATH_BYTES = 160 }; /* of a path: the rest of the sentence must fit as well */

void oomsentence_add_size(struct buffer *out, uint64_t kb)
{
	if (kb < 1024)
		buffer_addf(out, "%" PRIu64 " KiB", kb);
	else if (kb < (uint64_t)1024 * 1024)
		buffer_addf(out, "%.1f MiB", (double)kb / 1024);
	else
		buffer_addf(out, "%.1f GiB", (double)kb / (1024 * 1024));
}

static bool oomsentence_knows(const struct oomrecord *record, uint32_t bits)
{
	return (record->known & bits) == bits;
}

static void oomsentence_whose(const struct oomrecord *record, struct buffer *out)
{
	switch (record->scope) {
	case OOMRECORD_SCOPE_HOST:
		buffer_add(out,
			   oomsentence_knows(record, OOMRECORD_ORDER) && record->trigger.order == -1
				   ? ", as someone asked for by SysRq f"
				   : ", for want of memory on the host");
		break;
	case OOMRECORD_SCOPE_CGROUP:
		buffer_addf(out, ", at the memory limit of cgroup %.*s", OOMSENTENCE_PATH_BYTES,
			    oomsentence_knows(record, OOMRECORD_OOM_MEMCG) ? record->oom_memcg
									   : "(not said which)");
		break;
	case OOMRECORD_SCOPE_CPUSET:
		buffer_addf(out, ", for want of memory on the nodes of cpuset %.*s",
			    OOMSENTENCE_PATH_BYTES,
			    oomsentence_knows(record, OOMRECORD_CPUSET) ? record->cpuset
									: "(not said which)");
		break;
	case OOMRECORD_SCOPE_POLICY:
		buffer_add(out, ", for want of memory on the nodes of a memory policy");
		break;
	default:
		break;
	}
}

void oomsentence_format(const struct oomrecord *record, struct buffer *out)
{
	buffer_addf(out, "the kernel's OOM killer killed %s (pid %" PRId32 ")",
		    record->comm[0] != '\0' ? record->comm : "a process", record->pid);
	if (record->known & (OOMRECORD_ANON_RSS | OOMRECORD_FILE_RSS | OOMRECORD_SHMEM_RSS)) {
		buffer_add(out, ", ");
		oomsentence_add_size(out, oomrecord_rss_kb(record));
	}
	oomsentence_whose(record, out);
	if (record->group)
		buffer_addf(out, ", with all of its cgroup%s%.*s",
			    oomsentence_knows(record, OOMRECORD_GROUP_MEMCG) ? " " : "",
			    OOMSENTENCE_PATH_BYTES,
			    oomsentence_knows(record, OOMRECORD_GROUP_MEMCG) ? record->group_memcg
									     : "");
}

void oomsentence_add_trigger(const struct oomrecord *record, struct buffer *out)
{
	if (oomsentence_knows(record, OOMRECORD_TRIGGER) && record->trigger.order != -1 &&
	    record->trigger.comm[0] != '\0')
		buffer_addf(out, "; %s asked for memory", record->trigger.comm);
	if (oomsentence_knows(record, OOMRECORD_TRIGGER | OOMRECORD_TRIGGER_PID) &&
	    record->trigger.order != -1)
		buffer_addf(out, " (pid %" PRId32 ")", record->trigger.pid);
}
