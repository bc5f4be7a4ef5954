#include "ask/budget_systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/spawn.h"

static const char *const budget_oom_policies[] = {"?", "continue", "stop", "kill"};
static const char *const budget_restarts[] = {"?",	   "no",	  "on-success", "on-failure",
					      "on-abnormal", "on-watchdog", "on-abort",	"always"};

const char *budget_oom_policy_word(enum budget_oom_policy policy)
{
	return policy < ARRAY_LEN(budget_oom_policies) ? budget_oom_policies[policy] : "?";
}

const char *budget_restart_word(enum budget_restart restart)
{
	return restart < ARRAY_LEN(budget_restarts) ? budget_restarts[restart] : "?";
}

/* --- asking --- */

/* A run of systemctl. */
struct budget_run {
	pid_t pid;
	int pidfd, output;
	mono_ms until;
};

static int budget_run_start(struct budget_run *run, const char *const *argv)
{
	static char locale[] = "LC_ALL=C", path[] = "PATH=/usr/bin:/bin", colours[] = "SYSTEMD_COLORS=0";
	char *const environment[] = {locale, path, colours, NULL};
	struct spawn spawn = {.environment = environment};
	int ends[2], error;

	memcpy(&spawn.argv, &argv, sizeof(argv)); /* execve(2) does not change them, its type does not say so */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	spawn.input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	error = spawn.input < 0 ? -errno : 0;
	spawn.output = ends[1];
	if (error == 0)
		run->pid = spawn_start(&spawn, &run->pidfd);
	if (error == 0 && run->pid < 0)
		error = run->pid;
	(void)file_close(spawn.input);
	(void)file_close(ends[1]);
	run->output = error == 0 ? ends[0] : file_close(ends[0]);
	return error;
}

/* Until one of both has news. */
static int budget_run_wait(const struct budget_run *run, int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	mono_ms now;
	int n;

	do {
		now = clock_mono();
		if (now >= run->until)
			return -ETIMEDOUT;
		n = poll(&poll_fd, 1, (int)(run->until - now));
	} while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n == 0 ? -ETIMEDOUT : 0;
}

static int budget_run_read(const struct budget_run *run, char *text, size_t size)
{
	size_t len = 0;
	int error = 0;

	while (error == 0) {
		ssize_t n;

		error = budget_run_wait(run, run->output);
		if (error < 0)
			break;
		n = read(run->output, text + len, size - 1 - len);
		if (n <= 0) {
			error = n < 0 && errno != EINTR ? -errno : 0;
			if (n == 0)
				break;
			continue;
		}
		len += (size_t)n;
		error = len == size - 1 ? -EFBIG : 0;
	}
	text[len] = '\0';
	return error;
}

/* Reap it; one that goes on is ended. */
static int budget_run_end(struct budget_run *run, int error)
{
	int status = 0;

	if (error == 0)
		error = budget_run_wait(run, run->pidfd);
	if (error < 0)
		(void)kill(run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	(void)file_close(run->pidfd);
	(void)file_close(run->output);
	if (error == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) != 0))
		error = -EPROTO;
	return error;
}

int budget_systemd_ask(const char *program, const char *const *names, size_t n, uint32_t wait_ms, char *text,
		       size_t size)
{
	static const char *const before[] = {
		"show",
		"--no-pager",
		"--property=Names,LoadState,OOMPolicy,Restart,RestartUSec",
		"--property=StartLimitIntervalUSec,StartLimitBurst,MemoryHigh,MemoryMax",
		"--",
	};
	struct budget_run run = {.until = clock_mono() + wait_ms};
	const char **argv = calloc(1 + ARRAY_LEN(before) + n + 1, sizeof(*argv));
	int error;

	text[0] = '\0';
	if (argv == NULL)
		return -ENOMEM;
	if (access(program, X_OK) < 0) {
		error = -errno;
		free(argv);
		return error;
	}
	argv[0] = program;
	memcpy(argv + 1, before, sizeof(before));
	for (size_t i = 0; i < n; i++)
		argv[1 + ARRAY_LEN(before) + i] = names[i];
	error = budget_run_start(&run, argv);
	if (error == 0)
		error = budget_run_end(&run, budget_run_read(&run, text, size));
	free(argv);
	return error;
}

/* --- its answer --- */

/* Of an interval the word behind the number, in microseconds; 0: it is none. */
static uint64_t budget_unit_us(const char *word, size_t len)
{
	static const struct {
		const char *word;
		uint64_t us;
	} rows[] = {{"us", 1},
		    {"ms", 1000},
		    {"s", 1000000},
		    {"min", 60000000},
		    {"h", 3600000000},
		    {"d", 86400000000},
		    {"w", 604800000000},
		    {"month", 2629800000000},
		    {"y", 31557600000000}};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (strlen(rows[i].word) == len && memcmp(word, rows[i].word, len) == 0)
			return rows[i].us;
	return 0;
}

