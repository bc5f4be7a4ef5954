#include "start/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <linux/magic.h>

#include "ask/place.h"
#include "ask/rundir.h"
#include "base/buffer.h"
#include "base/diag.h"
#include "base/root.h"
#include "base/user.h"
#include "share/ledger.h"
#include "share/spool.h"

enum { SUPERVISOR_LOCK_MS = 3000 };

/* PATH of a file beside the control socket. */
static void supervisor_beside(const struct supervisor *s, const char *name, char path[PATH_BYTES])
{
	const char *control = config_string(s->config, s->config->control);
	struct buffer b;

	buffer_init(&b, path, PATH_BYTES);
	buffer_add_bytes(&b, control, (size_t)(strrchr(control, '/') + 1 - control));
	buffer_add(&b, name);
}

static int supervisor_open_file(const struct supervisor *s, const char *name, mode_t mode)
{
	char path[PATH_BYTES];
	int fd;

	supervisor_beside(s, name, path);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		int error = -errno;

		diag_critical("cannot open %s: %s; another `control` in [watchdogd] moves it", path, diag_errno(error));
		return error;
	}
	return fd;
}

/* Before any other process maps it: whoever comes first finds it whole. */
static int supervisor_make_ledger(const struct supervisor *s)
{
	char boot_id[37];
	bool fresh;
	struct ledger *ledger;

	root_boot_id(boot_id);
	ledger = ledger_open(s->ledger, boot_id, &fresh);
	if (ledger == NULL) {
		int error = -errno;

		diag_critical("cannot make the ledger of %u KiB: %s", LEDGER_BYTES / 1024, diag_errno(error));
		return error;
	}
	ledger_close(ledger);
	return 0;
}

/* A dry run acts on nothing, and so must leave nothing behind that a real run would take for done: it works
 * on a ledger of its own, in memory, which begins where the kernel's log was last read. Its ids are far
 * from those that the real one will give. */
static int supervisor_make_dry_ledger(struct supervisor *s)
{
	char boot_id[37];
	bool fresh;
	struct ledger *real, *dry;

	s->ledger = memfd_create("ledger", MFD_CLOEXEC);
	if (s->ledger < 0)
		return -errno;
	root_boot_id(boot_id);
	dry = ledger_open(s->ledger, boot_id, &fresh);
	if (dry == NULL)
		return -errno;
	dry->life = 0; /* nothing of it is to outlive it */
	real = ledger_map(s->lock);
	if (real != NULL) {
		memcpy(dry->kmsg_boot_id, real->kmsg_boot_id, sizeof(dry->kmsg_boot_id));
		dry->kmsg_sequence = real->kmsg_sequence;
		dry->next_id = real->next_id + (1ull << 32);
		ledger_close(real);
	}
	ledger_close(dry);
	return 0;
}

static void supervisor_check_tmpfs(const struct supervisor *s)
{
	struct statfs fs;

	if (fstatfs(s->ledger, &fs) == 0 && fs.f_type != TMPFS_MAGIC && fs.f_type != RAMFS_MAGIC)
		diag_info("the ledger beside %s is on a disk, not on a tmpfs: a slow disk may delay the sentinel",
			  config_string(s->config, s->config->control));
}

/* The processes of a main that was killed hold the lock until they have noticed. */
static bool supervisor_lock(int ledger)
{
	for (int i = 0; i < SUPERVISOR_LOCK_MS / 50; i++) {
		if (flock(ledger, LOCK_EX | LOCK_NB) == 0)
			return true;
		(void)usleep(50000);
	}
	return false;
}

static int supervisor_make_control(const struct supervisor *s)
{
	const char *control = config_string(s->config, s->config->control);
	int error = rundir_make(control);

	if (error < 0) {
		diag_critical("the directory of %s is not this user's alone; RUNTIME_DIRECTORY moves it", control);
		return error;
	}
	error = place_make(control, config_string(s->config, s->config->readers));
	if (error < 0)
		diag_critical("cannot make the directory of %s: %s; another `control` in [watchdogd] moves it", control,
			      diag_errno(error));
	return error;
}

/* A file of the spool. One that is a link, or has another name elsewhere, is left as it is: who owns the directory
 * could have put it there. */
