/* Processes that live for an instant: RATE a second, for SECONDS. Each twentieth runs a program, the others are forks
 * that end at once. Prints how many there were. storm RATE SECONDS */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double storm_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void storm_one(long number)
{
	pid_t pid = vfork();

	if (pid == 0) {
		if (number % 20 == 0)
			execl("/bin/true", "true", (char *)NULL);
		_exit(0);
	}
	if (pid > 0)
		(void)waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	double rate = argc > 2 ? atof(argv[1]) : 0, began = storm_now(), lasts = argc > 2 ? atof(argv[2]) : 0;
	long number = 0;

	while (storm_now() - began < lasts) {
		if ((double)number < (storm_now() - began) * rate)
			storm_one(number++);
		else
			(void)usleep(200);
	}
	printf("%ld\n", number);
	return 0;
}
