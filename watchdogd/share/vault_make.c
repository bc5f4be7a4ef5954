/* Main's side of the vault: every file is read straight into the mapping of the memory file, so no byte of a secret
 * is ever on the heap or the stack, and what a refused file left there is wiped. */
#include "share/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/escape.h"
#include "base/file.h"
#include "share/vault_layout.h"

/* A file that is asked for. */
struct vault_item {
	const char *path; /* as the config names it */
	bool secret;
	const char *section, *name, *key; /* of the config; name NULL: the section has none */
	uint32_t line;
};

/* The vault while it is made. */
struct vault_draft {
	const struct config *config;
	const char *formats;
	void (*tell)(void *arg, const char *line);
	void *arg;
	int fd;
	char *map;        /* all of the memory file, mapped_size bytes */
	size_t mapped_size, at;
};

static struct vault *vault_head(const struct vault_draft *draft)
{
	return (struct vault *)(void *)draft->map;
}

/* At least size bytes are there. The mapping may move: what was kept of it is found again by offset. */
static int vault_room(struct vault_draft *draft, size_t size)
{
	void *map;

	if (size <= draft->mapped_size)
		return 0;
	if (ftruncate(draft->fd, (off_t)size) < 0)
		return -errno;
	map = draft->map == NULL ? mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, draft->fd, 0)
				 : mremap(draft->map, draft->mapped_size, size, MREMAP_MAYMOVE);
	if (map == MAP_FAILED)
		return -errno;
	draft->map = map;
	draft->mapped_size = size;
	return madvise(map, size, MADV_DONTDUMP) < 0 ? -errno : 0;
}

/* Where the file of the item is. */
static int vault_path(const struct vault_draft *draft, const struct vault_item *item, struct buffer *path)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");

	if (item->path[0] == '/')
		buffer_add(path, item->path);
	else if (!item->secret)
		buffer_addf(path, "%s/%s.tmpl", draft->formats, item->path);
	else if (credentials == NULL || credentials[0] != '/')
		return -ENXIO;
	else
		buffer_addf(path, "%s/%s", credentials, item->path);
	return path->cut ? -ENAMETOOLONG : 0;
}

/* An open regular file; its size in *size. What is none is not opened at all (opening alone starts some devices),
 * or not waited for where it took the place of one in between. */
static int vault_open(const char *path, size_t *size)
{
	struct stat st;
	int fd;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -ENOTSUP;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return -ENOTSUP;
	}
	*size = (size_t)st.st_size;
	return fd;
}

