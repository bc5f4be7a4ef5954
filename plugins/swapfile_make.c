/* Looking at it, making it, and removing what is half made. It is made under another name, and gets its own when it is
 * whole and on the disk: so a kill at any point leaves nothing that could be taken for a swap file. The piece after the
 * kill is removed when the file is looked at or made the next time. In pieces, so that what must be free is looked at
 * again and again, and the host's memory does not fill with what waits to be written. */
#include "swapfile_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/diag.h"
#include "base/file.h"
#include "swapfile_file.h"
#include "swapfile_mkswap.h"
#include "swapfile_place.h"
#include "swapfile_switch.h"

enum {
	MAKE_RESERVE_BYTES = 64 * 1024 * 1024, /* of fallocate(2) */
	MAKE_WRITE_BYTES = 1024 * 1024,
	MAKE_SYNC_BYTES = 8 * 1024 * 1024,     /* so much is written before it is waited for */
};

/* Half a file of ours: the directory is root's alone, and nobody else chooses that name. */
static int make_clean(int dir, const struct swapfile_order *order)
{
	struct stat st;

	if (fstatat(dir, order->half, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	return unlinkat(dir, order->half, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* 0; 1: this file system reserves nothing; -errno and why. */
static int make_reserve(int fd, const struct swapfile_order *order, struct buffer *why)
{
	for (uint64_t at = 0; at < order->size_bytes; at += MAKE_RESERVE_BYTES) {
		uint64_t left = order->size_bytes - at;
		int error = swapfile_place_has(fd, order, left, why);

		if (error < 0)
			return error;
		if (fallocate(fd, 0, (off_t)at, (off_t)(left < MAKE_RESERVE_BYTES ? left : MAKE_RESERVE_BYTES)) == 0)
			continue;
		if (errno == EOPNOTSUPP && at == 0)
			return 1;
		error = -errno;
		buffer_addf(why, "cannot reserve %s: %s", order->path, diag_errno(error));
		return error;
	}
	return 0;
}

/* On the disk, and out of the page cache. */
static int make_sync(int fd, uint64_t to)
{
	if (fdatasync(fd) < 0)
		return -errno;
	(void)posix_fadvise(fd, 0, (off_t)to, POSIX_FADV_DONTNEED);
	return 0;
}

static int make_write_piece(int fd, size_t bytes)
{
	static const char zeros[MAKE_WRITE_BYTES];

	while (bytes > 0) {
		ssize_t n = write(fd, zeros, bytes < sizeof(zeros) ? bytes : sizeof(zeros));

		if (n < 0 && errno != EINTR)
			return -errno;
		bytes -= n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int make_write(int fd, const struct swapfile_order *order, struct buffer *why)
{
	for (uint64_t at = 0; at < order->size_bytes; at += MAKE_SYNC_BYTES) {
		uint64_t left = order->size_bytes - at;
		int error = swapfile_place_has(fd, order, left, why);

		if (error < 0)
			return error;
		error = make_write_piece(fd, left < MAKE_SYNC_BYTES ? (size_t)left : MAKE_SYNC_BYTES);
		if (error == 0)
			error = make_sync(fd, at + MAKE_SYNC_BYTES);
		if (error == 0)
			continue;
		buffer_addf(why, "cannot write %s: %s", order->path, diag_errno(error));
		return error;
	}
	return 0;
}

/* While it is empty: what is in it keeps its way. That it is not compressed follows. */
static int make_nocow(int fd, struct buffer *why)
{
	int flags = 0;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) == 0) {
		flags |= FS_NOCOW_FL;
		if (ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0)
			return 0;
	}
	buffer_addf(why, "cannot tell it not to copy on write: %s", diag_errno(errno));
	return -EOPNOTSUPP;
}

/* All its blocks. */
static int make_fill(int fd, const struct swapfile_order *order, const struct swapfs *fs, struct buffer *why)
{
	int error = fs->way == SWAPFS_NOCOW ? make_nocow(fd, why) : 0;

	if (error == 0 && fs->way != SWAPFS_WRITE)
		error = make_reserve(fd, order, why);
	else if (error == 0)
		error = 1;
	if (error == 1)
		error = make_write(fd, order, why);
	return error;
}

/* Nobody else can open it at any time: it is made with mode 0600, and umask takes nothing of that away. */
static int make_half(int dir, const struct swapfile_order *order, const struct swapfs *fs, struct buffer *why)
{
	int fd = openat(dir, order->half, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600), error;

	if (fd < 0) {
		error = -errno;
		buffer_addf(why, "cannot make %s: %s", order->path, diag_errno(error));
		return error;
	}
	error = make_fill(fd, order, fs, why);
	if (error == 0)
		error = swapfile_mkswap(dir, order->half, why);
	if (error == 0 && fsync(fd) < 0) {
		error = -errno;
		buffer_addf(why, "cannot bring %s to the disk: %s", order->path, diag_errno(error));
	}
	(void)file_close(fd);
	return error;
}

/* It gets its name; a file that came meanwhile keeps it. */
static int make_name(int dir, const struct swapfile_order *order, struct buffer *why)
{
	if (renameat2(dir, order->half, dir, order->name, RENAME_NOREPLACE) == 0 && fsync(dir) == 0)
		return 0;
	buffer_addf(why, "cannot give %s its name: %s", order->path, diag_errno(errno));
	return -EIO;
}

static int make_new(int dir, const struct swapfile_order *order, const struct swapfs *fs, struct buffer *said)
{
	int error = swapfile_place_has(dir, order, order->size_bytes, said);

	if (error == 0)
		error = make_half(dir, order, fs, said);
	if (error == 0)
		error = swapfile_file_check(dir, order->half, order, fs, said);
	if (error == 0)
		error = make_name(dir, order, said);
	if (error < 0) {
		(void)make_clean(dir, order);
		return error == -ENOENT ? -EIO : error;
	}
	buffer_addf(said, "%s was made, ", order->path);
	swapfile_add_mib(said, order->size_bytes);
	buffer_addf(said, " on %s", fs->name);
	return 0;
}

static int make_do(int dir, const struct swapfile_order *order, const struct swapfs *fs, struct buffer *said)
{
	char text[TEXT_BYTES];
	struct buffer wrong;
	int error = order->work == SWAPFILE_ON || order->work == SWAPFILE_OFF ? 0 : make_clean(dir, order);

	if (error < 0)
		buffer_addf(said, "cannot remove %s/%s: %s", order->dir, order->half, diag_errno(error));
	if (error < 0 || order->work == SWAPFILE_CLEAN)
		return error;
	if (order->work == SWAPFILE_OFF)
		return swapfile_switch_off(dir, order, said);
	BUFFER_OVER(&wrong, text);
	error = swapfile_file_check(dir, order->name, order, fs, &wrong);
	if (order->work == SWAPFILE_MAKE && error == -ENOENT)
		return make_new(dir, order, fs, said);
	if (error < 0) {
		buffer_add(said, text);
		return error;
	}
	if (order->work == SWAPFILE_ON)
		return swapfile_switch_on(dir, order, said);
	buffer_addf(said, "%s is there, ", order->path);
	swapfile_add_mib(said, order->size_bytes);
	return 0;
}

int swapfile_do(const struct swapfile_order *order, struct buffer *said)
{
	const struct swapfs *fs;
	int dir, error;

	(void)umask(0077);
	dir = swapfile_place_open(order, &fs, said);
	if (dir < 0)
		return dir;
	error = make_do(dir, order, fs, said);
	(void)file_close(dir);
	return error;
}
