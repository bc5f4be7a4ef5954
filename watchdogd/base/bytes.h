/* Sizes for a person. */
#ifndef WD_BASE_BYTES_H
#define WD_BASE_BYTES_H

#include <stdint.h>

#include "base/buffer.h"

/* "1.50 GiB", "120 MiB", "4 KiB". */
void bytes_format(struct buffer *out, int64_t bytes);

#endif
