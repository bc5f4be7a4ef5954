#include "swapfile_order.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"

static const char *const swapfile_words[SWAPFILE_WORKS] = {
	[SWAPFILE_LOOK] = "look", [SWAPFILE_MAKE] = "make", [SWAPFILE_ON] = "on", [SWAPFILE_OFF] = "off",
};

static int order_work(const char *target, size_t len)
{
	for (int i = 0; i < SWAPFILE_CLEAN; i++)
		if (strlen(swapfile_words[i]) == len && memcmp(swapfile_words[i], target, len) == 0)
			return i;
	return -EINVAL;
}

/* The directory and the name; the name with what says that it is not whole. */
static int order_split(struct swapfile_order *order, const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buffer whole, dir, name, half;

	BUFFER_OVER(&whole, order->path);
	BUFFER_OVER(&dir, order->dir);
	BUFFER_OVER(&name, order->name);
	BUFFER_OVER(&half, order->half);
	if (path[0] != '/' || slash[1] == '\0')
		return -EINVAL;
	buffer_add(&whole, path);
	buffer_add_bytes(&dir, path, slash > path ? (size_t)(slash - path) : 1);
	buffer_add(&name, slash + 1);
	buffer_addf(&half, ".%s.watchdogd-half", slash + 1);
	return whole.cut || half.cut ? -EINVAL : 0;
}

int swapfile_order_parse(struct swapfile_order *order, const char *target)
{
	int work = order_work(target, strcspn(target, " "));
	char *end;

	memset(order, 0, sizeof(*order));
	if (work < 0)
		return work;
	order->work = (enum swapfile_work)work;
	order->size_bytes = strtoull(target + strcspn(target, " "), &end, 10);
	order->free_bytes = strtoull(end, &end, 10);
	order->priority = (int)strtol(end, &end, 10);
	return *end == ' ' && order->size_bytes > 0 ? order_split(order, end + 1) : -EINVAL;
}
