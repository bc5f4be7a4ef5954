/* snapshot: writes down who holds what. Of the ten largest processes of the host a line of the log each, with what
 * /proc/PID/status says in its own words, and all of them in short in the answer. Bounded in number and time
 * (deliver/report_processes.h), as it is done when memory is short; nothing is read that a process must page in. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/file.h"
#include "deliver/report_processes.h"
#include "share/plugin.h"
#include "words/verb.h"

enum {
	SNAPSHOT_PROCESSES = 10,
	SNAPSHOT_STATUS_BYTES = 4000,
	SNAPSHOT_ANSWER_BYTES = 256, /* as much as a message holds */
};

/* In the order of a line. Name is hostile and may hold anything, so it comes last. */
static const char *const snapshot_keys[] = {"Pid",    "PPid",   "Uid",     "VmRSS", "RssAnon",
					    "VmSwap", "Threads", "State", "Name"};

static const struct plugin_host *snapshot_host;

/* The value of the key of /proc/PID/status, and its length; 0: there is none (a zombie has no memory). */
static size_t snapshot_find(const char *status, const char *key, const char **value)
{
	size_t len = strlen(key);

	for (const char *line = status; *line != '\0'; line += strcspn(line, "\n"), line += *line == '\n') {
		if (strncmp(line, key, len) != 0 || line[len] != ':')
			continue;
		*value = line + len + 1;
		*value += strspn(*value, " \t");
		return strcspn(*value, "\n");
	}
	return 0;
}

/* "VmRSS=1992340 kB": of Uid the first of its four, the real one. */
static void snapshot_add_key(struct buffer *out, const char *status, const char *key)
{
	const char *value = NULL;
	size_t len = snapshot_find(status, key, &value);

	if (len == 0)
		return;
	if (strcmp(key, "Uid") == 0)
		len = strcspn(value, "\t\n");
	buffer_addf(out, " %s=", key);
	buffer_add_bytes(out, value, len); /* who logs it escapes it */
}

static void snapshot_log(const struct report_process *process, size_t place, size_t count)
{
	char path[32], status[SNAPSHOT_STATUS_BYTES], text[TEXT_BYTES];
	struct buffer out;

	(void)snprintf(path, sizeof(path), "%d/status", process->pid);
	if (file_read_at(report_processes_proc(), path, status, sizeof(status)) <= 0)
		return; /* it has ended */
	BUFFER_OVER(&out, text);
	buffer_addf(&out, "snapshot %zu of %zu:", place, count);
	for (size_t i = 0; i < ARRAY_LEN(snapshot_keys); i++)
		snapshot_add_key(&out, status, snapshot_keys[i]);
	snapshot_host->log(LOG_INFO, out.text);
}

/* "1.9G", "310M": ten of them are to fit into one message. */
static void snapshot_add_size(struct buffer *out, uint64_t bytes)
{
	const double mib = 1024.0 * 1024;

	if ((double)bytes >= 0.95 * 1024 * mib)
		buffer_addf(out, "%.1fG", (double)bytes / (1024 * mib));
	else
		buffer_addf(out, "%.0fM", (double)bytes / mib);
}

/* "xtts_server 71 2.1G, claude 80 1.9G": what does not fit any more is left out whole. */
static void snapshot_tell(struct buffer *out, const struct report_process *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char text[96];
		struct buffer one;

		BUFFER_OVER(&one, text);
		buffer_add(&one, i > 0 ? ", " : "");
		escape_line(&one, rows[i].comm, strnlen(rows[i].comm, sizeof(rows[i].comm)));
		buffer_addf(&one, " %d ", rows[i].pid);
		snapshot_add_size(&one, rows[i].rss_bytes);
		if (out->len + one.len >= out->size)
			return;
		buffer_add(out, one.text);
	}
}

static void snapshot_ask(const struct plugin_request *request)
{
	struct report_process rows[SNAPSHOT_PROCESSES];
	char text[SNAPSHOT_ANSWER_BYTES];
	struct buffer out;
	size_t count;
	bool all;

	if (strcmp(request->verb, verb_words[VERB_SNAPSHOT].name) != 0) {
		snapshot_host->answer(request->id, -EINVAL, "a snapshot is all that can be taken");
		return;
	}
	BUFFER_OVER(&out, text);
	count = report_processes_largest(rows, SNAPSHOT_PROCESSES, &all);
	if (count == 0) {
		snapshot_host->answer(request->id, -ENODATA, "no process can be read in /proc");
		return;
	}
	for (size_t i = 0; i < count; i++)
		snapshot_log(&rows[i], i + 1, count);
	buffer_add(&out, all ? "" : "of those that could be looked at in time: ");
	snapshot_tell(&out, rows, count);
	snapshot_host->answer(request->id, 0, text);
}

static int snapshot_open(const struct plugin_host *host)
{
	snapshot_host = host;
	return report_processes_open();
}

static int snapshot_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	(void)fds;
	(void)max;
	(void)timeout_ms;
	return 0;
}

static void snapshot_dispatch(const struct pollfd *fds, int count)
{
	(void)fds;
	(void)count;
}

static void snapshot_close(void)
{
	report_processes_close();
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "snapshot",
	.open = snapshot_open,
	.ask = snapshot_ask,
	.prepare = snapshot_prepare,
	.dispatch = snapshot_dispatch,
	.close = snapshot_close,
};
