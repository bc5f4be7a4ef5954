#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "transfer_ca.h"
#include "transfer_talk.h"

enum {
	TRANSFER_SOCKETS_MAX = 4 * TRANSFER_MAX, /* a look-up, IPv6 and IPv4 at once, and one of a proxy's */
	TRANSFER_CACHED_MAX = 8,                 /* connections that are kept for the next one */
	TRANSFER_IDLE_S = 60,                    /* a kept one is not used again after that */
	TRANSFER_CROWDED_MS = 50,                /* when the worker has too few rows, the others get theirs then */
};

struct transfers_socket {
	curl_socket_t fd;
	short events;
};

static struct {
	const struct plugin_host *host;
	CURLM *multi; /* NULL: not open */
	struct transfer *started[TRANSFER_MAX];
	size_t count; /* of all that were given out, started or not */
	struct transfers_socket socket[TRANSFER_SOCKETS_MAX];
	size_t sockets, turn;
} transfers;

/* --- sockets --- */

static int transfers_on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *of_socket)
{
	size_t i = 0;

	(void)easy;
	(void)arg;
	(void)of_socket;
	while (i < transfers.sockets && transfers.socket[i].fd != fd)
		i++;
	if (what == CURL_POLL_REMOVE) {
		if (i < transfers.sockets)
			transfers.socket[i] = transfers.socket[--transfers.sockets];
		return 0;
	}
	if (i == TRANSFER_SOCKETS_MAX)
		return 0; /* never seen; its transfer ends by its time limit */
	if (i == transfers.sockets)
		transfers.sockets++;
	transfers.socket[i].fd = fd;
	transfers.socket[i].events = (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
	return 0;
}

int transfers_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	long wait_ms = -1;
	int rows = 0;

	if (transfers.multi == NULL)
		return 0;
	(void)curl_multi_timeout(transfers.multi, &wait_ms);
	if ((size_t)max < transfers.sockets && (wait_ms < 0 || wait_ms > TRANSFER_CROWDED_MS))
		wait_ms = TRANSFER_CROWDED_MS;
	if (wait_ms >= 0 && (*timeout_ms < 0 || wait_ms < *timeout_ms))
		*timeout_ms = (int)wait_ms;
	for (; rows < max && (size_t)rows < transfers.sockets; rows++) {
		const struct transfers_socket *s =
			&transfers.socket[(transfers.turn + (size_t)rows) % transfers.sockets];

		fds[rows] = (struct pollfd){.fd = s->fd, .events = s->events};
	}
	transfers.turn += (size_t)rows; /* whoever got no row is the first the next time */
	return rows;
}

/* --- how one ends --- */

static void transfers_forget(const struct transfer *transfer)
{
	for (size_t i = 0; i < TRANSFER_MAX; i++) {
		if (transfers.started[i] == transfer) {
			(void)curl_multi_remove_handle(transfers.multi, transfer->easy);
			transfers.started[i] = NULL;
		}
	}
}

static long transfers_status(const struct transfer *transfer)
{
	long status = transfer_talk_reply(transfer);

	if (status == 0)
		(void)curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	return status;
}

static void transfers_take_retry_after(struct transfer *transfer)
{
	curl_off_t after_s = 0;

	(void)curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &after_s);
	if (after_s > TRANSFER_RETRY_MAX_MS / 1000)
		after_s = TRANSFER_RETRY_MAX_MS / 1000;
	transfer->retry_after_ms = after_s > 0 ? (uint32_t)after_s * 1000 : 0;
}

static void transfers_on_done(CURL *easy, CURLcode code)
{
	struct transfer *transfer = NULL;

	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&transfer);
	transfers_take_retry_after(transfer);
	if (code != CURLE_OK && transfer->heard > TRANSFER_HEARD_MAX)
		(void)snprintf(transfer->error, sizeof(transfer->error), "the other side says more than 1 MiB");
	transfers_forget(transfer);
	transfer->done(transfer, code, transfers_status(transfer));
	transfer_free(transfer);
}

void transfers_dispatch(const struct pollfd *fds, int count)
{
	const CURLMsg *message;
	long wait_ms = -1;
	int running, left;

	if (transfers.multi == NULL)
		return;
	for (int i = 0; i < count; i++) {
		int what = (fds[i].revents & POLLIN ? CURL_CSELECT_IN : 0) |
			   (fds[i].revents & POLLOUT ? CURL_CSELECT_OUT : 0) |
			   (fds[i].revents & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR : 0);

		if (what != 0)
			(void)curl_multi_socket_action(transfers.multi, fds[i].fd, what, &running);
	}
	(void)curl_multi_timeout(transfers.multi, &wait_ms);
	if (wait_ms == 0)
		(void)curl_multi_socket_action(transfers.multi, CURL_SOCKET_TIMEOUT, 0, &running);
	/* What ends may begin or cancel others: so one at a time. */
	while ((message = curl_multi_info_read(transfers.multi, &left)) != NULL)
		if (message->msg == CURLMSG_DONE)
			transfers_on_done(message->easy_handle, message->data.result);
}

