#include "base/bytes.h"

void bytes_format(struct buffer *out, int64_t bytes)
{
	double value = (double)bytes, size = value < 0 ? -value : value;

	if (size >= 0.5 * (1 << 30))
		buffer_addf(out, "%.2f GiB", value / (1 << 30));
	else if (size >= 1 << 20)
		buffer_addf(out, "%.0f MiB", value / (1 << 20));
	else
		buffer_addf(out, "%.0f KiB", value / (1 << 10));
}
