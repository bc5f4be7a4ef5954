#include "config/config_url.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_keys.h"

/* Printable ASCII that no url has as it is (RFC 3986), less the braces of ${NAME}. */
static const char config_url_never[] = " \t\"<>\\^`|";

static const char config_url_name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";

void config_url_say_schemes(const char *schemes, struct buffer *out)
{
	for (const char *word = schemes; *word != '\0';) {
		const char *end = word + strcspn(word, " ");

		if (word != schemes)
			buffer_add(out, *end != '\0' ? ", " : " or ");
		buffer_add_bytes(out, word, (size_t)(end - word));
		buffer_add(out, "://");
		word = end + (*end == ' ');
	}
}

bool config_url_is_port(const char *text)
{
	size_t len = strlen(text);

	return len >= 1 && len <= 5 && strspn(text, "0123456789") == len && atoi(text) >= 1 && atoi(text) <= 65535;
}

int config_url_address(const char *text, size_t len)
{
	char copy[INET6_ADDRSTRLEN];
	struct in6_addr six;
	struct in_addr four;

	if (len >= sizeof(copy))
		return -1;
	memcpy(copy, text, len);
	copy[len] = '\0';
	if (inet_pton(AF_INET, copy, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	if (inet_pton(AF_INET6, copy, &six) != 1)
		return -1;
	return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

bool config_url_is_loopback(const struct config_url *url)
{
	size_t len = strlen(url->host);

	if (url->host[0] == '[')
		return config_url_address(url->host + 1, len - 2) == 1;
	return strcmp(url->host, "localhost") == 0 || config_url_address(url->host, len) == 1;
}

size_t config_url_secret(const char **at, const char **name)
{
	size_t len;

	*at = strstr(*at, "${");
	if (*at == NULL)
		return 0;
	*name = *at + 2;
	len = strspn(*name, config_url_name);
	*at = *name + len;
	if (len == 0 || **at != '}')
		return 0;
	(*at)++;
	return len;
}

static bool config_url_is_host(const char *text, size_t len)
{
	if (text[0] == '[')
		return len > 2 && text[len - 1] == ']' && memchr(text, ':', len) != NULL &&
		       config_url_address(text + 1, len - 2) >= 0;
	/* With what ${NAME} is made of. */
	return strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_${}") >= len;
}

/* "host", "host:port", "[v6]:port" in the len bytes at text. */
static int config_url_server(const char *text, size_t len, struct config_url *url, struct buffer *why)
{
	char server[LINE_BYTES + 1];
	size_t host;

	memcpy(server, text, len);
	server[len] = '\0';
	host = server[0] == '[' ? strcspn(server, "]") + 1 : strcspn(server, ":");
	if (host > len || len == 0 || host == 0 || !config_url_is_host(server, host)) {
		buffer_addf(why, "has no server in it; expected one such as \"%s://example.org\"", url->scheme);
		return -EINVAL;
	}
	if (server[host] != '\0' && (server[host] != ':' || !config_url_is_port(server + host + 1))) {
		buffer_addf(why, "has \"%s\" after the server; expected a port, 1 to 65535", server + host);
		return -EINVAL;
	}
	memcpy(url->host, server, host);
	url->host[host] = '\0';
	return 0;
}

static int config_url_bytes(const char *text, struct buffer *why)
{
	for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
		if (*p < ' ' || *p > '~' || strchr(config_url_never, *p) != NULL) {
			buffer_addf(why, "has the byte 0x%02x in it, which no url has; write it as %%%02X", *p, *p);
			return -EINVAL;
		}
	return 0;
}

int config_url_parse(const char *text, const char *schemes, struct config_url *url, struct buffer *why)
{
	const char *after = strstr(text, "://"), *server, *at = NULL;
	size_t scheme = after != NULL ? (size_t)(after - text) : 0, len;

	memset(url, 0, sizeof(*url));
	if (strlen(text) > LINE_BYTES || scheme == 0 || scheme >= sizeof(url->scheme) ||
	    !config_words_have(schemes, text, scheme)) {
		buffer_add(why, "is no url; expected one that begins with ");
		config_url_say_schemes(schemes, why);
		return -EINVAL;
	}
	if (config_url_bytes(text, why) != 0)
		return -EINVAL;
	memcpy(url->scheme, text, scheme);
	server = after + 3;
	len = strcspn(server, "/?#");
	at = memrchr(server, '@', len);
	if (at != NULL) {
		const char *colon = memchr(server, ':', (size_t)(at - server));

		url->has_user = true;
		url->has_password = colon != NULL && colon + 1 < at && strncmp(colon + 1, "${", 2) != 0;
		len -= (size_t)(at + 1 - server);
		server = at + 1;
	}
	return config_url_server(server, len, url, why);
}
