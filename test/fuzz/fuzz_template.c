/* libFuzzer over templates of webhooks: whatever the bytes are, reading them ends, and tells why when it refuses.
 * Where a template chooses by no value, hostile values make the same JSON as harmless ones, the texts aside. */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "../../plugins/webhook_request.h"
#include "../../plugins/webhook_trial.h"

static void fuzz_template_tell(void *arg, const char *line)
{
	size_t *told = arg;

	assert(strpbrk(line, "\n\r") == NULL);
	++*told;
}

static const struct plugin_pair secrets[] = {{"KEY", "\"s\\"}};

static struct plugin_message fuzz_template_message(const char *const texts[10], const struct plugin_pair facts[2])
{
	return (struct plugin_message){
		.id = texts[0], .thread = texts[1], .told = "alert", .severity = "critical", .rule = texts[2],
		.unit = texts[3], .event = texts[4], .host = texts[5], .subject = texts[6], .title = texts[7], .text = texts[8],
		.doing = texts[9], .todo = texts[9], .facts = facts, .facts_count = 2, .history = texts[9],
		.at_wall_ms = 1769051481042, .attempt = 1, .count = 1,
	};
}

/* The same values in the same places, but for what texts say. */
static void fuzz_template_compare(const json_t *a, const json_t *b)
{
	size_t i;

	assert((a == NULL) == (b == NULL));
	if (a == NULL)
		return;
	assert(json_typeof(a) == json_typeof(b));
	if (json_is_array(a)) {
		assert(json_array_size(a) == json_array_size(b));
		for (i = 0; i < json_array_size(a); i++)
			fuzz_template_compare(json_array_get(a, i), json_array_get(b, i));
	} else if (json_is_object(a)) {
		void *x = json_object_iter((json_t *)(uintptr_t)a), *y = json_object_iter((json_t *)(uintptr_t)b);

		assert(json_object_size(a) == json_object_size(b));
		for (; x != NULL; x = json_object_iter_next((json_t *)(uintptr_t)a, x),
				  y = json_object_iter_next((json_t *)(uintptr_t)b, y))
			fuzz_template_compare(json_object_iter_value(x), json_object_iter_value(y));
	} else if (json_is_number(a)) {
		assert(json_equal(a, b));
	}
}

static enum webhook_made fuzz_template_fill(const struct webhook_template *template, bool hostile, char **body)
{
	static const char *const mild_texts[] = {"qa", "qb", "qc", "qd", "qe", "qf", "qg", "qh", "qi", "qj"};
	static const char *const hostile_texts[] = {"\"", "\\", "\xff\"", "},{\"", "\r\n\r\n", "${text}\"", "\xe2\x80\xae",
						    "\"],[\"", "u0022\\\"", "\x01\"\x7f"};
	static const struct plugin_pair mild_facts[] = {{"qk", "ql"}, {"qm", "qn"}};
	static const struct plugin_pair hostile_facts[] = {{"\"}", "\\"}, {"\xc0\"", "]}"}};
	const struct plugin_channel channel = {.name = "c", .chat = hostile ? "\"\\" : "q", .secrets = secrets,
					       .secrets_count = 1};
	const struct plugin_message message = fuzz_template_message(hostile ? hostile_texts : mild_texts,
								    hostile ? hostile_facts : mild_facts);
	const struct webhook_with with = {.message = &message, .channel = &channel};
	char why[TEXT_BYTES];
	struct buffer b;
	enum webhook_made made;

	BUFFER_OVER(&b, why);
	made = webhook_request_body(template, &with, "fuzz", body, &b);
	assert((made == WEBHOOK_MADE) == (*body != NULL));
	assert((made == WEBHOOK_MADE) == (why[0] == '\0'));
	return made;
}

static void fuzz_template_try(const struct webhook_template *template, bool chooses)
{
	char *mild, *hostile;
	enum webhook_made made = fuzz_template_fill(template, false, &mild);
	enum webhook_made also = fuzz_template_fill(template, true, &hostile);

	if (!chooses && template->place == WEBHOOK_VALUE && template->method != WEBHOOK_GET && made == WEBHOOK_MADE) {
		json_t *a = json_loads(mild, JSON_DECODE_ANY, NULL), *b;

		assert(also == WEBHOOK_MADE);
		b = json_loads(hostile, JSON_DECODE_ANY, NULL);
		assert(a != NULL && b != NULL);
		fuzz_template_compare(a, b);
		json_decref(a);
		json_decref(b);
	}
	free(mild);
	free(hostile);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	size_t told = 0;
	struct webhook_tell tell = {.line = fuzz_template_tell, .arg = &told, .file = "fuzz"};
	const struct plugin_channel channel = {.name = "c", .chat = "1"};
	struct webhook_template *template = webhook_template_read((const char *)data, size, &tell);

	assert((template == NULL) == (told > 0) && tell.errors == told);
	if (template != NULL) {
		webhook_trial(template, &channel, &tell);
		fuzz_template_try(template, memmem(data, size, "${if", 4) != NULL || memchr(data, '|', size) != NULL);
	}
	webhook_template_free(template);
	return 0;
}