/* At most size bytes, up to the file's end, to map + at. How many, or -errno. */
static ssize_t vault_read(const struct vault_draft *draft, int fd, size_t at, size_t size)
{
	size_t len = 0;

	while (len < size) {
		ssize_t n = read(fd, draft->map + at + len, size - len);

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

/* A secret goes into headers and urls: a line break in it would be another header. */
static bool vault_has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return true;
	return false;
}

/* The length of what was read, as it counts, or -errno. */
static ssize_t vault_judge(const struct vault_item *item, const char *text, size_t len)
{
	if (item->secret) {
		len -= len > 0 && text[len - 1] == '\n';
		len -= len > 0 && text[len - 1] == '\r';
	}
	if (len == 0)
		return -ENODATA;
	if (memchr(text, '\0', len) != NULL || (item->secret && vault_has_control(text, len)))
		return -EILSEQ;
	return (ssize_t)len;
}

/* The size bytes of the open file, to map + at. Their length as it counts, or -errno. */
static ssize_t vault_read_whole(const struct vault_draft *draft, const struct vault_item *item, int fd, size_t at,
				size_t size)
{
	ssize_t len = vault_read(draft, fd, at, size + 1);

	if (len > 0 && (size_t)len > size)
		return -EAGAIN; /* it grows while it is read */
	if (len >= 0)
		len = vault_judge(item, draft->map + at, (size_t)len);
	return item->secret && len > VAULT_SECRET_MAX ? -EFBIG : len;
}

/* The whole file at the path, to map + at, with a NUL behind it. Its length, or -errno. */
static ssize_t vault_take(struct vault_draft *draft, const struct vault_item *item, const char *path, size_t at)
{
	size_t size = 0, most = item->secret ? VAULT_SECRET_MAX + 2 /* the end of its line */ : VAULT_FILE_MAX, kept;
	int fd = vault_open(path, &size);
	ssize_t len;

	if (fd < 0)
		return fd;
	len = size > most ? -EFBIG : vault_room(draft, at + size + 1);
	if (len == 0) {
		len = vault_read_whole(draft, item, fd, at, size);
		kept = len > 0 ? (size_t)len : 0;
		explicit_bzero(draft->map + at + kept, size + 1 - kept);
	}
	(void)file_close(fd);
	return len;
}

static const char *vault_why(const struct vault_item *item, int error)
{
	switch (error) {
	case -ENXIO:
		return "there is no $CREDENTIALS_DIRECTORY; expected LoadCredential= in the service";
	case -ENOTSUP:
		return "it is no regular file";
	case -EFBIG:
		return item->secret ? "it is longer than 4096 bytes" : "it is longer than 1 MiB";
	case -EAGAIN:
		return "it grows while it is read";
	case -ENODATA:
		return "it is empty";
	case -EILSEQ:
		return item->secret ? "it has control characters inside; a secret is one line" : "it has a NUL inside";
	default:
		return diag_errno(error);
	}
}

static void vault_tell(const struct vault_draft *draft, const struct vault_item *item, const char *path, int error)
{
	char line[2 * PATH_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, line);
	escape_line(&b, config_string(draft->config, draft->config->path),
		    strlen(config_string(draft->config, draft->config->path)));
	buffer_addf(&b, ":%u: [%s%s%s] %s: cannot read \"", item->line, item->section, item->name != NULL ? " " : "",
		    item->name != NULL ? item->name : "", item->key);
	escape_line(&b, path, strlen(path));
	buffer_addf(&b, "\": %s; what needs it waits for a reload", vault_why(item, error));
	draft->tell(draft->arg, line);
}

static bool vault_has(const struct vault_draft *draft, const char *path)
{
	const struct vault *vault = vault_head(draft);

	for (uint32_t i = 0; i < vault->count; i++)
		if (strcmp(draft->map + vault->rows[i].path_at, path) == 0)
			return true;
	return false;
}

/* One file into the vault, once. 0, also when it is only told; -errno when there can be no vault. */
static int vault_add(struct vault_draft *draft, const struct vault_item *item)
{
	size_t path_size = strlen(item->path) + 1, path_at = draft->at;
	char where[PATH_BYTES];
	struct buffer b;
	ssize_t len;
	int error;

	if (item->path[0] == '\0' || vault_has(draft, item->path) || vault_head(draft)->count == VAULT_ROWS_MAX)
		return 0;
	error = vault_room(draft, path_at + path_size);
	if (error != 0)
		return error;
	BUFFER_OVER(&b, where);
	error = vault_path(draft, item, &b);
	len = error != 0 ? error : vault_take(draft, item, where, path_at + path_size);
	if (len == -ENOMEM)
		return (int)len;
	if (len < 0) {
		vault_tell(draft, item, error == -ENXIO ? item->path : where, (int)len);
		return 0;
	}
	memcpy(draft->map + path_at, item->path, path_size);
	vault_head(draft)->rows[vault_head(draft)->count++] = (struct vault_row){
		(uint32_t)path_at, (uint32_t)(path_at + path_size), (uint32_t)len};
	draft->at = path_at + path_size + (size_t)len + 1;
	return 0;
}

/* What all that the channel names have in common. */
static struct vault_item vault_channel(const struct config *config, uint32_t i)
{
	const struct config_channel *channel = config_channel_at(config, i);

	return (struct vault_item){.section = "channel", .name = channel->name, .line = channel->line};
}

static int vault_add_secrets(struct vault_draft *draft, struct vault_item item, struct config_table secrets)
{
	int error = 0;

	item.secret = true;
	item.key = "secret";
	for (uint32_t i = 0; i < secrets.count && error == 0; i++) {
		item.path = config_string(draft->config, config_secret_at(draft->config, secrets, i)->path);
		error = vault_add(draft, &item);
	}
	return error;
}

static int vault_add_file(struct vault_draft *draft, struct vault_item item, const char *key, config_text path)
{
	item.key = key;
	item.path = config_string(draft->config, path);
	return vault_add(draft, &item);
}

/* Secrets first: where a path is named as both, it is one. */
static int vault_add_all(struct vault_draft *draft)
{
	const struct config *config = draft->config;
	const struct vault_item beat = {.section = "heartbeat", .line = config->heartbeat.line};
	int error = vault_add_secrets(draft, beat, config->heartbeat.secrets);

	for (uint32_t i = 0; i < config->channels.count && error == 0; i++)
		error = vault_add_secrets(draft, vault_channel(config, i), config_channel_at(config, i)->secrets);
	for (uint32_t i = 0; i < config->channels.count && error == 0; i++) {
		error = vault_add_file(draft, vault_channel(config, i), "ca", config_channel_at(config, i)->ca);
		if (error == 0)
			error = vault_add_file(draft, vault_channel(config, i), "format",
					       config_channel_at(config, i)->format);
	}
	return error != 0 ? error : vault_add_file(draft, beat, "ca", config->heartbeat.ca);
}

/* Unmap, cut to what is used, seal. No mapping that could be written may be left. */
static int vault_seal(struct vault_draft *draft)
{
	struct vault *vault = vault_head(draft);

	vault->magic = VAULT_MAGIC;
	vault->version = VAULT_VERSION;
	vault->size = draft->at;
	(void)munmap(draft->map, draft->mapped_size);
	draft->map = NULL;
	if (ftruncate(draft->fd, (off_t)draft->at) < 0 || fcntl(draft->fd, F_ADD_SEALS, VAULT_SEALS | F_SEAL_SEAL) < 0)
		return -errno;
	return 0;
}

int vault_make(const struct config *config, const char *formats, void (*tell)(void *arg, const char *line),
	       void *arg)
{
	struct vault_draft draft = {.config = config, .formats = formats, .tell = tell, .arg = arg,
				    .at = sizeof(struct vault)};
	int error;

	draft.fd = memfd_create("watchdogd-vault", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (draft.fd < 0)
		return -errno;
	error = vault_room(&draft, draft.at);
	if (error == 0)
		error = vault_add_all(&draft);
	if (error == 0)
		error = vault_seal(&draft);
	if (error == 0)
		return draft.fd;
	if (draft.map != NULL)
		(void)munmap(draft.map, draft.mapped_size);
	(void)close(draft.fd);
	return error;
}
