/* Templates of plugins/webhook*: malformed ones first, then values that would like to be more than values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <dirent.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/webhook_fill.h"
#include "../../plugins/webhook_request.h"
#include "../../plugins/webhook_trial.h"
#include "base/bounds.h"
#include "base/escape.h"

static char told[2048]; /* all findings, a line each */

static void on_finding(void *arg, const char *line)
{
	(void)arg;
	assert_null(strpbrk(line, "\r\n"));
	(void)strncat(told, line, sizeof(told) - strlen(told) - 1);
	(void)strncat(told, "\n", sizeof(told) - strlen(told) - 1);
}

static struct webhook_template *read_template(const char *text)
{
	struct webhook_tell tell = {.line = on_finding, .file = "my.tmpl"};

	told[0] = '\0';
	return webhook_template_read(text, strlen(text), &tell);
}

static const struct plugin_pair secrets[] = {{"KEY", "se\"cret"}};
static const struct plugin_pair facts[] = {{"host", "1 GiB"}, {"a\"b", "c\nd"}};

static struct plugin_channel channel = {.name = "chat", .chat = "42", .secrets = secrets, .secrets_count = 1};

static struct plugin_message message_of(const char *text)
{
	return (struct plugin_message){
		.id = "id-7", .thread = "id-6", .told = "alert", .severity = "critical", .rule = "oom", .unit = "nodira",
		.event = "oom-kill", .host = "host-1", .subject = text, .title = text, .text = text, .doing = "",
		.todo = "", .facts = facts, .facts_count = ARRAY_LEN(facts), .history = "", .at_wall_ms = 1769051481042,
		.attempt = 2, .count = 3,
	};
}

/* The body of a template with this body (and headers before it), filled; malloc'ed. NULL: refused, told says why. */
static char *fill(const char *template_text, const struct plugin_message *message)
{
	struct webhook_template *template = read_template(template_text);
	const struct webhook_with with = {.message = message, .channel = &channel};
	struct buffer why;
	char *body = NULL;

	if (template == NULL)
		return NULL;
	BUFFER_OVER(&why, told);
	(void)webhook_request_body(template, &with, "my.tmpl", &body, &why);
	webhook_template_free(template);
	return body;
}

static void expect(const char *template_text, const char *text, const char *want)
{
	const struct plugin_message message = message_of(text);
	char *body = fill(template_text, &message);

	if (body == NULL)
		fail_msg("%s: refused: %s", template_text, told);
	else
		assert_string_equal(body, want);
	free(body);
}

