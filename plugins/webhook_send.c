#include "webhook_send.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "webhook_line.h"
#include "webhook_request.h"

/* What its end needs: the template may be gone by then. */
struct send_own {
	const struct plugin_host *host;
	struct webhook_rules rules;
};

/* One that is being made. */
struct send {
	const struct plugin_host *host;
	const struct webhook_template *template;
	const struct webhook_with *with;
	uint64_t delivery;
	struct transfer *transfer; /* NULL: not yet */
	enum webhook_made made;    /* how far it came: WEBHOOK_MADE as long as nothing is wrong */
	struct buffer why;
	char why_text[TEXT_BYTES];
};

/* --- how it ends --- */

/* The lines of the answer, one after another with blanks between, as far as people want to read them. */
static void send_say(const struct transfer *transfer, struct buffer *out)
{
	const char *at = transfer->answer, *end = at + transfer->answer_len;
	char text[TEXT_BYTES];
	struct buffer said;

	BUFFER_OVER(&said, text);
	while (at < end && said.len < WEBHOOK_SAID_MAX) {
		size_t n;

		while (at < end && (*at == '\n' || *at == '\r' || *at == ' ' || *at == '\t'))
			at++;
		for (n = 0; at + n < end && at[n] != '\n' && at[n] != '\r';)
			n++;
		if (n > 0 && said.len > 0)
			buffer_add_char(&said, ' ');
		transfer_tell(transfer, at, n, &said);
		at += n;
	}
	buffer_add_bytes(out, text, webhook_place_cut(text, said.len, WEBHOOK_SAID_MAX));
	if (said.len > WEBHOOK_SAID_MAX)
		buffer_add(out, "...");
}

/* "https://HOST" or "https://HOST:PORT" of where it redirects to: the rest may hold what is not to be told. */
static void send_say_elsewhere(const struct transfer *transfer, struct buffer *out)
{
	char *location = NULL, *scheme = NULL, *host = NULL, *port = NULL, text[TEXT_BYTES];
	CURLU *url = curl_url();
	struct buffer plain;

	BUFFER_OVER(&plain, text);
	(void)curl_easy_getinfo(transfer->easy, CURLINFO_REDIRECT_URL, &location);
	if (url != NULL && location != NULL &&
	    curl_url_set(url, CURLUPART_URL, location, CURLU_NON_SUPPORT_SCHEME) == 0 &&
	    curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) == 0 && curl_url_get(url, CURLUPART_HOST, &host, 0) == 0) {
		(void)curl_url_get(url, CURLUPART_PORT, &port, 0);
		buffer_addf(&plain, "%s://%s%s%s", scheme, host, port != NULL ? ":" : "", port != NULL ? port : "");
		transfer_tell(transfer, text, plain.len, out);
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(url);
}

static void send_done(struct transfer *transfer, CURLcode code, long status)
{
	const struct send_own *own = transfer->own;
	char said[TEXT_BYTES], elsewhere[TEXT_BYTES], error[TEXT_BYTES];
	struct buffer b;
	struct webhook_verdict verdict;
	struct webhook_answer answer = {
		.status = status, .text = transfer->answer, .len = transfer->answer_len, .said = said,
		.whole = code == CURLE_OK && transfer->answer_len < TRANSFER_ANSWER_BYTES,
		.retry_after_ms = transfer->retry_after_ms, .elsewhere = elsewhere,
		.hopeless = code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL,
	};

	BUFFER_OVER(&b, said);
	send_say(transfer, &b);
	BUFFER_OVER(&b, elsewhere);
	send_say_elsewhere(transfer, &b);
	BUFFER_OVER(&b, error);
	/* Once a status came the request was heard; how its answer's rest fared changes nothing. */
	if (code != CURLE_OK && status < 200) {
		const char *text = transfer->error[0] != '\0' ? transfer->error : curl_easy_strerror(code);

		transfer_tell(transfer, text, strlen(text), &b);
		answer.error = error;
	}
	webhook_answer_judge(&own->rules, &answer, &verdict);
	own->host->sent(transfer->delivery, verdict.result, verdict.again_ms, verdict.text);
}

