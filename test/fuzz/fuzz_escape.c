/* libFuzzer over hostile text on its way out: whatever the bytes are, in HTML, JSON, a url, a log line, a metric's label,
 * a header of mail, a mail, and in each place of a webhook they stay text. Built by test/fuzz/run. */
#include <assert.h>
#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/email_header.h"
#include "../../plugins/email_html.h"
#include "../../plugins/email_text.h"
#include "../../plugins/webhook_place.h"
#include "base/bounds.h"
#include "base/escape.h"
#include "share/openmetrics.h"

enum { FUZZ_OUT_BYTES = 1024 * 1024, FUZZ_TEXT_MAX = 4200 /* a little more than a mail shows of one text */ };

static char out_bytes[FUZZ_OUT_BYTES];
static struct buffer out;

static void fuzz_escape_begin(void)
{
	BUFFER_OVER(&out, out_bytes);
}

static void fuzz_escape_is_utf8(const char *text, size_t n)
{
	for (size_t i = 0, len; i < n; i += len) {
		len = escape_utf8_len(text + i, n - i);
		assert(len > 0);
	}
}

/* Of what is printable: nothing that a terminal obeys, but the controls named. */
static void fuzz_escape_has_no_controls(const char *text, size_t n, const char *but)
{
	fuzz_escape_is_utf8(text, n);
	for (size_t i = 0; i < n; i++)
		assert(((unsigned char)text[i] >= 0x20 && text[i] != 0x7f) || (text[i] != '\0' && strchr(but, text[i]) != NULL));
}

/* --- escape.h --- */

static void fuzz_escape_html(const char *bytes, size_t n)
{
	static const char *const references[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};

	fuzz_escape_begin();
	escape_html(&out, bytes, n);
	assert(!out.cut);
	fuzz_escape_has_no_controls(out.text, out.len, "\n\t");
	assert(strpbrk(out.text, "<>\"'") == NULL);
	for (const char *at = out.text; (at = strchr(at, '&')) != NULL; at++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(references); i++)
			known |= strncmp(at, references[i], strlen(references[i])) == 0;
		assert(known);
	}
}

static int fuzz_escape_hex(char c)
{
	const char *digits = "0123456789ABCDEF", *at = c != '\0' ? strchr(digits, c) : NULL;

	assert(at != NULL);
	return (int)(at - digits);
}

/* It is undone byte by byte. */
static void fuzz_escape_url(const char *bytes, size_t n)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	const char *at;

	fuzz_escape_begin();
	escape_url(&out, bytes, n);
	assert(!out.cut);
	at = out.text;
	for (size_t i = 0; i < n; i++) {
		if (*at == '%') {
			assert(fuzz_escape_hex(at[1]) * 16 + fuzz_escape_hex(at[2]) == (unsigned char)bytes[i]);
			at += 3;
		} else {
			assert(*at != '\0' && strchr(plain, *at) != NULL && *at == bytes[i]);
			at++;
		}
	}
	assert(*at == '\0');
}

/* A string of JSON, with or without its quotes, is one value and a string. */
static void fuzz_escape_is_json(bool quoted)
{
	size_t size = out.len + 3;
	char *text = malloc(size);
	json_t *json;

	assert(!out.cut && text != NULL);
	(void)snprintf(text, size, "%s%s%s", quoted ? "" : "\"", out.text, quoted ? "" : "\"");
	json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
	assert(json_is_string(json));
	json_decref(json);
	free(text);
}

static void fuzz_escape_json_and_line(const char *bytes, size_t n)
{
	fuzz_escape_begin();
	escape_json(&out, bytes, n);
	fuzz_escape_is_json(false);
	fuzz_escape_begin();
	escape_line(&out, bytes, n);
	assert(!out.cut);
	fuzz_escape_has_no_controls(out.text, out.len, "");
}

/* --- a metric --- */

