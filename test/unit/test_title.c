/* base/title.h: what fits into a subject line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/title.h"

#define TEN "123456789 "
#define FIFTY TEN TEN TEN TEN TEN

static void a_title_is_the_text_up_to_its_first_part(void **state)
{
	static const struct {
		const char *text, *title;
	} rows[] = {
		{"", ""},
		{"; ", ""},
		{"killed", "killed"},
		{"no claude for 20 s (grace 20 s); the last one ended", "no claude for 20 s (grace 20 s)"},
		{"a;b", "a;b"},
		/* exactly as long as fits; one more; a word that does not end */
		{FIFTY FIFTY, FIFTY FIFTY},
		{FIFTY FIFTY "x", FIFTY TEN TEN TEN TEN "123456789..."},
		{FIFTY TEN TEN TEN TEN "1234567890", FIFTY TEN TEN TEN TEN "1234567890"},
		{FIFTY TEN TEN TEN TEN "1234567890x", FIFTY TEN TEN TEN TEN "..."},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char title[TITLE_BYTES], want[TITLE_BYTES];

		(void)strcpy(want, rows[i].title);
		/* a blank before the dots is none */
		if (strstr(want, " ...") != NULL)
			(void)strcpy(strstr(want, " ..."), "...");
		title_of(title, rows[i].text);
		assert_string_equal(title, want);
	}
}

static void one_long_word_is_cut_between_characters(void **state)
{
	char title[TITLE_BYTES], text[512];

	(void)state;
	for (size_t shift = 0; shift < 4; shift++) {
		size_t len = shift;

		memset(text, 'x', shift);
		while (len + 4 < sizeof(text)) {
			memcpy(text + len, "\xf0\x9f\x90\xb1", 4); /* a cat */
			len += 4;
		}
		text[len] = '\0';
		title_of(title, text);
		assert_int_equal(strlen(title), TITLE_CHARS - (TITLE_CHARS - shift) % 4 + 3);
		assert_memory_equal(title + strlen(title) - 7, "\xf0\x9f\x90\xb1...", 7);
	}
}

static void what_is_no_utf_8_is_cut_too(void **state)
{
	char title[TITLE_BYTES], text[4096];

	(void)state;
	memset(text, 0x80, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	title_of(title, text);
	assert_int_equal(strlen(title), TITLE_CHARS + 3);
}

static void a_title_is_bounded_in_its_place(void **state)
{
	char title[TITLE_BYTES];

	(void)state;
	memset(title, 'x', sizeof(title) - 1);
	title[sizeof(title) - 1] = '\0';
	title_bound(title);
	assert_int_equal(strlen(title), TITLE_CHARS + 3);
	title_bound(title); /* the dots count as well, and it is no longer for it */
	assert_int_equal(strlen(title), TITLE_CHARS + 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_title_is_the_text_up_to_its_first_part),
		cmocka_unit_test(one_long_word_is_cut_between_characters),
		cmocka_unit_test(what_is_no_utf_8_is_cut_too),
		cmocka_unit_test(a_title_is_bounded_in_its_place),
	};

	return cmocka_run_group_tests_name("title", tests, NULL, NULL);
}
