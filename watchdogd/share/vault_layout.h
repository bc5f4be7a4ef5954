/* How a vault lies in memory: its head with all rows, then for each row its path and its text, each with a NUL
 * behind it. */
#ifndef WD_SHARE_VAULT_LAYOUT_H
#define WD_SHARE_VAULT_LAYOUT_H

#include <fcntl.h> /* F_SEAL_* */
#include <stdint.h>

#include "base/bounds.h"

#define VAULT_MAGIC 0x544c5556u /* "VULT" */
#define VAULT_SEALS (F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK)

enum {
	VAULT_VERSION = 1,
	VAULT_ROWS_MAX = SECRETS_MAX + 2 * CHANNELS_MAX + 1, /* a ca and a format of each channel, the heartbeat's ca */
};

struct vault_row {
	uint32_t path_at, text_at; /* bytes after the start */
	uint32_t text_len;         /* without its NUL */
};

struct vault {
	uint32_t magic, version;
	uint64_t size;
	uint32_t count, pad;
	struct vault_row rows[VAULT_ROWS_MAX];
};

#endif
