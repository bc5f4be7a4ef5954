/* What the guest looked like, every 100 ms: the witness of a scenario.
 *
 *   sampler SLICE_DIRECTORY OUTPUT
 *
 * Keeps its samples in locked memory: a file written while memory is short may stall for seconds, and the witness
 * with it. SIGUSR1 ends the sampling, so that the end of the loads is not in it; SIGTERM then has it write (CSV). Times are of CLOCK_MONOTONIC, as in `journalctl -o
 * short-monotonic`. A pid of 0 means that the unit has no `claude`. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 100, SAMPLES_MAX = 10 * 60 * 20, TEXT_MAX = 16384 };

struct sample {
	long at_ms;
	long available_kb, swap_free_kb;
	long some_us, full_us;      /* PSI memory, total */
	long oom_kills;             /* of /proc/vmstat, since boot */
	long nodira_pid, mirzo_pid; /* of their claude */
	long xtts_alive;
};

static struct sample samples[SAMPLES_MAX];
static char text[TEXT_MAX];
static volatile sig_atomic_t is_sampling = 1;
static volatile sig_atomic_t is_asked_to_write;

static void sampler_on_signal(int signal_number)
{
	is_sampling = 0;
	if (signal_number == SIGTERM)
		is_asked_to_write = 1;
}

static void sampler_sleep_tick(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000L }, NULL);
}

static const char *sampler_read(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

	if (fd >= 0)
		close(fd);
	text[length > 0 ? length : 0] = '\0';
	return text;
}

/* The number behind KEY in TEXT; -1 where there is none. */
static long sampler_number(const char *from, const char *key)
{
	const char *found = strstr(from, key);

	return found ? atol(found + strlen(key)) : -1;
}

static int sampler_is_claude(long pid)
{
	char path[64], comm[32] = "";

	snprintf(path, sizeof path, "/proc/%ld/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	ssize_t length = read(fd, comm, sizeof comm - 1);
	close(fd);
	return length > 0 && strcmp(comm, "claude\n") == 0;
}

static long sampler_claude_of(const char *slice, const char *unit)
{
	char path[256];
	char *rest;

	snprintf(path, sizeof path, "%s/%s/cgroup.procs", slice, unit);
	for (const char *at = sampler_read(path); *at; at = rest + (*rest == '\n')) {
		long pid = strtol(at, &rest, 10);
		if (rest == at)
			break;
		if (sampler_is_claude(pid))
			return pid;
	}
	return 0;
}

static long sampler_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void sampler_take(struct sample *sample, const char *slice)
{
	char path[256];
	const char *from;

	sample->at_ms = sampler_now_ms();
	from = sampler_read("/proc/meminfo");
	sample->available_kb = sampler_number(from, "MemAvailable:");
	sample->swap_free_kb = sampler_number(from, "SwapFree:");
	from = sampler_read("/proc/pressure/memory");
	sample->some_us = sampler_number(from, "total=");
	from = strstr(from, "full");
	sample->full_us = from ? sampler_number(from, "total=") : -1;
	sample->oom_kills = sampler_number(sampler_read("/proc/vmstat"), "\noom_kill ");
	sample->nodira_pid = sampler_claude_of(slice, "nodira.service");
	sample->mirzo_pid = sampler_claude_of(slice, "mirzo.service");
	snprintf(path, sizeof path, "%s/xtts_server.service/cgroup.events", slice);
	sample->xtts_alive = sampler_number(sampler_read(path), "populated ") == 1;
}

static int sampler_write(const char *path, int count)
{
	FILE *out = fopen(path, "w");

	if (!out)
		return 1;
	fprintf(out, "ms,available_kb,swap_free_kb,some_us,full_us,oom_kills,nodira_pid,mirzo_pid,xtts_alive\n");
	for (int i = 0; i < count; i++) {
		const struct sample *s = &samples[i];
		fprintf(out, "%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld,%ld\n", s->at_ms, s->available_kb, s->swap_free_kb,
			s->some_us, s->full_us, s->oom_kills, s->nodira_pid, s->mirzo_pid, s->xtts_alive);
	}
	return fclose(out) != 0;
}

int main(int argc, char **argv)
{
	int count = 0;

	if (argc != 3)
		return 2;
	signal(SIGUSR1, sampler_on_signal);
	signal(SIGTERM, sampler_on_signal);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) < 0)
		perror("sampler: cannot lock memory");
	while (is_sampling && count < SAMPLES_MAX) {
		sampler_take(&samples[count++], argv[1]);
		sampler_sleep_tick();
	}
	while (!is_asked_to_write)
		sampler_sleep_tick();
	return sampler_write(argv[2], count);
}
