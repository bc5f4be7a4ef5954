/* The bot's parent, as in the incident: starts one child (`claude`), outlives it, and never starts it again.
 *
 *   claudir [-r] PROGRAM [ARGUMENT...]       -r: a better parent, which starts it again at once */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void claudir_run(char **argv)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		_exit(1);
	if (child == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		_exit(1);
	if (WIFSIGNALED(status))
		fprintf(stderr, "claudir: claude (pid %d) ended by signal %d\n", (int)child, WTERMSIG(status));
	else
		fprintf(stderr, "claudir: claude (pid %d) ended with status %d\n", (int)child, WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
	int again = argc > 1 && strcmp(argv[1], "-r") == 0;

	if (argc < 2 + again)
		return 2;
	do
		claudir_run(argv + 1 + again);
	while (again);
	for (;;)
		pause();
}
