#include "ask/explain.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask/explain_kill.h"
#include "ask/loglines.h"

#define EXPLAIN_OPEN_KILLS 64 /* the last kills, which the reaper may still speak of */

struct explain {
	bool json;
	FILE *out;
	struct loglines lines;
	struct oomrecord_parser parser;
	struct oomrecord record;
	unsigned long kills;   /* ever; the last EXPLAIN_OPEN_KILLS of them are in ring */
	unsigned long written; /* ever */
	unsigned long unknown; /* lines */
	struct explain_kill ring[EXPLAIN_OPEN_KILLS];
	char text[EXPLAIN_KILL_SIZE];
};

static void explain_write_oldest(struct explain *explain)
{
	struct explain_kill *kill = &explain->ring[explain->written++ % EXPLAIN_OPEN_KILLS];
	struct buffer out;

	BUFFER_OVER(&out, explain->text);
	if (explain->json)
		explain_kill_json(kill, &out);
	else
		explain_kill_text(kill, &out);
	(void)fwrite(out.text, 1, out.len, explain->out);
}

static void explain_add(struct explain *explain, const struct kmsgline *line)
{
	struct explain_kill *kill;

	if (explain->kills - explain->written == EXPLAIN_OPEN_KILLS)
		explain_write_oldest(explain);
	kill = &explain->ring[explain->kills++ % EXPLAIN_OPEN_KILLS];
	memset(kill, 0, sizeof(*kill));
	kill->record = explain->record;
	kill->stamp_len = line->stamp.n < sizeof(kill->stamp) ? line->stamp.n : 0;
	if (kill->stamp_len > 0)
		memcpy(kill->stamp, line->stamp.at, kill->stamp_len);
}

/* The last kill of this pid; its name must agree where both are known. */
static struct explain_kill *explain_find(struct explain *explain, const struct oomrecord *record)
{
	for (unsigned long i = explain->kills; i > explain->written; i--) {
		struct explain_kill *kill = &explain->ring[(i - 1) % EXPLAIN_OPEN_KILLS];

		if (kill->record.pid != record->pid)
			continue;
		if ((kill->record.known & record->known & OOMRECORD_COMM) &&
		    strcmp(kill->record.comm, record->comm) != 0)
			return NULL;
		return kill;
	}
	return NULL;
}

static void explain_line(struct explain *explain, const struct kmsgline *line)
{
	struct oomrecord_line in = {
		.text = line->text.at,
		.len = line->text.n,
		.at_us = line->at_us,
		.escaped = line->raw,
		.continues = line->continues,
	};
	struct oomrecord *record = &explain->record;
	struct explain_kill *kill;

	switch (oomrecord_feed(&explain->parser, &in, record)) {
	case OOMRECORD_KILL:
		explain_add(explain, line);
		break;
	case OOMRECORD_GROUP:
		kill = explain_find(explain, record);
		if (kill) {
			kill->record.group = true;
			memcpy(kill->record.group_memcg, record->group_memcg,
			       sizeof(record->group_memcg));
			kill->record.known |= record->known & OOMRECORD_GROUP_MEMCG;
		}
		break;
	case OOMRECORD_REAPED:
		kill = explain_find(explain, record);
		if (kill) {
			kill->reaper_known = true;
			kill->record.reaped |= record->reaped;
		}
		break;
	case OOMRECORD_UNKNOWN:
		explain->unknown++;
		break;
	case OOMRECORD_NOTHING:
	case OOMRECORD_RESULTS:
		break;
	}
}

static int explain_end(struct explain *explain, const char *name, FILE *err)
{
	FILE *notes = explain->json ? err : explain->out;

	while (explain->written < explain->kills)
		explain_write_oldest(explain);
	if (!explain->json && explain->kills == 0 && explain->lines.error == 0)
		fprintf(notes, "No OOM kill in %s.\n", name);
	if (explain->unknown > 0)
		fprintf(notes, "%lu %s like OOM records but could not be read.\n", explain->unknown,
			explain->unknown == 1 ? "line looks" : "lines look");
	if (explain->lines.overrun)
		fprintf(notes, "Some records were overwritten before they could be read.\n");
	if (explain->lines.error) {
		fprintf(err, "cannot read %s: %s\n", name, strerror(explain->lines.error));
		return 1;
	}
	if (fflush(explain->out) != 0 || ferror(explain->out)) {
		fprintf(err, "cannot write: %s\n", strerror(errno));
		return 1;
	}
	return 0;
}

/* The end of /dev/kmsg is where the next read would wait. */
static void explain_do_not_wait(int fd)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0 && fstat(fd, &st) == 0 && S_ISCHR(st.st_mode) && !isatty(fd))
		(void)fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

int explain_run(const char *path, bool json, FILE *out, FILE *err)
{
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : STDIN_FILENO;
	const char *name = path ? path : "standard input";
	struct explain *explain;
	struct kmsgline line;
	int status = 1;

	if (fd < 0) {
		fprintf(err, "cannot open %s: %s\n", name, strerror(errno));
		return 1;
	}
	explain_do_not_wait(fd);
	explain = calloc(1, sizeof(*explain));
	if (!explain) {
		fprintf(err, "cannot explain %s: %s\n", name, strerror(errno));
		goto out;
	}
	explain->json = json;
	explain->out = out;
	oomrecord_init(&explain->parser);
	loglines_init(&explain->lines, fd);
	while (loglines_next(&explain->lines, &line))
		explain_line(explain, &line);
	status = explain_end(explain, name, err);
	free(explain);
out:
	if (path)
		close(fd);
	return status;
}
