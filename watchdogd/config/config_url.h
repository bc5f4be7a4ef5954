/* The parts of a url that a config may name, and why a text is none. Pure text; ${NAME} stands for a
 * secret and is taken as it is. */
#ifndef WD_CONFIG_CONFIG_URL_H
#define WD_CONFIG_CONFIG_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bounds.h"
#include "base/buffer.h"

struct config_url {
	char scheme[16];
	char host[LINE_BYTES + 1]; /* "[::1]" with its brackets */
	bool has_user;             /* somebody before an "@" */
	bool has_password;         /* and a password in plain, no ${NAME} */
};

/* schemes: those allowed, one space between. 0; -EINVAL and, in why, what comes after the text: "is no
 * url; expected ...". */
int config_url_parse(const char *text, const char *schemes, struct config_url *url, struct buffer *why);

/* Append "http:// or https://". */
void config_url_say_schemes(const char *schemes, struct buffer *out);

/* The server is this host itself. */
bool config_url_is_loopback(const struct config_url *url);

/* A port of 1 to 65535, digits to the end of the text. */
bool config_url_is_port(const char *text);

/* An address of IPv4, or one of IPv6 without its brackets (len bytes): whose packets stay on this host
 * 1, another's 0, none at all -1. */
int config_url_address(const char *text, size_t len);

/* The NAME of the first ${NAME} at or after *at; *at moves behind it. Its length; 0: there is none (*at is
 * NULL then), or "${" begins what is no ${NAME}. */
size_t config_url_secret(const char **at, const char **name);

#endif
