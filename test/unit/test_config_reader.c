/* What inih would cut, misread or pass over in silence, line by line. The text on the left, what
 * the reader makes of it on the right: [section], LINE key=value, LINE +value, LINE !error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/buffer.h"
#include "config/config_reader.h"

#define A9   "aaaaaaaaa"
#define A32  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A190 A32 A32 A32 A32 A32 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void reader_section(void *arg, uint32_t line, const char *kind, const char *name)
{
	buffer_addf(arg, "%u [%s|%s] ", line, kind, name);
}

static void reader_no_section(void *arg)
{
	buffer_addf(arg, "[] ");
}

static void reader_value(void *arg, uint32_t line, const char *key, const char *value, bool more)
{
	if (more)
		buffer_addf(arg, "%u +%s ", line, value);
	else
		buffer_addf(arg, "%u %s=%s ", line, key, value);
}

static void reader_error(void *arg, uint32_t line, const char *what)
{
	buffer_addf(arg, "%u !%.12s ", line, what);
}

struct reader_row {
	const char *text, *want;
	size_t size; /* 0: strlen(text) */
};

static void reader_check(const struct reader_row *rows, size_t count)
{
	static const struct config_reader_ops ops = {reader_section, reader_no_section,
						     reader_value, reader_error};

	for (size_t i = 0; i < count; i++) {
		size_t size = rows[i].size > 0 ? rows[i].size : strlen(rows[i].text);
		char text[4096];
		struct buffer out;

		BUFFER_OVER(&out, text);
		assert_int_equal(config_reader_run(rows[i].text, size, &ops, &out), 0);
		if (strcmp(text, rows[i].want) != 0)
			fail_msg("row %zu:\n%s\nis     %s\nshould %s", i, rows[i].text, text,
				 rows[i].want);
	}
}

static void reader_hands_on_what_is_right(void **state)
{
	static const struct reader_row rows[] = {
		{"", "", 0},
		{"\n\n  \n\t\n", "", 0},
		{"; c\n# c\n  ; c\n  # c\n", "", 0},
		{"[w]\na = b\n", "1 [w|] 2 a=b ", 0},
		{"[w]\na=b", "1 [w|] 2 a=b ", 0}, /* no newline at the end */
		{"[w]\r\na = b\r\n", "1 [w|] 2 a=b ", 0},
		{"\xef\xbb\xbf[w]\na = b\n", "1 [w|] 2 a=b ", 0},
		{"[ unit \t x ]\na = b\n", "1 [unit|x] 2 a=b ", 0},
		{"[unit x] ; c\na = b ; c\n c ; d\n", "1 [unit|x] 2 a=b 3 +c ", 0},
		{"[w]\na = b;c\n d;e\n", "1 [w|] 2 a=b;c 3 +d;e ", 0},
		{"[w]\na = \"b ; c\"\n", "1 [w|] 2 a=\"b ", 0}, /* quotes are letters */
		{"[w]\na = ;c\n b\n", "1 [w|] 2 a= 3 +b ", 0},
		{"[w]\na =\n b\n\n ; c\n d\n", "1 [w|] 2 a= 3 +b 6 +d ", 0},
		{"[w]\na = x:y=z\nb = =\n", "1 [w|] 2 a=x:y=z 3 b== ", 0},
		{"[w]\na = b\n c = d\n [e]\n f:g\n", "1 [w|] 2 a=b 3 +c = d 4 +[e] 5 +f:g ", 0},
		{"[w]\na = [b]\n", "1 [w|] 2 a=[b] ", 0},
		{"[w]\n" A32 " = b\n", "1 [w|] 2 " A32 "=b ", 0},
		{"[unit " A32 "]\n", "1 [unit|" A32 "] ", 0},
		{"[w]\na = " A190 "12345\n", "1 [w|] 2 a=" A190 "12345 ", 0}, /* 199 */
		{"[w]\na = " A190 "12345\r\n", "1 [w|] 2 a=" A190 "12345 ",
		 0}, /* CR is of the newline */
	};

	(void)state;
	reader_check(rows, ARRAY_LEN(rows));
}

static void reader_refuses_each_limit_of_inih_at_its_line(void **state)
{
	static const struct reader_row rows[] = {
		{"[w]\na = " A190 "123456\nb = c\n", "1 [w|] 2 !the line has 3 b=c ", 0}, /* 200 */
		{"[w]\na = " A190 A32 A32 "\nb = c\n", "1 [w|] 2 !the line has 3 b=c ", 0},
		{"[w]\na = b\n " A190 A9 "\n c\n", "1 [w|] 2 a=b 3 !the line has 4 +c ", 0},
		{"[unit " A32 "a]\na = b\n", "[] 1 !the name \"aa ", 0},
		{"[" A32 "a]\na = b\n[w]\n", "[] 1 !the name \"aa 3 [w|] ", 0},
		{"[" A32 " " A32 "]\n", "[] 1 !\"[aaaaaaaaaa ", 0}, /* inih cuts at 49 */
		{"[w]\n" A32 "a = b\n c\nd = e\n", "1 [w|] 2 !the name \"aa 4 d=e ", 0},
		{"[w]\na: b\n c\nd = e\n", "1 [w|] 2 !\":\" after \"a 4 d=e ", 0},
		{"[w]\na : b = c\n", "1 [w|] 2 !\":\" after \"a ", 0},
		{"[w]\na\n b\nc = d\n", "1 [w|] 2 !\"a\" has no \" 4 c=d ", 0},
		{"[w]\na ; = b\n", "1 [w|] 2 !\"a\" has no \" ", 0},
		{"[w]\n= b\n", "1 [w|] 2 !no key befor ", 0},
		{"[w]\nx = y\na\n b\n", "1 [w|] 2 x=y 3 !\"a\" has no \" ", 0}, /* b is not of x */
		{"a = b\n[w]\n", "1 !the key \"a\"  2 [w|] ", 0},
		{" a = b\n c\n", "1 !the line beg ", 0},
		{"[w]\n a = b\n c = d\ne = f\n", "1 [w|] 2 !the line beg 4 e=f ", 0},
		{"[w\na = b\n[v]\nc = d\n", "[] 1 !\"[w\" has no  3 [v|] 4 c=d ", 0},
		{"[w ;]\na = b\n", "[] 1 !\"[w\" has no  ", 0},
		{"[w] x = y\na = b\n", "[] 1 !\" x = y\" aft ", 0},
		{"[w]]\n", "[] 1 !\"]\" after th ", 0},
		{"[]\na = b\n", "[] 1 !\"[]\" is no s ", 0},
		{"[w]\na = b\n[v\n c\nd = e\n", "1 [w|] 2 a=b [] 3 !\"[v\" has no  ", 0},
		{"[w]\na = \x01\n", "1 [w|] 2 !byte 0x01 at ", 0},
		{"[w]\na = b\rc\n", "1 [w|] 2 !byte 0x0d at ", 0},
		{"[w]\na = b\0c\nd = e\n", "1 [w|] 2 !byte 0x00 at 3 d=e ", 17},
		{"[w]\na = \x7f\x1b[2J\n", "1 [w|] 2 !byte 0x7f at ", 0},
		{"[\0w]\na = b\n", "[] 1 !byte 0x00 at ", 11},
	};

	(void)state;
	reader_check(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reader_hands_on_what_is_right),
		cmocka_unit_test(reader_refuses_each_limit_of_inih_at_its_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
