#include "see/oomfields.h"

#include <string.h>

#define OOMFIELDS_KB_MAX     ((uint64_t)1 << 53) /* more than 64 bits of bytes: no size */
#define OOMFIELDS_PREFIX_MAX 96 /* "Out of memory (oom_kill_allocating_task): " is 43 */

/* What the kernel writes before the verb, without ": ". The words are compiled in, so a narrow
 * alphabet is enough; it keeps out programs that quote the kernel. */
static bool oomfields_scope(struct oomtext words, enum oomrecord_scope *scope)
{
	if (oomtext_begins(words, "Memory cgroup out of memory") ||
	    oomtext_begins(words, "Out of memory in UB "))
		*scope = OOMRECORD_SCOPE_CGROUP;
	else if (oomtext_begins(words, "No available memory (MPOL_BIND)"))
		*scope = OOMRECORD_SCOPE_POLICY;
	else if (oomtext_begins(words, "Out of memory") || oomtext_begins(words, "Out of Memory"))
		*scope = OOMRECORD_SCOPE_HOST;
	else
		return false;
	for (size_t i = 0; i < words.n; i++) {
		unsigned char c = (unsigned char)words.at[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
		    c != ' ' && c != '_' && c != '(' && c != ')' && c != '-')
			return false;
	}
	return true;
}

/* Can this stand behind a name? */
static bool oomfields_is_behind(struct oomtext text)
{
	static const char *const begins[] = {" total-vm:", " vsz:",  " vm:",  " score ",
					     ", UID ",     ", now ", ", anon"};

	for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
		if (oomtext_begins(text, begins[i]))
			return true;
	return text.n == 0;
}

/* "(COMM)" at the start of text: up to the last ")" near enough that has the kernel's next word
 * behind it, as nothing behind a name repeats that word; else up to the last. Steps over it. */
static bool oomfields_comm(struct oomtext *text, char *comm)
{
	struct oomtext near = *text;
	size_t end;

	if (!oomtext_begins(*text, "("))
		return false;
	if (near.n > OOMRECORD_COMM_SIZE + 1)
		near.n = OOMRECORD_COMM_SIZE + 1;
	end = oomtext_find_last(near, ")");
	for (size_t at = end; at != OOMTEXT_NONE;
	     at = oomtext_find_last(oomtext_part(near, 0, at), ")")) {
		if (oomfields_is_behind(oomtext_from(*text, at + 1))) {
			end = at;
			break;
		}
	}
	if (end == OOMTEXT_NONE || end == 0)
		return false;
	if (!oomtext_copy(oomtext_part(near, 1, end - 1), comm, OOMRECORD_COMM_SIZE))
		return false;
	*text = oomtext_from(*text, end + 1);
	return true;
}

struct oomfields_size {
	const char *word;
	uint32_t bit;
	size_t offset; /* of an uint64_t in struct oomrecord */
};

static const struct oomfields_size oomfields_sizes[] = {
	{"total-vm:", OOMRECORD_TOTAL_VM, offsetof(struct oomrecord, total_vm_kb)},
	{"vsz:", OOMRECORD_TOTAL_VM,
	 offsetof(struct oomrecord, total_vm_kb)},                            /* 2.6.33 to 2.6.35 */
	{"vm:", OOMRECORD_TOTAL_VM, offsetof(struct oomrecord, total_vm_kb)}, /* OpenVZ */
	{"anon-rss:", OOMRECORD_ANON_RSS, offsetof(struct oomrecord, anon_rss_kb)},
	{"file-rss:", OOMRECORD_FILE_RSS, offsetof(struct oomrecord, file_rss_kb)},
	{"shmem-rss:", OOMRECORD_SHMEM_RSS, offsetof(struct oomrecord, shmem_rss_kb)},
	{"pgtables:", OOMRECORD_PGTABLES, offsetof(struct oomrecord, pgtables_kb)},
};

/* A value ends where the kernel ends one: a line cut in a number must not be read as a smaller. */
static bool oomfields_ends(struct oomtext rest)
{
	return rest.n == 0 || *rest.at == ',' || *rest.at == ' ';
}

static void oomfields_token(struct oomtext token, struct oomrecord *out)
{
	uint64_t value;
	int64_t adj;

	for (size_t i = 0; i < sizeof(oomfields_sizes) / sizeof(oomfields_sizes[0]); i++) {
		const struct oomfields_size *size = &oomfields_sizes[i];
		struct oomtext rest = token;

		if (oomtext_skip(&rest, size->word) && !(out->known & size->bit) &&
		    oomtext_number(&rest, OOMFIELDS_KB_MAX, &value) && oomtext_is(rest, "kB")) {
			memcpy((char *)out + size->offset, &value, sizeof(value));
			out->known |= size->bit;
		}
	}
	if (oomtext_skip(&token, "UID:")) {
		if (oomtext_number(&token, UINT32_MAX, &value) && token.n == 0) {
			out->uid = (uint32_t)value;
			out->known |= OOMRECORD_UID;
		}
	} else if (oomtext_skip(&token, "oom_score_adj:")) {
		if (oomtext_signed(&token, -1000, 1000, &adj) && token.n == 0) {
			out->oom_score_adj = (int32_t)adj;
			out->known |= OOMRECORD_SCORE_ADJ;
		}
	}
}

/* What stands behind the name: words "key:value" divided by blanks and commas, in any order, with
 * words of vendors between them. */
