/* The control socket's server. Each client is a row that walks READING -> ASKED -> WORKING ->
 * WRITING -> FREE, or falls to FREE at any error or at its deadline. Who may do what is settled
 * once, when the connection comes in, by what the kernel says of the peer. */
#include "ask/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ask/control_verb.h"
#include "ask/place.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "base/file.h"

const char *const control_result_words[CONTROL_RESULTS] = {
	[CONTROL_OK] = "ok",
	[CONTROL_ERROR] = "error",
	[CONTROL_INVALID] = "invalid",
};

int control_open(struct control *control, const char *path, const char *readers)
{
	struct buffer b;
	struct stat st;

	memset(control, 0, sizeof(*control));
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		control->client[i].fd = -1;
	BUFFER_OVER(&b, control->path);
	buffer_add(&b, path);
	control->has_readers = place_group(readers, &control->readers);
	control->fd = place_listen(path, readers, CONTROL_CLIENTS, &st);
	if (control->fd < 0) {
		int error = control->fd;

		control->fd = -1;
		return error;
	}
	control->dev = st.st_dev;
	control->ino = st.st_ino;
	return 0;
}

int control_set_readers(struct control *control, const char *readers)
{
	control->has_readers = place_group(readers, &control->readers);
	return control->fd < 0 ? 0 : place_regroup(control->path, readers);
}

/* ---- who is it ---- */

static bool control_peer_in_group(int fd, const struct ucred *peer, gid_t group)
{
	gid_t few[64], *groups = few;
	socklen_t size = sizeof(few);
	bool found = peer->gid == group;
	int error = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size); /* since Linux 4.13 */

	if (error < 0 && errno == ERANGE && (groups = malloc(size)) != NULL)
		error = getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size);
	for (socklen_t i = 0; error == 0 && i < size / sizeof(gid_t); i++)
		found = found || groups[i] == group;
	if (groups != few)
		free(groups);
	return found;
}

static void control_rights(const struct control *control, int fd, bool *may_read, bool *may_command)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	*may_command = *may_read = false;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return;
	*may_command = peer.uid == 0 || peer.uid == geteuid();
	*may_read = *may_command ||
		    (control->has_readers && control_peer_in_group(fd, &peer, control->readers));
}

/* ---- a client's life ---- */

static void control_end(struct control_client *client)
{
	client->fd = file_close(client->fd);
	client->phase = CONTROL_FREE;
}

static struct control_client *control_find(struct control *control, uint32_t token)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (control->client[i].phase == CONTROL_WORKING &&
		    control->client[i].token == token)
			return &control->client[i];
	return NULL;
}

/* A free row; for one who may command also that of the oldest who may not. */
static struct control_client *control_row(struct control *control, bool may_command)
{
	struct control_client *oldest = NULL;

	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->client[i];

		if (client->phase == CONTROL_FREE)
			return client;
		if (may_command && !client->may_command &&
		    (oldest == NULL || client->token < oldest->token))
			oldest = client;
	}
	if (oldest != NULL)
		control_end(oldest);
	return oldest;
}

static void control_take(struct control *control, int fd, mono_ms now)
{
	static const char busy[] = "error: too many clients at once; try again\n";
	struct control_client *row;
	bool may_read, may_command;

	control_rights(control, fd, &may_read, &may_command);
	row = control_row(control, may_command);
	if (row == NULL) { /* if even this does not fit, the closed connection says it */
		(void)send(fd, busy, sizeof(busy) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
		(void)file_close(fd);
		return;
	}
	row->fd = fd;
	row->phase = CONTROL_READING;
	row->token = ++control->last_token;
	row->may_read = may_read;
	row->may_command = may_command;
	row->deadline = now + CONTROL_ASK_MS;
	row->line_len = row->out_len = row->out_done = 0;
	row->name[0] = row->word[0] = '\0';
	row->lines_cut = 0;
}

static void control_accept(struct control *control, mono_ms now)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) { /* the rest at the next poll */
		int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			control_take(control, fd, now);
		} else if (errno == EAGAIN) {
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			control->accept_at = now + CONTROL_ACCEPT_MS;
			return;
		}
	}
}

