/* The email plugin without a server: what it refuses, its headers, its text, what an SMTP conversation comes to. What
 * arrives at a real server is in test/integration/mail_arrives_whole.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/email_clean.h"
#include "../../plugins/email_header.h"
#include "../../plugins/email_html.h"
#include "../../plugins/email_result.h"
#include "../../plugins/email_text.h"
#include "base/bounds.h"
#include "plugin_driver.h"

extern const struct plugin plugin;

static const char *const owner[] = {"owner@example.org"};

static struct plugin_channel channel_of(const char *url)
{
	return (struct plugin_channel){.name = "owner", .command = "", .url = url, .proxy = "", .ca = "",
				       .from = "watchdogd@localhost", .user = "", .to = owner, .to_count = 1,
				       .timeout_ms = 5000};
}

static struct plugin_message message_of(const char *text)
{
	return (struct plugin_message){
		.id = "0123456789", .thread = "0123456789", .told = "alert", .severity = "warning", .rule = "r",
		.unit = "u", .event = "", .host = "h", .subject = "s", .title = "t", .text = text, .doing = "",
		.todo = "", .history = "", .attempt = 1, .count = 1,
	};
}

/* --- texts --- */

static void hostile_text_becomes_what_a_person_may_read(void **state)
{
	static const struct {
		const char *text;
		size_t max;
		bool lines;
		const char *clean;
	} rows[] = {
		{"", 10, true, ""},
		{"plain \xc3\xa9 \xe2\x96\x88", 100, false, "plain \xc3\xa9 \xe2\x96\x88"},
		{"a\r\nb\nc\rd\te\x7f", 100, false, "a  b c d e "},
		{"a\r\nb\nc\rd", 100, true, "a\nb\nc d"},
		{"a\x1b[31m", 100, false, "a [31m"},
		{"\xff\xc3(", 100, false, "\xef\xbf\xbd\xef\xbf\xbd("},
		{"x\xe2\x80\xaey", 100, false, "x\xef\xbf\xbdy"},
		{"x\xc2\x9by", 100, false, "x\xef\xbf\xbdy"},
		{"back\\slash", 100, false, "back\\slash"},
		{"12345", 5, false, "12345"},
		{"123456", 5, false, "12345 ..."},
		{"1234\xc3\xa9", 5, false, "1234 ..."},
		{"12\xe2\x96\x88\xe2\x96\x88", 5, false, "12\xe2\x96\x88 ..."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char bytes[256];
		struct buffer out;

		BUFFER_OVER(&out, bytes);
		email_clean(&out, rows[i].text, rows[i].max, rows[i].lines);
		assert_string_equal(bytes, rows[i].clean);
	}
}

static void a_header_is_folded_or_encoded_and_never_two(void **state)
{
	static const struct {
		const char *value, *header;
	} rows[] = {
		{"", "Subject: "},
		{"  short  ", "Subject: short"},
		{"a\r\nBcc: x@y", "Subject: a Bcc: x@y"},
		{"a                                                                                b", "Subject: a b"},
		{"caf\xc3\xa9", "Subject: =?utf-8?Q?caf=C3=A9?="},
		{"=?utf-8?q?a=0d=0ab?=", "Subject: =?utf-8?Q?=3D=3Futf-8=3Fq=3Fa=3D0d=3D0ab=3F=3D?="},
		{"one two three four five six seven eight nine ten eleven twelve thirteen fourteen",
		 "Subject: one two three four five six seven eight nine ten eleven twelve\r\n thirteen fourteen"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char bytes[1024];
		struct buffer out;

		BUFFER_OVER(&out, bytes);
		email_header_add_text(&out, "Subject", rows[i].value);
		assert_string_equal(bytes, rows[i].header);
	}
}

static void no_line_of_a_header_is_long_whatever_is_in_it(void **state)
{
	static const char *const pieces[] = {"x", "\xc3\xa9", "\xe2\x96\x88", "\xf0\x9f\x98\x80", "\xff", "a ", "  ", "=", "?="};
	char value[5000], bytes[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct buffer text, out;

		BUFFER_OVER(&text, value);
		while (!text.cut)
			buffer_add(&text, pieces[i]);
		BUFFER_OVER(&out, bytes);
		email_header_add_text(&out, "Subject", value);
		assert_false(out.cut);
		for (const char *line = bytes; line != NULL; line = strstr(line, "\r\n")) {
			line += strncmp(line, "\r\n", 2) == 0 ? 2 : 0;
			assert_true(strcspn(line, "\r\n") <= 78);
			assert_true(line == bytes || *line == ' ');
		}
	}
}

static void of_an_id_and_a_name_only_safe_characters_go_into_a_header(void **state)
{
	struct plugin_channel channel = channel_of("");
	struct plugin_message message = message_of("t");
	struct curl_slist *list;
	char all[4096];
	struct buffer out;

	(void)state;
	message.id = "a>\r\nBcc: x";
	message.thread = "<b@c>";
	message.host = "h \"\n";
	message.unit = "bots/x\xc3\xa9@1.service";
	message.at_wall_ms = 951782400000; /* 2000-02-29, a Tuesday */
	list = email_header_list(&channel, &message);
	BUFFER_OVER(&out, all);
	for (const struct curl_slist *at = list; at != NULL; at = at->next)
		buffer_addf(&out, "%s\n", at->data);
	assert_non_null(strstr(all, "\nMessage-ID: <a___Bcc__x@h___>\n"));
	assert_non_null(strstr(all, "\nIn-Reply-To: <_b_c_@h___>\n"));
	assert_non_null(strstr(all, "\nX-Watchdogd-Unit: bots_x___1.service\n"));
	assert_non_null(strstr(all, "\nDate: Tue, 29 Feb 2000 00:00:00 +0000\n"));
	assert_null(strstr(all, "\nImportance"));
	curl_slist_free_all(list);
}

static const char *text_of(const struct plugin_message *message)
{
	static char bytes[EMAIL_TEXT_BYTES];
	struct buffer out;

	buffer_init(&out, bytes, sizeof(bytes));
	email_text(&out, message);
	assert_false(out.cut);
	return bytes;
}

static void the_text_is_wrapped_and_its_numbers_are_aligned(void **state)
{
	static const struct plugin_pair facts[] = {
		{"host", "0.9 GiB of 7.7 GiB available, and a value that goes on until it is too long for one line"},
		{"caf\xc3\xa9", "1 GiB"},
		{"a name that is far too long", "2 GiB"},
	};
	struct plugin_message message = message_of(
		"one two three four five six seven eight nine ten eleven twelve thirteen fourteen\n\n"
		"  a command that is long and goes on, and on, until it does not fit into one line\nend");

	(void)state;
	message.facts = facts;
	message.facts_count = ARRAY_LEN(facts);
	message.todo = "x\n";
	message.count = 3;
	message.attempt = 2;
	assert_string_equal(text_of(&message),
			    "one two three four five six seven eight nine ten eleven twelve thirteen\r\n"
			    "fourteen\r\n"
			    "\r\n"
			    "  a command that is long and goes on, and on, until it does not fit into\r\n"
			    "  one line\r\n"
			    "end\r\n"
			    "\r\n"
			    "Numbers now\r\n"
			    "host  0.9 GiB of 7.7 GiB available, and a value that goes on until it is\r\n"
			    "      too long for one line\r\n"
			    "caf\xc3\xa9  1 GiB\r\n"
			    "a name that is far too long  2 GiB\r\n"
			    "\r\n"
			    "What you can do\r\n"
			    "x\r\n"
			    "\r\n"
			    "-- \r\n"
			    "alert 0123456789 of h, 3 alerts in one message, attempt 2\r\n");
}

static void no_bare_line_end_and_nothing_cut_in_the_longest_mail(void **state)
{
	static const char *const pieces[] = {"x", "\n", "\r", "\r\n", "\xff", "&", "\"", " ", "\xe2\x80\xae", "a b\n "};
	static char value[5000], html[EMAIL_HTML_BYTES];
	struct plugin_pair facts[100];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(pieces); i++) {
		struct plugin_message message;
		struct buffer text, page;

		BUFFER_OVER(&text, value);
		while (!text.cut)
			buffer_add(&text, pieces[i]);
		for (size_t k = 0; k < ARRAY_LEN(facts); k++)
			facts[k] = (struct plugin_pair){value, value};
		message = (struct plugin_message){
			.id = value, .thread = value, .told = value, .severity = value, .rule = value, .unit = value,
			.event = value, .host = value, .subject = value, .title = value, .text = value, .doing = value,
			.todo = value, .history = value, .facts = facts, .facts_count = ARRAY_LEN(facts),
		};
		for (const char *at = text_of(&message); *at != '\0'; at++)
			assert_true((*at != '\r' || at[1] == '\n') && (*at != '\n' || at[-1] == '\r'));
		buffer_init(&page, html, sizeof(html));
		email_html(&page, &message);
		assert_false(page.cut);
		assert_string_equal(html + page.len - 9, "</html>\r\n");
	}
}

/* --- what a conversation comes to --- */

static void a_conversation_comes_to_a_verdict(void **state)
{
	static const struct {
		const char *lines; /* "> out\n< in\n" */
		CURLcode code;
		enum plugin_sent sent;
		const char *why;
	} rows[] = {
		{"", CURLE_COULDNT_CONNECT, PLUGIN_LATER, "Couldn't connect to server"},
		{"< 220 hi\n> EHLO a\n< 550 no\n", CURLE_SEND_ERROR, PLUGIN_LATER, "550 no"},
		{"< 554 no\n> EHLO a\n", CURLE_SEND_ERROR, PLUGIN_LATER, "Failed sending data to the peer"},
		{"> AUTH PLAIN xx\n< 535 no\n", CURLE_LOGIN_DENIED, PLUGIN_LATER, "login: 535 no"},
		{"> MAIL FROM:<a@b>\n< 550-5.1.8 first\n< 550 last\n", CURLE_SEND_ERROR, PLUGIN_NEVER, "the sender: 550 last"},
		{"> RCPT TO:<a@b>\n< 250 ok\n> RCPT TO:<c@d>\n< 550 who?\n> DATA\n< 354 go\n< 250 queued\n", CURLE_OK,
		 PLUGIN_TAKEN, "250 queued; refused: c@d (550 who?)"},
		{"> RCPT TO:<a@b>\n< 450 full\n> RCPT TO:<c@d>\n< 550 who?\n", CURLE_SEND_ERROR, PLUGIN_LATER,
		 "refused: a@b (450 full), c@d (550 who?)"},
		{"> RCPT TO:<a@b>\n< 250 ok\n> DATA\n< 354 go\n", CURLE_RECV_ERROR, PLUGIN_LATER,
		 "the mail: Failure when receiving data from the peer"},
		{"> DATA\n< 354 go\n< 554 spam\n", CURLE_WEIRD_SERVER_REPLY, PLUGIN_NEVER, "the mail: 554 spam"},
		{"> EHLO x\n< 5\n< 55\n< abc def\n< 550x\n", CURLE_RECV_ERROR, PLUGIN_LATER, "Failure when receiving data from the peer"},
		{"> EHLO x\n< 550\n", CURLE_SEND_ERROR, PLUGIN_LATER, "550"},
		{"> EHLO x\n< 250 ok\n> MAIL FROM:<a@b>\n< 550\n", CURLE_SEND_ERROR, PLUGIN_NEVER, "the sender: 550"},
		{"> EHLO x\n< 500 no\n", CURLE_USE_SSL_FAILED, PLUGIN_LATER, "500 no"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct email_result result = {.stage = EMAIL_HELLO};
		char bytes[1024];
		struct buffer why;

		for (const char *line = rows[i].lines; *line != '\0'; line = strchr(line, '\n') + 1)
			email_result_hear(&result, *line == '>', line + 2, strcspn(line, "\n") - 2);
		BUFFER_OVER(&why, bytes);
		assert_int_equal(email_result_of(&result, rows[i].code, "", &why), rows[i].sent);
		assert_string_equal(bytes, rows[i].why);
	}
}

static void a_thousand_refused_receivers_fit_what_is_told(void **state)
{
	struct email_result result = {.stage = EMAIL_HELLO};
	char line[2000], bytes[512];
	struct buffer why;

	(void)state;
	memset(line, 'x', sizeof(line));
	memcpy(line, "550 ", 4);
	for (int i = 0; i < 1000; i++) {
		email_result_hear(&result, true, "RCPT TO:<someone.with.a.name@example.org>", 41);
		email_result_hear(&result, false, line, sizeof(line));
	}
	assert_int_equal(result.refused_for_good, 1000);
	BUFFER_OVER(&why, bytes);
	assert_int_equal(email_result_of(&result, CURLE_SEND_ERROR, "", &why), PLUGIN_NEVER);
}

/* --- through the ABI --- */

static int set_up(void **state)
{
	(void)state;
	return plugin.open(driver_host());
}

static int tear_down(void **state)
{
	(void)state;
	plugin.close();
	return 0;
}

static const struct driver_sent *send_one(const struct plugin_channel *channel)
{
	static uint64_t delivery;
	struct plugin_message message = message_of("text");
	const struct driver_sent *sent;

	plugin.send(++delivery, channel, &message);
	sent = driver_wait_sent(&plugin, delivery, 20000);
	assert_non_null(sent);
	return sent;
}

static void an_address_that_could_be_two_is_never_sent_to(void **state)
{
	static const char *const bad[] = {"", "a", "@b", "a@", "a@b>\r\nRCPT TO:<c@d", "a b@c", "a@b\n", "<a@b>", "a@b,c@d",
					  "\xc3\xa9@b", "a@[", "a@[]x", "a@b@c", "a\x7f@b"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		const char *const to[] = {"owner@example.org", bad[i]};
		struct plugin_channel channel = channel_of("smtp://127.0.0.1:1");
		const struct driver_sent *sent;

		channel.to = to;
		channel.to_count = 2;
		sent = send_one(&channel);
		assert_int_equal(sent->result, PLUGIN_NEVER);
		assert_null(strpbrk(sent->text, "\r\n"));
		channel = channel_of("smtp://127.0.0.1:1");
		channel.from = bad[i];
		assert_int_equal(send_one(&channel)->result, PLUGIN_NEVER);
	}
}

static void what_a_person_can_mend_is_tried_again(void **state)
{
	struct plugin_channel channel = channel_of("smtp://127.0.0.1:1");

	(void)state;
	assert_int_equal(send_one(&channel)->result, PLUGIN_LATER);
	channel.user = "bot";
	assert_string_equal(send_one(&channel)->text, "there is no secret PASSWORD");
	channel.user = "";
	channel.url = "smtp://127.0.0.1:${PORT}";
	assert_string_equal(send_one(&channel)->text, "there is no secret PORT");
	channel.url = "http://127.0.0.1:1"; /* not spoken here */
	assert_int_equal(send_one(&channel)->result, PLUGIN_LATER);
}

static void one_that_is_let_go_of_is_not_heard_of_again(void **state)
{
	struct plugin_channel channel = channel_of("smtp://127.0.0.1:1");
	struct plugin_message message = message_of("text");

	(void)state;
	plugin.send(77, &channel, &message);
	plugin.cancel(77);
	driver_run(&plugin, 200);
	assert_int_equal(driver.sents, 0);
}

static void beyond_the_bound_the_next_is_for_later(void **state)
{
	struct plugin_channel channel = channel_of("smtp://127.0.0.1:1");
	struct plugin_message message = message_of("text");

	(void)state;
	for (uint64_t i = 1000; i < 1064; i++)
		plugin.send(i, &channel, &message);
	assert_int_equal(driver.sents, 0);
	plugin.send(2000, &channel, &message);
	assert_int_equal(driver.sents, 1);
	assert_int_equal(driver.sent[0].result, PLUGIN_LATER);
	assert_non_null(driver_wait_sent(&plugin, 1063, 20000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hostile_text_becomes_what_a_person_may_read),
		cmocka_unit_test(a_header_is_folded_or_encoded_and_never_two),
		cmocka_unit_test(no_line_of_a_header_is_long_whatever_is_in_it),
		cmocka_unit_test(of_an_id_and_a_name_only_safe_characters_go_into_a_header),
		cmocka_unit_test(the_text_is_wrapped_and_its_numbers_are_aligned),
		cmocka_unit_test(no_bare_line_end_and_nothing_cut_in_the_longest_mail),
		cmocka_unit_test(a_conversation_comes_to_a_verdict),
		cmocka_unit_test(a_thousand_refused_receivers_fit_what_is_told),
		cmocka_unit_test_setup_teardown(an_address_that_could_be_two_is_never_sent_to, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_person_can_mend_is_tried_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(one_that_is_let_go_of_is_not_heard_of_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(beyond_the_bound_the_next_is_for_later, set_up, tear_down),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