static int supervisor_give_file(int dir, const char *name, uid_t uid)
{
	int fd = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC), error;
	struct stat st;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	error = fstat(fd, &st) < 0 ? -errno : 0;
	if (error == 0 && S_ISREG(st.st_mode) && st.st_nlink == 1 && st.st_uid != uid &&
	    fchownat(fd, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		error = -errno;
	(void)close(fd);
	return error;
}

/* With what is in it: systemd gives a StateDirectory= to root at each start, files and all; and before the user
 * wd-scribe was made, it was another's. What is his is left alone, as on a disk that is read-only. 0 or -errno. */
static int supervisor_give_state(const char *state, uid_t uid)
{
	static const char *const names[] = {SPOOL_FILE, SPOOL_FILE "-wal", SPOOL_FILE "-shm"};
	int dir = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC), error;
	struct stat st;

	if (dir < 0)
		return -errno;
	error = fstat(dir, &st) < 0 || (st.st_uid != uid && fchown(dir, uid, (gid_t)-1) < 0) ? -errno : 0;
	for (size_t i = 0; i < ARRAY_LEN(names) && error == 0; i++)
		error = supervisor_give_file(dir, names[i], uid);
	(void)close(dir);
	return error;
}

/* Nothing that is needed at once lies there. */
static void supervisor_make_state(const struct supervisor *s)
{
	const char *state = config_string(s->config, s->config->state);
	int error = place_make_dir(state);
	uid_t uid;
	gid_t gid;

	if (error < 0) {
		diag_warning("cannot make the state directory %s: %s; another `state` in [watchdogd] moves it", state,
			     diag_errno(error));
		return;
	}
	if (geteuid() != 0)
		return;
	(void)user_find("wd-scribe", &uid, &gid);
	error = supervisor_give_state(state, uid);
	if (error < 0)
		diag_warning("cannot give the state directory %s to wd-scribe: %s; the spool stays in memory", state,
			     diag_errno(error));
}

/* The same file, to be read only: who has given up root can then change nothing that the sentinel trusts. */
static int supervisor_reopen(int fd)
{
	char path[32];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "/proc/self/fd/%d", fd);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* The ledger first: its lock says that no other watchdogd works here. */
int supervisor_open_files(struct supervisor *s)
{
	const char *control = config_string(s->config, s->config->control);
	const char *readers = config_string(s->config, s->config->readers);
	int error = supervisor_make_control(s);

	s->lock = s->ledger = error < 0 ? error : supervisor_open_file(s, "ledger", 0600);
	if (s->ledger < 0)
		return s->ledger;
	if (!supervisor_lock(s->lock)) {
		diag_critical("another watchdogd runs with %s", control);
		return -EBUSY;
	}
	supervisor_check_tmpfs(s);
	error = s->options->dry_run ? supervisor_make_dry_ledger(s) : supervisor_make_ledger(s);
	if (error < 0)
		return error;
	s->state = supervisor_open_file(s, "state", 0640);
	if (s->state < 0)
		return s->state;
	(void)place_share(s->state, readers);
	s->ledger_read = supervisor_reopen(s->ledger);
	s->state_read = supervisor_reopen(s->state);
	supervisor_make_state(s);
	error = control_open(&s->control, control, readers);
	if (error < 0)
		diag_warning("cannot listen at %s: %s; watchdogctl can read the status, but not command", control,
			     diag_errno(error));
	return 0;
}

static int supervisor_open_link(int link[2])
{
	return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, link) < 0 ? -errno : 0;
}

int supervisor_open_links(struct supervisor *s)
{
	int error = 0;

	for (int i = 0; i < CHILDREN && error == 0; i++) {
		error = supervisor_open_link(s->main_link[i]);
		if (error == 0)
			error = supervisor_open_link(s->work_link[i]);
		if (error == 0)
			error = supervisor_open_link(s->spool_link[i]);
	}
	return error;
}

static void supervisor_add_arg(struct child *child, const char *arg)
{
	int n = 0;

	while (child->args[n] != NULL)
		n++;
	if (n < CHILD_ARGS_MAX - 1)
		child->args[n] = arg;
}

static int supervisor_describe(struct supervisor *s, enum supervisor_child which, const char *name,
			       const char *program)
{
	struct child *child = &s->child[which];
	int error = child_find_program(program, child->path);

	if (error < 0)
		diag_critical("cannot find %s, neither beside watchdogd nor in its library directory", program);
	child->name = name;
	child->wanted = true;
	memset(child->fds, -1, sizeof(child->fds));
	child->fds[MESSAGE_FD_LEDGER] = s->ledger;
	child->fds[MESSAGE_FD_CONFIG] = s->config_fd;
	supervisor_add_arg(child, name);
	return error;
}

