#include "ask/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask/control.h"
#include "base/buffer.h"
#include "base/file.h"

#define RUNDIR_USUAL "/run/watchdogd"
#define RUNDIR_USUAL_STATE "/var/lib/watchdogd"

static char rundir_chosen[PATH_BYTES]; /* "": the usual one is good */

/* A directory, no link, that this user owns and nobody else may write. */
static bool rundir_is_own(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & 0022) == 0;
}

/* The directory that an environment variable names; NULL: none, or not a whole path. */
static const char *rundir_variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] == '/' ? value : NULL;
}

/* XDG_RUNTIME_DIR may be another user's (sudo -u, su): then it is not ours to write to. */
static bool rundir_in_session(struct buffer *out)
{
	const char *session = rundir_variable("XDG_RUNTIME_DIR");

	if (session == NULL || !rundir_is_own(session))
		return false;
	buffer_addf(out, "%s/watchdogd", session);
	return true;
}

static void rundir_in_tmp(struct buffer *out)
{
	buffer_addf(out, "/tmp/watchdogd-%u", (unsigned)geteuid());
}

/* Whether this user may write to dir, or make it in its parent. */
static bool rundir_may(const char *dir, const char *parent)
{
	return access(access(dir, F_OK) == 0 ? dir : parent, W_OK | X_OK) == 0;
}

/* As the XDG base directories have it: what is to outlive a session. */
static void rundir_choose_state(void)
{
	const char *state = rundir_variable("XDG_STATE_HOME"), *home = rundir_variable("HOME");
	char path[PATH_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, path);
	if (state != NULL)
		buffer_addf(&b, "%s/watchdogd", state);
	else if (home != NULL && rundir_is_own(home))
		buffer_addf(&b, "%s/.local/state/watchdogd", home);
	else
		buffer_addf(&b, "%s/store", rundir_chosen);
	if (!b.cut)
		(void)setenv("STATE_DIRECTORY", path, 1);
}

bool rundir_choose(void)
{
	struct buffer b;

	if (geteuid() == 0 || rundir_variable("RUNTIME_DIRECTORY") != NULL ||
	    rundir_may(RUNDIR_USUAL, "/run"))
		return false;
	BUFFER_OVER(&b, rundir_chosen);
	if (!rundir_in_session(&b))
		rundir_in_tmp(&b);
	(void)setenv("RUNTIME_DIRECTORY", rundir_chosen, 1);
	if (rundir_variable("STATE_DIRECTORY") == NULL &&
	    !rundir_may(RUNDIR_USUAL_STATE, "/var/lib"))
		rundir_choose_state();
	return true;
}

int rundir_make(const char *control)
{
	size_t n = strlen(rundir_chosen);
	struct stat st;
	int fd, error = 0;

	if (n == 0 || strncmp(control, rundir_chosen, n) != 0 || control[n] != '/')
		return 0;
	if (mkdir(rundir_chosen, 0700) < 0 && errno != EEXIST)
		return -errno;
	/* In /tmp anyone may have been first. Ours by owner it stays: nobody else may rename it. */
	fd = open(rundir_chosen, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ELOOP || errno == ENOTDIR ? -EPERM : -errno;
	if (fstat(fd, &st) < 0)
		error = -errno;
	else if (st.st_uid != geteuid() || (st.st_mode & 0022) != 0)
		error = -EPERM;
	(void)file_close(fd);
	return error;
}

static bool rundir_has_socket(const char *dir, char control[PATH_BYTES])
{
	struct buffer b;

	buffer_init(&b, control, PATH_BYTES);
	buffer_addf(&b, "%s/control", dir);
	return !b.cut && access(control, F_OK) == 0;
}

void rundir_find(char control[PATH_BYTES])
{
	const char *set = rundir_variable("RUNTIME_DIRECTORY");
	char session[PATH_BYTES], tmp[PATH_BYTES];
	struct buffer b, out;

	buffer_init(&out, control, PATH_BYTES);
	if (set != NULL) {
		buffer_add_bytes(&out, set, strcspn(set, ":"));
		buffer_add(&out, "/control");
		return;
	}
	if (geteuid() != 0 && access(CONTROL_PATH_DEFAULT, F_OK) < 0) {
		BUFFER_OVER(&b, session);
		if (rundir_in_session(&b) && rundir_is_own(session) &&
		    rundir_has_socket(session, control))
			return;
		BUFFER_OVER(&b, tmp);
		rundir_in_tmp(&b);
		if (rundir_is_own(tmp) && rundir_has_socket(tmp, control))
			return;
	}
	buffer_init(&out, control, PATH_BYTES);
	buffer_add(&out, CONTROL_PATH_DEFAULT);
}