static void a_malformed_template_is_refused_with_its_line_and_what_would_be_right(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"", "my.tmpl:1: there is no body"},
		{"\n", "my.tmpl:2: there is no body"},
		{"method: POST\n\n", "my.tmpl:3: there is no body"},
		{"{\"a\": 1}\n", "my.tmpl:1: \"{\"a\"\" is not understood here"},
		{"method: POST\nno header\n\n{}", "my.tmpl:2: this is no line \"NAME: VALUE\""},
		{"metod: POST\n\n{}", "my.tmpl:1: \"metod\" is not understood here; did you mean \"method\"?"},
		{"method: DELETE\n\n{}", "my.tmpl:1: \"DELETE\" is not understood here"},
		{"method: POST GET\n\n{}", "my.tmpl:1: this is too much: \"GET\""},
		{"type:\n\n{}", "my.tmpl:1: the media type is missing"},
		{"type: a\001b\n\n{}", "my.tmpl:1: this is no media type"},
		{"escape: htm\n\n{}", "did you mean \"html\"?"},
		{"skip: all\n\n{}", "my.tmpl:1: \"all\" is not understood here"},
		{"limit: text\n\n{}", "my.tmpl:1: a limit is a path in the body and a number"},
		{"limit: text 0\n\n{}", "my.tmpl:1: a limit is"},
		{"limit: text 99999999999999999999\n\n{}", "my.tmpl:1: a limit is"},
		{"limit: text 100 words\n\n{}", "my.tmpl:1: \"words\" is not understood here"},
		{"type: text/plain\nlimit: text 100\n\nx", "the only limit is \"limit: body N\""},
		{"type: application/x-www-form-urlencoded\nlimit: body 100\n\nx", "a form has no limits"},
		{"never: 200\n\n{}", "my.tmpl:1: \"200\" is no status from 300 to 599"},
		{"later: x\n\n{}", "my.tmpl:1: \"x\" is no status"},
		{"retry: header X\n\n{}", "my.tmpl:1: \"header\" is not understood here"},
		{"retry: json a hours\n\n{}", "my.tmpl:1: \"hours\" is not understood here"},
		{"expect: json ok\n\n{}", "my.tmpl:1: what the answer has to say there is missing"},
		{"header: X\n\n{}", "my.tmpl:1: a header of the request is \"header: NAME: VALUE\""},
		{"header: X Y: 1\n\n{}", "my.tmpl:1: a header of the request is"},
		{"header: Content-Length: 1\n\n{}", "my.tmpl:1: this header is set by watchdogd"},
		{"header: X: ${texx}\n\n{}", "my.tmpl:1: no value \"texx\"; did you mean \"text\"?"},
		{"query: a=${\n\n{}", "my.tmpl:1: ${ is not closed with }"},
		{"method: GET\n\n{}", "a request GET has no body"},
		{"\n{\n\"a\": \"${titel}\"}", "my.tmpl:3: no value \"titel\"; did you mean \"title\"?"},
		{"\n{\"a\": \"${text\"}\n}", "my.tmpl:2: in ${text\"} this is not understood"},
		{"\n\"${}\"", "my.tmpl:2: no value \"\""},
		{"\n\"${text", "my.tmpl:2: ${ is not closed with } on its line"},
		{"\n\"${te\nxt}\"", "my.tmpl:2: ${ is not closed with } on its line"},
		{"\n\"${text x}\"", "my.tmpl:2: in ${text x} this is not understood: \" x\""},
		{"\n\"\\${text}\"", "my.tmpl:2: a value can't be part of an escape"},
		{"\n\"\\u00${text}\"", "my.tmpl:2: a value can't be part of an escape"},
		{"\n\"${secret}\"", "my.tmpl:2: a secret is named by the channel's `secret`"},
		{"\n\"${secret:}\"", "my.tmpl:2: a secret is named"},
		{"\n\"${secret:KEY|a=b}\"", "is not understood"},
		{"\n\"${facts|a=b}\"", "is not understood"},
		{"\n\"${text+1d}\"", "my.tmpl:2: after \"+\" stands how much later"},
		{"\n\"${time+1y}\"", "my.tmpl:2: after \"+\" stands how much later"},
		{"\n\"${time+d}\"", "my.tmpl:2: after \"+\" stands how much later"},
		{"\n{\"a\": ${severity|any|critical=1}}", "my.tmpl:2: \"any\" is written in any case"},
		{"\n{\"a\": ${severity|critical=\"x}}", "my.tmpl:2: the string \"x is not closed"},
		{"\n{}${end}", "my.tmpl:2: ${end} without an ${if NAME} before it"},
		{"\n{}${else}", "my.tmpl:2: ${else} without an ${if NAME} before it"},
		{"\n{}\n${if text}", "my.tmpl:3: ${if NAME} is not ended with ${end}"},
		{"\n${if text}1${else}2${else}3${end}", "my.tmpl:2: a second ${else}"},
		{"\n${if texd}1${end}", "my.tmpl:2: no value \"texd\"; did you mean"},
		{"\n${if secret:KEY}1${end}", "my.tmpl:2: a secret is no condition"},
		{"\n${if text is 1}1${end}", "my.tmpl:2: a condition is ${if text} or ${if text=WORD|WORD}"},
		{"\n{\"a\": ${if text}\"${end}b\"}", "open and close strings in the same branch"},
		{"\n{\"a\": ${if text}\"x${else}1${end}\"}", "open and close strings in the same branch"},
		{"\n{\"a\": \"b}", "my.tmpl:2: the last string is not closed"},
		{"\n${if text}${if text}${if text}${if text}${if text}${if text}${if text}${if text}${if text}1",
		 "more than 8 conditions within each other"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct webhook_template *template = read_template(rows[i].text);

		if (template != NULL)
			fail_msg("accepted: %s", rows[i].text);
		if (strstr(told, rows[i].says) == NULL)
			fail_msg("of %s is told: %s, not: %s", rows[i].text, told, rows[i].says);
	}
}

