#include "config/condition_parse.h"

#include <errno.h>
#include <string.h>

#include "config/condition_bound.h"
#include "config/condition_token.h"
#include "config/value.h"

enum {
	CONDITION_OPS = 2 * CONDITION_DEPTH, /* waiting `(`, `not`, `and`, `or` */
	CONDITION_FOR_MAX_MS =
		7 * 86400 * 1000 /* fits uint32_t, and is more than a hold is good for */
};

struct condition_parser {
	const struct config_expression *in;
	struct config_node *nodes;
	uint32_t capacity, count, first_hold, holds;
	uint32_t depth; /* values on the stack after the last node */
	enum condition_token_kind ops[CONDITION_OPS];
	uint32_t op_count;
	enum condition_token_kind token; /* the one not yet used */
	size_t at, len;                  /* of it in text */
	size_t before_at, before_len;    /* of the one before */
	bool failed;
};

static const char *condition_parse_text(const struct condition_parser *p)
{
	return p->in->text + p->at;
}

/* Tell what is wrong at byte `at`. Always false: nothing can be built on it. */
__attribute__((format(printf, 3, 4))) static bool
condition_parse_tell(struct condition_parser *p, size_t at, const char *format, ...)
{
	char what[TEXT_BYTES];
	struct buffer out;
	va_list args;

	BUFFER_OVER(&out, what);
	va_start(args, format);
	buffer_vaddf(&out, format, args);
	va_end(args);
	p->failed = true;
	p->in->tell(p->in->arg, at, what);
	return false;
}

/* The shape is wrong at the token: name it and the one before. */
static bool condition_parse_expected(struct condition_parser *p, const char *what)
{
	char found[TEXT_BYTES / 4], after[TEXT_BYTES / 4];
	struct buffer b;

	BUFFER_OVER(&b, found);
	if (p->token == TOKEN_END)
		buffer_add(&b, "the end");
	else
		buffer_addf(&b, "\"%.*s\"", (int)p->len, condition_parse_text(p));
	BUFFER_OVER(&b, after);
	if (p->before_len > 0)
		buffer_addf(&b, " after \"%.*s\"", (int)p->before_len, p->in->text + p->before_at);
	return condition_parse_tell(p, p->at, "found %s%s; expected %s", found, after, what);
}

/* Go to the next token. */
static void condition_parse_next(struct condition_parser *p)
{
	struct condition_token token = condition_token_next(p->in->text, p->at + p->len);

	p->before_at = p->at;
	p->before_len = p->len;
	p->token = token.kind;
	p->at = token.at;
	p->len = token.len;
}

static bool condition_parse_emit(struct condition_parser *p, struct config_node node)
{
	static const int grows[] = {[CONFIG_COMPARE] = 1,
				    [CONFIG_NOT] = 0,
				    [CONFIG_AND] = -1,
				    [CONFIG_OR] = -1,
				    [CONFIG_HOLD] = 0};

	p->depth = (uint32_t)((int)p->depth + grows[node.kind]);
	if (p->depth > CONDITION_DEPTH)
		return condition_parse_tell(
			p, p->at, "nested too deeply; at most %d values may wait", CONDITION_DEPTH);
	if (p->count == p->capacity)
		return condition_parse_tell(
			p, p->at, "too long; all conditions together have at most %d parts",
			NODES_MAX);
	p->nodes[p->count++] = node;
	return true;
}

static bool condition_parse_push(struct condition_parser *p)
{
	if (p->op_count == CONDITION_OPS)
		return condition_parse_tell(p, p->at,
					    "nested too deeply; at most %d operators may wait",
					    CONDITION_OPS);
	p->ops[p->op_count++] = p->token;
	return true;
}

/* Emit what waits and binds as tightly as `token`, or tighter. */
static bool condition_parse_reduce(struct condition_parser *p, enum condition_token_kind token)
{
	static const struct {
		enum config_node_kind kind;
		int binding;
	} ops[] = {[TOKEN_NOT] = {CONFIG_NOT, 3},
		   [TOKEN_AND] = {CONFIG_AND, 2},
		   [TOKEN_OR] = {CONFIG_OR, 1}};
	int binding = token == TOKEN_AND || token == TOKEN_OR ? ops[token].binding : 0;

	while (p->op_count > 0) {
		enum condition_token_kind top = p->ops[p->op_count - 1];

		if (top == TOKEN_OPEN || ops[top].binding < binding)
			break;
		p->op_count--;
		if (!condition_parse_emit(p, (struct config_node){.kind = ops[top].kind}))
			return false;
	}
	return true;
}

