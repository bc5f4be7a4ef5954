#include "start/worker_role.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/capability.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "base/user.h"
#include "start/confine.h"
#include "start/worker_wants.h"

enum {
	ROLE_STACK_BYTES = 65536, /* touched at start: four times what exec's way takes */
	ROLE_NICE = 5, /* a flood of log is read with what the rest of the host leaves */
};

static const struct worker_role worker_roles[] = {
	{.name = "actor",
	 .process = "wd-actor",
	 .plugin = {{"systemd", true, NULL},
		    {"exec", false, NULL},
		    {"swapfile", true, wants_swapfile},
		    {"reclaim", false, wants_reclaim},
		    {"snapshot", false, wants_snapshot}}},
	{.name = "messenger",
	 .process = "wd-messenger",
	 .confined = true,
	 .network = true,
	 .plugin = {{"email", false, wants_email},
		    {"webhook", false, wants_webhook},
		    {"heartbeat", false, wants_heartbeat},
		    {"prometheus", false, wants_prometheus}}},
	{.name = "scribe",
	 .process = "wd-scribe",
	 .confined = true,
	 .capabilities = 1u << CAP_DAC_READ_SEARCH,
	 .plugin = {{"pattern", false, wants_pattern},
		    {"log", false, wants_log},
		    {"journal", true, wants_journal},
		    {"spool", false, wants_spool},
		    {"textfile", false, wants_textfile}}},
};

bool worker_role_has_work(const struct worker_role *role, const struct config *config)
{
	for (size_t i = 0; i < WORKER_PLUGINS_MAX && role->plugin[i].name != NULL; i++)
		if (role->plugin[i].is_wanted == NULL || role->plugin[i].is_wanted(config))
			return true;
	return false;
}

const struct worker_role *worker_role_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(worker_roles); i++)
		if (strcmp(worker_roles[i].name, name) == 0)
			return &worker_roles[i];
	return NULL;
}

static __attribute__((noinline)) void role_touch_stack(void)
{
	volatile char room[ROLE_STACK_BYTES];

	for (size_t i = 0; i < sizeof(room); i += 1024)
		room[i] = 0;
}

/* ONFAULT: what was touched, and what will be, stays; plain locking would pin all of the libraries. What
 * comes later is left out of the scribe: it maps journals, which may be gigabytes. Without CAP_IPC_LOCK a map
 * beyond RLIMIT_MEMLOCK would be refused: so the limit goes first, where we may, else what comes later. */
static void role_lock_memory(const struct worker_role *role)
{
	const struct rlimit all = {RLIM_INFINITY, RLIM_INFINITY};
	bool unlimited = setrlimit(RLIMIT_MEMLOCK, &all) == 0;
	int later = role->confined && (!role->network || !unlimited) ? 0 : MCL_FUTURE;

	role_touch_stack();
	if (mlockall(MCL_CURRENT | MCL_ONFAULT | later) < 0)
		diag_info("cannot lock memory: %s; under pressure %s may be slow", diag_errno(errno), role->process);
}

/* By the system call: libcap would be one more library for a few bits. */
static int role_set_capabilities(uint32_t low)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{.effective = low, .permitted = low}};

	return syscall(SYS_capset, &head, data) < 0 ? -errno : 0;
}

/* Nothing that it executes could have more either: it executes nothing. EINVAL: past the last that this
 * kernel has. EPERM: not root enough to take from the bounding set, which then gives it nothing. */
static void role_drop_bounding(const struct worker_role *role)
{
	for (unsigned long i = 0; i < 64; i++)
		if (((uint64_t)role->capabilities >> i & 1) == 0 && prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return;
}

static int role_drop_root(const struct worker_role *role)
{
	uid_t uid;
	gid_t gid;

	if (!user_find(role->process, &uid, &gid))
		diag_info("there is neither a user %s nor watchdogd: %s runs as nobody", role->process, role->process);
	role_drop_bounding(role);
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return -errno;
	return role_set_capabilities(role->capabilities);
}

static int role_confine(const struct worker_role *role)
{
	int error = 0;

	if (!role->network && unshare(CLONE_NEWNET) < 0)
		diag_debug("%s keeps the host's network: %s", role->process, diag_errno(errno));
	if (geteuid() == 0)
		error = role_drop_root(role);
	if (error == 0 && (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
		error = -errno;
	return error;
}

/* What the config says last: a later one that names other directories needs a new scribe. */
static int role_confine_calls(const struct worker_role *role, const struct config *config)
{
	char textfile[PATH_BYTES] = "";
	const char *write[3] = {NULL};
	struct buffer b;

	if (role->network)
		return confine(&(struct confine_with){.network = true, .read_dirs = confine_read_for_network});
	BUFFER_OVER(&b, textfile);
	if (config != NULL) {
		write[0] = config_string(config, config->state);
		buffer_add(&b, config_string(config, config->prometheus.textfile));
	}
	if (strrchr(textfile, '/') != NULL) {
		strrchr(textfile, '/')[1] = '\0';
		write[1] = textfile;
	}
	return confine(&(struct confine_with){.write_dirs = write});
}

int worker_role_begin(const struct worker_role *role, const struct config *config)
{
	int error;

	role_lock_memory(role);
	if (!role->confined)
		return 0;
	(void)setpriority(PRIO_PROCESS, 0, ROLE_NICE);
	error = role_confine(role);
	if (error == 0)
		error = role_confine_calls(role, config);
	if (error < 0)
		diag_critical("%s cannot give up its privileges: %s; it ends", role->process, diag_errno(error));
	return error;
}
