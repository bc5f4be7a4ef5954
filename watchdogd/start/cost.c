#include "start/cost.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"

enum { COST_EVERY_MS = 60000 };

/* Of this very process, so not below the prefix of a made-up host. */
void cost_open(struct cost *cost)
{
	*cost = (struct cost){.statm = open("/proc/self/statm", O_RDONLY | O_CLOEXEC)};
}

void cost_count_wake(struct cost *cost, int ready)
{
	if (ready >= 0)
		cost->wakes[ready > 0 ? STATE_WAKE_EVENT : STATE_WAKE_TIMER]++;
}

static uint64_t cost_ms(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000 + (uint64_t)time.tv_usec / 1000;
}

/* Its second number: resident pages. 0: not known. */
static uint64_t cost_rss_kb(const struct cost *cost)
{
	char text[128], *second;

	if (cost->statm < 0 || file_read(cost->statm, text, sizeof(text)) <= 0)
		return 0;
	(void)strtoull(text, &second, 10);
	return strtoull(second, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE) / 1024;
}

void cost_look(struct cost *cost, struct state *state, mono_ms now)
{
	struct rusage usage;

	state->wakeups = 0;
	for (int i = 0; i < STATE_WAKES; i++) {
		state->wakeups_by[i] = cost->wakes[i];
		state->wakeups += cost->wakes[i];
	}
	if (now < cost->read_at)
		return;
	cost->read_at = now + COST_EVERY_MS;
	state->rss_kb = cost_rss_kb(cost);
	if (getrusage(RUSAGE_SELF, &usage) == 0)
		state->cpu_ms = cost_ms(usage.ru_utime) + cost_ms(usage.ru_stime);
}
