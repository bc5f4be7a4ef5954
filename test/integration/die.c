/* A process that ends, or lives on, in the way it is told to.
 *     die exit N | signal N | crash | sleep | leader N | threads | daemon | daemon2 | exec PROGRAM |
 *         name NAME | eat MIB [AFTER_MS] */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { LIFE_S = 600 };

static void *live_then_exit(void *status)
{
	sleep(3);
	exit(atoi(status));
}

static void *end(void *arg)
{
	return arg;
}

static void *wait_for_ever(void *arg)
{
	sleep(LIFE_S);
	return arg;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "sleep";
	char *what = argc > 2 ? argv[2] : "0";
	pthread_t thread;

	if (argc > 3)
		usleep((useconds_t)atoi(argv[3]) * 1000);
	if (strcmp(how, "exit") == 0)
		return atoi(what);
	if (strcmp(how, "signal") == 0)
		raise(atoi(what));
	if (strcmp(how, "crash") == 0)
		*(volatile int *)8 = 1;
	if (strcmp(how, "leader") == 0) { /* the main thread ends, another lives on */
		pthread_create(&thread, NULL, live_then_exit, what);
		pthread_exit(NULL);
	}
	if (strcmp(how, "threads") == 0) {
		pthread_create(&thread, NULL, wait_for_ever, NULL);
		for (int i = 0; i < 50; i++) {
			pthread_create(&thread, NULL, end, NULL);
			pthread_join(thread, NULL);
		}
	}
	if (strncmp(how, "daemon", 6) == 0 && fork() != 0)
		return 0;
	if (strcmp(how, "daemon2") == 0 && fork() != 0)
		return 0;
	if (strcmp(how, "exec") == 0)
		execl(what, what, "sleep", (char *)NULL);
	for (int i = atoi(what); strcmp(how, "eat") == 0 && i > 0; i--)
		memset(malloc(1 << 20), 1, 1 << 20);
	if (strcmp(how, "name") == 0)
		prctl(PR_SET_NAME, what);
	sleep(LIFE_S);
	return 0;
}
