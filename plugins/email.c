/* email: a channel over SMTP, with TLS and a login where the config says so. libcurl speaks it
 * (plugins/transfer) and builds the mail (email_header.c, email_text.c, email_html.c); what the server's words
 * mean for the next attempt is in email_result.c.
 *
 * An address or a header that could end its line and begin another never comes as far as libcurl. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "base/escape.h"
#include "config/config.h"
#include "share/plugin.h"
#include "email_header.h"
#include "email_html.h"
#include "email_result.h"
#include "email_text.h"
#include "transfer/transfer.h"

enum {
	EMAIL_RECEIVERS_MAX = 100, /* RFC 5321: what every server takes ... */
	EMAIL_SAID_BYTES = 513,    /* ... and the longest line of a reply */
};

static const struct plugin_host *email_host;

static void email_tell(uint64_t delivery, enum plugin_sent result, const char *what, const char *about)
{
	char text[TEXT_BYTES];
	struct buffer out;

	BUFFER_OVER(&out, text);
	buffer_add(&out, what);
	escape_line(&out, about, strlen(about));
	email_host->sent(delivery, result, 0, text);
}

static void email_on_done(struct transfer *transfer, CURLcode code, long status)
{
	char words[1024], text[1024];
	struct buffer why, out;
	enum plugin_sent result;

	(void)status;
	BUFFER_OVER(&why, words);
	BUFFER_OVER(&out, text);
	result = email_result_of(transfer->own, code, transfer->error, &why);
	transfer_tell(transfer, why.text, why.len, &out);
	email_host->sent(transfer->delivery, result, 0, text);
}

static void email_on_said(struct transfer *transfer, bool out, const char *line, size_t len)
{
	char text[EMAIL_SAID_BYTES];
	struct buffer said;

	if (out) {
		email_result_hear(transfer->own, out, line, len);
		return;
	}
	BUFFER_OVER(&said, text);
	transfer_hide(transfer, line, len, &said);
	email_result_hear(transfer->own, out, said.text, said.len);
}

/* --- the mail --- */

typedef void email_maker(struct buffer *out, const struct plugin_message *message);

static bool email_add_part(curl_mime *mime, const char *type, email_maker *make,
			   const struct plugin_message *message, size_t size)
{
	curl_mimepart *part = curl_mime_addpart(mime);
	char *bytes = malloc(size);
	struct buffer text;
	bool good = false;

	if (part != NULL && bytes != NULL) {
		buffer_init(&text, bytes, size);
		make(&text, message);
		/* Quoted-printable keeps every line short and every character ASCII, whatever the servers on the way
		 * can do. */
		good = curl_mime_data(part, text.text, text.len) == CURLE_OK &&
		       curl_mime_type(part, type) == CURLE_OK &&
		       curl_mime_encoder(part, "quoted-printable") == CURLE_OK;
	}
	free(bytes);
	return good;
}

static bool email_make(struct transfer *transfer, const struct plugin_channel *channel,
		       const struct plugin_message *message)
{
	transfer->mime = curl_mime_init(transfer->easy);
	transfer->lists[0] = email_header_list(channel, message);
	for (size_t i = 0; i < channel->to_count; i++) {
		struct curl_slist *longer = curl_slist_append(transfer->lists[1], channel->to[i]);

		if (longer == NULL)
			return false;
		transfer->lists[1] = longer;
	}
	return transfer->mime != NULL && transfer->lists[0] != NULL &&
	       email_add_part(transfer->mime, "text/plain; charset=utf-8", email_text, message, EMAIL_TEXT_BYTES) &&
	       email_add_part(transfer->mime, "text/html; charset=utf-8", email_html, message, EMAIL_HTML_BYTES) &&
	       curl_easy_setopt(transfer->easy, CURLOPT_MAIL_FROM, channel->from) == CURLE_OK &&
	       curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT, transfer->lists[1]) == CURLE_OK &&
	       curl_easy_setopt(transfer->easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L) == CURLE_OK &&
	       curl_easy_setopt(transfer->easy, CURLOPT_HTTPHEADER, transfer->lists[0]) == CURLE_OK &&
	       curl_easy_setopt(transfer->easy, CURLOPT_MIMEPOST, transfer->mime) == CURLE_OK;
}

/* --- TLS and the login --- */

static bool email_is_loopback(CURLU *url)
{
	char *host = NULL;
	bool is = curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK &&
		  (strcmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0 || strncmp(host, "127.", 4) == 0);

	curl_free(host);
	return is;
}

