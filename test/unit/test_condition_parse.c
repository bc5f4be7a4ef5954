/* Conditions as programs. Left the text; right its program in postfix order: each comparison by the
 * first letters of what it is about, `for` as its seconds; or what is told, and at which byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "config/condition_parse.h"

static const struct config_unit condition_units[] = {{.name = "xtts"}, {.name = "nodira"}};
static const struct config_names condition_names = {.units = condition_units, .unit_count = 2};

static void condition_tell(void *arg, size_t at, const char *what)
{
	buffer_addf(arg, "%s@%zu %s", ((struct buffer *)arg)->len > 0 ? " | " : "", at, what);
}

static void condition_write(struct buffer *out, const struct config_node *node)
{
	static const char *const compares[] = {"<", "<=", ">", ">="};
	static const char *const kinds[] = {
		[CONFIG_NOT] = "not", [CONFIG_AND] = "and", [CONFIG_OR] = "or"};
	const char *name;

	if (out->len > 0)
		buffer_add(out, " ");
	if (node->kind == CONFIG_HOLD) {
		buffer_addf(out, "for%u#%u", node->for_ms, node->hold);
	} else if (node->kind != CONFIG_COMPARE) {
		buffer_add(out, kinds[node->kind]);
	} else {
		name = node->unit == CONFIG_HOST ? reading_host_words[node->reading].name
						 : reading_unit_words[node->reading].name;
		if (node->unit == CONFIG_EACH)
			buffer_add(out, "unit.");
		else if (node->unit != CONFIG_HOST)
			buffer_addf(out, "%u.", node->unit);
		buffer_addf(out, "%s%s%lld%s", name, compares[node->compare],
			    (long long)node->bound, node->bound_is_pct ? "m%" : "");
	}
}

struct condition_row {
	const char *text, *want;
};

static void condition_check(const struct condition_row *rows, size_t count, bool has_unit,
			    bool right)
{
	for (size_t i = 0; i < count; i++) {
		char text[1024];
		struct config_node nodes[64];
		struct condition_parsed condition;
		struct buffer out;
		const struct config_expression in = {.text = rows[i].text,
						     .names = &condition_names,
						     .has_unit = has_unit,
						     .tell = condition_tell,
						     .arg = &out};
		int error;

		BUFFER_OVER(&out, text);
		error = condition_parse(&in, nodes, ARRAY_LEN(nodes), 0, &condition);
		assert_int_equal(error == 0, out.len == 0);
		for (uint32_t j = 0; error == 0 && j < condition.nodes; j++)
			condition_write(&out, &nodes[j]);
		if (strcmp(text, rows[i].want) != 0 || (error == 0) != right)
			fail_msg("%s\nis     %s\nshould %s", rows[i].text, text, rows[i].want);
	}
}

#define U "host.used"
#define S "host.swap.used"
#define F "host.swap.free"

static void not_binds_tightest_then_and_then_or(void **state)
{
	static const struct condition_row rows[] = {
		{U ">80%", U ">80000m%"},
		{U " > 12.5 % and " S " <= 3G", U ">12500m% " S "<=3221225472 and"},
		{U ">1% or " S ">2% and " F ">3%", U ">1000m% " S ">2000m% " F ">3000m% and or"},
		{U ">1% and " S ">2% or " F ">3%", U ">1000m% " S ">2000m% and " F ">3000m% or"},
		{"(" U ">1% or " S ">2%) and " F ">3%",
		 U ">1000m% " S ">2000m% or " F ">3000m% and"},
		{U ">1% or " S ">2% or " F ">3%", U ">1000m% " S ">2000m% or " F ">3000m% or"},
		{"not " U ">1% and " S ">2%", U ">1000m% not " S ">2000m% and"},
		{"not (" U ">1% and " S ">2%)", U ">1000m% " S ">2000m% and not"},
		{"not not " U ">1%", U ">1000m% not not"},
		{"((" U ">1%))", U ">1000m%"},
		{"xtts.memory>=1M and nodira.events.oom_kill>0",
		 "0.memory>=1048576 1.events.oom_kill>0 and"},
		{"host.exhausted-in<20s or host.exhausted-in<never",
		 "host.exhausted-in<20000 host.exhausted-in<9223372036854775807 or"},
		{"xtts.growth > 100M", "0.growth>104857600"},
	};

	(void)state;
	condition_check(rows, ARRAY_LEN(rows), false, true);
}

static void for_belongs_to_what_stands_directly_before_it(void **state)
{
	static const struct condition_row rows[] = {
		{U ">1% for 5s", U ">1000m% for5000#0"},
		{U ">1% or " S ">2% for 3s", U ">1000m% " S ">2000m% for3000#0 or"},
		{U ">1% for 1s or " S ">2% for 2s",
		 U ">1000m% for1000#0 " S ">2000m% for2000#1 or"},
		{"(" U ">1% or " S ">2%) for 3s", U ">1000m% " S ">2000m% or for3000#0"},
		{"not " U ">1% for 3s", U ">1000m% for3000#0 not"},
		{"not (" U ">1%) for 3s", U ">1000m% for3000#0 not"},
		{"(not " U ">1%) for 3s", U ">1000m% not for3000#0"},
		{"(" U ">1% for 1s) for 2s and " S ">2%",
		 U ">1000m% for1000#0 for2000#1 " S ">2000m% and"},
	};

	(void)state;
	condition_check(rows, ARRAY_LEN(rows), false, true);
}

static void unit_is_the_one_of_the_instance(void **state)
{
	static const struct condition_row right[] = {
		{"unit.memory > 50% and xtts.anon < 1G",
		 "unit.memory>50000m% 0.anon<1073741824 and"},
	};
	static const struct condition_row wrong[] = {
		{"unit.memory > 50%",
		 "@0 \"unit\" is nobody here; name a unit, or add \"each = GROUP\""},
	};

	(void)state;
	condition_check(right, ARRAY_LEN(right), true, true);
	condition_check(wrong, ARRAY_LEN(wrong), false, false);
}

static void shape_that_is_wrong_is_told_with_its_place(void **state)
{
	static const struct condition_row rows[] = {
		{"", "@0 found the end; expected a reading such as host.available"},
		{"   ", "@3 found the end; expected a reading such as host.available"},
		{")", "@0 found \")\"; expected a reading such as host.available"},
		{"()", "@1 found \")\" after \"(\"; expected a reading such as host.available"},
		{U, "@9 found the end after \"host.used\"; expected one of <, <=, >, >="},
		{U " 80%", "@10 found \"80%\" after \"host.used\"; expected one of <, <=, >, >="},
		{U " = 80%", "@10 found \"=\" after \"host.used\"; expected one of <, <=, >, >="},
		{U " == 80%", "@10 found \"==\" after \"host.used\"; expected one of <, <=, >, >="},
		{U " => 80%", "@10 found \"=>\" after \"host.used\"; expected one of <, <=, >, >="},
		{U " >> 80%", "@10 found \">>\" after \"host.used\"; expected one of <, <=, >, >="},
		{U " >", "@11 found the end after \">\"; expected a value"},
		{U " > (", "@12 found \"(\" after \">\"; expected a value"},
		{"80% < " U, "@0 found \"80%\"; expected a reading such as host.available"},
		{U ">1% and",
		 "@16 found the end after \"and\"; expected a reading such as host.available"},
		{U ">1% and or " S ">1%",
		 "@17 found \"or\" after \"and\"; expected a reading such as host.available"},
		{U ">1% " S ">1%",
		 "@13 found \"host.swap.used\" after \"1%\"; expected and, or, for, \")\" or nothing"},
		{U ">1% && " S ">1%",
		 "@13 found \"&&\" after \"1%\"; expected and, or, for, \")\" or nothing"},
		{U ">1% AND " S ">1%",
		 "@13 found \"AND\" after \"1%\"; expected and, or, for, \")\" or nothing"},
		{"(" U ">1%", "@13 found the end after \"1%\"; expected \")\""},
		{U ">1%)", "@12 found \")\" after \"1%\"; expected a \"(\" for this \")\""},
		{U ">1% for",
		 "@16 found the end after \"for\"; expected a duration such as \"20s\" (ms, s, m, h, d)"},
		{U ">1% for 5",
		 "@17 found \"5\" after \"for\"; expected a duration such as \"20s\" (ms, s, m, h, d)"},
		{U ">1% for 0s", "@17 for \"0s\" is out of bounds; more than 0s, at most 7d"},
		{U ">1% for 8d", "@17 for \"8d\" is out of bounds; more than 0s, at most 7d"},
		{U ">1% for 1s for 2s",
		 "@20 found \"for\" after \"1s\"; expected one \"for\" alone"},
		{"for 3s", "@0 found \"for\"; expected a reading such as host.available"},
		{"\xff\xfe",
		 "@0 no reading \"\xff\xfe\"; expected one such as host.available or UNIT.memory | @2 found the end after \"\xff\xfe\"; expected one of <, <=, >, >="},
	};

	(void)state;
	condition_check(rows, ARRAY_LEN(rows), false, false);
}

static void all_wrong_names_and_bounds_are_told(void **state)
{
	static const struct condition_row rows[] = {
		{"host.availble<1% or xtst.memory>1G or xtts.memroy>1G",
		 "@0 no reading \"host.availble\"; did you mean \"host.available\"? | "
		 "@20 no unit \"xtst\"; did you mean \"xtts\"? | "
		 "@38 no reading \"xtts.memroy\"; did you mean \"xtts.memory\"?"},
		{"host. > 1%",
		 "@0 no reading \"host.\"; expected one such as host.available or UNIT.memory"},
		{U " > 80",
		 "@12 host.used cannot be compared with \"80\"; expected a size or a percentage "
		 "such as \"512M\", \"12%\""},
		{U " > 5s",
		 "@12 host.used cannot be compared with \"5s\"; expected a size or a percentage "
		 "such as \"512M\", \"12%\""},
		{"host.pressure.full > 1G",
		 "@21 host.pressure.full cannot be compared with \"1G\"; expected "
		 "a percentage such as \"12%\""},
		{U " > never",
		 "@12 host.used cannot be compared with \"never\"; expected a size or a "
		 "percentage such as \"512M\", \"12%\""},
		{U " > lots", "@12 \"lots\" is no number; expected a value such as 12%, 32M, 20s"},
		{U " > 101%", "@12 host.used is never 101%; its range is 0% to 100%"},
		{U " > -1%", "@12 host.used is never -1%; its range is 0% to 100%"},
		{U " > 100%", "@12 this comparison is never true: host.used cannot be above 100%"},
		{U " <= 100%",
		 "@13 this comparison is always true: host.used cannot be above 100%"},
		{U " < 0%", "@12 this comparison is never true: host.used cannot be below 0%"},
		{U " >= 0B", "@13 this comparison is always true: host.used cannot be below 0B"},
		{"host.exhausted-in > never",
		 "@20 this comparison is never true: host.exhausted-in cannot be above never"},
	};
	static const struct condition_row right[] = {
		{U " >= 100%", U ">=100000m%"},
		{U " < 100%", U "<100000m%"},
		{U " <= 0%", U "<=0m%"},
		{"host.headroom < 110%", "host.headroom<110000m%"}, /* swap counts in it */
	};

	(void)state;
	condition_check(rows, ARRAY_LEN(rows), false, false);
	condition_check(right, ARRAY_LEN(right), false, true);
}

