#include "ask/budget_advice.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

/* A program that dies of want of memory at each start should be tried for so long at least before systemd gives up. */
#define BUDGET_TRY_US 30e6

static const char *const budget_wrong_words[BUDGET_WRONGS] = {
	[BUDGET_NOT_LOADED] = "not-loaded",	[BUDGET_STAYS_DOWN] = "stays-down",
	[BUDGET_ALL_STOPPED] = "all-stopped",	[BUDGET_NO_RESTART] = "no-restart",
	[BUDGET_SIGTERM] = "sigterm",		[BUDGET_START_LIMIT] = "start-limit",
	[BUDGET_NO_MAX] = "no-memory-max",	[BUDGET_LOW_MAX] = "memory-max-below-peak",
};

const char *budget_advice_word(enum budget_wrong wrong)
{
	return wrong < BUDGET_WRONGS ? budget_wrong_words[wrong] : "?";
}

/* Is it started again after its result was oom-kill? on-abort is for signals and core dumps alone. */
static bool budget_restarts_after_oom(enum budget_restart restart)
{
	return restart == BUDGET_RESTART_ON_FAILURE || restart == BUDGET_RESTART_ON_ABNORMAL ||
	       restart == BUDGET_RESTART_ALWAYS;
}

static uint32_t budget_find_policy(const struct budget_systemd *s)
{
	if ((s->oom_policy != BUDGET_OOM_STOP && s->oom_policy != BUDGET_OOM_KILL) ||
	    s->restart == BUDGET_RESTART_UNKNOWN)
		return 0;
	return budget_restarts_after_oom(s->restart) ? 1u << BUDGET_ALL_STOPPED : 1u << BUDGET_STAYS_DOWN;
}

static uint32_t budget_find_restart(const struct budget_systemd *s)
{
	switch (s->restart) {
	case BUDGET_RESTART_NO:
	case BUDGET_RESTART_ON_SUCCESS:
	case BUDGET_RESTART_ON_WATCHDOG:
	case BUDGET_RESTART_ON_ABORT:
		return 1u << BUDGET_NO_RESTART;
	case BUDGET_RESTART_ON_FAILURE:
	case BUDGET_RESTART_ON_ABNORMAL:
		return 1u << BUDGET_SIGTERM;
	case BUDGET_RESTART_UNKNOWN:
	case BUDGET_RESTART_ALWAYS:
		break;
	}
	return 0;
}

/* So many starts, each after RestartSec=, lie within the interval, and that is soon over. */
static uint32_t budget_find_start_limit(const struct budget_systemd *s)
{
	double tries_us = (double)s->restart_us * (double)s->limit_burst;

	if (!s->restart_known || !s->limit_known || !s->burst_known || s->limit_us == 0 || s->limit_burst == 0 ||
	    !budget_restarts_after_oom(s->restart))
		return 0;
	return tries_us < (double)s->limit_us && tries_us < BUDGET_TRY_US ? 1u << BUDGET_START_LIMIT : 0;
}

uint32_t budget_advice_find(const struct budget_systemd *s, uint64_t peak_bytes)
{
	uint32_t wrong = 0;

	if (!s->answered)
		return 0;
	if (!s->loaded)
		return 1u << BUDGET_NOT_LOADED;
	if (s->max_bytes == BUDGET_NO_LIMIT)
		wrong |= 1u << BUDGET_NO_MAX;
	else if (s->max_bytes > 0 && s->max_bytes < peak_bytes)
		wrong |= 1u << BUDGET_LOW_MAX;
	return wrong | budget_find_policy(s) | budget_find_restart(s) | budget_find_start_limit(s);
}

/* --- in words --- */

static void budget_format_span(struct buffer *text, uint64_t us)
{
	char span[32];

	buffer_add(text, us == UINT64_MAX ? "infinity" : clock_format_span(us / 1000, span));
}

