/* What main reads for the messenger, which may open no file: secrets, certificates, templates. One
 * memory file, sealed, kept out of core dumps; each item by the path that the config names. */
#ifndef WD_SHARE_VAULT_H
#define WD_SHARE_VAULT_H

#include <stddef.h>

#include "config/config.h"

enum {
	VAULT_SECRET_MAX = 4096,          /* a token: one line; the newline at its end is not part of it */
	VAULT_FILE_MAX = 1024 * 1024,     /* a template, a CA bundle */
};

/* Read every file that the channels, the heartbeat and the formats name, as root. tell: gets each that
 * cannot be read, as a warning with its section; what needs it waits for it. A name without a slash
 * as a secret's path is a systemd credential: below $CREDENTIALS_DIRECTORY. formats: the directory of
 * the templates that come with watchdogd. Only regular files are read (through symlinks), without waiting; an empty
 * one, a NUL inside, more than a line in a secret, and a longer one are refused. A path that is named as a secret
 * and as a file is a secret. The sealed fd (the caller's), or -errno. */
int vault_make(const struct config *config, const char *formats, void (*tell)(void *arg, const char *line),
	       void *arg);

struct vault;

/* Map it (MADV_DONTDUMP). NULL with errno; EPROTO: not ours. */
const struct vault *vault_map(int fd);
void vault_unmap(const struct vault *vault); /* NULL is fine */

/* The text of the file at that path as the config names it (of a format its word), its length without
 * the NUL that follows (len NULL: not asked); NULL: it could not be read. Stays the vault's. */
const char *vault_find(const struct vault *vault, const char *path, size_t *len);

#endif