/* The reading's word is near another one of the host, or of the unit that it names. */
static void condition_parse_no_reading(struct condition_parser *p, uint32_t unit, size_t rest_at)
{
	const char *word = condition_parse_text(p), *rest = word + rest_at;
	size_t rest_len = p->len - rest_at;
	char what[TEXT_BYTES];
	struct buffer out;
	struct suggest s;

	BUFFER_OVER(&out, what);
	if (unit == CONFIG_NONE && rest_at > 0 && reading_unit_find(rest, rest_len) >= 0) {
		suggest_init(&s, word, rest_at - 1);
		config_names_suggest_units(p->in->names, &s);
		buffer_addf(&out, "no unit \"%.*s\"", (int)rest_at - 1, word);
	} else {
		suggest_init(&s, word, p->len);
		for (int i = 0; unit == CONFIG_NONE && i < HOST_READINGS; i++)
			suggest_offer(&s, reading_host_words[i].name);
		for (int i = 0; unit != CONFIG_NONE && i < UNIT_READINGS; i++) {
			char name[2 * NAME_BYTES];
			struct buffer b;

			BUFFER_OVER(&b, name);
			buffer_addf(&b, "%.*s%s", (int)rest_at, word, reading_unit_words[i].name);
			suggest_offer(&s, name);
		}
		buffer_addf(&out, "no reading \"%.*s\"", (int)p->len, word);
	}
	suggest_say(&s, &out);
	if (suggest_nearest(&s) == NULL && s.all.cut)
		buffer_add(&out, "; expected one such as host.available or UNIT.memory");
	condition_parse_tell(p, p->at, "%s", what);
}

/* The word is a reading: its unit and number into node. What is no reading is told, and the rest of
 * the condition is read on; node->kind is then CONFIG_NOT. */
static void condition_parse_reading(struct condition_parser *p, struct config_node *node)
{
	const char *word = condition_parse_text(p), *dot = memchr(word, '.', p->len);
	size_t unit_len = dot != NULL ? (size_t)(dot - word) : 0;
	size_t rest_at = dot != NULL ? unit_len + 1 : 0;
	int reading = reading_host_find(word, p->len);

	node->kind = CONFIG_COMPARE;
	node->unit = CONFIG_HOST;
	/* No unit can be called host: config_names_is_word. */
	if (reading < 0 && dot != NULL && (unit_len != 4 || memcmp(word, "host", 4) != 0)) {
		node->unit = unit_len == 4 && memcmp(word, "unit", 4) == 0
				     ? CONFIG_EACH
				     : config_names_unit(p->in->names, word, unit_len);
		if (node->unit != CONFIG_NONE)
			reading = reading_unit_find(word + rest_at, p->len - rest_at);
	}
	if (reading < 0) {
		node->kind = CONFIG_NOT;
		condition_parse_no_reading(p, node->unit == CONFIG_HOST ? CONFIG_NONE : node->unit,
					   rest_at);
	} else if (node->unit == CONFIG_EACH && !p->in->has_unit) {
		node->kind = CONFIG_NOT;
		condition_parse_tell(
			p, p->at, "\"unit\" is nobody here; name a unit, or add \"each = GROUP\"");
	}
	node->reading = (uint32_t)reading;
}

static bool condition_parse_compare_op(struct condition_parser *p, uint32_t *compare)
{
	static const char *const words[] = {
		[CONFIG_LT] = "<", [CONFIG_LE] = "<=", [CONFIG_GT] = ">", [CONFIG_GE] = ">="};

	for (uint32_t i = 0; p->token == TOKEN_COMPARE && i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == p->len &&
		    memcmp(words[i], condition_parse_text(p), p->len) == 0) {
			*compare = i;
			return true;
		}
	return condition_parse_expected(p, "one of <, <=, >, >=");
}

