/* Ends processes and says when: a shell with `date` would be 50 ms late in the guest, and more when memory is short.
 *
 *   killer SIGNAL PID                       once
 *   killer SIGNAL CGROUP COMM TIMES EVERY_MS
 *
 * The second form ends the process of that name in the cgroup, so many times, once in so many ms, locked in memory.
 * For each: a line "PID MS", the wall clock in ms since 1970 just before the signal; all are printed at the end. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { KILLS_MAX = 64, TEXT_BYTES = 4096 };

struct kill_note {
	int pid;
	long long at_ms;
};

static int killer_end(struct kill_note *note, int signal, int pid)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	note->pid = pid;
	note->at_ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return kill(pid, signal);
}

static size_t killer_read(const char *path, char text[TEXT_BYTES])
{
	int fd = open(path, O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, TEXT_BYTES - 1);

	if (fd >= 0)
		close(fd);
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* 0: none of that name. */
static int killer_find(const char *cgroup, const char *comm)
{
	char path[256], pids[TEXT_BYTES], name[TEXT_BYTES];

	snprintf(path, sizeof path, "%s/cgroup.procs", cgroup);
	killer_read(path, pids);
	for (char *at = pids; *at != '\0'; at = strchr(at, '\n') + 1) {
		snprintf(path, sizeof path, "/proc/%d/comm", atoi(at));
		killer_read(path, name);
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, comm) == 0)
			return atoi(at);
		if (strchr(at, '\n') == NULL)
			break;
	}
	return 0;
}

static int killer_often(int signal, const char *cgroup, const char *comm, int times, long every_ms)
{
	static struct kill_note notes[KILLS_MAX];
	int n = 0;

	mlockall(MCL_CURRENT | MCL_FUTURE);
	for (int i = 0; i < times && i < KILLS_MAX; i++) {
		int pid = killer_find(cgroup, comm);

		if (pid != 0 && killer_end(&notes[n], signal, pid) == 0)
			n++;
		nanosleep(&(struct timespec){ .tv_sec = every_ms / 1000, .tv_nsec = every_ms % 1000 * 1000000 }, NULL);
	}
	for (int i = 0; i < n; i++)
		printf("%d %lld\n", notes[i].pid, notes[i].at_ms);
	return n == 0;
}

int main(int argc, char **argv)
{
	struct kill_note note;

	if (argc == 6)
		return killer_often(atoi(argv[1]), argv[2], argv[3], atoi(argv[4]), atol(argv[5]));
	if (argc != 3)
		return 2;
	if (killer_end(&note, atoi(argv[1]), atoi(argv[2])) != 0)
		return 1;
	printf("%d %lld\n", note.pid, note.at_ms);
	return 0;
}
