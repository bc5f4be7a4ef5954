/* The plugin swapfile on real file systems: what it makes, what it takes, what it leaves alone; and, where this kernel
 * lets us, a real swapon and swapoff of one MiB. Needs root, whose file it is, and a /var/tmp that can hold one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/swapfs.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

enum { MIB = 1 << 20, WAIT_MS = 30000 };

static char dir[] = "/var/tmp/test_swapfile.XXXXXX";
static char path[128], half[128];
static uint64_t last_id;

/* How a file is made here, as the tests want it; SWAPFS_NONE: as it is. The file system is told by another name then. */
static enum swapfs_way way;

const struct swapfs *__real_swapfs_find(unsigned long type);
const struct swapfs *__wrap_swapfs_find(unsigned long type);

const struct swapfs *__wrap_swapfs_find(unsigned long type)
{
	static struct swapfs wanted = {"a made-up one", SWAPFS_NONE};

	wanted.way = way;
	return way != SWAPFS_NONE ? &wanted : __real_swapfs_find(type);
}

static int open_plugin(void **state)
{
	(void)state;
	return plugin.open(driver_host());
}

static int close_plugin(void **state)
{
	(void)state;
	plugin.close();
	(void)unlink(path);
	(void)unlink(half);
	way = SWAPFS_NONE;
	return 0;
}

static const struct driver_answer *ask_at(const char *what, uint64_t size, uint64_t free_bytes, const char *at)
{
	char target[LINE_BYTES + 1];
	const struct driver_answer *answer;

	(void)snprintf(target, sizeof(target), "%s %llu %llu -1 %s", what, (unsigned long long)size,
		       (unsigned long long)free_bytes, at);
	plugin.ask(&(struct plugin_request){.id = ++last_id, .verb = "swap", .target = target, .timeout_ms = WAIT_MS});
	answer = driver_wait(&plugin, last_id, WAIT_MS);
	assert_non_null(answer);
	return answer;
}

static const struct driver_answer *ask(const char *what, uint64_t size)
{
	return ask_at(what, size, 0, path);
}

static void assert_says(const struct driver_answer *answer, int result, const char *text)
{
	if (answer->result != result || strstr(answer->text, text) == NULL)
		fail_msg("%d: %s", answer->result, answer->text);
}

static void put(const char *at, mode_t mode, const char *text)
{
	int fd = open(at, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void assert_holds(const char *at, const char *text)
{
	char got[64] = "";
	int fd = open(at, O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_true(read(fd, got, sizeof(got) - 1) >= 0);
	(void)close(fd);
	assert_string_equal(got, text);
}

/* One that mkswap made, of `mib`. */
static void make(unsigned mib)
{
	assert_says(ask("make", (uint64_t)mib * MIB), 0, "was made");
}

static void what_is_missing_is_said_so(void **state)
{
	(void)state;
	assert_says(ask("look", MIB), -ENOENT, "No such file");
}

static void what_is_made_is_whole_roots_and_nobody_elses_to_read(void **state)
{
	char bytes[16] = "";
	struct stat st;
	int fd;

	(void)state;
	assert_says(ask("make", 20 * MIB), 0, "was made, 20 MiB on ");
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_uid, 0);
	assert_int_equal(st.st_size, 20 * MIB);
	assert_true(st.st_blocks * 512 >= 20 * MIB);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(pread(fd, bytes, 10, sysconf(_SC_PAGESIZE) - 10), 10);
	(void)close(fd);
	assert_string_equal(bytes, "SWAPSPACE2");
	assert_int_equal(access(half, F_OK), -1);
	assert_says(ask("look", 20 * MIB), 0, "is there, 20 MiB");
}

static void where_it_has_to_be_every_block_is_written(void **state)
{
	struct stat st;

	(void)state;
	way = SWAPFS_WRITE;
	assert_says(ask("make", 19 * MIB), 0, "was made, 19 MiB on a made-up one");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 19 * MIB);
	assert_true(st.st_blocks * 512 >= 19 * MIB);
}

static void one_that_cannot_be_told_not_to_copy_on_write_is_not_made(void **state)
{
	struct statfs fs;

	(void)state;
	assert_int_equal(statfs(dir, &fs), 0);
	if (fs.f_type != 0xef53)
		skip();
	way = SWAPFS_NOCOW; /* on ext4, which knows no such flag */
	assert_says(ask("make", MIB), -EOPNOTSUPP, "cannot tell it not to copy on write");
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(half, F_OK), -1);
	way = SWAPFS_NONE;
	make(1);
	way = SWAPFS_NOCOW;
	assert_says(ask("look", MIB), -EEXIST, "copies on write");
}

