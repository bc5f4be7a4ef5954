#include "base/root.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/file.h"

static const char *root_of = "";

void root_set(const char *prefix)
{
	root_of = strcmp(prefix, "/") == 0 ? "" : prefix;
}

const char *root_prefix(void)
{
	return root_of;
}

bool root_is_fake(void)
{
	return root_of[0] != '\0';
}

int root_join(const char *path, char *joined, size_t size)
{
	struct buffer b;

	buffer_init(&b, joined, size);
	buffer_add(&b, root_of);
	buffer_add(&b, path);
	return b.cut ? -ENAMETOOLONG : 0;
}

int root_open(const char *path, int flags)
{
	char joined[PATH_BYTES];
	int fd = root_join(path, joined, sizeof(joined));

	if (fd < 0)
		return fd;
	fd = open(joined, flags | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

void root_boot_id(char boot_id[37])
{
	int fd = root_open("/proc/sys/kernel/random/boot_id", O_RDONLY);

	boot_id[0] = '\0';
	if (fd >= 0)
		(void)file_read(fd, boot_id, 37);
	(void)file_close(fd);
}
