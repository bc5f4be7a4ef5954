#include "email_header.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/escape.h"
#include "email_clean.h"

enum {
	EMAIL_ADDRESS_MAX = 254, /* RFC 5321, a path without its brackets */
	EMAIL_SUBJECT_MAX = 400, /* bytes; programs show far less */
	EMAIL_TOKEN_MAX = 64,    /* of an X- header, and of an id */
	EMAIL_LINE = 76,         /* columns of a folded line */
	EMAIL_WORD_MAX = 60,     /* of one word that is not encoded: so a folded line stays one */
	EMAIL_HEADER_BYTES = 8192, /* the subject, encoded, is the longest: three times its bytes */
	EMAIL_TO_BYTES = 300,    /* of one receiver's line */
};

static const char email_local[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.!#$%&'*+-/=?^_`{|}~";
static const char email_domain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-";
static const char email_literal[] = "abcdefABCDEF0123456789.:IPv";
static const char email_token[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

bool email_header_is_address(const char *text)
{
	size_t len = strnlen(text, EMAIL_ADDRESS_MAX + 1), local = strspn(text, email_local);
	const char *domain = text + local + 1;
	size_t n;

	if (len > EMAIL_ADDRESS_MAX || local == 0 || text[local] != '@' || *domain == '\0')
		return false;
	if (*domain != '[')
		return domain[strspn(domain, email_domain)] == '\0';
	n = 1 + strspn(domain + 1, email_literal);
	return n > 1 && domain[n] == ']' && domain[n + 1] == '\0';
}

/* --- text in a header --- */

/* Printable ASCII of short words, none of which a reader would decode. */
static bool email_header_is_plain(const char *text)
{
	size_t word = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if ((unsigned char)*at < 0x20 || (unsigned char)*at > 0x7e)
			return false;
		word = *at == ' ' ? 0 : word + 1;
		if (word > EMAIL_WORD_MAX)
			return false;
	}
	return strstr(text, "=?") == NULL;
}

static void email_header_add_plain(struct buffer *out, const char *text, size_t column)
{
	while (*text != '\0') {
		size_t word = strcspn(text + 1, " ") + 1; /* with the space before it */

		if (*text == ' ' && column + word > EMAIL_LINE) {
			buffer_add(out, "\r\n");
			column = 0;
		}
		buffer_add_bytes(out, text, word);
		column += word;
		text += word;
	}
}

/* A byte of an encoded word (RFC 2047, 4.2 and 5): only what is safe wherever it stands. */
static size_t email_header_encode(unsigned char c, char out[3])
{
	static const char hex[] = "0123456789ABCDEF";

	if (c == ' ' || (c < 0x7f && strchr("!*+-/", c) != NULL) || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	    (c >= 'a' && c <= 'z')) {
		out[0] = c == ' ' ? '_' : (char)c;
		return 1;
	}
	out[0] = '=';
	out[1] = hex[c >> 4];
	out[2] = hex[c & 15];
	return 3;
}

/* No character is cut in two by the end of an encoded word. */
static void email_header_add_encoded(struct buffer *out, const char *text, size_t column)
{
	static const char begin[] = "=?utf-8?Q?", end[] = "?=";
	size_t left = strlen(text);

	buffer_add(out, begin);
	column += sizeof(begin) - 1;
	while (left > 0) {
		size_t n = escape_utf8_len(text, left), used = 0;
		char coded[12];

		n = n == 0 ? 1 : n;
		for (size_t i = 0; i < n; i++)
			used += email_header_encode((unsigned char)text[i], coded + used);
		if (column + used + sizeof(end) - 1 > EMAIL_LINE - 1) {
			buffer_add(out, end);
			buffer_add(out, "\r\n ");
			buffer_add(out, begin);
			column = sizeof(begin);
		}
		buffer_add_bytes(out, coded, used);
		column += used;
		text += n;
		left -= n;
	}
	buffer_add(out, end);
}

/* One blank for each run of them, which could not be folded, and none at the ends. */
static void email_header_take_blanks(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; at++)
		if (*at != ' ' || (to > text && to[-1] != ' '))
			*to++ = *at;
	if (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

void email_header_add_text(struct buffer *out, const char *name, const char *value)
{
	char bytes[3 * EMAIL_SUBJECT_MAX + 8];
	struct buffer clean;
	size_t column = strlen(name) + 2;

	BUFFER_OVER(&clean, bytes);
	email_clean(&clean, value, EMAIL_SUBJECT_MAX, false);
	email_header_take_blanks(bytes);
	buffer_addf(out, "%s: ", name);
	if (email_header_is_plain(bytes))
		email_header_add_plain(out, bytes, column);
	else
		email_header_add_encoded(out, bytes, column);
}

/* --- the list --- */

struct email_headers {
	struct curl_slist *list;
	bool failed;
	char bytes[EMAIL_HEADER_BYTES];
	struct buffer line;
};

static struct buffer *email_header_begin(struct email_headers *headers)
{
	BUFFER_OVER(&headers->line, headers->bytes);
	return &headers->line;
}

static void email_header_end(struct email_headers *headers)
{
	struct curl_slist *longer = curl_slist_append(headers->list, headers->bytes);

	if (longer == NULL)
		headers->failed = true;
	else
		headers->list = longer;
}

/* Only letters, digits and . - _ of it; others as _. */
static void email_header_add_token(struct buffer *out, const char *text)
{
	size_t len = strnlen(text, EMAIL_TOKEN_MAX);

	for (size_t i = 0; i < len; i++)
		buffer_add_char(out, strchr(email_token, text[i]) != NULL ? text[i] : '_');
}

static void email_header_token(struct email_headers *headers, const char *name, const char *text)
{
	if (text[0] == '\0')
		return;
	buffer_addf(email_header_begin(headers), "%s: ", name);
	email_header_add_token(&headers->line, text);
	email_header_end(headers);
}

static void email_header_id(struct email_headers *headers, const char *name, const char *id, const char *host)
{
	struct buffer *line = email_header_begin(headers);

	buffer_addf(line, "%s: <", name);
	email_header_add_token(line, id);
	buffer_add_char(line, '@');
	email_header_add_token(line, host[0] != '\0' ? host : "localhost");
	buffer_add_char(line, '>');
	email_header_end(headers);
}

/* "Thu, 22 Jan 2026 18:38:01 +0000": clients show it in the reader's own time. */
static void email_header_date(struct email_headers *headers, wall_ms at)
{
	static const char *const day[] = {"Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"}; /* 1970 began with Thu */
	static const char *const month[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
					    "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	char iso[21]; /* 2026-01-22T18:38:01Z */

	clock_format(at, iso);
	buffer_addf(email_header_begin(headers), "Date: %s, %.2s %s %.4s %.8s +0000", day[at / 86400000 % 7], iso + 8,
		    month[((iso[5] - '0') * 10 + iso[6] - '0' + 11) % 12], iso, iso + 11);
	email_header_end(headers);
}

static void email_header_receivers(struct email_headers *headers, const struct plugin_channel *channel)
{
	size_t size = EMAIL_TO_BYTES * (channel->to_count + 1);
	char *bytes = malloc(size);
	struct buffer line;
	struct curl_slist *longer = NULL;

	if (bytes != NULL) {
		buffer_init(&line, bytes, size);
		buffer_add(&line, "To: ");
		for (size_t i = 0; i < channel->to_count; i++)
			buffer_addf(&line, "%s%s", i > 0 ? ",\r\n " : "", channel->to[i]);
		longer = curl_slist_append(headers->list, bytes);
	}
	headers->list = longer != NULL ? longer : headers->list;
	headers->failed |= longer == NULL;
	free(bytes);
}

/* Who it is from and to, and that no person wrote it. */
static void email_header_of_channel(struct email_headers *headers, const struct plugin_channel *channel)
{
	buffer_addf(email_header_begin(headers), "From: watchdogd <%s>", channel->from);
	email_header_end(headers);
	email_header_receivers(headers, channel);
	buffer_add(email_header_begin(headers), "Auto-Submitted: auto-generated");
	email_header_end(headers);
	/* By default libcurl's own would be mixed: several things to read, not one in two forms. */
	buffer_add(email_header_begin(headers), "Content-Type: multipart/alternative");
	email_header_end(headers);
}

static void email_header_of_message(struct email_headers *headers, const struct plugin_message *message)
{
	email_header_add_text(email_header_begin(headers), "Subject", message->subject);
	email_header_end(headers);
	email_header_date(headers, message->at_wall_ms > 0 ? message->at_wall_ms : clock_wall());
	email_header_id(headers, "Message-ID", message->id, message->host);
	if (message->thread[0] != '\0' && strcmp(message->thread, message->id) != 0) {
		email_header_id(headers, "In-Reply-To", message->thread, message->host);
		email_header_id(headers, "References", message->thread, message->host);
	}
	email_header_token(headers, "X-Watchdogd-Severity", message->severity);
	email_header_token(headers, "X-Watchdogd-Unit", message->unit);
	email_header_token(headers, "X-Watchdogd-Rule", message->rule);
	if (strcmp(message->severity, "critical") != 0)
		return;
	email_header_token(headers, "Importance", "high");
	email_header_token(headers, "Priority", "urgent");
	email_header_token(headers, "X-Priority", "1");
}

struct curl_slist *email_header_list(const struct plugin_channel *channel, const struct plugin_message *message)
{
	struct email_headers headers = {.list = NULL};

	email_header_of_channel(&headers, channel);
	email_header_of_message(&headers, message);
	if (!headers.failed)
		return headers.list;
	curl_slist_free_all(headers.list);
	return NULL;
}