/* --- a new one --- */

/* A server that never comes to an end would fill memory with what libcurl keeps of it (trailers), or keep us
 * busy for all of its time. False: it is enough. */
static bool transfers_hear(struct transfer *transfer, size_t n)
{
	transfer->heard += n;
	return transfer->heard <= TRANSFER_HEARD_MAX;
}

static size_t transfers_on_header(char *bytes, size_t one, size_t n, void *arg)
{
	(void)bytes;
	return transfers_hear(arg, one * n) ? one * n : 0;
}

/* libcurl's steps: what a proxy says behind its refusal is heard by nobody, byte by byte, without an end. */
static int transfers_on_progress(void *arg, curl_off_t to_come, curl_off_t come, curl_off_t to_go, curl_off_t gone)
{
	(void)to_come;
	(void)come;
	(void)to_go;
	(void)gone;
	return transfers_hear(arg, 1) ? 0 : 1;
}

static size_t transfers_on_answer(char *bytes, size_t one, size_t n, void *arg)
{
	struct transfer *transfer = arg;
	size_t room = TRANSFER_ANSWER_BYTES - transfer->answer_len, all = one * n, taken = all < room ? all : room;

	memcpy(transfer->answer + transfer->answer_len, bytes, taken);
	transfer->answer_len += taken;
	transfer->answer[transfer->answer_len] = '\0';
	return transfers_hear(transfer, all) ? all : 0;
}

static CURLcode transfers_set_bounds(CURL *easy, const struct plugin_channel *channel, const char *protocols)
{
	long limit_ms = channel->timeout_ms > 0 ? (long)channel->timeout_ms : TRANSFER_DEFAULT_MS;
	CURLcode wrong = CURLE_OK;

	wrong |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A look-up that hangs is left behind: without this libcurl waits for its thread. */
	wrong |= curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	wrong |= curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, limit_ms);
	wrong |= curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, limit_ms);
	wrong |= curl_easy_setopt(easy, CURLOPT_SERVER_RESPONSE_TIMEOUT, limit_ms / 1000 + 1);
	wrong |= curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)TRANSFER_IDLE_S);
	wrong |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, protocols);
	wrong |= curl_easy_setopt(easy, CURLOPT_DEFAULT_PROTOCOL, "none"); /* no guess by a name like "smtp.x.org" */
	wrong |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	wrong |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	wrong |= curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	wrong |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "watchdogd");
	return wrong;
}

static CURLcode transfers_set_trust(CURL *easy, const struct plugin_channel *channel)
{
	struct curl_blob ca = {.data = (void *)(uintptr_t)channel->ca, .len = channel->ca_len, .flags = CURL_BLOB_COPY};
	CURLcode wrong = CURLE_OK;

	if (ca.len == 0)
		transfer_ca_system(&ca);
	wrong |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	wrong |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	wrong |= curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYPEER, 1L);
	wrong |= curl_easy_setopt(easy, CURLOPT_PROXY_SSL_VERIFYHOST, 2L);
	wrong |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (ca.len > 0) {
		wrong |= curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &ca);
		wrong |= curl_easy_setopt(easy, CURLOPT_PROXY_CAINFO_BLOB, &ca);
		wrong |= curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		wrong |= curl_easy_setopt(easy, CURLOPT_PROXY_CAPATH, NULL);
	}
	return wrong;
}

/* One of the config's texts into an option that copies it. */
static CURLcode transfers_set_filled(const struct transfer *transfer, CURLoption option, const char *text, char *why,
				     size_t size)
{
	char *filled = transfer_fill(text, transfer->secrets, transfer->secrets_count, why, size);
	CURLcode wrong;

	if (filled == NULL)
		return CURLE_URL_MALFORMAT;
	wrong = curl_easy_setopt(transfer->easy, option, filled);
	transfer_wipe(filled);
	return wrong;
}

