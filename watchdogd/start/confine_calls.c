/* A list of what is refused, not of what is allowed: an allow-list ends, at the first real shortage of memory, what
 * was never exercised before (a rare path of libc, of a resolver, of an allocator at its wits' end), and nobody is
 * left to tell. So a refusal is an error of the call (EPERM), never a signal.
 *
 * Refused is what neither worker ever needs: to start a process or program; to look into, signal or steer other
 * processes; the system's mounts, clock, names, modules, swap, keys; kernel interfaces known for their holes
 * (bpf, io_uring, userfaultfd, perf); sockets of families that they do not speak. */
#include "start/confine_calls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/bounds.h"

#if defined(__x86_64__)
#define CONFINE_ARCH AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define CONFINE_ARCH AUDIT_ARCH_AARCH64
#endif

#ifdef CONFINE_ARCH

#define CONFINE_X32 0x40000000u         /* __X32_SYSCALL_BIT: the same calls by other numbers */
#define CONFINE_OPEN_TREE_ATTR 467      /* 6.15, on all architectures */
#define CONFINE_REFUSE(error) (SECCOMP_RET_ERRNO | (error))

/* Those with an #ifdef are not on every architecture. */
static const uint32_t confine_refused[] = {
	/* programs and processes (clone: below) */
	SYS_execve, SYS_execveat,
#ifdef SYS_fork
	SYS_fork, SYS_vfork,
#endif
	/* other processes */
	SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_process_madvise, SYS_process_mrelease, SYS_kcmp,
	SYS_pidfd_getfd, SYS_kill, SYS_tkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal,
	SYS_migrate_pages, SYS_move_pages, SYS_setpriority, SYS_ioprio_set, SYS_sched_setscheduler, SYS_sched_setparam,
	SYS_sched_setattr, SYS_sched_setaffinity,
	/* namespaces and mounts */
	SYS_unshare, SYS_setns, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_chroot, SYS_move_mount, SYS_open_tree,
	SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_fspick, SYS_mount_setattr, CONFINE_OPEN_TREE_ATTR,
	SYS_open_by_handle_at, SYS_fanotify_init, SYS_quotactl, SYS_quotactl_fd,
	/* the system */
	SYS_swapon, SYS_swapoff, SYS_reboot, SYS_kexec_load, SYS_init_module, SYS_finit_module, SYS_delete_module,
	SYS_sethostname, SYS_setdomainname, SYS_settimeofday, SYS_clock_settime, SYS_adjtimex, SYS_clock_adjtime,
	SYS_acct, SYS_syslog, SYS_personality,
#ifdef SYS_kexec_file_load
	SYS_kexec_file_load,
#endif
#ifdef SYS_iopl
	SYS_iopl, SYS_ioperm, SYS_modify_ldt,
#endif
	/* interfaces known for their holes */
	SYS_bpf, SYS_perf_event_open, SYS_userfaultfd, SYS_io_uring_setup, SYS_io_uring_enter, SYS_io_uring_register,
	SYS_add_key, SYS_request_key, SYS_keyctl,
	/* who it is */
	SYS_setuid, SYS_setgid, SYS_setreuid, SYS_setregid, SYS_setresuid, SYS_setresgid, SYS_setfsuid, SYS_setfsgid,
	SYS_setgroups, SYS_capset,
};

enum {
	CONFINE_PROGRAM_MAX = 2 * ARRAY_LEN(confine_refused) + 64,
	/* Each jump goes over a number of instructions from the next one. */
	CONFINE_SKIP_ONE = 1,
};

struct confine_program {
	struct sock_filter code[CONFINE_PROGRAM_MAX];
	unsigned short len;
};

static void confine_add(struct confine_program *p, struct sock_filter instruction)
{
	p->code[p->len++] = instruction;
}

static void confine_load(struct confine_program *p, uint32_t offset)
{
	confine_add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

/* The low half of an argument: all that is looked at is an int, or flags below 2^32; both are little-endian. */
static void confine_load_argument(struct confine_program *p, uint32_t i)
{
	confine_load(p, (uint32_t)(offsetof(struct seccomp_data, args) + i * sizeof(uint64_t)));
}

static void confine_return(struct confine_program *p, uint32_t result)
{
	confine_add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, result));
}

