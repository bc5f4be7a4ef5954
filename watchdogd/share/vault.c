/* The messenger's side of the vault: mapped, checked, searched. It has few rows: searching is going through them. */
#include "share/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "share/vault_layout.h"

/* The text of len bytes and its NUL lie inside. */
static bool vault_is_text(const struct vault *vault, uint32_t at, size_t len)
{
	return at >= sizeof(*vault) && at < vault->size && len < vault->size - at && ((const char *)vault)[at + len] == '\0';
}

static bool vault_is_right(const struct vault *vault, size_t size)
{
	if (vault->magic != VAULT_MAGIC || vault->version != VAULT_VERSION || vault->size != size ||
	    vault->count > VAULT_ROWS_MAX)
		return false;
	for (uint32_t i = 0; i < vault->count; i++) {
		const struct vault_row *row = &vault->rows[i];
		const char *path = (const char *)vault + row->path_at;

		if (row->path_at >= size || !vault_is_text(vault, row->text_at, row->text_len) ||
		    !vault_is_text(vault, row->path_at, strnlen(path, size - row->path_at)))
			return false;
	}
	return true;
}

const struct vault *vault_map(int fd)
{
	struct stat st;
	void *map;
	size_t size;
	int seals = fcntl(fd, F_GET_SEALS);

	if (fstat(fd, &st) < 0)
		return NULL;
	size = (size_t)st.st_size;
	/* Sealed, so that nobody can take pages from under the mapping. */
	if (st.st_size < (off_t)sizeof(struct vault) || seals < 0 || (seals & VAULT_SEALS) != VAULT_SEALS) {
		errno = EPROTO;
		return NULL;
	}
	map = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
	if (map == MAP_FAILED)
		return NULL;
	if (madvise(map, size, MADV_DONTDUMP) == 0 && vault_is_right(map, size))
		return map;
	(void)munmap(map, size);
	errno = EPROTO;
	return NULL;
}

void vault_unmap(const struct vault *vault)
{
	if (vault != NULL)
		(void)munmap((void *)(uintptr_t)vault, (size_t)vault->size);
}

const char *vault_find(const struct vault *vault, const char *path, size_t *len)
{
	for (uint32_t i = 0; i < vault->count; i++) {
		const struct vault_row *row = &vault->rows[i];

		if (strcmp((const char *)vault + row->path_at, path) != 0)
			continue;
		if (len != NULL)
			*len = row->text_len;
		return (const char *)vault + row->text_at;
	}
	return NULL;
}
