#include "share/metrics_cost.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"

/* Fields of /proc/PID/stat, numbered as in proc_pid_stat(5). */
enum { COST_FIRST = 3, COST_UTIME = 14, COST_STIME = 15, COST_RSS = 24 };

/* The fields from the third on, which is a letter: they are numbers, some with a sign. */
static bool metrics_cost_parse_fields(const char *p, uint64_t field[COST_RSS + 1])
{
	if (p[0] != ' ' || p[1] == '\0')
		return false;
	p += 2;
	for (int i = COST_FIRST + 1; i <= COST_RSS; i++) {
		char *end;

		if (*p != ' ')
			return false;
		field[i] = strtoull(p, &end, 10);
		if (end == p)
			return false;
		p = end;
	}
	return true;
}

bool metrics_cost_parse(const char *text, struct metrics_process *out)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')'); /* a name may have any of both */
	uint64_t field[COST_RSS + 1] = {0};
	struct buffer name;

	memset(out, 0, sizeof(*out));
	if (open == NULL || close == NULL || close < open || !metrics_cost_parse_fields(close + 1, field))
		return false;
	BUFFER_OVER(&name, out->name);
	buffer_add_bytes(&name, open + 1, (size_t)(close - open - 1));
	out->cpu_ms = (field[COST_UTIME] + field[COST_STIME]) * 1000 / (uint64_t)sysconf(_SC_CLK_TCK);
	out->rss_bytes = field[COST_RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
	return true;
}

static bool metrics_cost_read_one(int proc, pid_t pid, struct metrics_process *out)
{
	char path[32], text[1024];
	struct buffer b;

	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/stat", (int)pid);
	return file_read_at(proc, path, text, sizeof(text)) > 0 && metrics_cost_parse(text, out);
}

static bool metrics_cost_has(const struct metrics_process *rows, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(rows[i].name, name) == 0)
			return true;
	return false;
}

/* The next row, unless its name is there already. */
static size_t metrics_cost_add(int proc, pid_t pid, struct metrics_process *out, size_t n)
{
	return metrics_cost_read_one(proc, pid, &out[n]) && !metrics_cost_has(out, n, out[n].name) ? n + 1 : n;
}

size_t metrics_cost_read(int proc, pid_t main_pid, struct metrics_process *out, size_t max)
{
	char path[64], text[1024], *p = text;
	struct buffer b;
	size_t n = 0;

	if (max == 0)
		return 0;
	n = metrics_cost_add(proc, main_pid, out, n);
	BUFFER_OVER(&b, path);
	buffer_addf(&b, "%d/task/%d/children", (int)main_pid, (int)main_pid);
	if (file_read_at(proc, path, text, sizeof(text)) <= 0)
		return n < max ? metrics_cost_add(proc, getpid(), out, n) : n;
	while (n < max) {
		char *end;
		long pid = strtol(p, &end, 10);

		if (end == p || pid <= 0)
			break;
		n = metrics_cost_add(proc, (pid_t)pid, out, n);
		p = end;
	}
	return n;
}
