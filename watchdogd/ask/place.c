/* Making the directory, the files in it and the socket reachable for exactly who may reach them. */
#include "ask/place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/file.h"

bool place_group(const char *name, gid_t *gid)
{
	const struct group *group = name[0] != '\0' ? getgrnam(name) : NULL;

	if (group != NULL)
		*gid = group->gr_gid;
	return group != NULL;
}

/* What chown(2) said. Who is not root cannot give a file to a group that he is not in (EPERM), nor
 * a container to one that is not its own (EINVAL): then the readers do without, and the daemon
 * runs. */
static int place_given(int chown_result)
{
	return chown_result < 0 && errno != EPERM && errno != EINVAL ? -errno : 0;
}

static int place_parent(const char *path, char *dir, size_t size)
{
	const char *slash = strrchr(path, '/');
	struct buffer b;

	buffer_init(&b, dir, size);
	if (slash == NULL)
		buffer_add(&b, ".");
	else
		buffer_add_bytes(&b, path, slash == path ? 1 : (size_t)(slash - path));
	return b.cut ? -ENAMETOOLONG : 0;
}

/* The directories above dir that are missing, as the umask has them. The last error is told by who
 * makes dir itself. */
static void place_make_above(const char *dir)
{
	char above[PATH_BYTES];
	struct buffer b;

	for (const char *p = dir; (p = strchr(p + 1, '/')) != NULL;) {
		BUFFER_OVER(&b, above);
		buffer_add_bytes(&b, dir, (size_t)(p - dir));
		(void)mkdir(above, 0755);
	}
}

int place_make_dir(const char *dir)
{
	struct stat st;
	int error = mkdir(dir, 0750) < 0 ? errno : 0;

	if (error == ENOENT) {
		place_make_above(dir);
		error = mkdir(dir, 0750) < 0 ? errno : 0;
	}
	if (error == EEXIST)
		return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	/* The umask of who starts us is not to keep the readers out. */
	return error != 0 ? -error : chmod(dir, 0750) < 0 ? -errno : 0;
}

int place_make(const char *path, const char *readers)
{
	char dir[PATH_BYTES];
	struct stat st;
	gid_t gid;
	int error = place_parent(path, dir, sizeof(dir));
	int fd;

	if (error == 0)
		error = place_make_dir(dir);
	if (error < 0)
		return error;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* A directory for others too (/run) is not ours to give away. */
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() && (st.st_mode & 0777) == 0750 &&
	    place_group(readers, &gid) && gid != st.st_gid)
		error = place_given(fchown(fd, (uid_t)-1, gid));
	(void)file_close(fd);
	return error;
}

int place_share(int fd, const char *readers)
{
	gid_t gid;
	int error = 0;

	if (place_group(readers, &gid))
		error = place_given(fchown(fd, (uid_t)-1, gid));
	return error < 0 ? error : fchmod(fd, 0640) < 0 ? -errno : 0;
}

static int place_address(const char *path, struct sockaddr_un *address)
{
	struct buffer b;

	*address = (struct sockaddr_un){.sun_family = AF_UNIX};
	BUFFER_OVER(&b, address->sun_path);
	buffer_add(&b, path);
	return b.cut ? -ENAMETOOLONG : b.len == 0 ? -EINVAL : 0;
}

int place_connect(const char *path)
{
	struct sockaddr_un address;
	int fd, error = place_address(path, &address);

	if (error < 0)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		error = -errno;
		(void)file_close(fd);
		return error;
	}
	return fd;
}

/* 0 when nothing is at the path now; a socket without a listener is removed. */
static int place_clear_stale(const char *path)
{
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = place_connect(path);
	if (fd >= 0 || fd == -EAGAIN) { /* EAGAIN: its queue is full, so someone listens */
		(void)file_close(fd);
		return -EADDRINUSE;
	}
	if (fd != -ECONNREFUSED)
		return fd;
	return unlink(path) < 0 ? -errno : 0;
}

/* Bound with nobody allowed, then opened to the group: never wider than meant, not for an instant.
 */
static int place_bind(int fd, const struct sockaddr_un *address, const char *readers,
		      struct stat *st)
{
	mode_t mask = umask(0177);
	int error = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
	gid_t gid;

	(void)umask(mask);
	if (error < 0)
		return error;
	if (lstat(address->sun_path, st) < 0)
		return -errno;
	if (place_group(readers, &gid))
		error = place_given(lchown(address->sun_path, (uid_t)-1, gid));
	if (error < 0)
		return error;
	return chmod(address->sun_path, 0660) < 0 ? -errno : 0;
}

int place_listen(const char *path, const char *readers, int backlog, struct stat *st)
{
	struct sockaddr_un address;
	int fd, error = place_address(path, &address);

	if (error == 0)
		error = place_clear_stale(path);
	if (error < 0)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = place_bind(fd, &address, readers, st);
	if (error == 0 && listen(fd, backlog) < 0)
		error = -errno;
	if (error < 0)
		(void)file_close(fd);
	return error < 0 ? error : fd;
}

int place_regroup(const char *path, const char *readers)
{
	gid_t gid = getegid();
	int error;

	(void)place_group(readers, &gid);
	error = place_given(lchown(path, (uid_t)-1, gid));
	return error < 0 ? error : place_make(path, readers);
}
