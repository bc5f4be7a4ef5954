#include "swapfile_job.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "swapfile_make.h"

#ifndef P_PIDFD
#define P_PIDFD 3
#endif

enum {
	JOB_KILL_MS = 2000,       /* who is killed has ended by then, or waits in the kernel (state D) */
	JOB_FD = 3,               /* of the child: all it keeps but 0 to 2 */
	JOB_IOPRIO_PROCESS = 1,   /* IOPRIO_WHO_PROCESS, and ... */
	JOB_IOPRIO_IDLE = 3 << 13, /* ... IOPRIO_CLASS_IDLE of linux/ioprio.h, which old headers lack */
	JOB_NICE = 19,
};

/* The actor is protected from the OOM killer; this may go first. */
static void job_reset_oom_score(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0 && write(fd, "0\n", 2) < 0)
		(void)0; /* then it is as protected as the actor */
	(void)file_close(fd);
}

/* Making it has time: it gets what others leave of the disk and the processors. */
static void job_stand_back(const struct swapfile_order *order)
{
	if (order->work != SWAPFILE_MAKE && order->work != SWAPFILE_CLEAN)
		return;
	(void)setpriority(PRIO_PROCESS, 0, JOB_NICE);
	(void)syscall(SYS_ioprio_set, JOB_IOPRIO_PROCESS, 0, JOB_IOPRIO_IDLE);
}

static _Noreturn void job_become(const struct swapfile_order *order, int said, pid_t parent)
{
	struct swapfile_end end = {.result = 0};
	struct buffer text;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)prctl(PR_SET_NAME, "wd-swapfile");
	if (dup2(said, JOB_FD) < 0)
		_exit(1);
	(void)fcntl(JOB_FD, F_SETFD, FD_CLOEXEC);
	(void)close_range(JOB_FD + 1, ~0u, 0); /* links and all: they are the actor's (5.9; before it keeps them) */
	job_reset_oom_score();
	job_stand_back(order);
	BUFFER_OVER(&text, end.text);
	end.result = swapfile_do(order, &text);
	_exit(write(JOB_FD, &end, sizeof(end)) == (ssize_t)sizeof(end) ? 0 : 1);
}

int swapfile_job_start(struct swapfile_job *job, const struct swapfile_order *order, uint32_t limit_ms)
{
	pid_t parent = getpid(), pid;
	int ends[2], error = 0;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	(void)fcntl(ends[0], F_SETFL, O_NONBLOCK);
	pid = fork();
	if (pid == 0)
		job_become(order, ends[1], parent);
	error = pid < 0 ? -errno : 0;
	(void)file_close(ends[1]);
	*job = (struct swapfile_job){.state = JOB_RUNS, .order = *order, .pid = pid, .pidfd = -1, .said = ends[0]};
	job->until = clock_mono() + limit_ms;
	if (error == 0) {
		job->pidfd = pidfd_open(pid, 0);
		error = job->pidfd < 0 ? -errno : 0;
	}
	if (error == 0)
		return 0;
	if (pid > 0) {
		(void)kill(pid, SIGKILL);
		(void)waitpid(pid, NULL, 0);
	}
	(void)file_close(ends[0]);
	job->state = JOB_FREE;
	return error;
}

void swapfile_job_kill(struct swapfile_job *job)
{
	(void)pidfd_send_signal(job->pidfd, SIGKILL, NULL, 0);
	job->state = JOB_KILLED;
	job->until = clock_mono() + JOB_KILL_MS;
}

int swapfile_job_prepare(const struct swapfile_job *job, struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	int left = job->until > now ? (int)(job->until - now) : 0;

	if (job->state == JOB_FREE || max < 1)
		return 0;
	fds[0] = (struct pollfd){.fd = job->pidfd, .events = POLLIN};
	if (job->state != JOB_ABANDONED && (*timeout_ms < 0 || left < *timeout_ms))
		*timeout_ms = left;
	return 1;
}

static bool job_has_ended(const struct swapfile_job *job)
{
	siginfo_t end = {0};

	return waitid(P_PIDFD, (id_t)job->pidfd, &end, WEXITED | WNOHANG) == 0 && end.si_pid != 0;
}

/* What it wrote before it ended; one that was killed has written nothing. */
static void job_read(const struct swapfile_job *job, struct swapfile_end *end)
{
	if (read(job->said, end, sizeof(*end)) == (ssize_t)sizeof(*end)) {
		end->text[sizeof(end->text) - 1] = '\0';
		return;
	}
	*end = (struct swapfile_end){.result = job->state == JOB_RUNS ? -EIO : -ETIMEDOUT};
}

bool swapfile_job_step(struct swapfile_job *job, struct swapfile_end *end)
{
	if (job->state == JOB_FREE)
		return false;
	if (job_has_ended(job)) {
		bool told = job->state == JOB_ABANDONED;

		job_read(job, end);
		(void)file_close(job->pidfd);
		(void)file_close(job->said);
		job->state = JOB_FREE;
		return !told;
	}
	if (job->state == JOB_ABANDONED || clock_mono() < job->until)
		return false;
	if (job->state == JOB_RUNS) {
		swapfile_job_kill(job);
		return false;
	}
	job->state = JOB_ABANDONED;
	*end = (struct swapfile_end){.result = -ETIMEDOUT};
	return true;
}
