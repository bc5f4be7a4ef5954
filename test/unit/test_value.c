#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "config/value.h"

static void value_is_a_number_and_a_unit_or_says_why_not(void **state)
{
	static const struct {
		const char *text;
		int error;
		enum value_kind kind;
		int64_t number;
	} rows[] = {
		{"", VALUE_NO_NUMBER, 0, 0},
		{"%", VALUE_NO_NUMBER, 0, 0},
		{"-", VALUE_NO_NUMBER, 0, 0},
		{"+5s", VALUE_NO_NUMBER, 0, 0},
		{".5s", VALUE_NO_NUMBER, 0, 0},
		{"never ever", VALUE_NO_NUMBER, 0, 0},
		{"Never", VALUE_NO_NUMBER, 0, 0},
		{"5.", VALUE_NO_SUCH_UNIT, 0, 0},
		{"0x10", VALUE_NO_SUCH_UNIT, 0, 0},
		{"1e3", VALUE_NO_SUCH_UNIT, 0, 0},
		{"20S", VALUE_NO_SUCH_UNIT, 0, 0},
		{"20sec", VALUE_NO_SUCH_UNIT, 0, 0},
		{"32MB", VALUE_NO_SUCH_UNIT, 0, 0},
		{"5 s s", VALUE_NO_SUCH_UNIT, 0, 0},
		{"20s\n", VALUE_NO_SUCH_UNIT, 0, 0},
		{"9223372036854775808", VALUE_TOO_LARGE, 0, 0},
		{"99999999999999999999999999s", VALUE_TOO_LARGE, 0, 0},
		{"8388608T", VALUE_TOO_LARGE, 0, 0},
		{"1.5", VALUE_TOO_FINE, 0, 0},
		{"1.5ms", VALUE_TOO_FINE, 0, 0},
		{"12.0001%", VALUE_TOO_FINE, 0, 0},
		{"1.0000000001G", VALUE_TOO_FINE, 0, 0},
		{"9223372036854775807", 0, VALUE_COUNT, INT64_MAX},
		{"0", 0, VALUE_COUNT, 0},
		{"-30", 0, VALUE_COUNT, -30},
		{"20s", 0, VALUE_DURATION, 20000},
		{"350ms", 0, VALUE_DURATION, 350},
		{"0.5s", 0, VALUE_DURATION, 500},
		{"5 m", 0, VALUE_DURATION, 300000},
		{"12h", 0, VALUE_DURATION, 43200000},
		{"1d", 0, VALUE_DURATION, 86400000},
		{"32M", 0, VALUE_BYTES, 33554432},
		{"1.5G", 0, VALUE_BYTES, 1610612736},
		{"1K", 0, VALUE_BYTES, 1024},
		{"8388607T", 0, VALUE_BYTES, (int64_t)8388607 << 40},
		{"12 %", 0, VALUE_PERCENT, 12000},
		{"  12.5%\t", 0, VALUE_PERCENT, 12500},
		{"0.001%", 0, VALUE_PERCENT, 1},
		{"never", 0, VALUE_NEVER, INT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct value value = {0};
		int error = value_parse(rows[i].text, strlen(rows[i].text), &value);

		if (error != rows[i].error)
			fail_msg("\"%s\": %d", rows[i].text, error);
		if (error == 0 && (value.kind != rows[i].kind || value.number != rows[i].number))
			fail_msg("\"%s\": kind %d, %lld", rows[i].text, value.kind,
				 (long long)value.number);
	}
}

static void value_takes_no_byte_beyond_its_length(void **state)
{
	struct value value;

	(void)state;
	assert_int_equal(value_parse("12345", 2, &value), 0);
	assert_int_equal(value.number, 12);
	assert_int_equal(value_parse("20sXX", 3, &value), 0);
	assert_int_equal(value.number, 20000);
}

static void rate_is_a_count_per_duration(void **state)
{
	static const struct {
		const char *text;
		bool right;
		int64_t n, for_ms;
	} rows[] = {
		{"", false, 0, 0},
		{"5", false, 0, 0},
		{"5 per", false, 0, 0},
		{" per 1h", false, 0, 0},
		{"5 per 1", false, 0, 0},
		{"5s per 1h", false, 0, 0},
		{"5per1h", false, 0, 0},
		{"5 per 1h per 2h", false, 0, 0},
		{"5 per 1h", true, 5, 3600000},
		{"1  per  10m", true, 1, 600000},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int64_t n = 0, for_ms = 0;
		int error = value_parse_rate(rows[i].text, strlen(rows[i].text), &n, &for_ms);

		if ((error == 0) != rows[i].right || n != rows[i].n || for_ms != rows[i].for_ms)
			fail_msg("\"%s\": %d, %lld per %lld ms", rows[i].text, error, (long long)n,
				 (long long)for_ms);
	}
}

static void bool_is_yes_or_no_and_nothing_like_it(void **state)
{
	bool value = false;

	(void)state;
	assert_false(value_parse_bool("", &value));
	assert_false(value_parse_bool("y", &value));
	assert_false(value_parse_bool("1", &value));
	assert_true(value_parse_bool("yes", &value) && value);
	assert_true(value_parse_bool("off", &value) && !value);
}

static void value_is_written_the_shortest_way(void **state)
{
	static const struct {
		enum value_kind kind;
		int64_t number;
		const char *text;
	} rows[] = {
		{VALUE_BYTES, 0, "0B"},
		{VALUE_BYTES, 33554432, "32M"},
		{VALUE_BYTES, 1025, "1025B"},
		{VALUE_DURATION, 86400000, "1d"},
		{VALUE_DURATION, 90000, "90s"},
		{VALUE_PERCENT, 12000, "12%"},
		{VALUE_PERCENT, 12500, "12.500%"},
		{VALUE_COUNT, -30, "-30"},
		{VALUE_NEVER, INT64_MAX, "never"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char text[32];
		struct buffer b;

		BUFFER_OVER(&b, text);
		value_format(&b, rows[i].kind, rows[i].number);
		assert_string_equal(text, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(value_is_a_number_and_a_unit_or_says_why_not),
		cmocka_unit_test(value_takes_no_byte_beyond_its_length),
		cmocka_unit_test(rate_is_a_count_per_duration),
		cmocka_unit_test(bool_is_yes_or_no_and_nothing_like_it),
		cmocka_unit_test(value_is_written_the_shortest_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
