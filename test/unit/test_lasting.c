/* share/lasting: what is a row of what outlives a restart of the host, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/severity.h"
#include "share/lasting.h"
#include "share/state.h"

static const struct lasting mark = {.kind = LASTING_MARK, .mark = STATE_MARK_STOPPED, .unit = "xtts", .rules = 2,
				    .owed = 1, .at = 1769107081000, .shed = 7, .thread = 5, .rule_hash = {1, UINT64_MAX}};
static const struct lasting peak = {.kind = LASTING_UNIT, .unit = "nodira-2", .peak_mib = UINT32_MAX, .vain = UINT16_MAX};
static const struct lasting open_alert = {.kind = LASTING_OPEN, .rule = "tight", .severity = SEVERITY_CRITICAL,
					  .thread = (UINT64_C(1) << 53) - 1};

static void a_row_travels_in_a_message_whole(void **state)
{
	const struct lasting *rows[] = {&mark, &peak, &open_alert};
	struct message message;
	struct lasting got;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		lasting_message(&message, 100 + i, rows[i]);
		assert_int_equal(message.type, MESSAGE_LASTING);
		assert_int_equal(message.id, 100 + i);
		assert_int_equal(message.result, 1);
		assert_int_equal(message.text[sizeof(message.text) - 1], '\0');
		assert_true(lasting_take(&got, &message));
		assert_memory_equal(&got, rows[i], sizeof(got));
	}
	lasting_message(&message, 7, NULL);
	assert_int_equal(message.result, 0);
	assert_false(lasting_take(&got, &message));
}

static void refuse(struct lasting row, const char *what)
{
	if (lasting_is_sound(&row))
		fail_msg("%s is taken", what);
}

#define REFUSED(of, change, what)                                                                                     \
	do {                                                                                                          \
		struct lasting row = of;                                                                              \
		change;                                                                                               \
		refuse(row, what);                                                                                    \
	} while (0)

static void what_cannot_be_is_refused(void **state)
{
	(void)state;
	assert_true(lasting_is_sound(&mark));
	assert_true(lasting_is_sound(&peak));
	assert_true(lasting_is_sound(&open_alert));
	REFUSED(mark, row.kind = LASTING_KINDS, "a kind that is none");
	REFUSED(mark, row.kind = UINT8_MAX, "a kind that is none");
	REFUSED(mark, memset(row.unit, 'a', sizeof(row.unit)), "a name without an end");
	REFUSED(mark, memset(row.rule, 'a', sizeof(row.rule)), "a rule without an end");
	REFUSED(mark, row.unit[0] = '\0', "a mark of no unit");
	REFUSED(mark, memcpy(row.unit, "a b", 4), "a name with a space");
	REFUSED(mark, memcpy(row.unit, "a\nb", 4), "a name of two lines");
	REFUSED(mark, memcpy(row.unit, "a%n", 4), "a name that is a format");
	REFUSED(mark, memcpy(row.unit, "\xc3\xa4", 3), "a name of bytes");
	REFUSED(mark, row.mark = STATE_MARK_NONE, "no mark");
	REFUSED(mark, row.mark = STATE_MARK_CAPPED, "a cap, which ends with the boot");
	REFUSED(mark, row.mark = STATE_MARK_CAPPED + 1, "a mark that is none");
	REFUSED(mark, row.rules = MARK_RULES_MAX + 1, "more rules than a mark has");
	REFUSED(mark, row.owed = 2, "a truth that is none");
	REFUSED(mark, row.rebooted = 2, "a truth that is none");
	REFUSED(peak, row.unit[0] = '\0', "what no unit used");
	REFUSED(mark, row.thread = UINT64_C(1) << 53, "an id that is none");
	REFUSED(open_alert, row.rule[0] = '\0', "an alert of no rule");
	REFUSED(open_alert, row.severity = SEVERITIES, "a severity that is none");
	REFUSED(open_alert, row.thread = 0, "an alert without an id");
	REFUSED(open_alert, row.thread = UINT64_C(1) << 53, "an id that is none");
}

static void marks_come_before_the_alerts_that_name_them(void **state)
{
	struct lasting rows[] = {open_alert, peak, mark, mark, open_alert};

	(void)state;
	memcpy(rows[2].unit, "zz", 3);
	memcpy(rows[4].rule, "big", 4);
	qsort(rows, ARRAY_LEN(rows), sizeof(rows[0]), lasting_compare);
	assert_string_equal(rows[0].unit, "xtts");
	assert_string_equal(rows[1].unit, "zz");
	assert_int_equal(rows[2].kind, LASTING_UNIT);
	assert_string_equal(rows[3].rule, "big");
	assert_string_equal(rows[4].rule, "tight");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_travels_in_a_message_whole),
		cmocka_unit_test(what_cannot_be_is_refused),
		cmocka_unit_test(marks_come_before_the_alerts_that_name_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
