/* What an unprivileged worker can't do any more once it has started, whatever gets into it: by Landlock it opens
 * only what lies below some directories, by seccomp it starts no program, looks into no other process, signals
 * none, and changes nothing of the host. What it gives up besides (user, capabilities, network, dumps) is
 * worker_role.c's. */
#ifndef WD_START_CONFINE_H
#define WD_START_CONFINE_H

#include <stdbool.h>

/* Lists end with NULL; what of them is not on this host is passed over. */
struct confine_with {
	bool network;                  /* sockets of the network too; false: of AF_UNIX alone */
	const char *const *read_dirs;  /* may be read, with all below; NULL: everything may */
	const char *const *write_dirs; /* below these files may also be made, written, renamed and removed (no
					  directories); NULL: nowhere */
};

/* What a name look-up, certificates and our own numbers read: for read_dirs of who speaks with servers. Libraries
 * are in it, as glibc loads those of name services and of ending a thread when they are first needed. */
extern const char *const confine_read_for_network[];

/* Confine this process for good; sets PR_SET_NO_NEW_PRIVS. To be called before it has a second thread: seccomp
 * takes hold of all threads, Landlock (before ABI 8) of the caller and what it starts from then on.
 * 0, or -errno: it must not go on. What the kernel lacks is told once, and the rest holds: without Landlock
 * (before 5.13, or not booted with it) what the user may read and write, without seccomp no limit to calls. */
int confine(const struct confine_with *with);

/* The ABI of this kernel's Landlock; 0: it has none. */
int confine_landlock_abi(void);

#endif
