#include "exec_check.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "exec_run.h"
#include "words/command.h"

enum {
	EXEC_CHECKS_AT_ONCE = 4, /* of all units: a host that is short of memory must not start a hundred */
	EXEC_CHECK_WAIT_MS = 50, /* until one that is due is looked at again, where it could not begin */
};

enum exec_check_phase { CHECK_WAITS, CHECK_RUNS, CHECK_KILLED };

struct exec_check {
	uint64_t unit;
	bool gone;   /* no unit's any more: stays until its process has ended */
	char command[LINE_BYTES + 1];
	uint32_t every_ms, timeout_ms;
	enum exec_check_phase phase;
	mono_ms due; /* begins then; RUNS: is over its time then */
	mono_ms next;
	int refused; /* why it could not be started last time, told once; 0: it could */
	struct exec_run run;
};

static struct {
	struct exec_check_with with;
	struct exec_check *check; /* on the heap */
	size_t count;
	int running;
} checks;

void exec_check_open(const struct exec_check_with *with)
{
	memset(&checks, 0, sizeof(checks));
	checks.with = *with;
}

static void exec_check_end(struct exec_check *check)
{
	exec_run_close(&check->run);
	check->phase = CHECK_WAITS;
	check->due = check->next;
	checks.running--;
}

/* A check that cannot be run says nothing of its unit: not told as one that failed, which would have it restarted. */
static void exec_check_refuse(struct exec_check *check, int error, const char *why)
{
	char said[TEXT_BYTES];
	struct buffer text;

	check->due = check->next;
	if (check->refused == error)
		return;
	check->refused = error;
	BUFFER_OVER(&text, said);
	buffer_addf(&text, "cannot run the check %s: %s; whether its unit is alive is not known from it",
		    check->command, why);
	checks.with.host->log(LOG_WARNING, text.text);
}

static int exec_check_start(struct exec_check *check, struct command *words)
{
	static char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", lang[] = "LANG=C.UTF-8";
	char *environment[] = {path, lang, NULL};
	bool root = geteuid() == 0;
	struct spawn spawn = {
		.argv = words->argv,
		.environment = environment,
		.input = open("/dev/null", O_RDONLY | O_CLOEXEC),
		.drops = true,
		.uid = root ? checks.with.uid : geteuid(),
		.gid = root ? checks.with.gid : getegid(),
	};
	int error = spawn.input < 0 ? -errno : exec_run_open(&check->run);

	if (error == 0) {
		error = exec_run_start(&check->run, &spawn);
		if (error < 0)
			exec_run_close(&check->run);
	}
	(void)file_close(spawn.input);
	return error;
}

static void exec_check_begin(struct exec_check *check, mono_ms now)
{
	struct command words;
	int error;

	/* What was missed is not made up for. */
	check->next = check->due + check->every_ms;
	if (check->next <= now)
		check->next = now + check->every_ms;
	if (command_parse(&words, check->command) < 0) {
		exec_check_refuse(check, -EINVAL, words.wrong);
		return;
	}
	error = exec_check_start(check, &words);
	if (error < 0) {
		exec_check_refuse(check, error, diag_errno(error));
		return;
	}
	check->refused = 0;
	check->phase = CHECK_RUNS;
	check->due = now + check->timeout_ms;
	checks.running++;
}

/* "exited with status 1: FIRST LINE". */
static void exec_check_tell(struct exec_check *check, int result, struct buffer *text)
{
	exec_output_end(&check->run.said);
	if (result != 0 && check->run.said.lines > 0)
		buffer_addf(text, ": %s", check->run.said.first);
	checks.with.host->alive(check->unit, result, result == 0 ? "" : text->text);
}

static void exec_check_look(struct exec_check *check, mono_ms now)
{
	char said[TEXT_BYTES], span[32];
	struct buffer text;
	siginfo_t end;

	BUFFER_OVER(&text, said);
	exec_run_read(&check->run);
	if (exec_run_has_ended(&check->run, &end)) {
		exec_run_kill(&check->run, SIGKILL); /* what it left in its group */
		exec_run_reap(&check->run);
		exec_run_tell_end(&text, &end);
		if (check->phase == CHECK_RUNS)
			exec_check_tell(check, end.si_code == CLD_EXITED && end.si_status == 0 ? 0 : -EIO, &text);
		exec_check_end(check);
	} else if (check->phase == CHECK_RUNS && now >= check->due) {
		exec_run_kill(&check->run, SIGKILL);
		check->phase = CHECK_KILLED; /* in an uninterruptible wait it may stay: no second one beside it */
		buffer_addf(&text, "gave no answer within %s", clock_format_span(check->timeout_ms, span));
		exec_check_tell(check, -ETIMEDOUT, &text);
	}
}