static void depth_is_bounded_and_not_by_the_stack(void **state)
{
	static char text[200000];
	char told[256];
	struct config_node nodes[64];
	struct condition_parsed condition;
	struct buffer out, in_text;
	struct config_expression in = {
		.text = text, .names = &condition_names, .tell = condition_tell, .arg = &out};

	(void)state;
	BUFFER_OVER(&out, told);
	memset(text, '(', sizeof(text) - 1);
	assert_true(condition_parse(&in, nodes, ARRAY_LEN(nodes), 0, &condition) < 0);
	assert_string_equal(told, "@32 nested too deeply; at most 32 operators may wait");

	/* a or (a or (a ...: as many values wait as there are brackets */
	for (int deep = CONDITION_DEPTH; deep <= CONDITION_DEPTH + 1; deep++) {
		BUFFER_OVER(&in_text, text);
		for (int i = 1; i < deep; i++)
			buffer_add(&in_text, U ">1% or (");
		buffer_add(&in_text, U ">1%");
		for (int i = 1; i < deep; i++)
			buffer_add(&in_text, ")");
		BUFFER_OVER(&out, told);
		assert_int_equal(condition_parse(&in, nodes, ARRAY_LEN(nodes), 0, &condition) == 0,
				 deep == CONDITION_DEPTH);
	}
	BUFFER_OVER(&out, told);
	in.text = U ">1% or " U ">2%";
	assert_true(condition_parse(&in, nodes, 2, 0, &condition) < 0);
	assert_non_null(strstr(told, "too long"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(not_binds_tightest_then_and_then_or),
		cmocka_unit_test(for_belongs_to_what_stands_directly_before_it),
		cmocka_unit_test(unit_is_the_one_of_the_instance),
		cmocka_unit_test(shape_that_is_wrong_is_told_with_its_place),
		cmocka_unit_test(all_wrong_names_and_bounds_are_told),
		cmocka_unit_test(depth_is_bounded_and_not_by_the_stack),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
