#include "reclaim_cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/root.h"

int reclaim_cgroup_open(const char *path, uint64_t id)
{
	char whole[PATH_BYTES];
	struct buffer out;
	struct stat st;
	int dir;

	BUFFER_OVER(&out, whole);
	buffer_addf(&out, "/sys/fs/cgroup/%s", path + strspn(path, "/"));
	if (out.cut)
		return -ENAMETOOLONG;
	dir = root_open(whole, O_RDONLY | O_DIRECTORY);
	if (dir < 0)
		return dir;
	if (id != 0 && (fstat(dir, &st) < 0 || st.st_ino != id)) {
		(void)close(dir);
		return -ESTALE;
	}
	return dir;
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
