#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

ssize_t file_read(int fd, char *text, size_t size)
{
	size_t n = 0;

	while (n < size - 1) {
		ssize_t got = pread(fd, text + n, size - 1 - n, (off_t)n);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			text[0] = '\0';
			return -errno;
		}
		n += (size_t)got;
		/* One read gives a short kernel file whole; asking again for the end is a call for nothing. */
		if (got == 0 || n < 4096)
			break;
	}
	text[n] = '\0';
	return (ssize_t)n;
}

ssize_t file_read_at(int dir, const char *path, char *text, size_t size)
{
	int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0) {
		text[0] = '\0';
		return -errno;
	}
	n = file_read(fd, text, size);
	(void)close(fd);
	return n;
}

int file_write_at(int dir, const char *path, const char *text)
{
	int fd = openat(dir, path, O_WRONLY | O_CLOEXEC);
	size_t len = strlen(text);
	ssize_t n;
	int error;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	error = n < 0 ? -errno : (size_t)n < len ? -EIO : 0;
	(void)close(fd);
	return error;
}

int file_close(int fd)
{
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

static const char *file_number(const char *p, uint64_t *value)
{
	uint64_t v = 0;

	if (*p < '0' || *p > '9')
		return NULL;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
			return NULL;
	*value = v;
	return p;
}

bool file_find_u64(const char *text, const char *key, uint64_t *value)
{
	size_t len = strlen(key);

	for (const char *line = text; line != NULL && *line != '\0';) {
		if (strncmp(line, key, len) == 0 && (line[len] == ' ' || line[len] == ':')) {
			const char *p = line + len + 1;

			while (*p == ' ' || *p == '\t')
				p++;
			return file_number(p, value) != NULL;
		}
		line = strchr(line, '\n');
		line = line != NULL ? line + 1 : NULL;
	}
	return false;
}

bool file_parse_u64(const char *text, uint64_t *value)
{
	const char *end;

	if (strncmp(text, "max", 3) == 0 && (text[3] == '\n' || text[3] == '\0')) {
		*value = UINT64_MAX;
		return true;
	}
	end = file_number(text, value);
	return end != NULL && (*end == '\0' || (*end == '\n' && end[1] == '\0'));
}
