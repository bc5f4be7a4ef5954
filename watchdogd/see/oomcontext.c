#include "see/oomcontext.h"

#include <string.h>

static const char oomcontext_kill[] = "oom-kill:constraint=";
static const char oomcontext_task[] = "Task in ";
static const char oomcontext_tasks[] = "Tasks in ";
static const char oomcontext_limit[] = " killed as a result of limit of ";
static const char oomcontext_set[] = " are going to be killed due to memory.oom.group set";

bool oomcontext_begins(struct oomtext text)
{
	return oomtext_begins(text, oomcontext_kill) || oomtext_begins(text, oomcontext_task) ||
	       oomtext_begins(text, oomcontext_tasks);
}

/* The words that begin a piece, in the order of printing. */
static bool oomcontext_is_word(struct oomtext text, bool kill)
{
	static const char *const kills[] = {",cpuset=",    ",mems_allowed=", ",oom_memcg=",
					    ",global_oom", ",task_memcg=",   ",task="};
	static const char *const tasks[] = {" killed as a result of limit of ",
					    " as a result of limit of ", " are going to be killed"};

	for (size_t i = 0; kill && i < sizeof(kills) / sizeof(kills[0]); i++)
		if (oomtext_begins(text, kills[i]))
			return true;
	for (size_t i = 0; !kill && i < sizeof(tasks) / sizeof(tasks[0]); i++)
		if (oomtext_begins(text, tasks[i]))
			return true;
	return false;
}

bool oomcontext_continues(struct oomtext sofar, struct oomtext text, bool sure)
{
	bool kill = oomtext_begins(sofar, oomcontext_kill);

	if (oomcontext_is_word(text, kill))
		return true;
	if (oomtext_ends(sofar, "memcg=") || oomtext_is(sofar, oomcontext_task) ||
	    oomtext_is(sofar, oomcontext_tasks) || oomtext_ends(sofar, " limit of "))
		return oomtext_begins(text, "/");
	return sure && oomtext_ends(sofar, ",cpuset=");
}

/* Is the cgroup inner the cgroup outer, or below it? */
static bool oomcontext_is_in(struct oomtext inner, struct oomtext outer)
{
	if (outer.n == 1)
		return true; /* the root */
	return inner.n >= outer.n && memcmp(inner.at, outer.at, outer.n) == 0 &&
	       (inner.n == outer.n || inner.at[outer.n] == '/');
}

/* Divide "A<between>B" into two paths, of which inner lies in outer (it is how the victim was
 * found). False unless there is exactly one way to do it. */
static bool oomcontext_split(struct oomtext text, const char *between, bool inner_first,
			     struct oomtext *first, struct oomtext *second)
{
	unsigned ways = 0;

	for (size_t from = 0;;) {
		size_t at = oomtext_find(oomtext_from(text, from), between);
		struct oomtext a, b;

		if (at == OOMTEXT_NONE)
			return ways == 1;
		at += from;
		from = at + 1;
		a = oomtext_part(text, 0, at);
		b = oomtext_from(text, at + strlen(between));
		if (!oomtext_begins(a, "/") || !oomtext_begins(b, "/") ||
		    !oomcontext_is_in(inner_first ? a : b, inner_first ? b : a))
			continue;
		*first = a;
		*second = b;
		ways++;
	}
}

static void oomcontext_path(struct oomtext path, char *out, uint32_t bit, uint32_t *known)
{
	if (oomtext_begins(path, "/") && oomtext_copy(path, out, OOMRECORD_PATH_SIZE))
		*known |= bit;
}

/* Take ",pid=N,uid=N" off the end. */
static bool oomcontext_ids(struct oomtext *text, int32_t *pid, uint32_t *uid)
{
	size_t pid_at = oomtext_find_last(*text, ",pid=");
	struct oomtext rest;
	uint64_t number;
	int64_t id;

	if (pid_at == OOMTEXT_NONE)
		return false;
	rest = oomtext_from(*text, pid_at + strlen(",pid="));
	if (!oomtext_number(&rest, INT32_MAX, &number) || !oomtext_skip(&rest, ",uid=") ||
	    !oomtext_signed(&rest, INT32_MIN, UINT32_MAX, &id))
		return false;
	if (rest.n > 0 && *rest.at != ' ' && *rest.at != ',')
		return false; /* blanks of an editor and words of a vendor may follow, no more
				 digits */
	*pid = (int32_t)number;
	*uid = (uint32_t)id; /* printed with %d: 4294967294 is -2 */
	text->n = pid_at;
	return true;
}

int32_t oomcontext_pid(struct oomtext text)
{
	int32_t pid;
	uint32_t uid;

	return oomtext_begins(text, oomcontext_kill) && oomcontext_ids(&text, &pid, &uid) ? pid : 0;
}

/* Take ",task=COMM" off the end. With another name than the kill's, or none, only where there is
 * one place that it could begin. */