/* As much as the client takes now. False: it takes no more for good. */
static bool control_send(struct control_client *client)
{
	while (client->out_done < client->out_len) {
		ssize_t n = send(client->fd, client->out + client->out_done,
				 client->out_len - client->out_done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		client->out_done += (size_t)n;
	}
	return true;
}

static void control_write(struct control_client *client)
{
	if (!control_send(client) || client->out_done == client->out_len)
		control_end(client);
}

/* While main works. What is sent makes room; a client that is gone is found so at the end. */
static void control_write_live(struct control_client *client)
{
	(void)control_send(client);
	if (client->out_done == client->out_len)
		client->out_done = client->out_len = 0;
}

/* The place kept for the last lines: the count of what was cut, and the result. */
enum { CONTROL_TAIL_BYTES = 2 * TEXT_BYTES };

static void control_add(struct control_client *client, const char *line, size_t size)
{
	struct buffer b = {.text = client->out, .size = size, .len = client->out_len};
	size_t before = b.len;

	buffer_add(&b, line);
	buffer_add(&b, "\n");
	if (b.cut) {
		client->lines_cut++;
		return;
	}
	for (size_t i = before; i + 1 < b.len; i++)
		if (b.text[i] == '\n')
			b.text[i] = ' ';
	client->out_len = b.len;
}

static void control_finish(struct control_client *client, enum control_result result,
			   const char *text, mono_ms now)
{
	char last[TEXT_BYTES];
	struct buffer b;

	BUFFER_OVER(&b, last);
	if (client->lines_cut > 0) {
		buffer_addf(&b, "... and %u lines more", client->lines_cut);
		control_add(client, last, CONTROL_ANSWER_BYTES);
	}
	BUFFER_OVER(&b, last);
	buffer_add(&b, control_result_words[result]);
	if (text[0] != '\0')
		buffer_addf(&b, ": %s", text);
	control_add(client, last, CONTROL_ANSWER_BYTES);
	client->phase = CONTROL_WRITING;
	client->deadline = now + CONTROL_READ_MS;
	control_write(client);
}

static void control_refuse_unknown(struct control_client *client, size_t len, mono_ms now)
{
	char text[4 * CONTROL_LINE_BYTES + 128];
	struct buffer b;

	BUFFER_OVER(&b, text);
	buffer_add(&b, "no command \"");
	escape_line(&b, client->line, len);
	buffer_add(&b, "\"; there are:");
	for (int i = 0; i < CONTROL_VERBS; i++)
		buffer_addf(&b, " %s", control_verbs[i].name);
	control_finish(client, CONTROL_ERROR, text, now);
}

static void control_parse(struct control_client *client, size_t len, mono_ms now)
{
	int verb = control_verb_read(client->line, len, client->name, client->word);

	if (!client->may_read) {
		control_finish(client, CONTROL_ERROR,
			       "not allowed: only root and the group `readers` may ask", now);
	} else if (verb == CONTROL_VERBS) {
		control_refuse_unknown(client, len, now);
	} else if (control_verbs[verb].commands && !client->may_command) {
		control_finish(client, CONTROL_ERROR, "not allowed: only root may command", now);
	} else if (control_verb_lacks_word(verb, client->name, client->word)) {
		control_finish(client, CONTROL_ERROR, control_verbs[verb].missing, now);
	} else {
		client->verb = (enum control_verb)verb;
		client->phase = CONTROL_ASKED;
		client->deadline = now + CONTROL_WORK_MS;
	}
}

static void control_read(struct control_client *client, mono_ms now)
{
	const char *newline;
	ssize_t n;

	do
		n = recv(client->fd, client->line + client->line_len,
			 sizeof(client->line) - client->line_len, MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno == EAGAIN)
		return;
	if (n <= 0) { /* it left without a command */
		control_end(client);
		return;
	}
	client->line_len += (size_t)n;
	newline = memchr(client->line, '\n', client->line_len);
	if (newline != NULL)
		control_parse(client, (size_t)(newline - client->line), now);
	else if (client->line_len == sizeof(client->line))
		control_finish(client, CONTROL_ERROR, "the command is too long", now);
}

/* ---- for main ---- */

static void control_wait(int *timeout_ms, mono_ms until, mono_ms now)
{
	mono_ms left = until > now ? until - now : 0;

	if (*timeout_ms < 0 || left < (mono_ms)*timeout_ms)
		*timeout_ms = (int)left;
}

int control_prepare(const struct control *control, struct pollfd *fds, int *timeout_ms, mono_ms now)
{
	int count = 0;

	if (control->fd >= 0 && now >= control->accept_at)
		fds[count++] = (struct pollfd){.fd = control->fd, .events = POLLIN};
	else if (control->fd >= 0)
		control_wait(timeout_ms, control->accept_at, now);
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		const struct control_client *client = &control->client[i];
		short events = client->phase == CONTROL_READING   ? POLLIN
			       : client->phase == CONTROL_WRITING ? POLLOUT
								  : 0;

		if (client->phase == CONTROL_FREE)
			continue;
		/* While main works, only the deadline counts: a hang-up would wake poll again and
		 * again. */
		if (events != 0)
			fds[count++] = (struct pollfd){.fd = client->fd, .events = events};
		control_wait(timeout_ms, client->deadline, now);
	}
	return count;
}

