/* Landlock by its system calls: glibc has no functions for them, and the headers of the build may be older than
 * the kernel it runs on, so what came after ABI 2 (5.19) is spelled out here. Each ABI knows more rights; those
 * that this kernel does not know are left out, never asked for. */
#include "start/confine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/landlock.h>

#include "base/bounds.h"
#include "base/diag.h"
#include "start/confine_calls.h"

#define CONFINE_TRUNCATE (UINT64_C(1) << 14)        /* ABI 3, 6.2 */
#define CONFINE_IOCTL_DEV (UINT64_C(1) << 15)       /* ABI 5, 6.10 */
#define CONFINE_SCOPE_ABSTRACT (UINT64_C(1) << 0)   /* ABI 6, 6.12: abstract Unix sockets of others */
#define CONFINE_SCOPE_SIGNAL (UINT64_C(1) << 1)     /* ABI 6: signals to others */
#define CONFINE_ALL_THREADS (1u << 3)               /* ABI 8: LANDLOCK_RESTRICT_SELF_TSYNC */

enum { CONFINE_ABI_ALL_THREADS = 8, CONFINE_ABI_SCOPED = 6 };

/* struct landlock_ruleset_attr of ABI 6. An older kernel takes the longer one where the rest is zero. Ports are the
 * config's, so nothing of ABI 4 is handled. */
struct confine_ruleset {
	uint64_t fs, net, scoped;
};

static const uint64_t confine_read = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t confine_write = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR |
				      LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_FILE |
				      LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | CONFINE_TRUNCATE;
/* Of a file: the kernel refuses rights of directories there. */
static const uint64_t confine_of_file = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |
					CONFINE_TRUNCATE;

/* resolv.conf is often a link below /run. */
const char *const confine_read_for_network[] = {
	"/etc", "/proc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/usr/share/ca-certificates",
	"/usr/local/share/ca-certificates", "/usr/share/zoneinfo", "/usr/share/publicsuffix", "/run/systemd/resolve",
	"/run/resolvconf", "/run/NetworkManager", "/run/connman", "/run/nscd", "/dev/null", "/dev/urandom",
	"/sys/devices/system/cpu", NULL,
};

int confine_landlock_abi(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi > 0 ? (int)abi : 0;
}

/* All rights over files that this ABI knows: what is handled is refused unless a rule allows it. */
static uint64_t confine_known(int abi)
{
	uint64_t known = LANDLOCK_ACCESS_FS_MAKE_SYM * 2 - 1;

	known |= abi >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0;
	known |= abi >= 3 ? CONFINE_TRUNCATE : 0;
	known |= abi >= 5 ? CONFINE_IOCTL_DEV : 0;
	return known;
}

static int confine_allow_path(int ruleset, const char *path, uint64_t rights)
{
	struct landlock_path_beneath_attr rule = {.allowed_access = rights};
	struct stat st;
	int error = 0;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	if (fstat(rule.parent_fd, &st) < 0)
		error = -errno;
	else if (!S_ISDIR(st.st_mode))
		rule.allowed_access &= confine_of_file;
	if (error == 0 && syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) < 0)
		error = -errno;
	(void)close(rule.parent_fd);
	return error;
}

static int confine_allow(int ruleset, const char *const *paths, uint64_t rights)
{
	int error = 0;

	for (; paths != NULL && *paths != NULL && error == 0; paths++)
		error = confine_allow_path(ruleset, *paths, rights);
	return error;
}

/* Threads of this process: directories below /proc/self/task; 1 where that cannot be told. */
static unsigned confine_threads(void)
{
	struct stat st;

	return stat("/proc/self/task", &st) == 0 && st.st_nlink > 3 ? (unsigned)st.st_nlink - 2 : 1;
}

static int confine_enter(int ruleset, int abi)
{
	uint32_t flags = abi >= CONFINE_ABI_ALL_THREADS ? CONFINE_ALL_THREADS : 0;
	unsigned threads = confine_threads();

	/* Such as a look-up of the warm-up that still waits for its server: it ends by itself. */
	if (flags == 0 && threads > 1)
		diag_info("Landlock does not hold the threads that were begun before it: %u", threads - 1);
	return syscall(SYS_landlock_restrict_self, ruleset, flags) < 0 ? -errno : 0;
}

static int confine_files(const struct confine_with *with)
{
	static const char *const everything[] = {"/", NULL};
	int abi = confine_landlock_abi(), ruleset, error;
	uint64_t known = confine_known(abi);
	const struct confine_ruleset handled = {
		.fs = known, .scoped = abi >= CONFINE_ABI_SCOPED ? CONFINE_SCOPE_ABSTRACT | CONFINE_SCOPE_SIGNAL : 0};

	if (abi == 0) {
		diag_info("this kernel has no Landlock: what may be opened is what the user may");
		return 0;
	}
	ruleset = (int)syscall(SYS_landlock_create_ruleset, &handled, sizeof(handled), 0);
	if (ruleset < 0)
		return -errno;
	error = confine_allow(ruleset, with->read_dirs != NULL ? with->read_dirs : everything, confine_read & known);
	if (error == 0)
		error = confine_allow(ruleset, with->write_dirs, confine_write & known);
	if (error == 0)
		error = confine_enter(ruleset, abi);
	(void)close(ruleset);
	return error;
}

int confine(const struct confine_with *with)
{
	int error;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	error = confine_files(with);
	if (error < 0)
		return error;
	error = confine_calls(with->network);
	if (error == -ENOSYS || error == -EINVAL) {
		diag_info("this kernel has no seccomp filters: no system call is refused");
		error = 0;
	}
	return error;
}