/* With the login in the url's own way, "smtp://who:${PASSWORD}@host". */
static bool email_has_login(const struct plugin_channel *channel, CURLU *url)
{
	char *user = NULL;
	bool has = channel->user[0] != '\0' || curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK;

	curl_free(user);
	return has;
}

/* `offered` is for servers of whom nothing is known: a password never goes to them in clear, as an attacker on
 * the way may take the offer out. And not for our own host, whose server most often has a certificate that
 * proves nothing and can't be verified: nobody is on the way there. */
static long email_use_tls(const struct plugin_channel *channel)
{
	CURLU *url = curl_url();
	long use = CURLUSESSL_ALL;

	if (url == NULL || curl_url_set(url, CURLUPART_URL, channel->url, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK ||
	    channel->tls == CONFIG_TLS_REQUIRED)
		use = CURLUSESSL_ALL;
	else if (channel->tls == CONFIG_TLS_NEVER)
		use = CURLUSESSL_NONE;
	else if (!email_has_login(channel, url))
		use = email_is_loopback(url) && channel->ca_len == 0 ? CURLUSESSL_NONE : CURLUSESSL_TRY;
	curl_url_cleanup(url);
	return use;
}

/* NULL, or why it cannot be done. */
static const char *email_log_in(struct transfer *transfer, const struct plugin_channel *channel, char *why, size_t size)
{
	char *user, *password;
	CURLcode wrong;

	(void)curl_easy_setopt(transfer->easy, CURLOPT_USE_SSL, email_use_tls(channel));
	if (channel->user[0] == '\0')
		return NULL;
	user = transfer_fill(channel->user, channel->secrets, channel->secrets_count, why, size);
	password = user == NULL ? NULL
				: transfer_fill("${PASSWORD}", channel->secrets, channel->secrets_count, why, size);
	if (password != NULL) {
		wrong = curl_easy_setopt(transfer->easy, CURLOPT_USERNAME, user);
		wrong |= curl_easy_setopt(transfer->easy, CURLOPT_PASSWORD, password);
		transfer_wipe(password);
		transfer_wipe(user);
		return wrong == CURLE_OK ? NULL : "no memory";
	}
	transfer_wipe(user);
	return why;
}

/* --- the plugin --- */

/* What the config lets through is good; this is the last door. The address that is not, or NULL. */
static const char *email_find_bad_address(const struct plugin_channel *channel)
{
	if (!email_header_is_address(channel->from))
		return channel->from;
	for (size_t i = 0; i < channel->to_count; i++)
		if (!email_header_is_address(channel->to[i]))
			return channel->to[i];
	return NULL;
}

static void email_begin(struct transfer *transfer, const struct plugin_channel *channel,
			const struct plugin_message *message)
{
	char why[128];
	const char *wrong = email_log_in(transfer, channel, why, sizeof(why));

	transfer->own = calloc(1, sizeof(struct email_result));
	if (wrong == NULL && (transfer->own == NULL || !email_make(transfer, channel, message)))
		wrong = "no memory";
	if (wrong != NULL) {
		uint64_t delivery = transfer->delivery;

		transfer_free(transfer);
		email_tell(delivery, PLUGIN_LATER, wrong, "");
		return;
	}
	transfer->done = email_on_done;
	transfer->said = email_on_said;
	transfer_start(transfer);
}

static void email_send(uint64_t delivery, const struct plugin_channel *channel, const struct plugin_message *message)
{
	const char *bad = email_find_bad_address(channel);
	struct transfer *transfer;
	char why[128];

	if (bad != NULL) {
		email_tell(delivery, PLUGIN_NEVER, "no address that can be sent to: ", bad);
		return;
	}
	if (channel->to_count == 0 || channel->to_count > EMAIL_RECEIVERS_MAX) {
		email_tell(delivery, PLUGIN_NEVER, channel->to_count == 0 ? "no receiver" : "more than 100 receivers", "");
		return;
	}
	transfer = transfer_new(delivery, channel, "smtp,smtps", why, sizeof(why));
	if (transfer == NULL)
		email_tell(delivery, PLUGIN_LATER, why, "");
	else
		email_begin(transfer, channel, message);
}

static int email_open(const struct plugin_host *host)
{
	email_host = host;
	return transfers_open(host);
}

static void email_ask(const struct plugin_request *request)
{
	email_host->answer(request->id, -EINVAL, "mail is sent, nothing is carried out by it");
}

const struct plugin plugin = {
	.abi = PLUGIN_ABI,
	.name = "email",
	.open = email_open,
	.ask = email_ask,
	.prepare = transfers_prepare,
	.dispatch = transfers_dispatch,
	.close = transfers_close,
	.send = email_send,
	.cancel = transfer_cancel,
	.warm = transfers_warm,
};
