/* What an SMTP conversation came to: taken, to be tried again, or never. */
#ifndef WD_PLUGINS_EMAIL_RESULT_H
#define WD_PLUGINS_EMAIL_RESULT_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "share/plugin.h"

enum email_stage { EMAIL_HELLO, EMAIL_LOGIN, EMAIL_FROM, EMAIL_TO, EMAIL_DATA };

struct email_result {
	enum email_stage stage;
	bool answered;        /* what we said last has its answer: */
	int reply;            /* its code */
	char last[300];       /* its last line; hostile */
	char receiver[256];   /* who is being asked for */
	unsigned taken, refused_for_good, refused_now; /* receivers */
	char refused[600];    /* "a@x (550 ...), b@x (...)"; hostile */
};

/* A line that went out or came in. */
void email_result_hear(struct email_result *result, bool out, const char *line, size_t len);

/* error: libcurl's words. why: one sentence with the server's own; hostile, may hold secrets. */
enum plugin_sent email_result_of(const struct email_result *result, CURLcode code, const char *error,
				 struct buffer *why);

#endif
