#include "ask/client.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
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

/* What comes next, room bytes at most, not after `until`. How many; 0: the other end has closed; -errno. */
static ssize_t client_read(int fd, char *text, size_t room, mono_ms until)
{
	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		mono_ms now = clock_mono();
		ssize_t n;

		if (now >= until)
			return -ETIMEDOUT;
		if (poll(&wait, 1, (int)(until - now)) < 0 && errno != EINTR)
			return -errno;
		n = recv(fd, text, room, MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			continue;
		return n < 0 ? 0 : n; /* a reset after the last line is an end like another */
	}
}

/* All that comes until the other end closes, NUL at the end. Its length, or -errno. */
static ssize_t client_receive(int fd, char *text, size_t size)
{
	mono_ms until = clock_mono() + CLIENT_WAIT_MS;
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1) {
		n = client_read(fd, text + len, size - 1 - len, until);
		len += n > 0 ? (size_t)n : 0;
	}
	text[len] = '\0';
	return n < 0 ? n : (ssize_t)len;
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

/* A NUL is no end of text here. */
static void client_clean_zeros(char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0')
			text[i] = '?';
}

/* A line that may be the last: its word says how a command ended. */
static bool client_may_end(const char *line)
{
	return client_result(line) >= 0;
}

/* Show the whole lines of text but for one at its end that may be the last; what is left is moved to the front.
 * Its length. */
static size_t client_show_lines(char *text, size_t len, FILE *out)
{
	size_t shown = 0;

	for (;;) {
		char *line = text + shown, *end = memchr(line, '\n', len - shown);
		size_t n = end != NULL ? (size_t)(end - line) + 1 : 0;
		char next = '\0';

		if (n == 0)
			break;
		next = line[n];
		line[n] = '\0';
		if (shown + n == len && client_may_end(line)) {
			line[n] = next;
			break;
		}
		client_clean(line);
		(void)fputs(line, out);
		line[n] = next;
		shown += n;
	}
	(void)fflush(out);
	for (size_t i = shown; shown > 0 && i <= len; i++) /* the NUL too */
		text[i - shown] = text[i];
	return len - shown;
}

/* As client_receive; only the last line is left in text. */
static ssize_t client_receive_live(int fd, char *text, size_t size, FILE *out)
{
	mono_ms until = clock_mono() + CLIENT_LIVE_MS;
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1) { /* longer than all answers may be is no line */
		n = client_read(fd, text + len, size - 1 - len, until);
		len += n > 0 ? (size_t)n : 0;
		text[len] = '\0';
		client_clean_zeros(text, len);
		len = client_show_lines(text, len, out);
	}
	return n < 0 ? n : (ssize_t)len;
}

/* The command is sent: the connection, or -errno. */
static int client_send(const char *control, const char *command)
{
	char line[CONTROL_LINE_BYTES];
	int len = snprintf(line, sizeof(line), "%s\n", command);
	int fd = place_connect(control), error;

	if (fd < 0)
		return fd;
	/* A socket that was just made takes a line whole; EPIPE: told by the answer, why it was
	 * closed. */
	if (send(fd, line, (size_t)len, MSG_NOSIGNAL) < 0 && errno != EPIPE) {
		error = -errno;
		(void)file_close(fd);
		return error;
	}
	return fd;
}

static char client_text[CONTROL_ANSWER_BYTES + 1];

int client_run(const char *control, const char *command, FILE *out, FILE *err)
{
	int fd = client_send(control, command);
	ssize_t got = fd < 0 ? fd : client_receive(fd, client_text, sizeof(client_text));

	(void)file_close(fd);
	return got < 0 ? client_cannot(control, (int)got, err) : client_show(client_text, out, err);
}

int client_run_live(const char *control, const char *command, FILE *out, FILE *err)
{
	int fd = client_send(control, command);
	ssize_t got = fd < 0 ? fd : client_receive_live(fd, client_text, sizeof(client_text), out);

	(void)file_close(fd);
	return got < 0 ? client_cannot(control, (int)got, err) : client_show(client_text, out, err);
}