/* What follows is passed over by so many instructions unless what was loaded is `value`. */
static void confine_unless(struct confine_program *p, uint32_t value, uint8_t over)
{
	confine_add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, over));
}

/* Compat calls and x32 have other numbers: none of them is ever made. */
static void confine_add_arch(struct confine_program *p)
{
	confine_load(p, (uint32_t)offsetof(struct seccomp_data, arch));
	confine_add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, CONFINE_ARCH, CONFINE_SKIP_ONE, 0));
	confine_return(p, CONFINE_REFUSE(EPERM));
	confine_load(p, (uint32_t)offsetof(struct seccomp_data, nr));
	confine_add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, CONFINE_X32, 0, CONFINE_SKIP_ONE));
	confine_return(p, CONFINE_REFUSE(EPERM));
}

/* Threads, and nothing else; so namespaces too are out of reach. clone3's flags lie in memory, where a filter
 * cannot look: without it libc takes clone. */
static void confine_add_clone(struct confine_program *p)
{
	confine_unless(p, SYS_clone3, 1);
	confine_return(p, CONFINE_REFUSE(ENOSYS));
	confine_unless(p, SYS_clone, 4);
	confine_load_argument(p, 0);
	confine_add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 0, CONFINE_SKIP_ONE));
	confine_return(p, SECCOMP_RET_ALLOW);
	confine_return(p, CONFINE_REFUSE(EPERM));
}

/* The call only where its first argument is this one. */
static void confine_add_only(struct confine_program *p, uint32_t call, uint32_t first)
{
	confine_unless(p, call, 4);
	confine_load_argument(p, 0);
	confine_unless(p, first, 1);
	confine_return(p, SECCOMP_RET_ALLOW);
	confine_return(p, CONFINE_REFUSE(EPERM));
}

/* No input is typed into a terminal that it was started from. */
static void confine_add_ioctl(struct confine_program *p)
{
	static const uint32_t types[] = {TIOCSTI, TIOCLINUX};

	confine_unless(p, SYS_ioctl, 2 * ARRAY_LEN(types) + 2);
	confine_load_argument(p, 1);
	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		confine_unless(p, types[i], 1);
		confine_return(p, CONFINE_REFUSE(EPERM));
	}
	confine_return(p, SECCOMP_RET_ALLOW);
}

static void confine_add_socket(struct confine_program *p, bool network)
{
	static const uint32_t families[] = {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK};
	uint8_t count = network ? ARRAY_LEN(families) : 1;

	confine_unless(p, SYS_socket, (uint8_t)(2 * count + 2));
	confine_load_argument(p, 0);
	for (uint8_t i = 0; i < count; i++) {
		confine_unless(p, families[i], 1);
		confine_return(p, SECCOMP_RET_ALLOW);
	}
	confine_return(p, CONFINE_REFUSE(EPERM));
}

static void confine_add_refused(struct confine_program *p)
{
	for (size_t i = 0; i < ARRAY_LEN(confine_refused); i++) {
		confine_unless(p, confine_refused[i], 1);
		confine_return(p, CONFINE_REFUSE(EPERM));
	}
}

int confine_calls(bool network)
{
	struct confine_program program = {.len = 0};
	struct sock_fprog filter = {.filter = program.code};
	long error;

	confine_add_arch(&program);
	confine_add_refused(&program);
	/* Each of these looks at an argument, and then returns. */
	confine_add_clone(&program);
	/* A signal for itself, as abort(3) sends it; there is no process but this one that could have the pid. */
	confine_add_only(&program, SYS_tgkill, (uint32_t)getpid());
	confine_add_only(&program, SYS_prlimit64, 0); /* its own limits */
	confine_add_ioctl(&program);
	confine_add_socket(&program, network);
	confine_return(&program, SECCOMP_RET_ALLOW);
	filter.len = program.len;
	error = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter);
	if (error > 0)
		return -EBUSY; /* the thread of that id has a filter of its own */
	return error < 0 ? -errno : 0;
}

#else

int confine_calls(bool network)
{
	(void)network;
	return -ENOSYS; /* the numbers of this architecture were never tried */
}

#endif
