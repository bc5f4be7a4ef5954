#include "swapfile_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/fs.h>

#include "base/diag.h"
#include "base/file.h"
#include "swapfile_place.h"

/* The last ten bytes of its first page (union swap_header of the kernel's linux/swap.h). */
static const char file_signature[] = "SWAPSPACE2";

static const char *file_wrong_owner(const struct stat *st)
{
	if (!S_ISREG(st->st_mode))
		return "is no regular file";
	if (st->st_uid != 0)
		return "is not root's";
	if ((st->st_mode & 07777) != 0600)
		return "has not mode 0600";
	return st->st_nlink != 1 ? "has more than one name" : NULL;
}

static bool file_has_signature(int fd)
{
	char bytes[sizeof(file_signature) - 1];
	off_t at = sysconf(_SC_PAGESIZE) - (off_t)sizeof(bytes);

	return pread(fd, bytes, sizeof(bytes), at) == (ssize_t)sizeof(bytes) &&
	       memcmp(bytes, file_signature, sizeof(bytes)) == 0;
}

static bool file_copies_on_write(int fd, const struct swapfs *fs)
{
	int flags = 0;

	return fs->way == SWAPFS_NOCOW && (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0 || (flags & FS_NOCOW_FL) == 0);
}

static int file_check(int fd, const struct swapfile_order *order, const struct swapfs *fs, struct buffer *why)
{
	const char *wrong;
	struct stat st;

	if (fstat(fd, &st) < 0) {
		buffer_addf(why, "cannot look at %s: %s", order->path, diag_errno(errno));
		return -EIO;
	}
	wrong = file_wrong_owner(&st);
	if (wrong == NULL && !file_has_signature(fd))
		wrong = "is no swap file";
	if (wrong == NULL && (uint64_t)st.st_size == order->size_bytes && (uint64_t)st.st_blocks * 512 < order->size_bytes)
		wrong = "has holes";
	if (wrong == NULL && file_copies_on_write(fd, fs))
		wrong = "copies on write";
	if (wrong != NULL) {
		buffer_addf(why, "%s is there and %s; it is left alone", order->path, wrong);
		return -EEXIST;
	}
	if ((uint64_t)st.st_size == order->size_bytes)
		return 0;
	buffer_addf(why, "%s has ", order->path);
	swapfile_add_mib(why, (uint64_t)st.st_size);
	buffer_add(why, ", not `size` of ");
	swapfile_add_mib(why, order->size_bytes);
	buffer_add(why, "; remove it (off before) to have it made anew");
	return -EEXIST;
}

int swapfile_file_check(int dir, const char *name, const struct swapfile_order *order, const struct swapfs *fs,
			struct buffer *why)
{
	/* Nothing is waited for at a fifo. */
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC), error = -errno;

	if (fd < 0) {
		if (error == -ELOOP)
			buffer_addf(why, "%s is there and is a symbolic link; it is left alone", order->path);
		else
			buffer_addf(why, "cannot open %s: %s", order->path, diag_errno(error));
		return error == -ELOOP ? -EEXIST : error;
	}
	error = file_check(fd, order, fs, why);
	(void)file_close(fd);
	return error;
}
