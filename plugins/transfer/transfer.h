/* Transfers by libcurl's multi interface, for the plugins that speak with a server (email, webhook,
 * heartbeat): many at once, none waits for another, none waits at all. libcurl's sockets are rows of the
 * worker's poll; its timer is the worker's timeout. Each plugin has its own multi handle (this code is linked
 * into each). The common part of every transfer is set here: URL with its secrets filled in, proxy,
 * certificates, time limits, allowed protocols, no redirects, the conversation for `watchdogctl test`
 * without secrets. */
#ifndef WD_PLUGINS_TRANSFER_TRANSFER_H
#define WD_PLUGINS_TRANSFER_TRANSFER_H

#include <curl/curl.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "share/plugin.h"

enum {
	TRANSFER_MAX = 64,            /* under way at once; beyond it the plugin answers PLUGIN_LATER */
	TRANSFER_ANSWER_BYTES = 8192, /* of a server's answer; what is beyond is read and dropped ... */
	TRANSFER_HEARD_MAX = 1024 * 1024, /* ... up to here, headers included: then the transfer is ended */
	TRANSFER_DEFAULT_MS = 30000,  /* for a channel that names no timeout */
	TRANSFER_RETRY_MAX_MS = 24 * 3600 * 1000, /* a server that says "in a year" is asked again tomorrow */
};

struct transfer_talk;

struct transfer {
	uint64_t delivery;            /* 0: not for a channel (heartbeat) */
	CURL *easy;
	struct curl_slist *lists[4];  /* freed with it: headers, receivers */
	curl_mime *mime;              /* freed with it; NULL: none */
	char *body;                   /* malloc'ed, wiped and freed with it; NULL: none */
	char answer[TRANSFER_ANSWER_BYTES + 1]; /* the server's, ended with a NUL; hostile */
	size_t answer_len;
	size_t heard;                 /* bytes of all that the server said, and libcurl's steps */
	uint32_t retry_after_ms;      /* of the header Retry-After (seconds or HTTP date); 0: none */
	char error[CURL_ERROR_SIZE];
	const struct plugin_pair *secrets; /* of the channel, copied: none of their values is ever told */
	size_t secrets_count;
	/* It ended. status: of HTTP, or the last SMTP reply; 0: none. Freed when this returns. */
	void (*done)(struct transfer *transfer, CURLcode code, long status);
	/* What follows may stay NULL. */
	void *own;                    /* the plugin's, malloc'ed, freed with it */
	/* A line that went out, or came in, without its end: SMTP's and HTTP's header lines. Hostile, may hold
	 * secrets. No transfer is begun, cancelled or freed from in here. */
	void (*said)(struct transfer *transfer, bool out, const char *line, size_t len);
	struct transfer_talk *talk;   /* transfer_talk.c's */
};

/* Once, at the plugin's open. 0 or -errno. */
int transfers_open(const struct plugin_host *host);
void transfers_close(void);

/* A transfer for this channel with the common options set; NULL: too many, no memory, or a ${NAME} in the
 * url without a secret (why: a sentence, static or of size bytes). protocols: "smtp,smtps", "http,https". */
struct transfer *transfer_new(uint64_t delivery, const struct plugin_channel *channel, const char *protocols,
			      char *why, size_t size);

/* Begin. It ends by done, later, or without memory at once; it is not the caller's any more. */
void transfer_start(struct transfer *transfer);

/* End it without a word. */
void transfer_cancel(uint64_t delivery);
/* Not started: give it back. */
void transfer_free(struct transfer *transfer);

/* Text of the other side for `sent` and the log: each secret's value (also in base64, and as a url or JSON has it) is
 * "***", the rest as escape_line has it. */
void transfer_tell(const struct transfer *transfer, const char *bytes, size_t n, struct buffer *out);

/* The same for what is told later, and cut before that: half a secret would not be found. Only secrets are gone. */
void transfer_hide(const struct transfer *transfer, const char *bytes, size_t n, struct buffer *out);

/* The plugin's `warm`: a look-up of "localhost" and the beginning of TLS with a listener of our own, so that
 * all code and files of the way are in memory. Waits for a second at most. */
void transfers_warm(void);

/* The plugin's prepare and dispatch. */
int transfers_prepare(struct pollfd *fds, int max, int *timeout_ms);
void transfers_dispatch(const struct pollfd *fds, int count);

/* Text with each ${NAME} replaced by the channel's secret of that name: malloc'ed, the caller's (freed by
 * transfer_wipe, which zeroes it); NULL: no memory, or a name without a secret, or one whose value
 * has a control character (why says which). */
char *transfer_fill(const char *text, const struct plugin_pair *secrets, size_t count, char *why, size_t size);
void transfer_wipe(char *filled);

/* All secrets in one allocation, to be given back by transfer_secrets_free, which zeroes them. NULL: no
 * memory. */
struct plugin_pair *transfer_secrets_copy(const struct plugin_pair *secrets, size_t count);
void transfer_secrets_free(struct plugin_pair *secrets, size_t count);

#endif