static void budget_format_start_limit(struct buffer *text, const struct budget_systemd *s)
{
	buffer_addf(text, "StartLimitBurst=%llu, StartLimitIntervalSec=", (unsigned long long)s->limit_burst);
	budget_format_span(text, s->limit_us);
	buffer_add(text, ", RestartSec=");
	budget_format_span(text, s->restart_us);
	buffer_add(text, ": so many deaths in a row, and it stays down; while memory is short that is soon");
}

void budget_advice_format(struct buffer *text, enum budget_wrong wrong, const struct budget_systemd *s)
{
	const char *policy = budget_oom_policy_word(s->oom_policy), *restart = budget_restart_word(s->restart);

	switch (wrong) {
	case BUDGET_NOT_LOADED:
		buffer_add(text, "systemd has no such unit");
		break;
	case BUDGET_STAYS_DOWN:
		buffer_addf(text,
			    "OOMPolicy=%s, Restart=%s: where the kernel kills one process of it for want of memory, all "
			    "of it ends and stays down",
			    policy, restart);
		break;
	case BUDGET_ALL_STOPPED:
		buffer_addf(text,
			    "OOMPolicy=%s: where the kernel kills one process of it for want of memory, all of it ends "
			    "and is started again",
			    policy);
		break;
	case BUDGET_NO_RESTART:
		buffer_addf(text, "Restart=%s: a kill is the end of it", restart);
		break;
	case BUDGET_SIGTERM:
		buffer_addf(text,
			    "Restart=%s: SIGTERM, which other tools send first, is a good end: it is not started again "
			    "(Restart=always does it)",
			    restart);
		break;
	case BUDGET_START_LIMIT:
		budget_format_start_limit(text, s);
		break;
	case BUDGET_NO_MAX:
		buffer_add(text, "no MemoryMax=: it may take the whole host, and the kernel then kills by size, anywhere");
		break;
	case BUDGET_LOW_MAX:
		buffer_add(text, "MemoryMax= is ");
		bytes_format(text, (int64_t)s->max_bytes);
		buffer_add(text, ", less than it takes: there it swaps, and is killed where no swap is left");
		break;
	case BUDGET_WRONGS:
		break;
	}
}

/* --- what changes it --- */

static const char *budget_section(const char *target)
{
	const char *end = strrchr(target, '.');

	if (end != NULL && strcmp(end, ".slice") == 0)
		return "[Slice]";
	return end != NULL && strcmp(end, ".scope") == 0 ? "[Scope]" : "[Service]";
}

static void budget_drop_in_limits(struct buffer *text, const struct budget_limit *limit)
{
	if (limit->max_bytes >> 20 == 0)
		return;
	if (limit->high_bytes < limit->max_bytes)
		buffer_addf(text, "MemoryHigh=%lluM\n", (unsigned long long)(limit->high_bytes >> 20));
	buffer_addf(text, "MemoryMax=%lluM\n", (unsigned long long)(limit->max_bytes >> 20));
}

void budget_advice_drop_in(struct buffer *text, const char *target, const struct budget_limit *limit, uint32_t wrong)
{
	const uint32_t policy = 1u << BUDGET_STAYS_DOWN | 1u << BUDGET_ALL_STOPPED;
	const uint32_t restart = 1u << BUDGET_NO_RESTART | 1u << BUDGET_SIGTERM;
	char lines[TEXT_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, lines);
	budget_drop_in_limits(&b, limit);
	if ((wrong & policy) != 0)
		buffer_add(&b, "OOMPolicy=continue\n");
	if ((wrong & restart) != 0)
		buffer_add(&b, "Restart=always\n");
	if ((wrong & 1u << BUDGET_NO_RESTART) != 0 || (wrong & 1u << BUDGET_START_LIMIT) != 0)
		buffer_add(&b, "RestartSec=5\n");
	if ((wrong & 1u << BUDGET_START_LIMIT) != 0)
		buffer_add(&b, "[Unit]\nStartLimitIntervalSec=10min\nStartLimitBurst=10\n");
	if (b.len > 0)
		buffer_addf(text, "# systemctl edit %s\n%s\n%s", target, budget_section(target), lines);
}