/* Its row of before, where nothing of it has changed. */
static struct exec_check *exec_check_find(const struct plugin_unit *unit)
{
	for (size_t i = 0; i < checks.count; i++) {
		struct exec_check *check = &checks.check[i];

		if (!check->gone && check->unit == unit->id && check->every_ms == unit->alive_every_ms &&
		    check->timeout_ms == unit->alive_timeout_ms && strcmp(check->command, unit->alive) == 0)
			return check;
	}
	return NULL;
}

/* A new one begins within its first interval, at a place of its own in it: those of one config are spread. */
static void exec_check_take(struct exec_check *row, const struct plugin_unit *unit, size_t place, size_t of)
{
	struct exec_check *old = exec_check_find(unit);
	struct buffer text;

	if (old != NULL) {
		*row = *old;
		old->gone = true; /* moved: neither found again nor kept */
		old->phase = CHECK_WAITS;
		return;
	}
	memset(row, 0, sizeof(*row));
	row->unit = unit->id;
	row->every_ms = unit->alive_every_ms;
	row->timeout_ms = unit->alive_timeout_ms;
	row->due = clock_mono() + (uint64_t)unit->alive_every_ms * place / of;
	row->run.pidfd = row->run.output = row->run.far_end = -1;
	BUFFER_OVER(&text, row->command);
	buffer_add(&text, unit->alive);
}

static bool exec_check_wanted(const struct plugin_unit *unit)
{
	return unit->alive[0] != '\0' && unit->alive_every_ms > 0;
}

/* What runs and is wanted no more is killed; its row stays until it has ended. The number of those rows. */
static size_t exec_check_drop(struct exec_check *rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < checks.count; i++) {
		struct exec_check *check = &checks.check[i];

		if (check->phase == CHECK_WAITS)
			continue;
		exec_run_kill(&check->run, SIGKILL);
		check->phase = CHECK_KILLED;
		check->gone = true;
		rows[kept++] = *check;
	}
	return kept;
}

void exec_check_watch(const struct plugin_unit *units, size_t count)
{
	size_t wanted = 0, at = 0;
	struct exec_check *rows;

	for (size_t i = 0; i < count; i++)
		wanted += exec_check_wanted(&units[i]);
	rows = calloc(wanted + (size_t)checks.running + 1, sizeof(*rows));
	if (rows == NULL) {
		checks.with.host->log(LOG_WARNING, "no memory for the checks of the new config: those of the old one go on");
		return;
	}
	for (size_t i = 0; i < count; i++)
		if (exec_check_wanted(&units[i])) {
			exec_check_take(&rows[at], &units[i], at, wanted);
			at++;
		}
	at += exec_check_drop(rows + at);
	free(checks.check);
	checks.check = rows;
	checks.count = at;
}

int exec_check_prepare(struct pollfd *fds, int max, int *timeout_ms, bool busy)
{
	bool full = busy || checks.running >= EXEC_CHECKS_AT_ONCE;
	mono_ms now = clock_mono();
	int rows = 0;

	for (size_t i = 0; i < checks.count; i++) {
		const struct exec_check *c = &checks.check[i];
		int left = c->due > now ? (int)(c->due - now) : 0;

		if (c->phase != CHECK_WAITS)
			rows += exec_run_prepare(&c->run, fds + rows, max - rows);
		if (c->phase == CHECK_KILLED || c->gone)
			continue;
		if (c->phase == CHECK_WAITS && full && left < EXEC_CHECK_WAIT_MS)
			left = EXEC_CHECK_WAIT_MS;
		if (*timeout_ms < 0 || left < *timeout_ms)
			*timeout_ms = left;
	}
	return rows;
}

void exec_check_dispatch(bool busy)
{
	mono_ms now = clock_mono();

	for (size_t i = 0; i < checks.count; i++)
		if (checks.check[i].phase != CHECK_WAITS)
			exec_check_look(&checks.check[i], now);
	while (!busy && checks.running < EXEC_CHECKS_AT_ONCE) {
		struct exec_check *first = NULL; /* who waits longest */

		for (size_t i = 0; i < checks.count; i++)
			if (checks.check[i].phase == CHECK_WAITS && !checks.check[i].gone &&
			    checks.check[i].due <= now && (first == NULL || checks.check[i].due < first->due))
				first = &checks.check[i];
		if (first == NULL)
			break;
		exec_check_begin(first, now);
	}
}

void exec_check_close(void)
{
	for (size_t i = 0; i < checks.count; i++) {
		if (checks.check[i].phase == CHECK_WAITS)
			continue;
		exec_run_kill(&checks.check[i].run, SIGKILL);
		exec_run_close(&checks.check[i].run);
	}
	free(checks.check);
	memset(&checks, 0, sizeof(checks));
}