static void oomfields_tail(struct oomtext text, struct oomrecord *out)
{
	size_t end;

	for (; text.n > 0; text = oomtext_from(text, end < text.n ? end + 1 : end)) {
		for (end = 0; end < text.n && text.at[end] != ' ' && text.at[end] != ',';)
			end++;
		oomfields_token(oomtext_part(text, 0, end), out);
	}
}

/* "UID 27, " of el5 and el6 (before the name) and el7 (behind it). */
static void oomfields_old_uid(struct oomtext *text, struct oomrecord *out)
{
	struct oomtext rest = *text;
	uint64_t value;

	if (!oomtext_skip(&rest, ", UID ") || !oomtext_number(&rest, UINT32_MAX, &value) ||
	    !oomfields_ends(rest))
		return;
	out->uid = (uint32_t)value;
	out->known |= OOMRECORD_UID;
	*text = rest;
}

/* Behind "Killed process ": "N (comm) ...", "N (comm), UID n, ...", "N, UID n, (comm) ...". */
static enum oomfields_kind oomfields_victim(struct oomtext text, bool worded, struct oomrecord *out)
{
	uint64_t pid;

	if (!oomtext_number(&text, INT32_MAX, &pid) || pid == 0)
		return OOMFIELDS_ODD;
	out->pid = (int32_t)pid;
	/* Cut behind the pid or in the name: the kernel's words before it are enough. */
	if (text.n == 0)
		return worded ? OOMFIELDS_KILLED : OOMFIELDS_ODD;
	if (oomtext_begins(text, ", ")) {
		oomfields_old_uid(&text, out);
		if (!oomtext_skip(&text, ", "))
			return OOMFIELDS_ODD;
	} else if (!oomtext_skip(&text, " ")) {
		return OOMFIELDS_ODD;
	}
	if (text.n > 0 && *text.at != '(')
		return OOMFIELDS_ODD;
	if (!oomfields_comm(&text, out->comm))
		return worded ? OOMFIELDS_KILLED : OOMFIELDS_ODD;
	out->known |= OOMRECORD_COMM;
	oomfields_old_uid(&text, out);
	oomfields_tail(text, out);
	return worded || (out->known & OOMRECORD_TOTAL_VM) ? OOMFIELDS_KILLED : OOMFIELDS_BARE;
}

static enum oomfields_kind oomfields_announced(struct oomtext text, struct oomrecord *out)
{
	uint64_t pid;

	if (!oomtext_number(&text, INT32_MAX, &pid) || pid == 0 || !oomtext_begins(text, " ("))
		return OOMFIELDS_OTHER;
	out->pid = (int32_t)pid;
	return OOMFIELDS_ANNOUNCED;
}

/* Where "Killed process " or "Kill process " stands first. */
static size_t oomfields_verb(struct oomtext text, bool *done, struct oomtext *rest)
{
	size_t killed = oomtext_find(text, "illed process ");
	size_t kill = oomtext_find(text, "ill process ");

	*done = killed < kill;
	if (killed == OOMTEXT_NONE && kill == OOMTEXT_NONE)
		return OOMTEXT_NONE;
	*rest = *done ? oomtext_from(text, killed + strlen("illed process "))
		      : oomtext_from(text, kill + strlen("ill process "));
	kill = *done ? killed : kill;
	if (kill == 0 || (text.at[kill - 1] != 'K' && text.at[kill - 1] != 'k'))
		return OOMTEXT_NONE;
	return kill - 1;
}

/* The kernel's words before the verb; false when others stand there. */
static bool oomfields_words(struct oomtext words, enum oomrecord_scope *scope)
{
	if (oomtext_ends(words,
			 ": OOM ")) /* OpenVZ: "Out of memory in UB 101: OOM killed process" */
		words.n -= strlen("OOM ");
	if (words.n > OOMFIELDS_PREFIX_MAX || !oomtext_ends(words, ": "))
		return false;
	words.n -= strlen(": ");
	return oomfields_scope(words, scope);
}

enum oomfields_kind oomfields_kill(struct oomtext text, struct oomrecord *out)
{
	struct oomrecord found = {0};
	enum oomfields_kind kind;
	struct oomtext rest;
	bool done;
	size_t verb = oomfields_verb(text, &done, &rest);

	if (verb == OOMTEXT_NONE)
		return OOMFIELDS_OTHER;
	if (verb > 0 && !oomfields_words(oomtext_part(text, 0, verb), &found.scope))
		return done ? OOMFIELDS_ODD : OOMFIELDS_OTHER;
	if (verb == 0 && !done)
		return OOMFIELDS_OTHER; /* "Kill process N (comm) sharing same memory" */
	kind = done ? oomfields_victim(rest, verb > 0, &found) : oomfields_announced(rest, &found);
	if (kind != OOMFIELDS_ODD && kind != OOMFIELDS_OTHER)
		*out = found;
	return kind;
}

enum oomfields_kind oomfields_reaper(struct oomtext text, struct oomrecord *out)
{
	uint64_t pid;

	if (!oomtext_skip(&text, "oom_reaper: "))
		return OOMFIELDS_OTHER;
	out->reaped = oomtext_skip(&text, "reaped process ");
	if (!out->reaped && !oomtext_skip(&text, "unable to reap pid:"))
		return OOMFIELDS_ODD;
	if (!oomtext_number(&text, INT32_MAX, &pid) || pid == 0 || !oomtext_skip(&text, " ") ||
	    !oomfields_comm(&text, out->comm))
		return OOMFIELDS_ODD;
	out->pid = (int32_t)pid;
	out->known |= OOMRECORD_COMM;
	return OOMFIELDS_KILLED;
}
