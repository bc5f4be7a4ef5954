#include "webhook_answer.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buffer.h"
#include "webhook_json.h"

static bool answer_has(const uint16_t *codes, long status)
{
	for (size_t i = 0; i < WEBHOOK_CODES_MAX && codes[i] != 0; i++)
		if (codes[i] == status)
			return true;
	return false;
}

/* 408 and 425 ask for another attempt, 429 for a later one; the other 4xx say that the request is wrong. */
static enum plugin_sent answer_class(const struct webhook_rules *rules, long status)
{
	if (status >= 200 && status < 300)
		return PLUGIN_TAKEN;
	if (answer_has(rules->later, status))
		return PLUGIN_LATER;
	if (answer_has(rules->never, status) || (status >= 300 && status < 400))
		return PLUGIN_NEVER;
	if (status >= 400 && status < 500 && status != 408 && status != 425 && status != 429)
		return PLUGIN_NEVER;
	return PLUGIN_LATER;
}

/* What the vendor's JSON says, in its unit, may be a fraction; 0: nothing of use. */
static uint32_t answer_again_ms(const struct webhook_rules *rules, const struct webhook_json *json)
{
	double number;

	if (rules->retry_path[0] == '\0' || !webhook_json_number(json, rules->retry_path, &number))
		return 0;
	number *= rules->retry_unit_ms;
	if (!(number > 0)) /* NaN is none */
		return 0;
	return number < WEBHOOK_AGAIN_MAX_MS ? (uint32_t)ceil(number) : WEBHOOK_AGAIN_MAX_MS;
}

/* A 2xx whose JSON says that nothing was taken. Of an answer that is not whole the status has to do: another
 * attempt would be a second message. */
static bool answer_is_unexpected(const struct webhook_rules *rules, const struct webhook_answer *answer,
				 const struct webhook_json *json)
{
	char word[WEBHOOK_PATH_MAX + 1];

	if (rules->expect_path[0] == '\0' || (json == NULL && !answer->whole))
		return false;
	return !webhook_json_word(json, rules->expect_path, word, sizeof(word)) || strcmp(word, rules->expect) != 0;
}

static void answer_say(const struct webhook_rules *rules, const struct webhook_answer *answer,
		       struct webhook_verdict *verdict)
{
	struct buffer b;

	BUFFER_OVER(&b, verdict->text);
	buffer_addf(&b, "HTTP %ld", answer->status);
	if (answer->status >= 300 && answer->status < 400 && answer->elsewhere[0] != '\0')
		buffer_addf(&b, ": answers with a redirect to %s: put that into url", answer->elsewhere);
	else if (answer->status >= 200 && answer->status < 300 && verdict->result != PLUGIN_TAKEN)
		buffer_addf(&b, ", but %s in its answer is not %s: %s", rules->expect_path, rules->expect, answer->said);
	else if (answer->said[0] != '\0')
		buffer_addf(&b, ": %s", answer->said);
}

void webhook_answer_judge(const struct webhook_rules *rules, const struct webhook_answer *answer,
			  struct webhook_verdict *verdict)
{
	struct webhook_json *json;

	*verdict = (struct webhook_verdict){.result = PLUGIN_LATER};
	if (answer->error != NULL) {
		verdict->result = answer->hopeless ? PLUGIN_NEVER : PLUGIN_LATER;
		(void)snprintf(verdict->text, sizeof(verdict->text), "%s", answer->error);
		return;
	}
	json = webhook_json_read(answer->text, answer->len);
	verdict->result = answer_class(rules, answer->status);
	if (verdict->result == PLUGIN_TAKEN && answer_is_unexpected(rules, answer, json))
		verdict->result = PLUGIN_LATER;
	if (verdict->result == PLUGIN_LATER) {
		uint32_t again_ms = answer_again_ms(rules, json);

		verdict->again_ms = again_ms > answer->retry_after_ms ? again_ms : answer->retry_after_ms;
	}
	answer_say(rules, answer, verdict);
	webhook_json_free(json);
}
