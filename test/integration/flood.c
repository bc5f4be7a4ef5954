/* A log of much text, and how late the sentinel's looks are meanwhile.
 *     flood write FILE MIB_A_SECOND SECONDS MARKS   lines of 100 bytes; FILE is renamed to FILE.1 at each 256
 *                                                   MiB; MARKS of them, evenly spread, say "the mark N"
 *     flood looks STATE SECONDS INTERVAL_MS         prints: how late the latest look was (beyond INTERVAL), how
 *                                                   late this program itself was woken (both ms), looks */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "share/state.h"

enum { LINE = 100, LINES_AT_ONCE = 656, FILE_BYTES = 256 << 20 };

static uint64_t now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int begin_file(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	if (fd < 0)
		die(path);
	return fd;
}

static void fill(char *lines, uint64_t *line, uint64_t all, uint64_t marks)
{
	for (int i = 0; i < LINES_AT_ONCE; i++, (*line)++) {
		char *at = lines + i * LINE, mark[40] = "";

		if (*line * marks / all != (*line + 1) * marks / all)
			(void)snprintf(mark, sizeof(mark), "the mark %llu.", (unsigned long long)((*line + 1) * marks / all));
		(void)snprintf(at, LINE, "%012llu %-86s", (unsigned long long)*line, mark);
		at[LINE - 1] = '\n';
	}
}

static int write_log(const char *path, uint64_t mib, uint64_t seconds, uint64_t marks)
{
	static char lines[LINES_AT_ONCE * LINE];
	uint64_t blocks = (mib * seconds << 20) / sizeof(lines), line = 0, began = now_us(), bytes = 0;
	char old[4096];
	int fd = begin_file(path);

	(void)snprintf(old, sizeof(old), "%s.1", path);
	for (uint64_t i = 0; i < blocks; i++) {
		uint64_t due = began + i * seconds * 1000000 / blocks, now = now_us();

		fill(lines, &line, blocks * LINES_AT_ONCE, marks);
		if (due > now + 1000)
			(void)usleep((unsigned)(due - now));
		for (size_t done = 0; done < sizeof(lines);) {
			ssize_t n = write(fd, lines + done, sizeof(lines) - done);

			if (n < 0)
				die(path);
			done += (size_t)n;
		}
		bytes += sizeof(lines);
		if (bytes < FILE_BYTES)
			continue;
		(void)close(fd);
		if (rename(path, old) < 0)
			die(path);
		fd = begin_file(path);
		bytes = 0;
	}
	(void)close(fd);
	printf("%.0f MB/s for %.1f s\n", (double)blocks * sizeof(lines) / (double)(now_us() - began),
	       (double)(now_us() - began) / 1e6);
	return 0;
}

/* Only looks that follow one another are compared: that this program slept over one is not their fault. */
static int watch_looks(const char *path, uint64_t seconds, int64_t interval_ms)
{
	int fd = open(path, O_RDONLY);
	const struct state *state = fd < 0 ? NULL : state_map(fd);
	uint64_t end = now_us() + seconds * 1000000, last_looks = 0, last_tick = 0, looks, tick, first = 0, before;
	int64_t late = 0, own = 0;

	if (state == NULL)
		die(path);
	while ((before = now_us()) < end) {
		unsigned sequence = state->sequence;
		int64_t woken;

		looks = *(const volatile uint64_t *)&state->looks;
		tick = *(const volatile uint64_t *)&state->tick;
		if ((sequence & 1) == 0 && sequence == state->sequence && looks != last_looks) {
			if (looks == last_looks + 1 && (int64_t)(tick - last_tick) - interval_ms > late)
				late = (int64_t)(tick - last_tick) - interval_ms;
			first = first != 0 ? first : looks;
			last_looks = looks;
			last_tick = tick;
		}
		(void)usleep(1000);
		woken = (int64_t)(now_us() - before) / 1000 - 1;
		own = woken > own ? woken : own;
	}
	printf("%lld %lld %llu\n", (long long)late, (long long)own, (unsigned long long)(last_looks - first));
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 6 && strcmp(argv[1], "write") == 0)
		return write_log(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
				 strtoull(argv[5], NULL, 10));
	if (argc == 5 && strcmp(argv[1], "looks") == 0)
		return watch_looks(argv[2], strtoull(argv[3], NULL, 10), strtoll(argv[4], NULL, 10));
	return 2;
}