/* READING compare VALUE, from its first word on. */
static bool condition_parse_comparison(struct condition_parser *p)
{
	struct config_node node = {0};
	struct value value;
	char why[TEXT_BYTES];
	struct buffer out;
	int error;

	condition_parse_reading(p, &node);
	condition_parse_next(p);
	if (!condition_parse_compare_op(p, &node.compare))
		return false;
	condition_parse_next(p);
	if (p->token != TOKEN_NUMBER && p->token != TOKEN_WORD)
		return condition_parse_expected(p, "a value");
	error = value_parse(condition_parse_text(p), p->len, &value);
	BUFFER_OVER(&out, why);
	if (error != 0)
		condition_parse_tell(p, p->at,
				     "\"%.*s\" is %s; expected a value such as 12%%, 32M, 20s",
				     (int)p->len, condition_parse_text(p), value_error_text(error));
	else if (node.kind == CONFIG_COMPARE && !condition_bound_set(&node, &value, &out))
		condition_parse_tell(p, p->at, "%s", why);
	node.kind = CONFIG_COMPARE;
	condition_parse_next(p);
	return condition_parse_emit(p, node);
}

/* What may stand behind a comparison or group. */
static bool condition_parse_for(struct condition_parser *p)
{
	struct config_node node = {.kind = CONFIG_HOLD, .hold = p->first_hold + p->holds};
	struct value value;

	if (p->token != TOKEN_FOR)
		return true;
	condition_parse_next(p);
	if (p->token != TOKEN_NUMBER || value_parse(condition_parse_text(p), p->len, &value) != 0 ||
	    value.kind != VALUE_DURATION)
		return condition_parse_expected(p, value_kind_text(VALUE_DURATION));
	if (value.number <= 0 || value.number > CONDITION_FOR_MAX_MS)
		return condition_parse_tell(
			p, p->at, "for \"%.*s\" is out of bounds; more than 0s, at most 7d",
			(int)p->len, condition_parse_text(p));
	node.for_ms = (uint32_t)value.number;
	p->holds++;
	condition_parse_next(p);
	if (p->token == TOKEN_FOR)
		return condition_parse_expected(p, "one \"for\" alone");
	return condition_parse_emit(p, node);
}

/* Everything up to and with one comparison. */
static bool condition_parse_operand(struct condition_parser *p)
{
	while (p->token == TOKEN_NOT || p->token == TOKEN_OPEN) {
		if (!condition_parse_push(p))
			return false;
		condition_parse_next(p);
	}
	if (p->token != TOKEN_WORD)
		return condition_parse_expected(p, "a reading such as host.available");
	return condition_parse_comparison(p) && condition_parse_for(p);
}

/* Groups that end here; their `not` is outside of their `for`, so the `for` comes first. */
static bool condition_parse_close(struct condition_parser *p)
{
	while (p->token == TOKEN_CLOSE) {
		if (!condition_parse_reduce(p, TOKEN_CLOSE))
			return false;
		if (p->op_count == 0)
			return condition_parse_expected(p, "a \"(\" for this \")\"");
		p->op_count--;
		condition_parse_next(p);
		if (!condition_parse_for(p))
			return false;
	}
	return true;
}

static bool condition_parse_rest(struct condition_parser *p)
{
	while (condition_parse_operand(p) && condition_parse_close(p)) {
		if (p->token == TOKEN_END)
			return condition_parse_reduce(p, TOKEN_END) &&
			       (p->op_count == 0 || condition_parse_expected(p, "\")\""));
		if (p->token != TOKEN_AND && p->token != TOKEN_OR)
			return condition_parse_expected(p, "and, or, for, \")\" or nothing");
		if (!condition_parse_reduce(p, p->token) || !condition_parse_push(p))
			return false;
		condition_parse_next(p);
	}
	return false;
}

int condition_parse(const struct config_expression *in, struct config_node *nodes,
		    uint32_t capacity, uint32_t first_hold, struct condition_parsed *out)
{
	struct condition_parser p = {
		.in = in, .nodes = nodes, .capacity = capacity, .first_hold = first_hold};

	condition_parse_next(&p);
	p.before_len = 0;
	(void)condition_parse_rest(&p);
	*out = (struct condition_parsed){.nodes = p.count, .holds = p.holds};
	return p.failed ? -EINVAL : 0;
}
