/* textfile: the metrics (share/metrics.h) in a file, for node_exporter's textfile collector, in the classic text
 * format that it reads. The file is replaced whole, by a name beside it that the collector does not take for
 * one of its own. It runs in the scribe, who knows nothing of channels: their metrics are at the endpoint
 * alone. An orderly end removes the file, so that nobody reads old figures as new ones. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/diag.h"
#include "base/file.h"
#include "base/root.h"
#include "share/metrics.h"
#include "share/plugin.h"

enum { TEXTFILE_EVERY_MS = 15000 };

static struct {
	const struct plugin_host *host;
	int proc;                      /* kept: a worker opens little after its start */
	char path[LINE_BYTES + 1];     /* as the config has it; "": none */
	char beside[LINE_BYTES + 16];  /* "DIR/.NAME.new" */
	mono_ms next;
	int told;                      /* the error that was told; 0: none */
	bool ours;                     /* the file is there, and we made it */
} textfile;

/* --- writing --- */

static int textfile_write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);

		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Others may write in that directory: what is there under the name is removed, and never followed. */
static int textfile_write_beside(const char *text, size_t len)
{
	int error, fd;

	(void)unlink(textfile.beside);
	fd = open(textfile.beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	error = textfile_write_all(fd, text, len);
	if (error == 0 && fchmod(fd, 0644) < 0) /* whatever our umask is: the collector is another user */
		error = -errno;
	(void)close(fd);
	return error;
}

static int textfile_replace(const char *text, size_t len)
{
	int error = textfile_write_beside(text, len);

	if (error == 0 && rename(textfile.beside, textfile.path) < 0)
		error = -errno;
	if (error < 0)
		(void)unlink(textfile.beside);
	textfile.ours = textfile.ours || error == 0;
	return error;
}

static int textfile_write(void)
{
	size_t len;
	char *text = metrics_take(textfile.host, textfile.proc, OPENMETRICS_CLASSIC, &len);
	int error = text != NULL ? textfile_replace(text, len) : -ENOMEM;

	free(text);
	return error;
}

static void textfile_tell(int error)
{
	char said[TEXT_BYTES];

	if (error == textfile.told)
		return;
	if (error < 0)
		(void)snprintf(said, sizeof(said), "cannot write the metrics to %s: %s; tried again every 15 s", textfile.path,
			       diag_errno(error));
	else
		(void)snprintf(said, sizeof(said), "the metrics are written to %s again", textfile.path);
	textfile.host->log(error < 0 ? LOG_WARNING : LOG_INFO, said);
	textfile.told = error;
}

/* --- the plugin --- */

static void textfile_stop(void)
{
	if (textfile.ours)
		(void)unlink(textfile.path);
	textfile.ours = false;
	textfile.told = 0;
	textfile.path[0] = '\0';
}

static void textfile_name_beside(void)
{
	const char *slash = strrchr(textfile.path, '/');
	int dir = slash != NULL ? (int)(slash + 1 - textfile.path) : 0;

	(void)snprintf(textfile.beside, sizeof(textfile.beside), "%.*s.%s.new", dir, textfile.path,
		       textfile.path + dir);
}

static void textfile_settings(const struct plugin_settings *settings)
{
	if (strcmp(settings->textfile, textfile.path) == 0)
		return;
	textfile_stop();
	(void)snprintf(textfile.path, sizeof(textfile.path), "%s", settings->textfile);
	textfile_name_beside();
	textfile.next = clock_mono();
}

static int textfile_open(const struct plugin_host *host)
{
	memset(&textfile, 0, sizeof(textfile));
	textfile.host = host;
	textfile.proc = root_open("/proc", O_RDONLY | O_DIRECTORY);
	return 0;
}

static void textfile_ask(const struct plugin_request *request)
{
	textfile.host->answer(request->id, -EINVAL, "metrics are written, nothing is carried out by them");
}

static int textfile_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	mono_ms now = clock_mono();
	int left = textfile.next > now ? (int)(textfile.next - now) : 0;

	(void)fds;
	(void)max;
	if (textfile.path[0] != '\0' && (*timeout_ms < 0 || left < *timeout_ms))
		*timeout_ms = left;
	return 0;
}

static void textfile_dispatch(const struct pollfd *fds, int count)
{
	mono_ms now = clock_mono();

	(void)fds;
	(void)count;
	if (textfile.path[0] == '\0' || now < textfile.next)
		return;
	textfile.next = now + TEXTFILE_EVERY_MS;
	textfile_tell(textfile_write());
}

static void textfile_close(void)
{
	textfile_stop();
	textfile.proc = file_close(textfile.proc);
}

/* What a write needs, but for the file. */
static void textfile_warm(void)
{
	size_t len;

	free(metrics_take(textfile.host, textfile.proc, OPENMETRICS_CLASSIC, &len));
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "textfile",
	.open = textfile_open,
	.ask = textfile_ask,
	.prepare = textfile_prepare,
	.dispatch = textfile_dispatch,
	.close = textfile_close,
	.settings = textfile_settings,
	.warm = textfile_warm,
};
