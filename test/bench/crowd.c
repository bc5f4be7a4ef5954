/* crowd N SECONDS DIR...: a process in each of DIR/u1 ... DIR/uN, for the bench. With SECONDS above 0 each
 * charges and gives back up to 1 MiB in that time, never the same twice: no look finds a unit still.
 * Ends with its standard input. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum { CROWD_PAGE = 4096, CROWD_PAGES = 256 };

static void crowd_enter(const char *dir, int number)
{
	char path[4096];
	FILE *procs;

	(void)snprintf(path, sizeof(path), "%s/u%d/cgroup.procs", dir, number);
	procs = fopen(path, "w");
	if (procs == NULL || fprintf(procs, "0\n") < 0 || fclose(procs) != 0) {
		perror(path);
		exit(1);
	}
}

static void crowd_sleep(double seconds)
{
	struct timespec span = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	(void)nanosleep(&span, NULL);
}

static void crowd_live(int number, double seconds)
{
	char *bytes = mmap(NULL, CROWD_PAGES * CROWD_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (seconds <= 0 || bytes == MAP_FAILED)
		for (;;)
			(void)pause();
	number %= CROWD_PAGES;
	crowd_sleep(seconds * number / CROWD_PAGES);
	for (unsigned pages = (unsigned)number;; pages = (pages + 101) % CROWD_PAGES) {
		memset(bytes, 1, (size_t)pages * CROWD_PAGE);
		crowd_sleep(seconds);
		(void)madvise(bytes, CROWD_PAGES * CROWD_PAGE, MADV_DONTNEED);
	}
}

int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[1]) : 0;
	double seconds = argc > 3 ? atof(argv[2]) : 0;
	char byte;

	if (count <= 0) {
		(void)fputs("usage: crowd N SECONDS DIR...\n", stderr);
		return 2;
	}
	for (int number = 1; number <= count; number++) {
		if (fork() != 0)
			continue;
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int i = 3; i < argc; i++)
			crowd_enter(argv[i], number);
		crowd_live(number, seconds);
	}
	while (read(0, &byte, 1) > 0)
		;
	return 0;
}