static CURLcode transfers_set(struct transfer *transfer, const struct plugin_channel *channel, const char *protocols,
			      char *why, size_t size)
{
	CURLcode wrong = transfers_set_bounds(transfer->easy, channel, protocols);

	wrong |= transfers_set_trust(transfer->easy, channel);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_PRIVATE, transfer);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_ERRORBUFFER, transfer->error);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_WRITEFUNCTION, transfers_on_answer);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_WRITEDATA, transfer);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_HEADERFUNCTION, transfers_on_header);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_HEADERDATA, transfer);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_XFERINFOFUNCTION, transfers_on_progress);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_XFERINFODATA, transfer);
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_NOPROGRESS, 0L);
	/* "" and not NULL: neither of the two from the environment. */
	wrong |= curl_easy_setopt(transfer->easy, CURLOPT_NOPROXY, "");
	wrong |= transfers_set_filled(transfer, CURLOPT_URL, channel->url, why, size);
	wrong |= transfers_set_filled(transfer, CURLOPT_PROXY, channel->proxy, why, size);
	return wrong;
}

struct transfer *transfer_new(uint64_t delivery, const struct plugin_channel *channel, const char *protocols, char *why,
			      size_t size)
{
	struct transfer *transfer;
	bool smtp = strncmp(protocols, "smtp", 4) == 0;

	if (transfers.multi == NULL || transfers.count >= TRANSFER_MAX) {
		(void)snprintf(why, size, "too many transfers are under way");
		return NULL;
	}
	transfer = calloc(1, sizeof(*transfer));
	(void)snprintf(why, size, "no memory");
	if (transfer == NULL)
		return NULL;
	transfers.count++;
	transfer->delivery = delivery;
	transfer->easy = curl_easy_init();
	transfer->secrets = transfer_secrets_copy(channel->secrets, channel->secrets_count);
	transfer->secrets_count = channel->secrets_count;
	if (transfer->easy == NULL || transfer->secrets == NULL ||
	    transfer_talk_open(transfer, delivery != 0 ? transfers.host->talk : NULL, smtp) < 0 ||
	    transfers_set(transfer, channel, protocols, why, size) != CURLE_OK) {
		transfer_free(transfer);
		return NULL;
	}
	return transfer;
}

void transfer_free(struct transfer *transfer)
{
	if (transfer == NULL)
		return;
	/* First the handle: what it borrows is freed after it. */
	curl_easy_cleanup(transfer->easy);
	curl_mime_free(transfer->mime);
	for (size_t i = 0; i < sizeof(transfer->lists) / sizeof(transfer->lists[0]); i++)
		curl_slist_free_all(transfer->lists[i]);
	transfer_talk_free(transfer);
	transfer_secrets_free((struct plugin_pair *)(uintptr_t)transfer->secrets, transfer->secrets_count);
	transfer_wipe(transfer->body);
	free(transfer->own);
	free(transfer);
	transfers.count--;
}

void transfer_start(struct transfer *transfer)
{
	size_t i = 0;

	/* There is a place: each that was given out has one. */
	while (transfers.started[i] != NULL)
		i++;
	transfers.started[i] = transfer;
	if (curl_multi_add_handle(transfers.multi, transfer->easy) == CURLM_OK)
		return;
	transfers.started[i] = NULL;
	transfer->done(transfer, CURLE_OUT_OF_MEMORY, 0);
	transfer_free(transfer);
}

void transfer_cancel(uint64_t delivery)
{
	for (size_t i = 0; i < TRANSFER_MAX; i++) {
		struct transfer *transfer = transfers.started[i];

		if (transfer == NULL || transfer->delivery != delivery)
			continue;
		transfers_forget(transfer);
		transfer_free(transfer);
	}
}

/* --- once --- */

int transfers_open(const struct plugin_host *host)
{
	memset(&transfers, 0, sizeof(transfers));
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return -ENOMEM;
	transfers.host = host;
	transfers.multi = curl_multi_init();
	if (transfers.multi == NULL) {
		curl_global_cleanup();
		return -ENOMEM;
	}
	transfer_ca_load();
	(void)curl_multi_setopt(transfers.multi, CURLMOPT_SOCKETFUNCTION, transfers_on_socket);
	(void)curl_multi_setopt(transfers.multi, CURLMOPT_MAXCONNECTS, (long)TRANSFER_CACHED_MAX);
	return 0;
}

void transfers_close(void)
{
	if (transfers.multi == NULL)
		return;
	for (size_t i = 0; i < TRANSFER_MAX; i++) {
		struct transfer *transfer = transfers.started[i];

		if (transfer == NULL)
			continue;
		transfers_forget(transfer);
		transfer_free(transfer);
	}
	(void)curl_multi_cleanup(transfers.multi);
	transfers.multi = NULL;
	transfer_ca_free();
	curl_global_cleanup();
}