/* What all are told: whose log is long, whose host is made up. */
static void supervisor_add_common(const struct supervisor *s, struct child *child)
{
	if (s->options->verbose)
		supervisor_add_arg(child, "--verbose");
	if (root_is_fake()) {
		supervisor_add_arg(child, "--root");
		supervisor_add_arg(child, s->options->root);
	}
}

void supervisor_find_plugins(struct supervisor *s)
{
	const char *plugins = config_string(s->config, s->config->plugins);
	struct buffer b;

	BUFFER_OVER(&b, s->plugins);
	if (plugins[0] != '\0')
		buffer_add(&b, plugins);
	else if (child_find_program("plugins", s->plugins) < 0)
		diag_warning("no plugins directory: no unit of systemd can be stopped or started, no command run");
}

/* What only some have: who delivers alerts its end to the scribe; the scribe theirs; who has given up root
 * reads alone. */
static void supervisor_describe_spool(struct supervisor *s)
{
	struct child *actor = &s->child[CHILD_ACTOR], *scribe = &s->child[CHILD_SCRIBE];
	struct child *messenger = &s->child[CHILD_MESSENGER];

	actor->fds[MESSAGE_FD_SPOOL] = s->spool_link[CHILD_ACTOR][1];
	messenger->fds[MESSAGE_FD_SPOOL] = s->spool_link[CHILD_MESSENGER][1];
	messenger->fds[MESSAGE_FD_VAULT] = s->vault;
	scribe->fds[MESSAGE_FD_SPOOL] = s->spool_link[CHILD_MESSENGER][0];
	scribe->fds[MESSAGE_FD_SPOOL_ACTOR] = s->spool_link[CHILD_ACTOR][0];
	messenger->fds[MESSAGE_FD_LEDGER] = scribe->fds[MESSAGE_FD_LEDGER] = s->ledger_read;
}

/* A worker: its link to main, its link to the sentinel, its role. */
static int supervisor_describe_worker(struct supervisor *s, enum supervisor_child which, const char *role)
{
	static const char *const names[CHILDREN] = {
		[CHILD_ACTOR] = "wd-actor", [CHILD_SCRIBE] = "wd-scribe", [CHILD_MESSENGER] = "wd-messenger"};
	struct child *child = &s->child[which];
	int error = supervisor_describe(s, which, names[which], "wd-worker");

	child->fds[MESSAGE_FD_MAIN] = s->main_link[which][1];
	child->fds[MESSAGE_FD_ACTOR] = s->work_link[which][1];
	child->fds[MESSAGE_FD_STATE] = s->state_read;
	supervisor_add_arg(child, role);
	supervisor_add_arg(child, s->plugins);
	supervisor_add_common(s, child);
	return error;
}

int supervisor_describe_children(struct supervisor *s)
{
	struct child *sentinel = &s->child[CHILD_SENTINEL];

	if (supervisor_describe(s, CHILD_SENTINEL, "wd-sentinel", "wd-sentinel") < 0 ||
	    supervisor_describe_worker(s, CHILD_ACTOR, "actor") < 0 ||
	    supervisor_describe_worker(s, CHILD_SCRIBE, "scribe") < 0 ||
	    supervisor_describe_worker(s, CHILD_MESSENGER, "messenger") < 0)
		return -ENOENT;
	s->child[CHILD_SCRIBE].wanted = s->child[CHILD_MESSENGER].wanted = false;
	supervisor_want_workers(s);
	supervisor_fill_vault(s);
	supervisor_describe_spool(s);
	sentinel->fds[MESSAGE_FD_MAIN] = s->main_link[CHILD_SENTINEL][1];
	sentinel->fds[MESSAGE_FD_STATE] = s->state;
	sentinel->fds[MESSAGE_FD_ACTOR] = s->work_link[CHILD_ACTOR][0];
	sentinel->fds[MESSAGE_FD_SCRIBE] = s->work_link[CHILD_SCRIBE][0];
	sentinel->fds[MESSAGE_FD_MESSENGER] = s->work_link[CHILD_MESSENGER][0];
	supervisor_add_common(s, sentinel);
	if (s->options->dry_run)
		supervisor_add_arg(sentinel, "--dry-run");
	return 0;
}
