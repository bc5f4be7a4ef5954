#include "see/names.h"

#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"

static void names_read_link(const struct names *names, const char *name, char *out, size_t size)
{
	char path[32];
	struct buffer b;
	ssize_t n;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/%s", names->pid, name);
	n = readlinkat(names->proc, path, out, size - 1);
	out[n > 0 ? n : 0] = '\0';
}

static void names_read_args(struct names *names)
{
	char path[32];
	struct buffer b;
	ssize_t n;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/cmdline", names->pid);
	n = file_read_at(names->proc, path, names->cmdline, sizeof(names->cmdline));
	names->cmdline[n > 0 ? n : 0] = '\0';
	names->seen.cmdline_len = n > 0 ? (size_t)n : 0;
	names->args_read = true;
}

void names_comm_alone(struct names *names, const char *comm)
{
	names->exe[0] = names->cwd[0] = names->cmdline[0] = '\0';
	names->seen = (struct match_process){
		.comm = comm, .exe = names->exe, .cwd = names->cwd, .cmdline = names->cmdline};
	names->args_read = true;
}

void names_read(struct names *names, int proc, int32_t pid, const char *comm)
{
	names_comm_alone(names, comm);
	names->proc = proc;
	names->pid = pid;
	names->args_read = false;
	names_read_link(names, "exe", names->exe, sizeof(names->exe));
	names_read_link(names, "cwd", names->cwd, sizeof(names->cwd));
}

bool names_hold(struct names *names, const char *target)
{
	if (match_holds(target, &names->seen))
		return true;
	if (names->args_read)
		return false;
	names_read_args(names);
	return match_holds(target, &names->seen);
}

bool names_have_args(struct names *names)
{
	if (!names->args_read)
		names_read_args(names);
	return names->seen.cmdline_len > 0;
}
