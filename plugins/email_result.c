#include "email_result.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool email_result_begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && strncasecmp(line, with, strlen(with)) == 0;
}

static void email_result_hear_us(struct email_result *result, const char *line, size_t len)
{
	static const char to[] = "RCPT TO:<";

	result->answered = false;
	if (email_result_begins(line, len, "AUTH "))
		result->stage = EMAIL_LOGIN;
	else if (email_result_begins(line, len, "MAIL FROM:"))
		result->stage = EMAIL_FROM;
	else if (email_result_begins(line, len, "DATA"))
		result->stage = EMAIL_DATA;
	if (!email_result_begins(line, len, to))
		return;
	result->stage = EMAIL_TO;
	(void)snprintf(result->receiver, sizeof(result->receiver), "%.*s", (int)strcspn(line + sizeof(to) - 1, ">"),
		       line + sizeof(to) - 1);
}

static void email_result_hear_receiver(struct email_result *result)
{
	size_t len = strlen(result->refused);

	if (result->reply / 100 == 2) {
		result->taken++;
		return;
	}
	if (result->reply / 100 == 5)
		result->refused_for_good++;
	else
		result->refused_now++;
	(void)snprintf(result->refused + len, sizeof(result->refused) - len, "%s%s (%.100s)", len > 0 ? ", " : "",
		       result->receiver, result->last);
}

void email_result_hear(struct email_result *result, bool out, const char *line, size_t len)
{
	if (out) {
		email_result_hear_us(result, line, len);
		return;
	}
	/* Only the last line of a reply has no '-' behind its code. */
	if (len < 3 || !isdigit((unsigned char)line[0]) || !isdigit((unsigned char)line[1]) ||
	    !isdigit((unsigned char)line[2]) || (len > 3 && line[3] != ' '))
		return;
	result->reply = (line[0] - '0') * 100 + (line[1] - '0') * 10 + line[2] - '0';
	result->answered = true;
	(void)snprintf(result->last, sizeof(result->last), "%.*s", (int)(len < 290 ? len : 290), line);
	if (result->stage == EMAIL_TO)
		email_result_hear_receiver(result);
}

/* What a person can mend without this host's config or the message being wrong: the login, certificates. */
static bool email_result_can_be_mended(const struct email_result *result, CURLcode code)
{
	static const CURLcode codes[] = {
		CURLE_LOGIN_DENIED, CURLE_AUTH_ERROR, CURLE_USE_SSL_FAILED, CURLE_SSL_CONNECT_ERROR,
		CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER, CURLE_SSL_CACERT_BADFILE,
		CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS,
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (codes[i] == code)
			return true;
	/* "Authentication required", "mechanism too weak", "credentials invalid", "encryption required". */
	return result->stage == EMAIL_LOGIN || result->reply == 530 || result->reply == 534 || result->reply == 535 ||
	       result->reply == 538;
}

static void email_result_tell_failure(const struct email_result *result, CURLcode code, const char *error,
				      struct buffer *why)
{
	static const char *const at[] = {
		[EMAIL_HELLO] = "", [EMAIL_LOGIN] = "login: ", [EMAIL_FROM] = "the sender: ", [EMAIL_TO] = "",
		[EMAIL_DATA] = "the mail: ",
	};

	if (result->stage == EMAIL_TO && result->refused[0] != '\0')
		buffer_addf(why, "refused: %s", result->refused);
	else if (result->answered && result->reply >= 400)
		buffer_addf(why, "%s%s", at[result->stage], result->last);
	else
		buffer_addf(why, "%s%s", at[result->stage], error[0] != '\0' ? error : curl_easy_strerror(code));
}

enum plugin_sent email_result_of(const struct email_result *result, CURLcode code, const char *error,
				 struct buffer *why)
{
	if (code == CURLE_OK) {
		buffer_add(why, result->last);
		if (result->refused[0] != '\0')
			buffer_addf(why, "; refused: %s", result->refused);
		return PLUGIN_TAKEN;
	}
	email_result_tell_failure(result, code, error, why);
	/* Before MAIL FROM we are refused (blocked for a while, too many connections), and not yet this mail. */
	if (!result->answered || result->reply / 100 != 5 || result->stage == EMAIL_HELLO ||
	    email_result_can_be_mended(result, code))
		return PLUGIN_LATER;
	return result->refused_now > 0 ? PLUGIN_LATER : PLUGIN_NEVER;
}
