#include "see/deathtext.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "see/oomsentence.h"

enum { DEATHTEXT_DELAY_US = 100000 }; /* less waiting for memory is nothing to tell */

static bool deathtext_is_crash(int number)
{
	static const int crashes[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGSYS, SIGTRAP, SIGQUIT, SIGXCPU, SIGXFSZ};

	for (size_t i = 0; i < ARRAY_LEN(crashes); i++)
		if (crashes[i] == number)
			return true;
	return false;
}

void deathtext_add_status(struct buffer *out, uint32_t status)
{
	int number = (int)(status & 0x7f);
	bool core = (status & 0x80) != 0;
	const char *name = sigabbrev_np(number);

	if (number == 0) {
		buffer_addf(out, "exited with status %u", status >> 8 & 0xff);
		return;
	}
	buffer_add(out, core || deathtext_is_crash(number) ? "crashed with "
			: number == SIGKILL                ? "was killed by "
							   : "was terminated by ");
	if (name != NULL)
		buffer_addf(out, "SIG%s", name);
	else
		buffer_addf(out, "signal %d", number);
	if (core)
		buffer_add(out, " (core dumped)");
}

enum state_death deathtext_cause(const struct death *death)
{
	uint32_t status = death->who.status;

	if (death->why[0] != '\0')
		return STATE_DEATH_ASKED;
	if (death->oom)
		return STATE_DEATH_OOM;
	if (!death->who.has_status)
		return STATE_DEATHS;
	if ((status & 0x7f) == 0)
		return STATE_DEATH_EXIT;
	return (status & 0x80) != 0 || deathtext_is_crash((int)(status & 0x7f)) ? STATE_DEATH_CRASH : STATE_DEATH_SIGNAL;
}

static void deathtext_add_size(struct buffer *out, uint64_t bytes)
{
	oomsentence_add_size(out, bytes / 1024);
}

static void deathtext_add_cause(struct buffer *out, const struct death *death)
{
	if (death->oom) {
		buffer_add(out, " was killed by the kernel's OOM killer");
		if (death->oom_bytes != 0) {
			buffer_add(out, " at ");
			deathtext_add_size(out, death->oom_bytes);
		}
	} else if (death->who.has_status) {
		buffer_add(out, " ");
		deathtext_add_status(out, death->who.status);
	} else {
		buffer_add(out, " ended; how is not known");
	}
}

/* What it used: of the kernel's account at its end, else as last seen. */
static void deathtext_add_life(struct buffer *out, const struct death *death)
{
	const struct taskstats_life *life = &death->life;
	char span[32];

	if (life->peak_rss_bytes != 0) {
		buffer_add(out, "; at most ");
		deathtext_add_size(out, life->peak_rss_bytes);
		buffer_add(out, " resident");
	} else if (death->who.rss_bytes != 0 && !death->oom) {
		buffer_add(out, "; last seen with ");
		deathtext_add_size(out, death->who.rss_bytes);
		buffer_add(out, " resident");
	}
	if (life->major_faults != 0)
		buffer_addf(out, ", %" PRIu64 " major %s", life->major_faults, life->major_faults == 1 ? "fault" : "faults");
	if (life->memory_delay_us >= DEATHTEXT_DELAY_US)
		buffer_addf(out, ", %s waiting for memory", clock_format_span(life->memory_delay_us / 1000, span));
}

void deathtext_add_parent(struct buffer *out, const struct watched *watched, bool lives)
{
	if (!watched->parent_is_kin || watched->parent <= 1)
		return;
	buffer_addf(out, lives ? "; %s (pid %" PRId32 ") is still running" : "; %s (pid %" PRId32 ") is gone too",
		    watched->parent_comm, watched->parent);
}

void deathtext_add_end(struct buffer *out, const struct death *death)
{
	const struct watched *who = &death->who;
	char span[32];

	buffer_add(out, death->name);
	if (strcmp(death->name, who->comm) == 0 || who->comm[0] == '\0')
		buffer_addf(out, " (pid %" PRId32 ")", who->pid);
	else
		buffer_addf(out, " (%s, pid %" PRId32 ")", who->comm, who->pid);
	deathtext_add_cause(out, death);
	if (death->why[0] != '\0')
		buffer_addf(out, ", %s", death->why);
	buffer_addf(out, ", %s after its start",
		    clock_format_span(death->at > who->since ? death->at - who->since : 0, span));
}

void deathtext_add(struct buffer *out, const struct death *death)
{
	deathtext_add_end(out, death);
	deathtext_add_parent(out, &death->who, death->parent_lives);
	deathtext_add_life(out, death);
}

void deathtext_add_oom_title(struct buffer *out, const char *name, uint64_t bytes)
{
	buffer_addf(out, "%s killed by the OOM killer", name);
	if (bytes == 0)
		return;
	buffer_add(out, " (");
	deathtext_add_size(out, bytes);
	buffer_add_char(out, ')');
}

void deathtext_add_parent_title(struct buffer *out, const struct watched *watched, bool lives)
{
	if (!watched->parent_is_kin || watched->parent <= 1)
		return;
	buffer_addf(out, lives ? "; %s lives on" : "; %s is gone too", watched->parent_comm);
}

void deathtext_add_title(struct buffer *out, const struct death *death)
{
	char how[64];
	struct buffer b;

	BUFFER_OVER(&b, how);
	if (death->oom) {
		deathtext_add_oom_title(out, death->name, death->oom_bytes);
	} else if (death->who.has_status) {
		deathtext_add_status(&b, death->who.status);
		buffer_addf(out, "%s %s", death->name, strncmp(how, "was ", 4) == 0 ? how + 4 : how);
	} else {
		buffer_addf(out, "%s ended", death->name);
	}
	deathtext_add_parent_title(out, &death->who, death->parent_lives);
}
