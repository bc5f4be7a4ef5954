#include "prometheus_http.h"

#include <errno.h>
#include <limits.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/clock.h"

/* A text under way, shared by all who asked for it within HTTP_TEXT_MS. */
struct http_text {
	char *text;
	size_t len;
};

static struct {
	struct MHD_Daemon *daemon; /* NULL: none */
	int epoll;
	prometheus_http_make *make;
	struct http_client {
		int fd;        /* the library's */
		bool used;
		mono_ms since; /* connected, or was answered last */
	} client[HTTP_CONNECTIONS_MAX];
	struct http_kept {
		struct MHD_Response *response; /* the newest of that format; NULL: none */
		mono_ms made;
	} kept[OPENMETRICS_FORMATS];
	size_t bytes; /* of all texts that are not freed */
} http;

/* --- texts --- */

static void http_free_text(void *arg)
{
	struct http_text *text = arg;

	http.bytes -= text->len;
	free(text->text);
	free(text);
}

/* Who still reads it keeps it. */
static void http_forget(struct http_kept *kept)
{
	if (kept->response != NULL)
		MHD_destroy_response(kept->response);
	kept->response = NULL;
}

/* NULL: no memory. */
static struct MHD_Response *http_make_response(enum openmetrics_format format)
{
	struct http_text *text = calloc(1, sizeof(*text));
	struct MHD_Response *response;

	if (text == NULL)
		return NULL;
	text->text = http.make(format, &text->len);
	if (text->text == NULL) {
		free(text);
		return NULL;
	}
	http.bytes += text->len;
	response = MHD_create_response_from_buffer_with_free_callback_cls(text->len, text->text, http_free_text, text);
	if (response == NULL) {
		http_free_text(text);
		return NULL;
	}
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, openmetrics_types[format]);
	return response;
}

/* Borrowed; NULL: not now. */
static struct MHD_Response *http_response(enum openmetrics_format format)
{
	struct http_kept *kept = &http.kept[format];
	mono_ms now = clock_mono();

	if (kept->response != NULL && now - kept->made < HTTP_TEXT_MS)
		return kept->response;
	http_forget(kept);
	if (http.bytes > HTTP_TEXTS_BYTES)
		return NULL;
	kept->response = http_make_response(format);
	kept->made = now;
	return kept->response;
}

/* What a client that names none gets; the classic one for who knows that alone. */
static enum openmetrics_format http_format(struct MHD_Connection *connection)
{
	const char *accept = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT);

	return accept != NULL && strstr(accept, "text/plain") != NULL &&
			       strstr(accept, "application/openmetrics-text") == NULL
		       ? OPENMETRICS_CLASSIC
		       : OPENMETRICS_1;
}

/* --- answers --- */

static enum MHD_Result http_refuse(struct MHD_Connection *connection, unsigned status, const char *why,
				   const char *header, const char *value)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(strlen(why), (void *)(uintptr_t)why, MHD_RESPMEM_PERSISTENT);
	enum MHD_Result queued;

	if (response == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
	if (header != NULL)
		(void)MHD_add_response_header(response, header, value);
	queued = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return queued;
}

static bool http_has_body(struct MHD_Connection *connection)
{
	const char *length = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

	return (length != NULL && strcmp(length, "0") != 0) ||
	       MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL;
}

/* Called at the end of the head, and again at that of the request. An answer to the first call ends the
 * connection: so a body is never waited for. */
static enum MHD_Result http_answer(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
				   const char *version, const char *body, size_t *body_len, void **request)
{
	struct MHD_Response *response;

	(void)arg;
	(void)version;
	(void)body;
	(void)body_len;
	if (*request == NULL && !http_has_body(connection)) {
		*request = &http;
		return MHD_YES;
	}
	if (strcmp(url, "/metrics") != 0)
		return http_refuse(connection, MHD_HTTP_NOT_FOUND, "The metrics are at /metrics.\n", NULL, NULL);
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return http_refuse(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "Only GET and HEAD.\n",
				   MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	response = http_response(http_format(connection));
	if (response == NULL)
		return http_refuse(connection, MHD_HTTP_SERVICE_UNAVAILABLE, "No memory for the metrics.\n",
				   MHD_HTTP_HEADER_RETRY_AFTER, "15");
	return MHD_queue_response(connection, MHD_HTTP_OK, response);
}

/* --- clients --- */

static void http_on_connection(void *arg, struct MHD_Connection *connection, void **context,
			       enum MHD_ConnectionNotificationCode what)
{
	struct http_client *client = *context;

	(void)arg;
	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		if (client != NULL)
			client->used = false;
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(http.client); i++) {
		const union MHD_ConnectionInfo *info =
			MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);

		if (http.client[i].used || info == NULL)
			continue;
		http.client[i] = (struct http_client){.fd = info->connect_fd, .used = true, .since = clock_mono()};
		*context = &http.client[i];
		return;
	}
}