bool budget_systemd_span(const char *text, uint64_t *us)
{
	double sum = 0;

	if (strcmp(text, "infinity") == 0) {
		*us = UINT64_MAX;
		return true;
	}
	if (strcmp(text, "0") == 0) {
		*us = 0;
		return true;
	}
	for (bool any = false;; any = true) {
		size_t digits, letters;
		uint64_t unit;

		text += strspn(text, " ");
		if (*text == '\0' && any) {
			if (sum >= 1e18)
				return false;
			*us = (uint64_t)sum;
			return true;
		}
		digits = strspn(text, "0123456789.");
		letters = strspn(text + digits, "abcdefghijklmnopqrstuvwxyz");
		unit = budget_unit_us(text + digits, letters);
		if (digits == 0 || digits > 20 || *text == '.' || unit == 0)
			return false;
		sum += strtod(text, NULL) * (double)unit;
		text += digits + letters;
	}
}

/* "infinity", or a number. Leaves the value alone where it is neither. */
static void budget_take_bytes(const char *text, uint64_t *bytes)
{
	uint64_t number;

	if (strcmp(text, "infinity") == 0)
		*bytes = BUDGET_NO_LIMIT;
	else if (file_parse_u64(text, &number) && number > 0)
		*bytes = number;
}

static unsigned budget_find_word(const char *text, const char *const *words, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (strcmp(words[i], text) == 0)
			return (unsigned)i;
	return 0;
}

static void budget_take(struct budget_systemd *row, const char *key, const char *value)
{
	if (strcmp(key, "LoadState") == 0)
		row->loaded = strcmp(value, "loaded") == 0;
	else if (strcmp(key, "OOMPolicy") == 0)
		row->oom_policy =
			(enum budget_oom_policy)budget_find_word(value, budget_oom_policies, ARRAY_LEN(budget_oom_policies));
	else if (strcmp(key, "Restart") == 0)
		row->restart = (enum budget_restart)budget_find_word(value, budget_restarts, ARRAY_LEN(budget_restarts));
	else if (strcmp(key, "RestartUSec") == 0)
		row->restart_known = budget_systemd_span(value, &row->restart_us);
	else if (strcmp(key, "StartLimitIntervalUSec") == 0)
		row->limit_known = budget_systemd_span(value, &row->limit_us);
	else if (strcmp(key, "StartLimitBurst") == 0)
		row->burst_known = file_parse_u64(value, &row->limit_burst);
	else if (strcmp(key, "MemoryHigh") == 0)
		budget_take_bytes(value, &row->high_bytes);
	else if (strcmp(key, "MemoryMax") == 0)
		budget_take_bytes(value, &row->max_bytes);
}

/* Is it among these, with a space between them? */
static bool budget_is_among(const char *names, const char *name)
{
	size_t len = strlen(name);

	for (const char *at = names; (at = strstr(at, name)) != NULL; at += len)
		if ((at == names || at[-1] == ' ') && (at[len] == ' ' || at[len] == '\0'))
			return true;
	return false;
}

/* One unit's lines, NUL-ended each, end with an empty one: into the rows of its names. */
static void budget_take_block(char *const *line, size_t lines, const char *const *names, size_t n,
			      struct budget_systemd *rows)
{
	struct budget_systemd row = {.answered = true};
	const char *own = "";

	for (size_t i = 0; i < lines; i++) {
		char *value = strchr(line[i], '=');

		if (value == NULL)
			continue;
		*value++ = '\0';
		if (strcmp(line[i], "Names") == 0)
			own = value;
		else
			budget_take(&row, line[i], value);
	}
	for (size_t i = 0; i < n; i++)
		if (budget_is_among(own, names[i]))
			rows[i] = row;
}

void budget_systemd_parse(char *text, const char *const *names, size_t n, struct budget_systemd *rows)
{
	enum { LINES = 32 };
	char *line[LINES], *next;
	size_t lines = 0;

	for (char *at = text; at != NULL; at = next) {
		next = strchr(at, '\n');
		if (next != NULL)
			*next++ = '\0';
		if (*at != '\0') {
			if (lines < LINES)
				line[lines++] = at;
			continue;
		}
		budget_take_block(line, lines, names, n, rows);
		lines = 0;
	}
	budget_take_block(line, lines, names, n, rows);
}