static bool oomcontext_name(struct oomtext *text, const struct oomrecord *out)
{
	static const char word[] = ",task=";
	size_t n = strlen(out->comm), at;

	if ((out->known & OOMRECORD_COMM) && oomtext_ends(*text, out->comm) &&
	    oomtext_ends(oomtext_part(*text, 0, text->n - n), word)) {
		text->n -= n + strlen(word);
		return true;
	}
	at = oomtext_find_last(*text, word);
	if (at == OOMTEXT_NONE || oomtext_find(*text, word) != at)
		return false;
	text->n = at;
	return true;
}

/* The cpuset's name: up to the last ",mems_allowed=" before the cgroups. */
static void oomcontext_cpuset(struct oomtext head, struct oomrecord *out)
{
	size_t at = oomtext_find(head, ",cpuset=");
	size_t end = oomtext_find_last(head, ",mems_allowed=");

	if (at == OOMTEXT_NONE || end == OOMTEXT_NONE || end < at + strlen(",cpuset="))
		return;
	at += strlen(",cpuset=");
	if (end > at &&
	    oomtext_copy(oomtext_part(head, at, end - at), out->cpuset, sizeof(out->cpuset)))
		out->known |= OOMRECORD_CPUSET;
}

/* The cgroups. The name of a cpuset has no "/" (it is the last part of a path), so the first
 * ",...memcg=/" is the kernel's. */
static void oomcontext_memcgs(struct oomtext text, struct oomrecord *out)
{
	static const char limit[] = ",oom_memcg=", global[] = ",global_oom,task_memcg=";
	size_t at = oomtext_find(text, ",oom_memcg=/");
	size_t global_at = oomtext_find(text, ",global_oom,task_memcg=/");
	struct oomtext oom, task;

	if (global_at < at) {
		oomcontext_cpuset(oomtext_part(text, 0, global_at), out);
		oomcontext_path(oomtext_from(text, global_at + strlen(global)), out->task_memcg,
				OOMRECORD_TASK_MEMCG, &out->known);
	} else if (at != OOMTEXT_NONE) {
		out->scope = OOMRECORD_SCOPE_CGROUP;
		oomcontext_cpuset(oomtext_part(text, 0, at), out);
		if (oomcontext_split(oomtext_from(text, at + strlen(limit)), ",task_memcg=", false,
				     &oom, &task)) {
			oomcontext_path(oom, out->oom_memcg, OOMRECORD_OOM_MEMCG, &out->known);
			oomcontext_path(task, out->task_memcg, OOMRECORD_TASK_MEMCG, &out->known);
		}
	} else {
		oomcontext_cpuset(text, out);
	}
}

/* CONSTRAINT_..., up to its comma; empty when it is anything else. */
static struct oomtext oomcontext_constraint(struct oomtext text)
{
	struct oomtext word = oomtext_from(text, strlen(oomcontext_kill));
	size_t n = 0;

	while (n < word.n && ((word.at[n] >= 'A' && word.at[n] <= 'Z') || word.at[n] == '_' ||
			      (word.at[n] >= '0' && word.at[n] <= '9')))
		n++;
	return oomtext_part(word, 0, n < word.n && word.at[n] == ',' ? n : 0);
}

static void oomcontext_read_kill(struct oomtext text, struct oomrecord *out)
{
	struct oomtext word;
	uint32_t uid;
	int32_t pid;

	if (!oomcontext_ids(&text, &pid, &uid) || pid != out->pid)
		return;
	if (!(out->known & OOMRECORD_UID)) {
		out->uid = uid;
		out->known |= OOMRECORD_UID;
	}
	word = oomcontext_constraint(text);
	if (word.n > 0 && oomtext_copy(word, out->constraint, sizeof(out->constraint)))
		out->known |= OOMRECORD_CONSTRAINT;
	if (oomtext_is(word, "CONSTRAINT_MEMCG"))
		out->scope = OOMRECORD_SCOPE_CGROUP;
	else if (oomtext_is(word, "CONSTRAINT_CPUSET"))
		out->scope = OOMRECORD_SCOPE_CPUSET;
	else if (oomtext_is(word, "CONSTRAINT_MEMORY_POLICY"))
		out->scope = OOMRECORD_SCOPE_POLICY;
	if (oomcontext_name(&text, out))
		oomcontext_memcgs(text, out);
}

void oomcontext_read(struct oomtext text, struct oomrecord *out)
{
	struct oomtext task, oom;

	if (oomtext_begins(text, oomcontext_kill)) {
		oomcontext_read_kill(text, out);
	} else if (oomtext_skip(&text, oomcontext_task)) {
		out->scope = OOMRECORD_SCOPE_CGROUP;
		if (!oomcontext_split(text, oomcontext_limit, true, &task, &oom))
			return;
		oomcontext_path(task, out->task_memcg, OOMRECORD_TASK_MEMCG, &out->known);
		oomcontext_path(oom, out->oom_memcg, OOMRECORD_OOM_MEMCG, &out->known);
	}
}

bool oomcontext_group(struct oomtext text, struct oomtext *memcg)
{
	while (oomtext_ends(text, " "))
		text.n--;
	if (!oomtext_skip(&text, oomcontext_tasks) || !oomtext_ends(text, oomcontext_set))
		return false;
	*memcg = oomtext_part(text, 0, text.n - strlen(oomcontext_set));
	return true;
}