/* --- how it is made --- */

static void send_stop(struct send *send, enum webhook_made made, const char *why)
{
	if (send->made != WEBHOOK_MADE)
		return;
	send->made = made;
	buffer_add(&send->why, why);
}

static bool send_is_going(const struct send *send)
{
	return send->made == WEBHOOK_MADE;
}

/* The transfer to the channel's url, with the template's query. */
static void send_open(struct send *send)
{
	struct plugin_channel channel = *send->with->channel;
	char *query = malloc(WEBHOOK_LINE_MAX), *url = NULL, why[TEXT_BYTES];
	struct buffer out;

	if (query != NULL) {
		buffer_init(&out, query, WEBHOOK_LINE_MAX);
		send->made = webhook_request_line(&send->template->query, send->with, channel.format, &out, &send->why);
		if (send_is_going(send) && out.len > 0 &&
		    asprintf(&url, "%s%s%s", channel.url, strchr(channel.url, '?') != NULL ? "&" : "?", query) < 0)
			url = NULL;
		channel.url = url != NULL ? url : channel.url;
	}
	if (query == NULL || (send_is_going(send) && out.len > 0 && url == NULL)) {
		send_stop(send, WEBHOOK_LACKS, "no memory for the request");
	} else if (send_is_going(send)) {
		send->transfer = transfer_new(send->delivery, &channel, "http,https", why, sizeof(why));
		if (send->transfer == NULL)
			send_stop(send, WEBHOOK_LACKS, why);
	}
	transfer_wipe(query);
	transfer_wipe(url);
}

/* The channel's config gives this header itself. */
static bool send_is_overridden(const struct plugin_channel *channel, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < channel->headers_count; i++)
		if (strncasecmp(channel->headers[i], name, len) == 0 && channel->headers[i][len] == ':')
			return true;
	return false;
}

static void send_add_line(struct send *send, const char *line)
{
	struct curl_slist *longer = curl_slist_append(send->transfer->lists[0], line);

	if (longer != NULL)
		send->transfer->lists[0] = longer;
	else
		send_stop(send, WEBHOOK_LACKS, "no memory for the request");
}

static void send_add_header(struct send *send, const char *name, const char *value)
{
	char *line;

	if (!send_is_going(send) || value[0] == '\0' || send_is_overridden(send->with->channel, name))
		return;
	if (asprintf(&line, "%s: %s", name, value) < 0) {
		send_stop(send, WEBHOOK_LACKS, "no memory for the request");
		return;
	}
	send_add_line(send, line);
	transfer_wipe(line);
}

/* Of the template. */
static void send_add_headers(struct send *send)
{
	char *value = malloc(WEBHOOK_LINE_MAX);
	struct buffer out;

	if (value == NULL) {
		send_stop(send, WEBHOOK_LACKS, "no memory for the request");
		return;
	}
	buffer_init(&out, value, WEBHOOK_LINE_MAX);
	for (size_t i = 0; send_is_going(send) && i < send->template->headers_count; i++) {
		const struct webhook_header *header = &send->template->headers[i];

		buffer_init(&out, value, WEBHOOK_LINE_MAX);
		send->made = webhook_request_line(&header->value, send->with, send->with->channel->format, &out,
						  &send->why);
		send_add_header(send, header->name, value);
	}
	transfer_wipe(value);
}

/* Of the channel's config. */
static void send_add_own_headers(struct send *send)
{
	const struct plugin_channel *channel = send->with->channel;

	for (size_t i = 0; send_is_going(send) && i < channel->headers_count; i++) {
		char why[TEXT_BYTES], *line;

		line = transfer_fill(channel->headers[i], channel->secrets, channel->secrets_count, why, sizeof(why));

		if (line != NULL)
			send_add_line(send, line);
		else
			send_stop(send, WEBHOOK_LACKS, why);
		transfer_wipe(line);
	}
}

