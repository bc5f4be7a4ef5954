/* hog MIB [deaf] [grow MIB_PER_S]: holds so much touched memory; deaf: ignores SIGTERM. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void take(size_t mib)
{
	volatile char *p = malloc(mib << 20); /* volatile: the compiler would leave the writes out */

	for (size_t i = 0; p != NULL && i < mib << 20; i += 64)
		p[i] = (char)(i * 2654435761u >> 7);
}

int main(int argc, char **argv)
{
	long grow = 0;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "deaf") == 0)
			signal(SIGTERM, SIG_IGN);
		else if (strcmp(argv[i], "grow") == 0 && i + 1 < argc)
			grow = atol(argv[++i]);
	}
	take(argc > 1 ? strtoul(argv[1], NULL, 10) : 1);
	for (int s = 0; s < 36000; s++) {
		if (grow > 0 && s % 10 == 0)
			take((size_t)grow);
		usleep(100000);
	}
	return 0;
}
