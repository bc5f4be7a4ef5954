/* A descriptor of one process (pidfd_open(2)): readable when the whole process has ended, never another one's,
 * however often its number is used again. And how it ended, of one that is no child of ours. */
#ifndef WD_SEE_PIDFD_H
#define WD_SEE_PIDFD_H

#include <stdbool.h>
#include <stdint.h>

/* Open the process with this number that started at `start` (struct procfs_stat). proc: a kept descriptor of
 * /proc. The descriptor, the caller's; -ESRCH: it is gone (another may have its number); -ENOSYS: a kernel before
 * 5.3; -ENOTSUP: a made-up host, whose pids must not hit a real process; or another -errno. */
int pidfd_open_process(int proc, int32_t pid, uint64_t start);

/* It has ended: a zombie without other threads, or reaped. Never waits. */
bool pidfd_has_ended(int pidfd);

/* How the process has ended, as of wait(2): from the descriptor where its parent has reaped it (6.15), else from
 * its zombie. 0; -EAGAIN: it has not ended; -ENODATA: not known (reaped already on an older kernel, or not shown to
 * us, who are not root). pidfd: what pidfd_open_process gave. */
int pidfd_read_end(int pidfd, int proc, int32_t pid, uint64_t start, uint32_t *status);

#endif