static void fuzz_escape_label(const char *text)
{
	static const struct openmetrics_family family = {
		.name = "n", .kind = OPENMETRICS_GAUGE, .unit = "", .help = "h"};
	static const char begin[] = "# HELP n h\n# TYPE n gauge\nn{l=\"", end[] = "\",m=\"x\"} 1\n# EOF\n";
	struct openmetrics om;
	size_t len;
	char *page, *at;

	openmetrics_init(&om, OPENMETRICS_1);
	openmetrics_begin(&om, &family);
	openmetrics_sample(&om, 1, 0, OPENMETRICS_LABELS("l", text, "m", "x"));
	page = openmetrics_end(&om, &len);
	assert(page != NULL && strlen(page) == len);
	fuzz_escape_has_no_controls(page, len, "\n");
	if (text[0] != '\0') {
		assert(strncmp(page, begin, sizeof(begin) - 1) == 0);
		for (at = page + sizeof(begin) - 1; *at != '"'; at++) {
			assert(*at != '\n' && *at != '\0');
			if (*at == '\\') {
				at++;
				assert(*at == 'n' || *at == '"' || *at == '\\');
			}
		}
		assert(strcmp(at, end) == 0);
	}
	free(page);
}

/* --- a mail --- */

/* One encoded word of RFC 2047, where it begins; gives what is behind it. */
static const char *fuzz_escape_word(const char *at)
{
	static const char begin[] = "=?utf-8?Q?";
	const char *end;
	char text[80];
	size_t n = 0;

	assert(strncmp(at, begin, sizeof(begin) - 1) == 0);
	end = strstr(at + sizeof(begin) - 1, "?=");
	assert(end != NULL && end + 2 - at <= 75);
	for (at += sizeof(begin) - 1; at < end; at++) {
		if (*at == '=') {
			text[n++] = (char)(fuzz_escape_hex(at[1]) * 16 + fuzz_escape_hex(at[2]));
			at += 2;
		} else {
			assert(*at != ' ' && *at != '?');
			text[n++] = *at == '_' ? ' ' : *at;
		}
	}
	fuzz_escape_has_no_controls(text, n, ""); /* whole characters in each word */
	return end + 2;
}

/* One header: lines of at most 76 columns, each but the first behind a blank; all of ASCII. */
static void fuzz_escape_is_header(const char *text, size_t columns)
{
	size_t column = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at == '\r') {
			assert(at[1] == '\n' && at[2] == ' ' && at[3] != ' ' && at[3] != '\r' && at[3] != '\0');
			at++;
			column = 0;
			continue;
		}
		assert(*at >= 0x20 && *at < 0x7f && ++column <= columns);
	}
}

static void fuzz_escape_subject(const char *text)
{
	const char *at;

	fuzz_escape_begin();
	email_header_add_text(&out, "Subject", text);
	assert(!out.cut);
	fuzz_escape_is_header(out.text, 76);
	at = strstr(out.text, "=?");
	for (; at != NULL; at = strstr(at, "=?"))
		at = fuzz_escape_word(at);
}

static void fuzz_escape_address(const char *text)
{
	if (!email_header_is_address(text))
		return;
	assert(strlen(text) <= 254 && strchr(text, '@') != NULL && strchr(text, '@') == strrchr(text, '@'));
	fuzz_escape_is_header(text, 254);
	assert(strpbrk(text, " \r\n\t<>\",;()\\") == NULL);
}

/* Every tag of the page is one of ours. */
static void fuzz_escape_tags(const char *page)
{
	static const char *const tags[] = {"!DOCTYPE html>", "html ", "/html>", "head>", "/head>", "meta ", "style>", "/style>",
					   "body ", "/body>", "div", "/div>", "span ", "/span>", "table ", "/table>", "tr>",
					   "/tr>", "td ", "/td>", "br>"};

	for (const char *at = page; (at = strchr(at, '<')) != NULL; at++) {
		bool known = false;

		for (size_t i = 0; i < ARRAY_LEN(tags); i++)
			known |= strncmp(at + 1, tags[i], strlen(tags[i])) == 0;
		assert(known);
	}
}

