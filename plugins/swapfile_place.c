#include "swapfile_place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/diag.h"
#include "base/file.h"

void swapfile_add_mib(struct buffer *text, uint64_t bytes)
{
	buffer_addf(text, "%llu MiB", (unsigned long long)(bytes / (1024 * 1024)));
}

/* In a directory with the sticky bit nobody else can rename or remove what is root's; but everybody can make the
 * file first. */
static bool place_is_roots(int fd, bool last)
{
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_uid != 0)
		return false;
	return (st.st_mode & (S_IWGRP | S_IWOTH)) == 0 || (!last && (st.st_mode & S_ISVTX) != 0);
}

/* One step down the path; dir is closed. -errno and why. */
static int place_enter(int dir, const char *name, bool last, struct buffer *why)
{
	int flags = O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | (last ? O_RDONLY : O_PATH);
	int fd = openat(dir, name, flags), error = errno;

	(void)file_close(dir);
	if (fd >= 0 && place_is_roots(fd, last))
		return fd;
	if (fd >= 0) {
		(void)file_close(fd);
		buffer_addf(why, "others than root may write the directory \"%s\" of its path", name);
		return -EPERM;
	}
	if (error == ENOTDIR || error == ELOOP)
		buffer_addf(why, "\"%s\" of its path is no directory, or a symbolic link: write the real path", name);
	else
		buffer_addf(why, "cannot enter the directory \"%s\" of its path: %s", name, diag_errno(error));
	return -ENOTDIR;
}

static int place_walk(const char *path, struct buffer *why)
{
	char part[PATH_BYTES];
	int fd = place_enter(AT_FDCWD, "/", path[1] == '\0', why);
	struct buffer b;

	while (fd >= 0 && *(path += strspn(path, "/")) != '\0') {
		size_t len = strcspn(path, "/");

		BUFFER_OVER(&b, part);
		buffer_add_bytes(&b, path, len);
		path += len;
		fd = place_enter(fd, part, path[strspn(path, "/")] == '\0', why);
	}
	return fd;
}

int swapfile_place_open(const struct swapfile_order *order, const struct swapfs **fs, struct buffer *why)
{
	int fd = place_walk(order->dir, why);
	char text[TEXT_BYTES];
	struct statfs is;

	if (fd < 0)
		return fd;
	if (fstatfs(fd, &is) < 0) {
		int error = -errno;

		buffer_addf(why, "cannot look at its file system: %s", diag_errno(error));
		(void)file_close(fd);
		return error;
	}
	*fs = swapfs_find((unsigned long)is.f_type);
	if ((*fs)->way != SWAPFS_NONE)
		return fd;
	swapfs_say_why((unsigned long)is.f_type, text, sizeof(text));
	buffer_add(why, text);
	(void)file_close(fd);
	return -EOPNOTSUPP;
}

int swapfile_place_has(int fd, const struct swapfile_order *order, uint64_t more, struct buffer *why)
{
	struct statvfs fs;
	uint64_t left;

	if (fstatvfs(fd, &fs) < 0) {
		buffer_addf(why, "cannot see what its file system has left: %s", diag_errno(errno));
		return -ENOSPC;
	}
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (left >= more && left - more >= order->free_bytes)
		return 0;
	buffer_add(why, "its file system has ");
	swapfile_add_mib(why, left);
	buffer_add(why, " left: too little for ");
	if (more > 0)
		swapfile_add_mib(why, more);
	buffer_add(why, more > 0 ? " and `free` of " : "`free` of ");
	swapfile_add_mib(why, order->free_bytes);
	return -ENOSPC;
}
