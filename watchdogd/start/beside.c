#include "start/beside.h"

#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/buffer.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "see/dirwalk.h"
#include "see/match.h"
#include "see/procfs.h"

enum { BESIDE_COMM_LEN = 15, BESIDE_ARGS_BYTES = 1024 };

static const char *const beside_names[] = {"earlyoom", "systemd-oomd", "nohang", "oomd",
					   "low-memory-monitor"};

/* Of an interpreter comm says nothing (nohang is Python). Only its arguments are read, and not of
 * who sleeps uninterruptibly: he may hold the lock that this needs. */
static size_t beside_args(int proc, const struct procfs_stat *stat, char args[BESIDE_ARGS_BYTES])
{
	char path[32];
	struct buffer b;
	ssize_t n;

	if (strncmp(stat->comm, "python", strlen("python")) != 0 || stat->state == 'D')
		return 0;
	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/cmdline", stat->pid);
	n = file_read_at(proc, path, args, BESIDE_ARGS_BYTES);
	return n > 0 ? (size_t)n : 0;
}

/* The name it is known by, or NULL. */
static const char *beside_which(int proc, const struct procfs_stat *stat)
{
	char args[BESIDE_ARGS_BYTES] = "";
	struct match_process seen = {.comm = stat->comm, .exe = "", .cwd = "", .cmdline = args};

	if (procfs_is_kernel(stat) || !procfs_is_alive(stat))
		return NULL;
	seen.cmdline_len = beside_args(proc, stat, args);
	for (size_t i = 0; i < ARRAY_LEN(beside_names); i++)
		if (strncmp(stat->comm, beside_names[i], BESIDE_COMM_LEN) == 0 ||
		    match_holds(beside_names[i], &seen))
			return beside_names[i];
	return NULL;
}

void beside_tell(void)
{
	static struct dirwalk walk;
	int proc = root_open("/proc", O_RDONLY | O_DIRECTORY);
	char text[TEXT_BYTES];
	const char *entry;
	struct buffer b;

	if (proc < 0)
		return;
	BUFFER_OVER(&b, text);
	dirwalk_begin(&walk, proc);
	while ((entry = dirwalk_next(&walk)) != NULL) {
		struct procfs_stat stat;
		uint64_t pid;
		const char *name;

		if (!file_parse_u64(entry, &pid) || pid > INT32_MAX ||
		    procfs_read_stat(proc, (int32_t)pid, &stat) < 0)
			continue;
		name = beside_which(proc, &stat);
		if (name != NULL)
			buffer_addf(&b, "%s%s (pid %d)", b.len > 0 ? ", " : "", name, (int)pid);
	}
	dirwalk_end(&walk);
	(void)file_close(proc);
	if (b.len > 0)
		diag_info("beside us, by bounds of their own, kill here too: %s", b.text);
}
