#include "base/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/escape.h"

static struct {
	int fd;
	bool is_socket;
	bool journal;
	bool verbose;
	unsigned dropped;
} diag_log = {.fd = STDERR_FILENO};

/* A description of our own, so that O_NONBLOCK is not forced on the shell that shares the old one;
 * a socket cannot be opened again, but takes MSG_DONTWAIT. */
static int diag_reopen(void)
{
	int fd = open("/proc/self/fd/2", O_WRONLY | O_APPEND | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	return fd < 0 ? STDERR_FILENO : fd;
}

void diag_open(bool verbose)
{
	struct stat st;

	diag_log.is_socket = fstat(STDERR_FILENO, &st) == 0 && S_ISSOCK(st.st_mode);
	diag_log.journal = getenv("JOURNAL_STREAM") != NULL && diag_log.is_socket;
	diag_log.verbose = verbose;
	if (!diag_log.is_socket)
		diag_log.fd = diag_reopen();
}

static bool diag_write(const char *text, size_t len)
{
	ssize_t n;

	do
		n = diag_log.is_socket
			? send(diag_log.fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL)
			: write(diag_log.fd, text, len);
	while (n < 0 && errno == EINTR);
	return n >= 0;
}

static void diag_head(struct buffer *line, enum severity severity)
{
	char now[21];

	if (diag_log.journal)
		buffer_addf(line, "<%d>", severity_level(severity));
	clock_format(clock_wall(), now);
	buffer_addf(line, "%s %s ", now, severity_name(severity));
}

static void diag_tell_dropped(void)
{
	char text[128];
	struct buffer line;

	BUFFER_OVER(&line, text);
	diag_head(&line, SEVERITY_WARNING);
	buffer_addf(&line, "%u log lines were dropped: standard error was full\n", diag_log.dropped);
	if (diag_write(line.text, line.len))
		diag_log.dropped = 0;
}

void diag_event(enum severity severity, const char *rule, const char *unit, const char *format, ...)
{
	char said[2 * TEXT_BYTES], text[4 * TEXT_BYTES];
	struct buffer what, line;
	va_list args;

	if (severity == SEVERITY_DEBUG && !diag_log.verbose)
		return;
	BUFFER_OVER(&what, said);
	va_start(args, format);
	buffer_vaddf(&what, format, args);
	va_end(args);
	buffer_init(&line, text, sizeof(text) - 4);
	diag_head(&line, severity);
	if (rule != NULL)
		buffer_addf(&line, "rule=%s ", rule);
	if (unit != NULL)
		buffer_addf(&line, "unit=%s ", unit);
	escape_line(&line, what.text, what.len);
	line.size = sizeof(text);
	buffer_add(&line, what.cut || line.cut ? "..\n" : "\n");
	if (diag_log.dropped > 0)
		diag_tell_dropped();
	if (!diag_write(line.text, line.len))
		diag_log.dropped++;
}

const char *diag_errno(int error)
{
	const char *text = strerrordesc_np(abs(error));

	return text != NULL ? text : "unknown error";
}
