/* Finding the state page, and whether who writes it is alive. */
#include "ask/status.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"

enum { STATUS_ALIVE = 0, STATUS_UNREADABLE = 1, STATUS_NOT_RUNNING = 3 };

static const char *const status_unit_words[] = {
	[STATE_UNIT_UNSEEN] = "unseen",
	[STATE_UNIT_RUNNING] = "running",
	[STATE_UNIT_INACTIVE] = "inactive",
	[STATE_UNIT_FROZEN] = "frozen",
};

static const char *const status_mark_words[] = {
	[STATE_MARK_NONE] = "",
	[STATE_MARK_STOPPED] = "stopped",
	[STATE_MARK_FROZEN] = "frozen",
	[STATE_MARK_CAPPED] = "capped",
};

static const char *const status_phase_words[] = {
	[STATE_RULE_QUIET] = "quiet",       [STATE_RULE_HOLDING] = "holding",
	[STATE_RULE_FIRING] = "firing",     [STATE_RULE_STANDING] = "standing",
	[STATE_RULE_GIVEN_UP] = "given up",
};

const char *status_unit_word(unsigned status)
{
	return status < ARRAY_LEN(status_unit_words) ? status_unit_words[status] : "?";
}

const char *status_mark_word(unsigned mark)
{
	return mark < ARRAY_LEN(status_mark_words) ? status_mark_words[mark] : "?";
}

const char *status_phase_word(unsigned phase)
{
	return phase < ARRAY_LEN(status_phase_words) ? status_phase_words[phase] : "?";
}

const char *status_stale(const struct state *state, const char *boot_id, mono_ms now)
{
	/* Checked first: a pid and a clock of another boot say nothing. */
	if (boot_id[0] != '\0' && state->boot_id[0] != '\0' && strcmp(boot_id, state->boot_id) != 0)
		return "the page is from before the last restart of the host";
	if (state->sentinel_pid <= 0)
		return "the sentinel has not started";
	if (kill(state->sentinel_pid, 0) < 0 && errno == ESRCH) /* EPERM: it is there, not ours */
		return "the sentinel's process is gone";
	if (state->tick > now || now - state->tick > STATUS_STALE_MS)
		return "the sentinel does not tick";
	return NULL;
}

/* PATH of the page that lies beside a control socket. */
static void status_path(const char *control, struct buffer *path)
{
	const char *slash = strrchr(control, '/');

	if (slash != NULL)
		buffer_add_bytes(path, control, (size_t)(slash - control) + 1);
	buffer_add(path, "state");
}

static int status_cannot(const char *path, FILE *err)
{
	int error = errno;

	if (error == ENOENT) {
		(void)fprintf(err, "watchdogctl: watchdogd is not running: there is no %s\n", path);
		return STATUS_NOT_RUNNING;
	}
	if (error == EPROTO)
		(void)fprintf(err,
			      "watchdogctl: %s is no state page of this version; watchdogd and "
			      "watchdogctl must be of one build\n",
			      path);
	else
		(void)fprintf(err, "watchdogctl: cannot read %s: %s%s\n", path, diag_errno(error),
			      error == EACCES ? "; root and the group `readers` may" : "");
	return STATUS_UNREADABLE;
}

static struct state *status_take(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	const struct state *page;
	struct state *copy = NULL;
	int error;

	if (fd < 0)
		return NULL;
	page = state_map(fd);
	error = errno;
	(void)file_close(fd);
	if (page != NULL && (copy = malloc(sizeof(*copy))) != NULL) {
		(void)state_copy(page, copy); /* false: its writer was killed in the middle, which is said */
		error = 0;
	}
	errno = error;
	return copy;
}

int status_open(const char *control, struct status *status, FILE *err)
{
	char path_text[PATH_BYTES], boot_id[64] = "";
	struct buffer path;
	struct state *copy;

	BUFFER_OVER(&path, path_text);
	status_path(control, &path);
	copy = status_take(path.text);
	if (copy == NULL)
		return status_cannot(path.text, err);
	/* Of the real host, without a prefix: it is this reader's own boot that counts. */
	if (file_read_at(AT_FDCWD, "/proc/sys/kernel/random/boot_id", boot_id, sizeof(boot_id)) > 0)
		boot_id[strcspn(boot_id, "\n")] = '\0';
	*status = (struct status){.state = copy, .now = clock_mono(), .wall = clock_wall()};
	status->not_alive = status_stale(copy, boot_id, status->now);
	return 0;
}

void status_close(struct status *status)
{
	free((void *)(uintptr_t)status->state);
	status->state = NULL;
}

int status_run(const char *control, bool json, FILE *out, FILE *err)
{
	struct status status;
	int result = status_open(control, &status, err);

	if (result != 0)
		return result;
	(json ? status_print_json : status_print)(&status, out);
	result = status.not_alive == NULL ? STATUS_ALIVE : STATUS_NOT_RUNNING;
	status_close(&status);
	return result;
}
