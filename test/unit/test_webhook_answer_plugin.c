/* What plugins/webhook* makes of answers, hostile ones first, and how it signs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "../../plugins/webhook_answer.h"
#include "../../plugins/webhook_json.h"
#include "../../plugins/webhook_sign.h"
#include "base/bounds.h"

static const struct webhook_rules telegram = {.retry_path = "parameters.retry_after", .retry_unit_ms = 1000,
					      .expect_path = "ok", .expect = "true"};

static struct webhook_verdict judge(const struct webhook_rules *rules, long status, const char *text,
				    uint32_t retry_after_ms)
{
	const struct webhook_answer answer = {.status = status, .text = text, .len = strlen(text), .whole = true,
					      .said = text, .elsewhere = "", .retry_after_ms = retry_after_ms};
	struct webhook_verdict verdict;

	webhook_answer_judge(rules, &answer, &verdict);
	return verdict;
}

static void a_status_is_taken_later_or_never(void **state)
{
	static const struct webhook_rules none = {.never = {0}};
	static const struct {
		long status;
		enum plugin_sent result;
	} rows[] = {
		{0, PLUGIN_LATER},   {100, PLUGIN_LATER}, {200, PLUGIN_TAKEN}, {202, PLUGIN_TAKEN}, {204, PLUGIN_TAKEN},
		{301, PLUGIN_NEVER}, {307, PLUGIN_NEVER}, {400, PLUGIN_NEVER}, {401, PLUGIN_NEVER}, {403, PLUGIN_NEVER},
		{404, PLUGIN_NEVER}, {408, PLUGIN_LATER}, {409, PLUGIN_NEVER}, {410, PLUGIN_NEVER}, {413, PLUGIN_NEVER},
		{425, PLUGIN_LATER}, {429, PLUGIN_LATER}, {500, PLUGIN_LATER}, {502, PLUGIN_LATER}, {503, PLUGIN_LATER},
		{599, PLUGIN_LATER}, {999, PLUGIN_LATER},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (judge(&none, rows[i].status, "", 0).result != rows[i].result)
			fail_msg("HTTP %ld", rows[i].status);
}

static void a_template_knows_better_what_can_get_better(void **state)
{
	static const struct webhook_rules rules = {.never = {500, 501}, .later = {404, 409}};

	(void)state;
	assert_int_equal(judge(&rules, 500, "", 0).result, PLUGIN_NEVER);
	assert_int_equal(judge(&rules, 502, "", 0).result, PLUGIN_LATER);
	assert_int_equal(judge(&rules, 404, "", 0).result, PLUGIN_LATER);
	assert_int_equal(judge(&rules, 400, "", 0).result, PLUGIN_NEVER);
}

static void the_vendors_word_on_when_to_come_again_is_kept_within_a_day(void **state)
{
	static const struct {
		const char *text;
		uint32_t header_ms, again_ms;
	} rows[] = {
		{"{\"parameters\":{\"retry_after\":34}}", 0, 34000},
		{"{\"parameters\":{\"retry_after\":0.25}}", 0, 250},
		{"{\"parameters\":{\"retry_after\":\"7\"}}", 0, 7000},
		{"{\"parameters\":{\"retry_after\":3}}", 9000, 9000},
		{"{\"parameters\":{\"retry_after\":9}}", 3000, 9000},
		{"{\"parameters\":{\"retry_after\":-1}}", 3000, 3000},
		{"{\"parameters\":{\"retry_after\":1e300}}", 0, WEBHOOK_AGAIN_MAX_MS},
		{"{\"parameters\":{\"retry_after\":\"nan\"}}", 0, 0},
		{"{\"parameters\":{\"retry_after\":\"7 days\"}}", 0, 0},
		{"{\"parameters\":{\"retry_after\":[7]}}", 0, 0},
		{"{\"parameters\":{}}", 0, 0},
		{"{\"parameters\":[{\"retry_after\":7}]}", 0, 0},
		{"[[[[[[[[", 5000, 5000},
		{"7", 0, 0},
		{"", 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct webhook_verdict verdict = judge(&telegram, 429, rows[i].text, rows[i].header_ms);

		assert_int_equal(verdict.result, PLUGIN_LATER);
		if (verdict.again_ms != rows[i].again_ms)
			fail_msg("%s: %u ms", rows[i].text, verdict.again_ms);
	}
	assert_int_equal(judge(&telegram, 400, "{\"parameters\":{\"retry_after\":34}}", 0).again_ms, 0);
}

static void a_200_that_says_no_is_tried_again(void **state)
{
	struct webhook_verdict verdict = judge(&telegram, 200, "{\"ok\":false,\"description\":\"no\"}", 0);
	struct webhook_answer cut = {.status = 200, .text = "{\"ok\":tr", .len = 8, .said = "", .elsewhere = ""};

	(void)state;
	assert_int_equal(verdict.result, PLUGIN_LATER);
	assert_string_equal(verdict.text, "HTTP 200, but ok in its answer is not true: {\"ok\":false,\"description\":\"no\"}");
	assert_int_equal(judge(&telegram, 200, "{\"ok\":true}", 0).result, PLUGIN_TAKEN);
	assert_int_equal(judge(&telegram, 200, "<html>log in to the hotel's network", 0).result, PLUGIN_LATER);
	assert_int_equal(judge(&telegram, 200, "", 0).result, PLUGIN_LATER);
	/* Of an answer that was cut off the status counts: what was taken is not sent twice. */
	webhook_answer_judge(&telegram, &cut, &verdict);
	assert_int_equal(verdict.result, PLUGIN_TAKEN);
}

