/* Reading kept-open kernel files, without stdio. */
#ifndef WD_BASE_FILE_H
#define WD_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Read from the start of a kept descriptor into text (size bytes, at least 1), NUL at the end; a longer
 * file is cut at size - 1. Bytes read, or -errno (-ENODEV: its cgroup is gone). */
ssize_t file_read(int fd, char *text, size_t size);

/* openat(dir, path), file_read, close. dir: a kept directory below /proc or /sys, or AT_FDCWD. */
ssize_t file_read_at(int dir, const char *path, char *text, size_t size);

/* openat(dir, path) for writing, write text whole, close. 0 or -errno. For kernel files. */
int file_write_at(int dir, const char *path, const char *text);

/* close(2) of what is >= 0; gives -1, to be stored in its place. */
int file_close(int fd);

/* The number after the word `key` at the beginning of a line ("key 12\n", "key: 12 kB\n");
 * false when the key is not there or no number follows. */
bool file_find_u64(const char *text, const char *key, uint64_t *value);

/* A whole text that is one decimal number and perhaps a newline; "max" gives UINT64_MAX. */
bool file_parse_u64(const char *text, uint64_t *value);

#endif