static void http_on_answered(void *arg, struct MHD_Connection *connection, void **request,
			     enum MHD_RequestTerminationCode how)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	(void)arg;
	(void)request;
	(void)how;
	if (info != NULL && info->socket_context != NULL)
		((struct http_client *)info->socket_context)->since = clock_mono();
}

/* A byte now and then keeps the library's timeout from ending a connection: it has a whole time too. */
static void http_end_slow(mono_ms now)
{
	for (size_t i = 0; i < ARRAY_LEN(http.client); i++)
		if (http.client[i].used && now - http.client[i].since >= HTTP_REQUEST_MS) {
			(void)shutdown(http.client[i].fd, SHUT_RDWR);
			http.client[i].since = now; /* the library sees its end at its next turn */
		}
}

/* --- the daemon --- */

/* It has closed the socket, unless it failed early. */
static void http_close_left(int listening)
{
	int listens = 0;
	socklen_t len = sizeof(listens);

	if (getsockopt(listening, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) == 0 && listens)
		(void)close(listening);
}

int prometheus_http_open(int listening, prometheus_http_make *make)
{
	const union MHD_DaemonInfo *info;

	memset(&http, 0, sizeof(http));
	http.make = make;
	http.daemon = MHD_start_daemon(
		MHD_USE_EPOLL, 0, NULL, NULL, http_answer, NULL, MHD_OPTION_LISTEN_SOCKET, listening,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)HTTP_CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)HTTP_IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HTTP_CONNECTION_BYTES,
		MHD_OPTION_NOTIFY_CONNECTION, http_on_connection, NULL, MHD_OPTION_NOTIFY_COMPLETED, http_on_answered,
		NULL, MHD_OPTION_END);
	if (http.daemon == NULL) {
		http_close_left(listening);
		return -ENOMEM;
	}
	info = MHD_get_daemon_info(http.daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info == NULL || info->epoll_fd < 0) {
		prometheus_http_close();
		return -ENOMEM;
	}
	http.epoll = info->epoll_fd;
	return 0;
}

void prometheus_http_close(void)
{
	if (http.daemon == NULL)
		return;
	MHD_stop_daemon(http.daemon);
	http.daemon = NULL;
	for (size_t i = 0; i < OPENMETRICS_FORMATS; i++)
		http_forget(&http.kept[i]);
}

static void http_lower(int *timeout_ms, uint64_t left)
{
	if (*timeout_ms < 0 || left < (uint64_t)*timeout_ms)
		*timeout_ms = left > INT_MAX ? INT_MAX : (int)left;
}

static void http_lower_until(int *timeout_ms, mono_ms end, mono_ms now)
{
	http_lower(timeout_ms, end > now ? end - now : 0);
}

int prometheus_http_prepare(struct pollfd *fds, int max, int *timeout_ms)
{
	MHD_UNSIGNED_LONG_LONG left;
	mono_ms now = clock_mono();

	if (http.daemon == NULL)
		return 0;
	if (MHD_get_timeout(http.daemon, &left) == MHD_YES)
		http_lower(timeout_ms, left);
	for (size_t i = 0; i < ARRAY_LEN(http.client); i++)
		if (http.client[i].used)
			http_lower_until(timeout_ms, http.client[i].since + HTTP_REQUEST_MS, now);
	for (size_t i = 0; i < OPENMETRICS_FORMATS; i++)
		if (http.kept[i].response != NULL)
			http_lower_until(timeout_ms, http.kept[i].made + HTTP_TEXT_MS, now);
	if (max < 1)
		return 0;
	fds[0] = (struct pollfd){.fd = http.epoll, .events = POLLIN};
	return 1;
}

void prometheus_http_dispatch(void)
{
	mono_ms now = clock_mono();

	if (http.daemon == NULL)
		return;
	http_end_slow(now);
	(void)MHD_run(http.daemon);
	for (size_t i = 0; i < OPENMETRICS_FORMATS; i++)
		if (http.kept[i].response != NULL && now >= http.kept[i].made + HTTP_TEXT_MS)
			http_forget(&http.kept[i]);
}
