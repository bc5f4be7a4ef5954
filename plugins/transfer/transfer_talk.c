/* What libcurl shows of a conversation comes in pieces of any size; here it becomes lines. Three things are
 * made of them: lines for a person (secrets hidden, controls escaped, so many and so long at most), what the
 * plugin hears (transfer->said), and SMTP's last words.
 *
 * SMTP's last words: libcurl 7.88 sends QUIT as it closes a connection, and then waits for the answer, up to
 * two minutes, in the midst of all other transfers. So when QUIT has gone out, we close our ear: there
 * is nothing to wait for. */
#include "transfer_talk.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bounds.h"
#include "base/escape.h"

enum {
	TALK_RAW_BYTES = 8192, /* of a line as it is gathered: longer than the longest secret */
	TALK_LINE_BYTES = 250, /* of a line as it is told: it goes on in a message (share/message.h) */
	TALK_LINES_MAX = 200,  /* of one transfer */
	TALK_SOCKETS = 4,      /* of one transfer at once: two while it tries IPv6 and IPv4 */
	TALK_PLACES = 3,       /* in base64 a text looks different by how many bytes, modulo 3, go before it */
};

struct transfer_line {
	char bytes[TALK_RAW_BYTES];
	size_t len;
	bool cut;
};

struct transfer_talk {
	void (*talk)(uint64_t delivery, const char *line);
	struct transfer_line in, out, text;
	unsigned lines;
	bool smtp;
	bool asked;  /* the server asked for a word of the login: what goes out next is it */
	bool leaves; /* QUIT has gone out */
	long reply;
	char **coded; /* of each secret, TALK_PLACES of them: its value in base64 */
	curl_socket_t socket[TALK_SOCKETS];
};

/* --- without secrets --- */

/* How a secret may be written. */
enum talk_spelling {
	TALK_PLAIN,
	TALK_ESCAPED, /* as a url or JSON may have it: any character may be %41, \/, and a blank + */
};

static int talk_hex(char c)
{
	return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

/* How many of the n bytes (at least 1) are this character of a secret; 0: they are another. */
static size_t talk_character(char c, const char *bytes, size_t n, enum talk_spelling spelling)
{
	if (spelling == TALK_ESCAPED && n >= 3 && bytes[0] == '%' && talk_hex(bytes[1]) >= 0 && talk_hex(bytes[2]) >= 0 &&
	    talk_hex(bytes[1]) * 16 + talk_hex(bytes[2]) == (unsigned char)c)
		return 3;
	if (spelling == TALK_ESCAPED && n >= 2 && bytes[0] == '\\' && bytes[1] == c)
		return 2;
	return bytes[0] == c || (spelling == TALK_ESCAPED && bytes[0] == '+' && c == ' ');
}

/* The value stands at bytes; cut: its beginning at the end of the bytes counts. How many bytes of it. */
static size_t talk_stands(const char *value, const char *bytes, size_t n, bool cut, enum talk_spelling spelling)
{
	size_t used = 0;

	for (const char *at = value; *at != '\0'; at++) {
		size_t len = used < n ? talk_character(*at, bytes + used, n - used, spelling) : 0;
		bool at_end = used == n || (used + 3 > n && spelling == TALK_ESCAPED && memchr("%\\", bytes[used], 2) != NULL);

		if (len == 0)
			return cut && used > 0 && at_end ? n : 0;
		used += len;
	}
	return used;
}

static bool talk_is_base64(char c)
{
	return isalnum((unsigned char)c) || c == '+' || c == '/';
}

/* Base64 of the value behind `before` bytes (a login has the user before the password), but for the character that
 * it shares with what goes before, and its last one, which depends on what follows. The caller's; NULL: no memory. */
static char *talk_base64(const char *value, size_t before)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t len = strlen(value), used = 0, shared = before > 0;
	char *out = malloc(len / 3 * 4 + 6);
	unsigned bits = 0, have = (unsigned)before * 2;

	for (size_t i = 0; out != NULL && i < len; i++) {
		bits = (bits << 8 | (unsigned char)value[i]) & 0xffff;
		for (have += 8; have >= 6; have -= 6)
			out[used++] = digits[bits >> (have - 6) & 63];
	}
	if (out == NULL)
		return NULL;
	out[used] = '\0';
	memmove(out, out + (used > 0 ? shared : 0), used + 1 - (used > 0 ? shared : 0));
	return out;
}

/* Those behind it, and the padding: `bytes` is what follows the first n, which stand for len bytes from the beginning
 * of a group of three. */
static size_t talk_base64_rest(const char *bytes, size_t n, size_t left, size_t len)
{
	size_t more = len % 3 != 0 && n < left && talk_is_base64(bytes[n]);

	for (int i = 0; i < 2; i++)
		more += n + more < left && bytes[n + more] == '=';
	return more;
}