static void control_expire(struct control *control, mono_ms now)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->client[i];

		if (client->phase == CONTROL_FREE || now < client->deadline)
			continue;
		if (client->phase == CONTROL_READING)
			control_finish(client, CONTROL_ERROR, "no command came", now);
		else if (client->phase == CONTROL_WORKING)
			control_finish(client, CONTROL_ERROR, "no answer in time; see the log",
				       now);
		control_end(client);
	}
}

void control_dispatch(struct control *control, const struct pollfd *fds, int count, mono_ms now)
{
	bool connecting = false;

	for (int k = 0; k < count; k++) {
		if (fds[k].revents == 0)
			continue;
		connecting = connecting || fds[k].fd == control->fd;
		for (int i = 0; i < CONTROL_CLIENTS; i++) {
			struct control_client *client = &control->client[i];

			if (client->fd != fds[k].fd || client->phase == CONTROL_FREE)
				continue;
			if (client->phase == CONTROL_READING)
				control_read(client, now);
			else if (client->phase == CONTROL_WRITING)
				control_write(client);
			break;
		}
	}
	control_expire(control, now);
	if (connecting) /* last, so that a descriptor used again is not taken for the one polled */
		control_accept(control, now);
}

bool control_next(struct control *control, struct control_request *request, mono_ms now)
{
	for (int i = 0; i < CONTROL_CLIENTS; i++) {
		struct control_client *client = &control->client[i];

		if (client->phase != CONTROL_ASKED)
			continue;
		client->phase = CONTROL_WORKING;
		client->deadline = now + control_verbs[client->verb].work_ms;
		*request = (struct control_request){.client = client->token, .verb = client->verb};
		memcpy(request->name, client->name, sizeof(request->name));
		memcpy(request->word, client->word, sizeof(request->word));
		return true;
	}
	return false;
}

bool control_waits(struct control *control, uint32_t token, enum control_verb verb)
{
	const struct control_client *client = control_find(control, token);

	return client != NULL && client->verb == verb;
}

void control_say(struct control *control, uint32_t token, const char *line)
{
	struct control_client *client = control_find(control, token);

	if (client == NULL)
		return;
	control_add(client, line, CONTROL_ANSWER_BYTES - CONTROL_TAIL_BYTES);
	if (control_verbs[client->verb].live)
		control_write_live(client);
}

void control_answer(struct control *control, uint32_t token, enum control_result result,
		    const char *text, mono_ms now)
{
	struct control_client *client = control_find(control, token);

	if (client != NULL)
		control_finish(client, result, text, now);
}

void control_close(struct control *control)
{
	struct stat st;

	for (int i = 0; i < CONTROL_CLIENTS; i++)
		if (control->client[i].phase != CONTROL_FREE)
			control_end(&control->client[i]);
	if (control->fd >= 0 && lstat(control->path, &st) == 0 && st.st_dev == control->dev &&
	    st.st_ino == control->ino)
		(void)unlink(control->path); /* left behind, the next start removes it */
	control->fd = file_close(control->fd);
}