static void what_is_there_is_used_and_not_made_again(void **state)
{
	struct stat before, after;

	(void)state;
	make(1);
	assert_int_equal(stat(path, &before), 0);
	assert_says(ask("make", MIB), 0, "is there, 1 MiB");
	assert_int_equal(stat(path, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
}

static void what_a_kill_left_half_made_is_removed(void **state)
{
	static const char *const works[] = {"look", "make"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(works); i++) {
		put(half, 0600, "half");
		(void)ask(works[i], MIB);
		assert_int_equal(access(half, F_OK), -1);
	}
	assert_int_equal(access(path, F_OK), 0);
}

static void half_a_file_under_the_right_name_is_no_swap_file(void **state)
{
	(void)state;
	put(path, 0600, "");
	assert_int_equal(truncate(path, MIB), 0);
	assert_says(ask("make", MIB), -EEXIST, "is there and is no swap file; it is left alone");
}

static void what_is_not_ours_is_never_overwritten(void **state)
{
	static const char *const works[] = {"look", "make", "on"};
	char elsewhere[160];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(works); i++) {
		put(path, 0600, "precious");
		assert_says(ask(works[i], MIB), -EEXIST, "is no swap file; it is left alone");
		assert_holds(path, "precious");
		assert_int_equal(unlink(path), 0);
	}
	(void)snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere", dir);
	put(elsewhere, 0600, "precious");
	assert_int_equal(symlink(elsewhere, path), 0);
	assert_says(ask("make", MIB), -EEXIST, "is a symbolic link; it is left alone");
	assert_holds(elsewhere, "precious");
	(void)unlink(elsewhere);
	(void)unlink(path);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_says(ask("make", MIB), -EEXIST, "is no regular file");
	(void)unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_says(ask("make", MIB), -EEXIST, "is no regular file");
	assert_int_equal(rmdir(path), 0);
}

static void what_others_can_read_is_not_used(void **state)
{
	char other[160];

	(void)state;
	make(1);
	assert_int_equal(chmod(path, 0640), 0);
	assert_says(ask("on", MIB), -EEXIST, "has not mode 0600");
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(chown(path, 65534, 0), 0);
	assert_says(ask("on", MIB), -EEXIST, "is not root's");
	assert_int_equal(chown(path, 0, 0), 0);
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(link(path, other), 0);
	assert_says(ask("on", MIB), -EEXIST, "has more than one name");
	(void)unlink(other);
	assert_says(ask("look", MIB), 0, "is there");
}

static void one_with_holes_or_of_another_size_is_not_used(void **state)
{
	(void)state;
	make(1);
	assert_says(ask("look", 2 * MIB), -EEXIST, "has 1 MiB, not `size` of 2 MiB");
	assert_int_equal(truncate(path, 4 * MIB), 0);
	assert_says(ask("look", 4 * MIB), -EEXIST, "has holes");
}

static void nothing_is_made_where_it_would_eat_the_disk(void **state)
{
	const struct driver_answer *answer;
	struct statvfs fs;
	uint64_t left;

	(void)state;
	assert_int_equal(statvfs(dir, &fs), 0);
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	answer = ask_at("make", MIB, left + 1024ULL * MIB, path);
	assert_says(answer, -ENOSPC, "left: too little for 1 MiB and `free` of");
	answer = ask_at("make", left * 2, 0, path);
	assert_says(answer, -ENOSPC, "too little");
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(access(half, F_OK), -1);
}

static void a_file_system_that_cannot_is_refused_by_name(void **state)
{
	char shm[] = "/dev/shm/test_swapfile.XXXXXX", in_shm[64];
	const struct driver_answer *answer;
	struct statfs fs;

	(void)state;
	if (statfs("/dev/shm", &fs) < 0 || strcmp(swapfs_find((unsigned long)fs.f_type)->name, "tmpfs") != 0)
		skip();
	assert_non_null(mkdtemp(shm));
	(void)snprintf(in_shm, sizeof(in_shm), "%s/swap", shm);
	answer = ask_at("make", MIB, 0, in_shm);
	(void)rmdir(shm);
	assert_says(answer, -EOPNOTSUPP, "tmpfs cannot hold a swap file");
	assert_says(ask_at("make", MIB, 0, "/proc/swap"), -EOPNOTSUPP, "is not known to hold swap files");
}

static void a_directory_that_others_can_write_is_refused(void **state)
{
	char sub[128], in[160];

	(void)state;
	assert_says(ask_at("make", MIB, 0, "/var/tmp/test_swapfile_nobody"), -EPERM, "others than root may write the directory "
										    "\"tmp\"");
	assert_int_equal(access("/var/tmp/test_swapfile_nobody", F_OK), -1);
	(void)snprintf(sub, sizeof(sub), "%s/sub", dir);
	(void)snprintf(in, sizeof(in), "%s/swap", sub);
	assert_int_equal(mkdir(sub, 0700), 0);
	assert_int_equal(chown(sub, 65534, 0), 0);
	assert_says(ask_at("make", MIB, 0, in), -EPERM, "others than root");
	assert_int_equal(chown(sub, 0, 0), 0);
	assert_int_equal(chmod(sub, 0770), 0);
	assert_says(ask_at("make", MIB, 0, in), -EPERM, "others than root");
	assert_int_equal(rmdir(sub), 0);
	assert_int_equal(symlink(dir, sub), 0);
	assert_says(ask_at("make", MIB, 0, in), -ENOTDIR, "\"sub\" of its path is no directory, or a symbolic link");
	assert_int_equal(unlink(sub), 0);
	assert_says(ask_at("make", MIB, 0, in), -ENOTDIR, "cannot enter the directory \"sub\"");
}

static void an_order_that_makes_no_sense_is_refused(void **state)
{
	static const char *const rows[] = {"", "on", "make", "make 1", "make 1 2", "make 1 2 3", "make 1 2 3 ", "make 1 2 3 x",
					   "make 1 2 3 /", "make x 2 3 /x", "clean 1 2 3 /x", "off 0 2 3 /x", "on 1 2 3x /x"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct driver_answer *answer;

		plugin.ask(&(struct plugin_request){.id = ++last_id, .verb = "swap", .target = rows[i]});
		answer = driver_wait(&plugin, last_id, WAIT_MS);
		assert_non_null(answer);
		if (answer->result != -EINVAL)
			fail_msg("\"%s\": %d %s", rows[i], answer->result, answer->text);
	}
}

static bool is_in_proc_swaps(void)
{
	static char text[8192];
	FILE *file = fopen("/proc/swaps", "re");
	size_t n;

	assert_non_null(file);
	n = fread(text, 1, sizeof(text) - 1, file);
	text[n] = '\0';
	(void)fclose(file);
	return strstr(text, path) != NULL;
}

static void the_kernel_takes_it_and_lets_go_of_it(void **state)
{
	const struct driver_answer *answer;

	(void)state;
	make(1);
	answer = ask("on", MIB);
	if (answer->result == -EPERM || answer->result == -ENOSYS) {
		print_message("# SKIP this kernel lets nobody here swap: %s\n", answer->text);
		skip();
	}
	assert_says(answer, 0, "is on");
	assert_true(is_in_proc_swaps());
	assert_says(ask("on", MIB), 0, "is on"); /* once more does no harm */
	assert_says(ask("look", MIB), 0, "is there");
	assert_says(ask("off", MIB), 0, "is off");
	assert_false(is_in_proc_swaps());
	assert_says(ask("off", MIB), 0, "is off");
	assert_int_equal(access(path, F_OK), 0); /* it stays, for the next time */
}

static void off_of_what_is_not_there_is_told(void **state)
{
	(void)state;
	assert_says(ask("off", MIB), -ENOENT, "the kernel does not let go of ");
	assert_says(ask("on", MIB), -ENOENT, "No such file");
}

static void it_needs_root_and_a_file_system_that_can_hold_a_swap_file(void **state)
{
	(void)state;
	print_message("# SKIP not so here: root, and /var/tmp\n");
	skip();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_plugin, close_plugin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_missing_is_said_so),
		TEST(what_is_made_is_whole_roots_and_nobody_elses_to_read),
		TEST(where_it_has_to_be_every_block_is_written),
		TEST(one_that_cannot_be_told_not_to_copy_on_write_is_not_made),
		TEST(what_is_there_is_used_and_not_made_again),
		TEST(what_a_kill_left_half_made_is_removed),
		TEST(half_a_file_under_the_right_name_is_no_swap_file),
		TEST(what_is_not_ours_is_never_overwritten),
		TEST(what_others_can_read_is_not_used),
		TEST(one_with_holes_or_of_another_size_is_not_used),
		TEST(nothing_is_made_where_it_would_eat_the_disk),
		TEST(a_file_system_that_cannot_is_refused_by_name),
		TEST(a_directory_that_others_can_write_is_refused),
		TEST(an_order_that_makes_no_sense_is_refused),
		TEST(the_kernel_takes_it_and_lets_go_of_it),
		TEST(off_of_what_is_not_there_is_told),
	};
	struct statfs fs;
	int failed;

	if (geteuid() != 0 || statfs("/var/tmp", &fs) < 0 ||
	    swapfs_find((unsigned long)fs.f_type)->way == SWAPFS_NONE || mkdtemp(dir) == NULL) {
		const struct CMUnitTest none[] = {
			cmocka_unit_test(it_needs_root_and_a_file_system_that_can_hold_a_swap_file)};

		return cmocka_run_group_tests(none, NULL, NULL);
	}
	(void)snprintf(path, sizeof(path), "%s/swap", dir);
	(void)snprintf(half, sizeof(half), "%s/.swap.watchdogd-half", dir);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	(void)rmdir(dir);
	return failed;
}