static void the_text_says_what_the_server_said_or_why_there_was_none(void **state)
{
	static const struct webhook_rules none = {.never = {0}};
	struct webhook_answer answer = {.status = 302, .text = "", .said = "moved", .elsewhere = "https://other.example"};
	struct webhook_verdict verdict = judge(&none, 404, "no such hook", 0);

	(void)state;
	assert_string_equal(verdict.text, "HTTP 404: no such hook");
	assert_string_equal(judge(&none, 204, "", 0).text, "HTTP 204");
	webhook_answer_judge(&none, &answer, &verdict);
	assert_int_equal(verdict.result, PLUGIN_NEVER);
	assert_string_equal(verdict.text, "HTTP 302: answers with a redirect to https://other.example: put that into url");
	answer = (struct webhook_answer){.text = "", .said = "", .elsewhere = "", .error = "Connection refused"};
	webhook_answer_judge(&none, &answer, &verdict);
	assert_int_equal(verdict.result, PLUGIN_LATER);
	assert_string_equal(verdict.text, "Connection refused");
	answer.hopeless = true;
	webhook_answer_judge(&none, &answer, &verdict);
	assert_int_equal(verdict.result, PLUGIN_NEVER);
}

static void a_path_finds_one_value_or_none(void **state)
{
	static const char text[] = "{\"a\":{\"b\":[10,{\"c\":\"x\"}]},\"\":1,\"n\":null,\"r\":1.5}";
	static const struct {
		const char *path, *word; /* NULL: none */
	} rows[] = {
		{"a.b.0", "10"}, {"a.b.1.c", "x"}, {"n", "null"}, {"r", "1.5"}, {"a.b.2", NULL}, {"a.b.-1", NULL},
		{"a.b.0x", NULL}, {"a.b.", NULL},  {"a.b", NULL}, {"a..b", NULL}, {"b", NULL}, {"a.b.1.c.d", NULL},
		{"a.b.99999999999999999999", NULL},
		{"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL},
	};
	struct webhook_json *json = webhook_json_read(text, strlen(text));

	(void)state;
	assert_non_null(json);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char word[16];
		bool found = webhook_json_word(json, rows[i].path, word, sizeof(word));

		if (found != (rows[i].word != NULL) || (found && strcmp(word, rows[i].word) != 0))
			fail_msg("%s", rows[i].path);
	}
	webhook_json_free(json);
	assert_null(webhook_json_read("", 0));
	assert_null(webhook_json_read("\xff", 1));
}

/* RFC 4231, cases 2 and 6. */
static void a_signature_is_hmac_sha256_of_the_time_and_the_body(void **state)
{
	char key[132], signature[WEBHOOK_SIGNATURE_BYTES], also[WEBHOOK_SIGNATURE_BYTES];

	(void)state;
	assert_int_equal(webhook_sign_bytes("Jefe", "what do ya want for nothing?", 28, signature), 0);
	assert_string_equal(signature, "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, 131);
	key[131] = '\0';
	assert_int_equal(webhook_sign_bytes(key, "Test Using Larger Than Block-Size Key - Hash Key First", 54, signature), 0);
	assert_string_equal(signature, "sha256=60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
	assert_int_equal(webhook_sign("Jefe", 1769051481, "{}", 2, signature), 0);
	assert_int_equal(webhook_sign_bytes("Jefe", "1769051481.{}", 13, also), 0);
	assert_string_equal(signature, also);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_status_is_taken_later_or_never),
		cmocka_unit_test(a_template_knows_better_what_can_get_better),
		cmocka_unit_test(the_vendors_word_on_when_to_come_again_is_kept_within_a_day),
		cmocka_unit_test(a_200_that_says_no_is_tried_again),
		cmocka_unit_test(the_text_says_what_the_server_said_or_why_there_was_none),
		cmocka_unit_test(a_path_finds_one_value_or_none),
		cmocka_unit_test(a_signature_is_hmac_sha256_of_the_time_and_the_body),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
