#include "ask/client.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "ask/control.h"
#include "ask/place.h"
#include "base/diag.h"
#include "base/file.h"

enum { CLIENT_DONE = 0, CLIENT_REFUSED = 1, CLIENT_INVALID = 2, CLIENT_NO_DAEMON = 3 };

static int client_cannot(const char *control, int error, FILE *err)
{
	if (error == -ENOENT || error == -ECONNREFUSED) {
		(void)fprintf(err, "watchdogctl: watchdogd is not running: nobody answers at %s\n",
			      control);
		return CLIENT_NO_DAEMON;
	}
	(void)fprintf(err, "watchdogctl: cannot ask at %s: %s%s\n", control, diag_errno(error),
		      error == -EACCES ? "; only root may command" : "");
	return CLIENT_REFUSED;
}

/* All that comes until the other end closes, NUL at the end. Its length, or -errno. */
static ssize_t client_receive(int fd, char *text, size_t size)
{
	mono_ms until = clock_mono() + CLIENT_WAIT_MS;
	size_t len = 0;

	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		mono_ms now = clock_mono();
		ssize_t n;

		if (now >= until)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)(until - now)) < 0 && errno != EINTR)
			return -errno;
		n = recv(fd, text + len, size - 1 - len, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		if (n <= 0) /* a reset after the last line is an end like another */
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	return (ssize_t)len;
}

/* The daemon has escaped names already; what is left of control characters is no text of ours. */
static void client_clean(char *text)
{
	for (; *text != '\0'; text++)
		if (((unsigned char)*text < 0x20 && *text != '\n') || *text == 0x7f)
			*text = '?';
}

/* The last line of the answer, whose word says how it ended. */
static int client_result(const char *text)
{
	static const int results[CONTROL_RESULTS] = {
		[CONTROL_OK] = CLIENT_DONE,
		[CONTROL_ERROR] = CLIENT_REFUSED,
		[CONTROL_INVALID] = CLIENT_INVALID,
	};
	size_t len = strlen(text);
	const char *last = text;

	for (size_t i = 0; i + 1 < len; i++)
		if (text[i] == '\n')
			last = text + i + 1;
	for (int i = 0; i < CONTROL_RESULTS; i++) {
		size_t word = strlen(control_result_words[i]);

		if (strncmp(last, control_result_words[i], word) == 0 &&
		    (last[word] == ':' || last[word] == '\n'))
			return results[i];
	}
	return -1;
}

static int client_show(char *text, FILE *out, FILE *err)
{
	int result = client_result(text);

	client_clean(text);
	(void)fputs(text, result == CLIENT_DONE ? out : err);
	if (result >= 0)
		return result;
	(void)fputs("watchdogctl: the answer has no end; see the log of watchdogd\n", err);
	return CLIENT_REFUSED;
}

int client_run(const char *control, const char *command, FILE *out, FILE *err)
{
	static char text[CONTROL_ANSWER_BYTES + 1];
	char line[CONTROL_LINE_BYTES];
	int len = snprintf(line, sizeof(line), "%s\n", command);
	int fd = place_connect(control);
	ssize_t got;

	if (fd < 0)
		return client_cannot(control, fd, err);
	/* A socket that was just made takes a line whole; EPIPE: told by the answer, why it was
	 * closed. */
	if (send(fd, line, (size_t)len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		got = -errno;
	else
		got = client_receive(fd, text, sizeof(text));
	(void)file_close(fd);
	return got < 0 ? client_cannot(control, (int)got, err) : client_show(text, out, err);
}