static void a_template_of_any_size_or_with_a_nul_is_refused_and_not_cut_off(void **state)
{
	char *text = malloc(300000), *at;
	struct webhook_tell tell = {.line = on_finding, .file = "my.tmpl"};

	(void)state;
	assert_non_null(text);
	at = stpcpy(text, "\n\"");
	for (int i = 0; i < 3000; i++)
		at = stpcpy(at, "${text}x");
	assert_null(read_template(text));
	assert_non_null(strstr(told, "more than 1024 placeholders"));
	at = stpcpy(text, "\n\"${rule|");
	for (int i = 0; i < 300; i++)
		at = stpcpy(at, "a=b|");
	(void)stpcpy(at, "c}\"");
	assert_null(read_template(text));
	assert_non_null(strstr(told, "more than 256 words"));
	at = text;
	for (int i = 0; i < 20; i++)
		at = stpcpy(at, "limit: a 100\nheader: A: b\n");
	(void)stpcpy(at, "\n{}");
	assert_null(read_template(text));
	assert_non_null(strstr(told, "more than 16 limits"));
	assert_non_null(strstr(told, "more than 16 headers"));
	free(text);
	assert_null(webhook_template_read("\n{}\0{}", 6, &tell));
	assert_null(read_template("query: a\nquery: b\n\n{}"));
}

static void every_error_of_the_header_lines_is_told(void **state)
{
	(void)state;
	assert_null(read_template("metod: POST\ntype: text/plain\nescap: html\n\n${texd}"));
	assert_non_null(strstr(told, "my.tmpl:1: "));
	assert_non_null(strstr(told, "my.tmpl:3: "));
	assert_non_null(strstr(told, "my.tmpl:5: "));
}

static void a_body_that_is_no_json_names_the_line_that_wrote_it(void **state)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{"type: application/json\n\n{\n  \"a\": 1,\n  \"b\" 2\n}\n", "my.tmpl:5: the filled body is no JSON"},
		{"\n{\"a\": 1, \"a\": 2}", "my.tmpl:2: the filled body is no JSON: duplicate object key"},
		{"\n{\"a\": \"x\ny\"}", "the filled body is no JSON"},
		{"\n{\"a\":\n${severity|critical=tru}}", "my.tmpl:3: the filled body is no JSON"},
		{"\n{\"a\": 1${text}}", "my.tmpl:2: the filled body is no JSON"},
		{"\n{}{}", "my.tmpl:2: the filled body is no JSON"},
		{"\n{\"a\": \"\377\"}", "my.tmpl:2: the filled body is no JSON"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct plugin_message message = message_of("x");
		char *body = fill(rows[i].text, &message);

		if (body != NULL)
			fail_msg("accepted: %s: %s", rows[i].text, body);
		if (strstr(told, rows[i].says) == NULL)
			fail_msg("of %s is told: %s, not: %s", rows[i].text, told, rows[i].says);
	}
}

static void what_only_a_condition_hides_is_tried_when_it_is_read(void **state)
{
	struct webhook_tell tell = {.line = on_finding, .file = "my.tmpl"};
	struct webhook_template *template = read_template("\n{\"a\": 1\n${if told=resolved}x${end}}");

	(void)state;
	assert_non_null(template);
	webhook_trial(template, &channel, &tell);
	assert_int_equal(tell.errors, 1);
	assert_non_null(strstr(told, "my.tmpl:3: the filled body is no JSON"));
	webhook_template_free(template);
}

