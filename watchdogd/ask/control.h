/* The control socket, main's side: a stream socket beside the state page that carries commands
 * alone (what is known is read from the page). One line of text in, lines out, the last of which is
 * the result; then the connection ends. root (and who runs the daemon) may command, root and the
 * group `readers` may read. A client is bounded in number, bytes and time, so a hostile one costs a
 * row for some seconds and no more; a command finds a row even when readers hold all of them. Never
 * waits. Used from a poll(2) loop: n = control_prepare(c, fds, &timeout_ms, now); poll();
 * control_dispatch(c, fds, n, now); while (control_next(c, &request)) ... control_say ...
 * control_answer */
#ifndef WD_ASK_CONTROL_H
#define WD_ASK_CONTROL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/bounds.h"
#include "base/clock.h"

#define CONTROL_PATH_DEFAULT "/run/watchdogd/control"

enum {
	CONTROL_CLIENTS = 8, /* at once; one more is told to come again */
	CONTROL_POLLFDS = CONTROL_CLIENTS + 1,
	CONTROL_LINE_BYTES = 128,     /* a command with its newline */
	CONTROL_ANSWER_BYTES = 16384, /* some eighty config errors; what is beyond is counted */
	CONTROL_ASK_MS = 5000,        /* a client has so long to send its line */
	CONTROL_WORK_MS = 60000,      /* main has so long to answer */
	CONTROL_TEST_MS = 130000,     /* ... a test of a channel: a little longer than the sentinel lets it take */
	CONTROL_ACCEPT_MS = 1000,     /* after accept(2) failed for want of descriptors or memory */
	CONTROL_READ_MS = 5000,       /* a client has so long to read its answer */
};

enum control_verb {
	CONTROL_PING,
	CONTROL_RELOAD,
	CONTROL_RETRY, /* name: a unit */
	CONTROL_ACK,   /* name: the id of an alert, or "all" */
	CONTROL_TEST,  /* name: a channel, word: a severity; its lines go out as they are said */
	CONTROL_SPOOL, /* name: "retry" or "drop", word: the id of an alert, "all", ... */
	CONTROL_VERBS
};

/* How a command ended, and the last line that says so. */
enum control_result {
	CONTROL_OK,      /* "ok" or "ok: TEXT" */
	CONTROL_ERROR,   /* "error: TEXT": not allowed, not possible */
	CONTROL_INVALID, /* "invalid: TEXT": the config is refused; its errors are the lines before
			  */
	CONTROL_RESULTS,
};

/* The words of the last line, by enum control_result: shared with the client. */
extern const char *const control_result_words[CONTROL_RESULTS];

enum control_phase {
	CONTROL_FREE,
	CONTROL_READING,
	CONTROL_ASKED,
	CONTROL_WORKING,
	CONTROL_WRITING
};

struct control_client {
	int fd;
	enum control_phase phase;
	uint32_t token; /* names this client to main; never 0, never the same again */
	bool may_read, may_command;
	enum control_verb verb;
	char name[NAME_BYTES]; /* what the verb is about; "" where it takes no name */
	char word[NAME_BYTES]; /* its second word; "" where it takes none */
	mono_ms deadline;
	size_t line_len, out_len, out_done;
	uint32_t lines_cut; /* lines of the answer that did not fit */
	char line[CONTROL_LINE_BYTES];
	char out[CONTROL_ANSWER_BYTES];
};

struct control {
	int fd; /* listens; -1: closed */
	char path[SOCKET_PATH_MAX + 1];
	dev_t dev; /* of the socket's file, to unlink no other one */
	ino_t ino;
	bool has_readers;
	gid_t readers;
	uint32_t last_token;
	mono_ms accept_at; /* not before: who waits to connect would wake poll again and again */
	struct control_client client[CONTROL_CLIENTS];
};

/* A command that main is to carry out. */
struct control_request {
	uint32_t client; /* token, for control_say and control_answer */
	enum control_verb verb;
	char name[NAME_BYTES]; /* what follows the verb, "" where it takes nothing; may be hostile text */
	char word[NAME_BYTES]; /* the word behind that, likewise */
};

/* Listen at path, as place_listen says; its directory must be there (place_make). 0 or what that
 * gives. */
int control_open(struct control *control, const char *path, const char *readers);

/* Another group after a reload: also of the directory and the socket. 0 or -errno. */
int control_set_readers(struct control *control, const char *readers);

/* Rows of fds (room for CONTROL_POLLFDS) to wait for; lowers *timeout_ms (-1: no limit) to the next
 * deadline. Gives the number of rows. */
int control_prepare(const struct control *control, struct pollfd *fds, int *timeout_ms,
		    mono_ms now);

/* After poll(2), with the rows that control_prepare gave: accepts, reads, writes, ends who is late.
 */
void control_dispatch(struct control *control, const struct pollfd *fds, int count, mono_ms now);

/* The next command that came and is allowed; false when there is none. */
bool control_next(struct control *control, struct control_request *request, mono_ms now);

/* That client waits for the answer to that command: who is asked one may answer no other. */
bool control_waits(struct control *control, uint32_t client, enum control_verb verb);

/* Add a line to the answer; newlines in it become spaces. Nothing happens when the client is gone. It is sent with
 * the end of the answer; of a test at once, as far as the client takes it.
 */
void control_say(struct control *control, uint32_t client, const char *line);

/* End the answer with its result (text: "" or one line more on it) and begin to send it. */
void control_answer(struct control *control, uint32_t client, enum control_result result,
		    const char *text, mono_ms now);

/* End all clients, stop listening, remove the socket if it is still ours. */
void control_close(struct control *control);

#endif