static void send_sign(struct send *send)
{
	const struct plugin_channel *channel = send->with->channel;
	const char *key = webhook_value_secret(channel, channel->sign, strlen(channel->sign));
	char seconds[32], signature[WEBHOOK_SIGNATURE_BYTES];
	uint64_t now = (uint64_t)clock_wall() / 1000;

	if (channel->sign[0] == '\0' || !send_is_going(send))
		return;
	if (key == NULL || key[0] == '\0') {
		send_stop(send, WEBHOOK_LACKS, "the secret that `sign` names is not there, or its file could not be read");
		return;
	}
	if (webhook_sign(key, now, send->transfer->body, strlen(send->transfer->body), signature) < 0)
		send_stop(send, WEBHOOK_LACKS, "the request could not be signed");
	(void)snprintf(seconds, sizeof(seconds), "%" PRIu64, now);
	send_add_header(send, "X-Watchdogd-Timestamp", seconds);
	send_add_header(send, "X-Watchdogd-Signature", signature);
}

static void send_fill(struct send *send)
{
	char id[256];
	struct buffer b;

	send->made = webhook_request_body(send->template, send->with, send->with->channel->format, &send->transfer->body,
					  &send->why);
	BUFFER_OVER(&b, id);
	webhook_place_write(&b, WEBHOOK_HEADER, WEBHOOK_NO_MARKUP, send->with->message->id,
			    strlen(send->with->message->id));
	if (send->template->method != WEBHOOK_GET)
		send_add_header(send, "Content-Type", send->template->type);
	send_add_header(send, "Idempotency-Key", id);
	send_add_headers(send);
	send_add_own_headers(send);
	send_sign(send);
	if (send_is_going(send))
		send_add_line(send, "Expect:"); /* the body goes at once: no server of these reads it otherwise */
}

static void send_set(struct send *send)
{
	CURL *easy = send->transfer->easy;
	struct send_own *own = malloc(sizeof(*own));
	CURLcode wrong = curl_easy_setopt(easy, CURLOPT_HTTPHEADER, send->transfer->lists[0]);

	if (send->template->method == WEBHOOK_GET) {
		wrong |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
	} else {
		wrong |= curl_easy_setopt(easy, CURLOPT_POST, 1L);
		wrong |= curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(send->transfer->body));
		wrong |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, send->transfer->body);
		if (send->template->method == WEBHOOK_PUT_METHOD)
			wrong |= curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, "PUT");
	}
	if (own != NULL)
		*own = (struct send_own){.host = send->host, .rules = send->template->rules};
	send->transfer->own = own;
	send->transfer->done = send_done;
	if (own == NULL || wrong != CURLE_OK)
		send_stop(send, WEBHOOK_LACKS, "no memory for the request");
}

void webhook_send_begin(const struct plugin_host *host, const struct webhook_template *template, uint64_t delivery,
			const struct webhook_with *with)
{
	struct send send = {.host = host, .template = template, .with = with, .delivery = delivery};
	const char *told = with->message->told;

	if ((template->skip & webhook_line_told(told, strlen(told))) != 0) {
		host->sent(delivery, PLUGIN_TAKEN, 0, "nothing is sent: the format has no message of this kind");
		return;
	}
	BUFFER_OVER(&send.why, send.why_text);
	send_open(&send);
	if (send_is_going(&send))
		send_fill(&send);
	if (send_is_going(&send))
		send_set(&send);
	if (send_is_going(&send)) {
		transfer_start(send.transfer);
		return;
	}
	transfer_free(send.transfer);
	host->sent(delivery, send.made == WEBHOOK_WRONG ? PLUGIN_NEVER : PLUGIN_LATER, 0, send.why_text);
}
