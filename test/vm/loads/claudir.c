/* The bot's parent, as in the incident: starts one child (`claude`), outlives it, and never starts it again.
 *
 *   claudir PROGRAM [ARGUMENT...] */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int status;

	if (argc < 2)
		return 2;
	pid_t child = fork();
	if (child < 0)
		return 1;
	if (child == 0) {
		execv(argv[1], argv + 1);
		_exit(127);
	}
	if (waitpid(child, &status, 0) != child)
		return 1;
	if (WIFSIGNALED(status))
		fprintf(stderr, "claudir: claude (pid %d) ended by signal %d\n", (int)child, WTERMSIG(status));
	else
		fprintf(stderr, "claudir: claude (pid %d) ended with status %d\n", (int)child, WEXITSTATUS(status));
	for (;;)
		pause();
}