/* The secret stands at bytes in base64, in that place: how many bytes of that; 0: it does not. */
static size_t talk_coded_at(const struct transfer *transfer, size_t secret, size_t place, const char *bytes, size_t n,
			    bool cut)
{
	const char *coded = transfer->talk->coded[secret * TALK_PLACES + place];
	size_t shared = place > 0, len;

	if (n <= shared || (shared > 0 && !talk_is_base64(bytes[0])))
		return 0;
	len = talk_stands(coded, bytes + shared, n - shared, cut, TALK_ESCAPED);
	if (len == 0)
		return 0;
	len += shared;
	return len + talk_base64_rest(bytes, len, n, place + strlen(transfer->secrets[secret].value));
}

/* How many bytes at the beginning of these are a secret; 0: none. */
static size_t talk_secret_at(const struct transfer *transfer, const char *bytes, size_t n, bool cut)
{
	size_t hidden = 0;

	for (size_t i = 0; i < transfer->secrets_count; i++) {
		const char *value = transfer->secrets[i].value;
		size_t len = talk_stands(value, bytes, n, cut, TALK_PLAIN);

		if (len == 0)
			len = talk_stands(value, bytes, n, cut, TALK_ESCAPED);
		for (size_t place = 0; place < TALK_PLACES && len == 0; place++)
			len = talk_coded_at(transfer, i, place, bytes, n, cut);
		hidden = len > hidden ? len : hidden;
	}
	return hidden;
}

typedef void talk_adder(struct buffer *out, const char *bytes, size_t n);

/* add: the rest. */
static void talk_hide(const struct transfer *transfer, const char *bytes, size_t n, bool cut, talk_adder *add,
		      struct buffer *out)
{
	size_t from = 0;

	for (size_t i = 0; i < n && !out->cut;) {
		size_t hidden = talk_secret_at(transfer, bytes + i, n - i, cut);

		if (hidden == 0) {
			i++;
			continue;
		}
		add(out, bytes + from, i - from);
		buffer_add(out, "***");
		i += hidden;
		from = i;
	}
	if (!out->cut) /* otherwise the rest was not searched */
		add(out, bytes + from, n - from);
}

void transfer_tell(const struct transfer *transfer, const char *bytes, size_t n, struct buffer *out)
{
	talk_hide(transfer, bytes, n, false, escape_line, out);
}

void transfer_hide(const struct transfer *transfer, const char *bytes, size_t n, struct buffer *out)
{
	talk_hide(transfer, bytes, n, false, buffer_add_bytes, out);
}

/* Where the argument of a login begins: "AUTH PLAIN ...", "Proxy-Authorization: ..."; n: nowhere. */
static size_t talk_login_at(const char *bytes, size_t n)
{
	static const char header[] = "authorization:";

	if (n > 5 && strncasecmp(bytes, "AUTH ", 5) == 0) {
		const char *space = memchr(bytes + 5, ' ', n - 5);

		return space != NULL ? (size_t)(space - bytes) + 1 : n;
	}
	for (size_t i = 0; i + sizeof(header) - 1 <= n; i++)
		if (strncasecmp(bytes + i, header, sizeof(header) - 1) == 0)
			return i + sizeof(header) - 1;
	return n;
}

/* --- lines --- */

static void talk_tell(struct transfer *transfer, const char *mark, const struct transfer_line *line, bool hide)
{
	struct transfer_talk *talk = transfer->talk;
	size_t shown = hide ? 0 : talk_login_at(line->bytes, line->len);
	char text[TALK_LINE_BYTES];
	struct buffer told;

	if (talk->talk == NULL || talk->lines > TALK_LINES_MAX)
		return;
	BUFFER_OVER(&told, text);
	if (talk->lines++ == TALK_LINES_MAX) {
		talk->talk(transfer->delivery, "* ... and more");
		return;
	}
	buffer_add(&told, mark);
	talk_hide(transfer, line->bytes, shown, line->cut, escape_line, &told);
	if (shown < line->len)
		buffer_add(&told, hide ? "***" : " ***");
	talk->talk(transfer->delivery, told.text);
}

static void talk_close_ears(struct transfer_talk *talk)
{
	for (size_t i = 0; i < TALK_SOCKETS; i++)
		if (talk->socket[i] != CURL_SOCKET_BAD)
			(void)shutdown(talk->socket[i], SHUT_RD);
}

/* The last line of a reply has its code and a space. */
static void talk_hear_reply(struct transfer_talk *talk, const struct transfer_line *line)
{
	if (!talk->smtp || talk->leaves || line->len < 3 || !isdigit((unsigned char)line->bytes[0]) ||
	    !isdigit((unsigned char)line->bytes[1]) || !isdigit((unsigned char)line->bytes[2]))
		return;
	talk->reply = strtol(line->bytes, NULL, 10);
	talk->asked = talk->reply == 334;
}

