#include "swapfile_switch.h"

#include <errno.h>
#include <sys/swap.h>
#include <unistd.h>

#include "base/diag.h"

int swapfile_switch_on(int dir, const struct swapfile_order *order, struct buffer *said)
{
	int flags = order->priority >= 0 ? SWAP_FLAG_PREFER | (order->priority & SWAP_FLAG_PRIO_MASK) : 0;
	int error = fchdir(dir) < 0 || swapon(order->name, flags) < 0 ? -errno : 0;

	if (error == 0 || error == -EBUSY) {
		buffer_addf(said, "%s is on", order->path);
		return 0;
	}
	buffer_addf(said, "the kernel does not take %s: %s%s", order->path, diag_errno(error),
		    error == -EINVAL ? "; its own log says why" : "");
	return error;
}

/* EINVAL: the kernel does not swap to it. */
int swapfile_switch_off(int dir, const struct swapfile_order *order, struct buffer *said)
{
	int error = fchdir(dir) < 0 || swapoff(order->name) < 0 ? -errno : 0;

	if (error == 0 || error == -EINVAL) {
		buffer_addf(said, "%s is off", order->path);
		return 0;
	}
	buffer_addf(said, "the kernel does not let go of %s: %s%s", order->path, diag_errno(error),
		    error == -ENOMEM ? "; what is on it does not fit into memory" : "");
	return error;
}
