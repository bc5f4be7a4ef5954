#include "reclaim_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/root.h"

/* An inode says who it is on its own file system alone. */
static int reclaim_cgroup_check(int dir, uint64_t id)
{
	struct statfs fs;
	struct stat st;

	if (fstat(dir, &st) < 0 || fstatfs(dir, &fs) < 0)
		return -errno;
	if (id != 0 && st.st_ino != id)
		return -ESTALE;
	return root_is_fake() || fs.f_type == CGROUP2_SUPER_MAGIC ? 0 : -ESTALE;
}

int reclaim_cgroup_open(const char *path, uint64_t id)
{
	char whole[PATH_BYTES];
	struct buffer out;
	int dir, error;

	BUFFER_OVER(&out, whole);
	buffer_addf(&out, "/sys/fs/cgroup/%s", path + strspn(path, "/"));
	if (out.cut)
		return -ENAMETOOLONG;
	dir = root_open(whole, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return dir;
	error = reclaim_cgroup_check(dir, id);
	if (error < 0)
		(void)close(dir);
	return error < 0 ? error : dir;
}

int reclaim_cgroup_read(int dir, const char *file, uint64_t *bytes)
{
	char text[32];
	ssize_t n = file_read_at(dir, file, text, sizeof(text));

	if (n < 0)
		return (int)n;
	return file_parse_u64(text, bytes) ? 0 : -EPROTO;
}

void reclaim_cgroup_format(struct buffer *out, uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		buffer_add(out, "max\n");
	else
		buffer_addf(out, "%llu\n", (unsigned long long)bytes);
}

void reclaim_cgroup_tell(struct buffer *out, uint64_t bytes)
{
	if (bytes == UINT64_MAX)
		buffer_add(out, "without a limit");
	else
		bytes_format(out, (int64_t)bytes);
}