static void fuzz_escape_line_ends(const char *text)
{
	for (const char *at = text; (at = strpbrk(at, "\r\n")) != NULL; at += 2)
		assert(at[0] == '\r' && at[1] == '\n');
}

static void fuzz_escape_mail(const char *text)
{
	static const char *const to[] = {"a@b"};
	const struct plugin_pair facts[] = {{text, text}, {"host", text}};
	const struct plugin_channel channel = {.from = "a@b", .to = to, .to_count = 1};
	const struct plugin_message message = {
		.id = text, .thread = "t", .told = text, .severity = text, .rule = text, .unit = text, .event = text,
		.host = text, .subject = text, .title = text, .text = text, .doing = text, .todo = text, .facts = facts,
		.facts_count = ARRAY_LEN(facts), .history = text, .at_wall_ms = 1769051481042, .attempt = 2, .count = 2,
	};
	struct curl_slist *headers = email_header_list(&channel, &message);

	assert(headers != NULL);
	for (const struct curl_slist *h = headers; h != NULL; h = h->next)
		fuzz_escape_is_header(h->data, 998);
	curl_slist_free_all(headers);
	fuzz_escape_begin();
	email_text(&out, &message);
	assert(!out.cut);
	fuzz_escape_has_no_controls(out.text, out.len, "\r\n");
	fuzz_escape_line_ends(out.text);
	fuzz_escape_begin();
	email_html(&out, &message);
	assert(!out.cut);
	fuzz_escape_has_no_controls(out.text, out.len, "\r\n");
	fuzz_escape_tags(out.text);
}

/* --- a webhook --- */

static void fuzz_escape_place(const char *bytes, size_t n)
{
	static const enum webhook_markup markups[] = {WEBHOOK_NO_MARKUP, WEBHOOK_HTML, WEBHOOK_MARKDOWN};

	for (size_t i = 0; i < ARRAY_LEN(markups); i++) {
		fuzz_escape_begin();
		webhook_place_write(&out, WEBHOOK_STRING, markups[i], bytes, n);
		fuzz_escape_is_json(false);
		fuzz_escape_begin();
		webhook_place_write(&out, WEBHOOK_VALUE, markups[i], bytes, n);
		fuzz_escape_is_json(true);
		fuzz_escape_begin();
		webhook_place_write(&out, WEBHOOK_HEADER, markups[i], bytes, n);
		fuzz_escape_has_no_controls(out.text, out.len, "");
		fuzz_escape_begin();
		webhook_place_write(&out, WEBHOOK_PLAIN, markups[i], bytes, n);
		fuzz_escape_has_no_controls(out.text, out.len, "\n\t");
		fuzz_escape_begin();
		webhook_place_write(&out, WEBHOOK_URL, markups[i], bytes, n);
		assert(strpbrk(out.text, "&=+?#/ \r\n\"<>") == NULL);
	}
	for (size_t max = 0; max <= n && max < 16; max++)
		assert(webhook_place_cut(bytes, n, max) <= max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size < FUZZ_TEXT_MAX ? size : FUZZ_TEXT_MAX;
	char *bytes = malloc(n), *text = malloc(n + 1); /* of just that size: what is beyond is watched */

	assert((bytes != NULL || n == 0) && text != NULL);
	memcpy(text, data, n);
	text[n] = '\0';
	if (n > 0)
		memcpy(bytes, data, n);
	fuzz_escape_html(bytes, n);
	fuzz_escape_url(bytes, n);
	fuzz_escape_json_and_line(bytes, n);
	fuzz_escape_place(bytes, n);
	fuzz_escape_label(text);
	fuzz_escape_subject(text);
	fuzz_escape_address(text);
	fuzz_escape_mail(text);
	free(bytes);
	free(text);
	return 0;
}
