/* plugins/webhook.c through its ABI, without a server (test/integration/webhooks_arrive.sh has those): what
 * comes of channels that can't send. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "plugin_driver.h"
#include "share/plugin.h"

extern const struct plugin plugin;

static uint64_t next_delivery;

static struct plugin_channel channel_of(const char *template_text)
{
	return (struct plugin_channel){.name = "chat", .command = "", .url = "http://127.0.0.1:1/", .proxy = "", .ca = "",
				       .from = "", .user = "", .format = "my.tmpl", .template_text = template_text, .chat = "",
				       .sign = "", .timeout_ms = 5000};
}

static struct plugin_message message_of(const char *told)
{
	return (struct plugin_message){
		.id = "id", .thread = "id", .told = told, .severity = "critical", .rule = "", .unit = "", .event = "",
		.host = "h", .subject = "s", .title = "t", .text = "x", .doing = "", .todo = "", .history = "",
		.at_wall_ms = 1, .attempt = 1, .count = 1,
	};
}

/* Read the channel and send by it. */
static const struct driver_sent *sent_by(const struct plugin_channel *channel, const char *told)
{
	const struct plugin_message message = message_of(told);
	const struct driver_sent *sent;

	plugin.channels(channel, 1);
	plugin.send(++next_delivery, channel, &message);
	sent = driver_wait_sent(&plugin, next_delivery, 15000);
	assert_non_null(sent);
	return sent;
}

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

static void a_template_that_is_wrong_is_told_at_the_start_and_sends_nothing(void **state)
{
	struct plugin_channel channel = channel_of("\n{\"a\": \"${titel}\"}");
	const struct driver_sent *sent = sent_by(&channel, "alert");

	(void)state;
	assert_non_null(strstr(driver.log, "channel chat: my.tmpl:2: no value \"titel\"; did you mean \"title\"?"));
	assert_int_equal(sent->result, PLUGIN_NEVER);
	assert_non_null(strstr(sent->text, "my.tmpl:2: no value \"titel\""));
}

static void a_template_whose_body_is_no_json_is_told_at_the_start_and_sends_nothing(void **state)
{
	struct plugin_channel channel = channel_of("\n{\"a\": 1\n\"b\": 2}");
	const struct driver_sent *sent = sent_by(&channel, "alert");

	(void)state;
	assert_non_null(strstr(driver.log, "my.tmpl:3: the filled body is no JSON"));
	assert_int_equal(sent->result, PLUGIN_NEVER);
	assert_non_null(strstr(sent->text, "my.tmpl:3: the filled body is no JSON"));
}

static void what_a_reload_may_bring_is_waited_for(void **state)
{
	static const struct plugin_pair secrets[] = {{"TOKEN", "tokenvalue"}};
	struct plugin_channel rows[] = {
		channel_of(""), channel_of("\n[${secret:KEY}]"), channel_of("\n[]"), channel_of("\n[]"), channel_of("\n[]"),
	};
	static const char *const says[] = {"template of its format my.tmpl could not be read", "no secret KEY", "KEY", "KEY",
					   "`sign`"};
	const char *const header = "Authorization: Bearer ${KEY}";

	(void)state;
	rows[2].url = "http://127.0.0.1:1/${KEY}";
	rows[3].headers = &header;
	rows[3].headers_count = 1;
	rows[4].sign = "KEY";
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		rows[i].secrets = secrets;
		rows[i].secrets_count = 1;
		const struct driver_sent *sent = sent_by(&rows[i], "alert");

		assert_int_equal(sent->result, PLUGIN_LATER);
		if (strstr(sent->text, says[i]) == NULL || strstr(sent->text, "tokenvalue") != NULL)
			fail_msg("row %zu: %s", i, sent->text);
	}
}

static void nobody_at_the_other_end_is_tried_again_and_said_without_a_secret(void **state)
{
	static const struct plugin_pair secrets[] = {{"TOKEN", "127.0.0.1"}};
	struct plugin_channel channel = channel_of("\n[${text}]");
	const struct driver_sent *sent;

	(void)state;
	channel.url = "http://${TOKEN}:1/";
	channel.secrets = secrets;
	channel.secrets_count = 1;
	sent = sent_by(&channel, "alert");
	assert_int_equal(sent->result, PLUGIN_LATER);
	assert_non_null(strstr(sent->text, "***"));
	assert_null(strstr(sent->text, "127.0.0.1"));
	channel.url = "gopher://127.0.0.1/";
	assert_int_equal(sent_by(&channel, "alert")->result, PLUGIN_NEVER);
	channel.url = "http://[::/";
	assert_int_equal(sent_by(&channel, "alert")->result, PLUGIN_NEVER);
}

static void a_kind_that_the_format_skips_is_taken_without_a_word(void **state)
{
	struct plugin_channel channel = channel_of("skip: result reply\n\n[]");

	(void)state;
	assert_int_equal(sent_by(&channel, "result")->result, PLUGIN_TAKEN);
	assert_non_null(strstr(sent_by(&channel, "reply")->text, "nothing is sent"));
	assert_int_equal(sent_by(&channel, "alert")->result, PLUGIN_LATER);
}

static void the_65th_at_once_is_tried_again(void **state)
{
	struct plugin_channel channel = channel_of("\n[]");
	const struct plugin_message message = message_of("alert");
	uint64_t first = next_delivery + 1;

	(void)state;
	channel.url = "http://192.0.2.1/"; /* nobody answers (RFC 5737) */
	plugin.channels(&channel, 1);
	for (int i = 0; i < 65; i++)
		plugin.send(++next_delivery, &channel, &message);
	assert_int_equal(driver.sents, 1);
	assert_int_equal(driver.sent[0].result, PLUGIN_LATER);
	assert_non_null(strstr(driver.sent[0].text, "too many"));
	for (uint64_t id = first; id <= next_delivery; id++)
		plugin.cancel(id);
	plugin.send(++next_delivery, &channel, &message);
	assert_int_equal(driver.sents, 1);
}

static void a_template_is_checked_before_it_is_used(void **state)
{
	char why[256] = "";

	(void)state;
	assert_int_equal(plugin.check("\n{\"text\": ${text}}", why, sizeof(why)), 0);
	assert_int_equal(plugin.check("\n{\"text\": ${texd}}", why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "format:2: no value \"texd\""));
	why[0] = '\0';
	assert_int_equal(plugin.check("\n{", why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "format:2: the filled body is no JSON"));
}

static void it_carries_nothing_out(void **state)
{
	const struct plugin_request request = {.id = 7, .verb = "stop", .target = "x"};

	(void)state;
	plugin.ask(&request);
	assert_int_equal(driver.answer[0].result, -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_template_that_is_wrong_is_told_at_the_start_and_sends_nothing, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_template_whose_body_is_no_json_is_told_at_the_start_and_sends_nothing,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_a_reload_may_bring_is_waited_for, set_up, tear_down),
		cmocka_unit_test_setup_teardown(nobody_at_the_other_end_is_tried_again_and_said_without_a_secret, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(a_kind_that_the_format_skips_is_taken_without_a_word, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_65th_at_once_is_tried_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_template_is_checked_before_it_is_used, set_up, tear_down),
		cmocka_unit_test_setup_teardown(it_carries_nothing_out, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
