#include "exec_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/root.h"
#include "see/cgroup_layout.h"

/* Below the root prefix both: a made-up host never meets the real systemd. */
static const char EXEC_PLACE_SYSTEMD[] = "/run/systemd/system"; /* there where systemd is the init (sd_booted(3)) */
static const char EXEC_PLACE_RUN[] = "/usr/bin/systemd-run";

/* The directory of this name in dir, made where it is missing. The descriptor, the caller's, or -errno. */
static int exec_place_make_part(int dir, const char *name)
{
	int at;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return -EINVAL;
	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return -errno;
	at = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return at < 0 ? -errno : at;
}

/* The same of each part of a path. */
static int exec_place_make(int dir, const char *path)
{
	int at = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	char part[256];

	if (at < 0)
		return -errno;
	while (*(path += strspn(path, "/")) != '\0') {
		size_t n = strcspn(path, "/");
		int next = -ENAMETOOLONG;

		if (n < sizeof(part)) {
			memcpy(part, path, n);
			part[n] = '\0';
			next = exec_place_make_part(at, part);
		}
		(void)close(at);
		if (next < 0)
			return next;
		at = next;
		path += n;
	}
	return at;
}

/* 0 or -errno. */
static int exec_place_add(struct exec_place *place, int dir, const char *path)
{
	int at = exec_place_make(dir, path), fd;

	if (at < 0)
		return at;
	fd = openat(at, "cgroup.procs", O_WRONLY | O_CLOEXEC);
	if (fd < 0) {
		fd = -errno;
	} else {
		place->cgroup[place->cgroups++] = fd;
		fd = 0;
	}
	(void)close(at);
	return fd;
}

/* In the hierarchy where units are; and on v1 in those beside it, where that can be: by them a unit is killed and
 * frozen whole, and by systemd's own one it would end with our service. */
static int exec_place_open_cgroup(struct exec_place *place, const char *path, struct buffer *why)
{
	struct cgroup_layout layout;
	int error = -ENOENT, systemd;

	cgroup_layout_open(&layout);
	if (layout.root >= 0)
		error = exec_place_add(place, layout.root, path);
	if (error == 0 && layout.unified >= 0)
		(void)exec_place_add(place, layout.unified, path);
	if (error == 0 && layout.freezer >= 0)
		(void)exec_place_add(place, layout.freezer, path);
	systemd = layout.kind == CGROUP_V1 ? root_open("/sys/fs/cgroup/systemd", O_RDONLY | O_DIRECTORY) : -1;
	if (error == 0 && systemd >= 0)
		(void)exec_place_add(place, systemd, path);
	(void)file_close(systemd);
	(void)file_close(layout.root);
	(void)file_close(layout.unified);
	(void)file_close(layout.freezer);
	if (error < 0)
		buffer_addf(why, "cgroup %s", path);
	return error;
}

/* Of the name of the unit, which systemd takes as it is, and of the time: what an earlier start left may live on
 * in its own. */
static int exec_place_behind_systemd(struct exec_place *place, const char *unit)
{
	const char *const words[] = {place->run, "--scope", "--quiet", "--collect", place->scope, "--"};
	struct buffer name;
	int n = 0;

	BUFFER_OVER(&name, place->scope);
	buffer_addf(&name, "--unit=watchdogd-%s-%llx", unit, (unsigned long long)clock_wall());
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		place->argv[n++] = (char *)(uintptr_t)words[i];
	return n;
}

/* Only root may ask systemd for a scope of the host's. */
static bool exec_place_has_systemd(struct exec_place *place)
{
	char path[PATH_BYTES];

	return geteuid() == 0 && root_join(EXEC_PLACE_SYSTEMD, path, sizeof(path)) == 0 && access(path, F_OK) == 0 &&
	       root_join(EXEC_PLACE_RUN, place->run, sizeof(place->run)) == 0 && access(place->run, X_OK) == 0;
}

int exec_place_open(struct exec_place *place, const char *cgroup, const char *unit, struct command *command,
		    struct buffer *why)
{
	int n = 0, error = 0;

	memset(place, 0, sizeof(*place));
	if (cgroup[0] != '\0')
		error = exec_place_open_cgroup(place, cgroup, why);
	else if (exec_place_has_systemd(place))
		n = exec_place_behind_systemd(place, unit);
	for (int i = 0; command->argv[i] != NULL; i++)
		place->argv[n++] = command->argv[i];
	place->argv[n] = NULL;
	return error;
}

void exec_place_close(struct exec_place *place)
{
	while (place->cgroups > 0)
		(void)close(place->cgroup[--place->cgroups]);
}
