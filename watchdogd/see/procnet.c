#include "see/procnet.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "see/flat.h"
#include "see/inetdiag.h"

/* The words of a line, after "sl" (Documentation/networking/proc_net_tcp.rst). */
enum { PROCNET_STATE = 3, PROCNET_INODE = 9 };

static const char *procnet_word(const char *line, int number)
{
	line += strspn(line, " ");
	for (int i = 0; i < number; i++) {
		line += strcspn(line, " ");
		line += strspn(line, " ");
	}
	return line;
}

bool procnet_parse(const char *line, uint32_t *inode)
{
	const char *state = procnet_word(line, PROCNET_STATE);
	const char *after;
	uint64_t number;

	if (state[0] != '0' || state[1] < '0' || state[1] > '9' || state[2] != ' ') /* of two hex digits; to 9 is enough */
		return false;
	after = flat_number(procnet_word(line, PROCNET_INODE), &number);
	if (after == NULL || (*after != ' ' && *after != '\0') || number > UINT32_MAX)
		return false;
	if (!inetdiag_counts((unsigned)(state[1] - '0'), number))
		return false;
	*inode = (uint32_t)number;
	return true;
}

/* tcp at the end: who has ended meanwhile has none, and is not taken for one without IPv6. */
int procnet_open(struct procnet *net, int process)
{
	static const char *const paths[PROCNET_FILES] = {"net/tcp6", "net/tcp"};

	net->error = 0;
	for (int i = 0; i < PROCNET_FILES; i++) {
		int fd = openat(process, paths[i], O_RDONLY | O_CLOEXEC);

		net->file[i] = fd;
		if (fd < 0 && (i == PROCNET_FILES - 1 || errno != ENOENT))
			net->error = -errno;
	}
	procnet_begin(net);
	return net->error;
}

void procnet_close(struct procnet *net)
{
	for (int i = 0; i < PROCNET_FILES; i++)
		net->file[i] = file_close(net->file[i]);
}

static void procnet_file(struct procnet *net, int at)
{
	net->at = at;
	net->offset = 0;
	net->kept = 0;
}

void procnet_begin(struct procnet *net)
{
	procnet_file(net, 0);
}

static void procnet_end(struct procnet_batch *batch, int error)
{
	batch->ended = true;
	batch->error = error;
}

static void procnet_add(const char *line, struct procnet_batch *batch)
{
	uint32_t inode;

	if (!procnet_parse(line, &inode))
		return;
	if (batch->count == PROCNET_BATCH_MAX)
		procnet_end(batch, -EPROTO);
	else
		batch->inode[batch->count++] = inode;
}

/* The lines of text that are whole; what is left of it comes to its beginning. */
static void procnet_take(struct procnet *net, size_t len, struct procnet_batch *batch)
{
	char *line = net->text, *end;

	net->text[len] = '\0';
	while ((end = memchr(line, '\n', len - (size_t)(line - net->text))) != NULL) {
		*end = '\0';
		procnet_add(line, batch);
		line = end + 1;
	}
	net->kept = len - (size_t)(line - net->text);
	if (net->kept < PROCNET_LINE_BYTES)
		memmove(net->text, line, net->kept);
	else
		procnet_end(batch, -EPROTO);
}

void procnet_next(struct procnet *net, struct procnet_batch *batch)
{
	ssize_t n;

	batch->count = 0;
	batch->ended = false;
	batch->error = 0;
	if (net->error != 0) {
		procnet_end(batch, net->error);
		return;
	}
	while (net->at < PROCNET_FILES && net->file[net->at] < 0)
		procnet_file(net, net->at + 1);
	if (net->at == PROCNET_FILES) {
		procnet_end(batch, 0);
		return;
	}
	/* Each read goes on where the last one ended, which is what the kernel does without counting anew; but that there is
	 * nothing more it finds out by going through all of its table. */
	n = pread(net->file[net->at], net->text + net->kept, PROCNET_CHUNK_BYTES - 1, (off_t)net->offset);
	if (n < 0) {
		procnet_end(batch, -errno);
	} else if (n == 0) {
		procnet_file(net, net->at + 1);
	} else {
		net->offset += n;
		procnet_take(net, net->kept + (size_t)n, batch);
	}
}