static const char *const hostile[] = {
	"\",\"x\":\"", "\\", "\\\"", "\"}", "a\r\nX-Evil: 1\r\n\r\n", "\x1b[31mred", "\xe2\x80\xae" "evil", "\xff\xfe\xc0\x80",
	"\xed\xa0\x80", "${secret:KEY}", "${text}", "$${", "${if text}", "<!channel> @everyone & <b>", "\x01\x1f\x7f", "%s%n%d", "",
};

/* The text as JSON has it: bytes that are no UTF-8 are U+FFFD. */
static void as_json_has_it(const char *text, char *out)
{
	for (size_t n = strlen(text); n > 0;) {
		size_t len = escape_utf8_len(text, n);

		out = len > 0 ? mempcpy(out, text, len) : stpcpy(out, "\xef\xbf\xbd");
		len = len > 0 ? len : 1;
		text += len;
		n -= len;
	}
	*out = '\0';
}

static void no_value_becomes_more_than_a_value_of_json(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		const struct plugin_message message = message_of(hostile[i]);
		char *body = fill("\n{\"a\": ${text}, \"b\": \"<${text}>\", \"${title}\": \"k\", \"end\": 1}", &message), want[256],
		     also[300];
		json_t *json = json_loads(body != NULL ? body : "", JSON_REJECT_DUPLICATES, NULL);

		if (json == NULL)
			fail_msg("row %zu: %s %s", i, body != NULL ? body : "(none)", told);
		as_json_has_it(hostile[i], want);
		(void)snprintf(also, sizeof(also), "<%s>", want);
		assert_int_equal(json_object_size(json), 4);
		assert_string_equal(json_string_value(json_object_get(json, "a")), want);
		assert_string_equal(json_string_value(json_object_get(json, "b")), also);
		assert_string_equal(json_string_value(json_object_get(json, want)), "k");
		json_decref(json);
		free(body);
	}
}

static void no_value_leaves_its_place_in_a_url_a_header_or_a_text(void **state)
{
	(void)state;
	expect("type: application/x-www-form-urlencoded\n\na=${text}&b=${rule}", "x&y=1 #\r\n%\xff\xc3\xa4",
	       "a=x%26y%3D1%20%23%0D%0A%25%EF%BF%BD%C3%A4&b=oom");
	expect("type: text/plain\n\n${text}|", "a\\b\n\x1b[1m\xff\xe2\x80\xae.\t", "a\\b\n\\x1b[1m\\xff\\xe2\\x80\\xae.\t|");
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		struct webhook_template *template = read_template("header: X-A: 1 ${text} 2\n\n{}");
		const struct plugin_message message = message_of(hostile[i]);
		const struct webhook_with with = {.message = &message, .channel = &channel};
		char line[512], why[128];
		struct buffer out, wrong;

		BUFFER_OVER(&out, line);
		BUFFER_OVER(&wrong, why);
		assert_int_equal(webhook_request_line(&template->headers[0].value, &with, "f", &out, &wrong), WEBHOOK_MADE);
		for (size_t k = 0; k < out.len; k++)
			assert_true((unsigned char)line[k] >= 0x20 && line[k] != 0x7f);
		webhook_template_free(template);
	}
}

static void markup_of_the_reader_is_escaped_in_values_alone(void **state)
{
	(void)state;
	expect("escape: html\n\n\"<b>${text}</b>\"", "<!channel> & co", "\"<b>&lt;!channel&gt; &amp; co</b>\"");
	expect("escape: markdown\n\n\"**${text}**\"", "[a](http://x) *b* `c` \\ <@1>",
	       "\"**\\\\[a](http://x) \\\\*b\\\\* \\\\`c\\\\` \\\\\\\\ \\\\<@1\\\\>**\"");
}