static void talk_line(struct transfer *transfer, curl_infotype type, struct transfer_line *line)
{
	struct transfer_talk *talk = transfer->talk;

	line->bytes[line->len] = '\0';
	if (type == CURLINFO_HEADER_OUT) {
		talk_tell(transfer, "> ", line, talk->asked);
		talk->asked = false;
		if (talk->smtp && strcmp(line->bytes, "QUIT") == 0) {
			talk->leaves = true;
			talk_close_ears(talk);
		}
	} else if (type == CURLINFO_HEADER_IN) {
		talk_hear_reply(talk, line);
		talk_tell(transfer, "< ", line, false);
	} else if (strncmp(line->bytes, "TLSv1.", 6) != 0) { /* each step of a handshake */
		talk_tell(transfer, "* ", line, false);
	}
	if (type != CURLINFO_TEXT && transfer->said != NULL && !talk->leaves)
		transfer->said(transfer, type == CURLINFO_HEADER_OUT, line->bytes, line->len);
	line->len = 0;
	line->cut = false;
}

static void talk_gather(struct transfer *transfer, curl_infotype type, const char *bytes, size_t n)
{
	struct transfer_talk *talk = transfer->talk;
	struct transfer_line *line = type == CURLINFO_HEADER_IN    ? &talk->in
				     : type == CURLINFO_HEADER_OUT ? &talk->out
								   : &talk->text;

	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			if (line->len > 0 && line->bytes[line->len - 1] == '\r')
				line->len--;
			if (line->len > 0)
				talk_line(transfer, type, line);
		} else if (line->len + 1 < sizeof(line->bytes)) {
			line->bytes[line->len++] = bytes[i];
		} else {
			line->cut = true;
		}
	}
	/* libcurl's own words may come without an end. */
	if (type == CURLINFO_TEXT && line->len > 0)
		talk_line(transfer, type, line);
}

static int talk_on_debug(CURL *easy, curl_infotype type, char *bytes, size_t n, void *arg)
{
	(void)easy;
	if (type == CURLINFO_TEXT || type == CURLINFO_HEADER_IN || type == CURLINFO_HEADER_OUT)
		talk_gather(arg, type, bytes, n);
	return 0;
}

/* --- SMTP's sockets: the connection is this transfer's alone --- */

static curl_socket_t talk_on_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct transfer_talk *talk = arg;
	curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	(void)purpose;
	for (size_t i = 0; i < TALK_SOCKETS && fd >= 0; i++) {
		if (talk->socket[i] == CURL_SOCKET_BAD) {
			talk->socket[i] = fd;
			return fd;
		}
	}
	if (fd >= 0)
		(void)close(fd);
	return CURL_SOCKET_BAD;
}

static int talk_on_close(void *arg, curl_socket_t fd)
{
	struct transfer_talk *talk = arg;

	for (size_t i = 0; i < TALK_SOCKETS; i++)
		if (talk->socket[i] == fd)
			talk->socket[i] = CURL_SOCKET_BAD;
	return close(fd);
}

static void talk_keep_sockets(struct transfer *transfer)
{
	CURL *easy = transfer->easy;

	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, talk_on_socket);
	(void)curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, transfer->talk);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, talk_on_close);
	(void)curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, transfer->talk);
	(void)curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	(void)curl_easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
}

static bool talk_code_secrets(struct transfer *transfer)
{
	size_t count = transfer->secrets_count * TALK_PLACES;
	char **coded = calloc(count + 1, sizeof(*coded));

	transfer->talk->coded = coded;
	for (size_t i = 0; coded != NULL && i < count; i++) {
		coded[i] = talk_base64(transfer->secrets[i / TALK_PLACES].value, i % TALK_PLACES);
		if (coded[i] == NULL)
			return false;
	}
	return coded != NULL;
}

int transfer_talk_open(struct transfer *transfer, void (*talk)(uint64_t delivery, const char *line), bool smtp)
{
	transfer->talk = calloc(1, sizeof(*transfer->talk));
	if (transfer->talk == NULL)
		return -ENOMEM;
	if (!talk_code_secrets(transfer))
		return -ENOMEM;
	transfer->talk->talk = talk;
	transfer->talk->smtp = smtp;
	for (size_t i = 0; i < TALK_SOCKETS; i++)
		transfer->talk->socket[i] = CURL_SOCKET_BAD;
	if (smtp)
		talk_keep_sockets(transfer);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_VERBOSE, 1L);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_DEBUGFUNCTION, talk_on_debug);
	(void)curl_easy_setopt(transfer->easy, CURLOPT_DEBUGDATA, transfer);
	return 0;
}

void transfer_talk_free(struct transfer *transfer)
{
	struct transfer_talk *talk = transfer->talk;

	if (talk == NULL)
		return;
	for (size_t i = 0; talk->coded != NULL && talk->coded[i] != NULL; i++) {
		explicit_bzero(talk->coded[i], strlen(talk->coded[i]));
		free(talk->coded[i]);
	}
	free(talk->coded);
	explicit_bzero(talk, sizeof(*talk)); /* a login went through its lines */
	free(talk);
	transfer->talk = NULL;
}

long transfer_talk_reply(const struct transfer *transfer)
{
	return transfer->talk->reply;
}