static void values_are_written_as_what_their_place_needs(void **state)
{
	(void)state;
	expect("\n[${count}, \"${count}\", ${attempt}, ${rule}, ${chat}, ${channel}]", "x",
	       "[3,\"3\",2,\"oom\",\"42\",\"chat\"]");
	expect("\n[${time}, \"${time+1d}\", ${time+90s}]", "x",
	       "[\"2026-01-22T03:11:21.042Z\",\"2026-01-23T03:11:21.042Z\",\"2026-01-22T03:12:51.042Z\"]");
	expect("\n[${facts}, \"${facts}\"]", "x",
	       "[[{\"name\":\"host\",\"value\":\"1 GiB\"},{\"name\":\"a\\\"b\",\"value\":\"c\\nd\"}],\"host: 1 GiB\\na\\\"b: c\\nd\"]");
	expect("\n[${secret:KEY}, \"${secret:KEY}\"]", "x", "[\"se\\\"cret\",\"se\\\"cret\"]");
	expect("\n\"$${text} $5 $\"", "x", "\"${text} $5 $\"");
	expect("type: text/plain\n\nC:\\${text}\"", "x", "C:\\x\"");
}

static void conditions_and_maps_choose_by_the_value(void **state)
{
	(void)state;
	expect("\n[${severity|critical=5|warning=4|3}, \"${severity|info=x}\", ${rule|oom=true}]", "x", "[5,\"critical\",true]");
	expect("\n[${severity|warning=4|\"a\"}]", "x", "[\"a\"]");
	expect("\n\"${severity|critical=say \"hi\"}\"", "x", "\"say \\\"hi\\\"\"");
	expect("\n[${if text}1${else}2${end},${if todo}1${else}2${end}]", "x", "[1,2]");
	expect("\n[${if told=resolved|alert}${if severity=info}1${else}2${end}${else}3${end}]", "x", "[2]");
	expect("\n[1${if told=resolved},${if text}2${end}${end}]", "x", "[1]");
	expect("\n[${if count=1}1${else}2${end}]", "x", "[2]");
	expect("\n\"a\\\n    b\\\r\n\tc\"", "x", "\"abc\"");
	expect("# a comment\n; another\ntype:\tapplication/json\r\n\r\n1", "x", "1");
}

static void limits_cut_between_characters_and_count_them_as_the_vendor_does(void **state)
{
	(void)state;
	expect("limit: a.0 8\n\n{\"a\": [${text}, ${text}]}", "123456789", "{\"a\":[\"1234567\xe2\x80\xa6\",\"123456789\"]}");
	expect("limit: a 8\n\n{\"a\": ${text}}", "12345678", "{\"a\":\"12345678\"}");
	expect("limit: a 8\n\n{\"a\": ${text}}", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4",
	       "{\"a\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}");
	/* Beyond U+FFFF a character is two: four of them are eight. */
	expect("limit: a 8\n\n{\"a\": ${text}}", "\xf0\x9f\x90\x95\xf0\x9f\x90\x95\xf0\x9f\x90\x95\xf0\x9f\x90\x95z",
	       "{\"a\":\"\xf0\x9f\x90\x95\xf0\x9f\x90\x95\xf0\x9f\x90\x95\xe2\x80\xa6\"}");
	expect("limit: a 8 bytes\n\n{\"a\": ${text}}", "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "{\"a\":\"\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\"}");
	expect("limit: a 8 bytes\n\n{\"a\": ${text}}", "1\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4", "{\"a\":\"1\xc3\xa4\xc3\xa4\xe2\x80\xa6\"}");
	expect("limit: b 8\nlimit: a.b.c 8\nlimit: a.9 8\n\n{\"a\": 123456789, \"b\": [1]}", "x", "{\"a\":123456789,\"b\":[1]}");
	expect("type: text/plain\nlimit: body 8\n\n${text}", "123456789", "1234567\xe2\x80\xa6");
	/* An escape is one character. */
	expect("limit: a 8\n\n{\"a\": ${text}}", "\n\n\n\n\n\n\n\n", "{\"a\":\"\\n\\n\\n\\n\\n\\n\\n\\n\"}");
}

static void a_long_value_is_bounded_and_stays_utf8(void **state)
{
	char *text = malloc(60001);
	struct plugin_message message = message_of(text);
	char *body;

	(void)state;
	assert_non_null(text);
	for (size_t i = 0; i < 60000; i += 3)
		(void)memcpy(text + i, "\xe2\x96\x88", 3);
	text[60000] = '\0';
	body = fill("\n{\"a\": ${text}}", &message);
	assert_non_null(body);
	assert_int_equal(strlen(body), WEBHOOK_VALUE_MAX / 3 * 3 + 8);
	free(body);
	free(text);
}

static void a_secret_that_is_not_there_is_named_and_no_other_is_told(void **state)
{
	const struct plugin_message message = message_of("x");
	char *body = fill("\n[\"${secret:KEY}\", \"${secret:OTHER}\"]", &message);

	(void)state;
	assert_null(body);
	assert_non_null(strstr(told, "no secret OTHER"));
	assert_null(strstr(told, "cret\""));
}

/* Each file of conf/formats, with every word of `told` and every severity, empty values and hostile ones. */
static void every_format_that_comes_along_makes_json_of_every_message(void **state)
{
	static const char *const tolds[] = {"alert", "result", "reply", "repeat", "resolved", "test"};
	static const char *const severities[] = {"critical", "warning", "info"};
	DIR *dir = opendir("conf/formats");
	struct dirent *entry;
	unsigned formats = 0;

	(void)state;
	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		char path[300], text[8192];
		FILE *file;
		size_t n;

		if (strstr(entry->d_name, ".tmpl") == NULL)
			continue;
		(void)snprintf(path, sizeof(path), "conf/formats/%s", entry->d_name);
		file = fopen(path, "re");
		assert_non_null(file);
		n = fread(text, 1, sizeof(text) - 1, file);
		text[n] = '\0';
		(void)fclose(file);
		formats++;
		for (size_t i = 0; i < ARRAY_LEN(tolds) * ARRAY_LEN(severities) * ARRAY_LEN(hostile); i++) {
			struct plugin_message message = message_of(hostile[i / 18]);
			char *body;

			message.told = tolds[i % 6];
			message.severity = severities[i / 6 % 3];
			message.todo = message.doing = message.history = message.unit = message.rule = hostile[i / 18];
			body = fill(text, &message);
			if (body == NULL)
				fail_msg("%s: %s", path, told);
			free(body);
		}
	}
	(void)closedir(dir);
	assert_int_equal(formats, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_malformed_template_is_refused_with_its_line_and_what_would_be_right),
		cmocka_unit_test(a_template_of_any_size_or_with_a_nul_is_refused_and_not_cut_off),
		cmocka_unit_test(every_error_of_the_header_lines_is_told),
		cmocka_unit_test(a_body_that_is_no_json_names_the_line_that_wrote_it),
		cmocka_unit_test(what_only_a_condition_hides_is_tried_when_it_is_read),
		cmocka_unit_test(no_value_becomes_more_than_a_value_of_json),
		cmocka_unit_test(no_value_leaves_its_place_in_a_url_a_header_or_a_text),
		cmocka_unit_test(markup_of_the_reader_is_escaped_in_values_alone),
		cmocka_unit_test(values_are_written_as_what_their_place_needs),
		cmocka_unit_test(conditions_and_maps_choose_by_the_value),
		cmocka_unit_test(limits_cut_between_characters_and_count_them_as_the_vendor_does),
		cmocka_unit_test(a_long_value_is_bounded_and_stays_utf8),
		cmocka_unit_test(a_secret_that_is_not_there_is_named_and_no_other_is_told),
		cmocka_unit_test(every_format_that_comes_along_makes_json_of_every_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
