/* decide/undo.h: what the all-clear says of what is still shed, and of what nobody gives back the command that does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "make_config.h"
#include "make_host.h"

enum { XTTS };

/* What the rule does to xtts, and what that is then. In the texts its target is its name. */
struct undo_row {
	enum verb verb;
	enum config_unit_kind kind;
	bool user, restore;
	uint64_t high_before; /* of a cap */
	const char *still, *command;
};

static struct config *undo_config(const struct undo_row *row)
{
	struct config_unit *unit;
	struct config *config;

	make_begin();
	(void)make_unit("xtts", CONFIG_NONE);
	(void)make_rule("critical");
	make_when();
	make_host_pct(HOST_AVAILABLE, CONFIG_LT, 12);
	make_alert(SEVERITY_CRITICAL);
	make_step(row->verb, XTTS)->bytes = HOST_GIB / 2;
	if (row->restore) {
		make_restore();
		make_host_pct(HOST_AVAILABLE, CONFIG_GT, 90);
	}
	config = make_done();
	unit = (struct config_unit *)(uintptr_t)config_unit_at(config, XTTS);
	unit->kind = row->kind;
	unit->user = row->user;
	unit->target = (config_text)(unit->name - (const char *)config);
	return config;
}

/* As do does: the mark before it is done. */
static void undo_shed(struct host *h, const struct undo_row *row)
{
	if (row->verb == VERB_CAP)
		(void)ledger_mark_cap(&h->ledger, "xtts", "critical", HOST_GIB / 2, row->high_before);
	else
		(void)ledger_mark(&h->ledger, "xtts", row->verb == VERB_STOP ? STATE_MARK_STOPPED : STATE_MARK_FROZEN,
				  "critical");
	if (row->verb != VERB_CAP)
		host_unit(h, XTTS, row->verb == VERB_STOP ? STATE_UNIT_INACTIVE : STATE_UNIT_FROZEN, 0);
	host_outcome(h, 0, XTTS, OUTCOME_DONE);
}

static void assert_all_clear(const struct undo_row *row)
{
	struct host *h = host_begin(undo_config(row));
	char text[TEXT_BYTES];

	host_available(h, 0.5);
	host_look(h, 100);
	undo_shed(h, row);
	host_available(h, 4);
	host_looks(h, 20000);
	assert_int_equal(h->n, 1);
	assert_int_equal(h->orders[0].kind, ORDER_CLEAR);
	(void)snprintf(text, sizeof(text), "; xtts is still %s%s", row->still, row->command);
	assert_string_equal(strstr(h->orders[0].text, "; xtts"), text);
	(void)snprintf(text, sizeof(text), "; xtts is still %s", row->still);
	assert_string_equal(strchr(h->orders[0].title, ';'), text); /* a title has no command */
	host_end();
}

static void assert_all_clears(const struct undo_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_all_clear(&rows[i]);
}

static void the_all_clear_says_what_is_still_shed(void **state)
{
	static const struct undo_row rows[] = {
		{VERB_STOP, CONFIG_SYSTEMD, false, true, 0, "stopped", ""},
		{VERB_FREEZE, CONFIG_SYSTEMD, false, true, 0, "frozen", ""},
		{VERB_CAP, CONFIG_SYSTEMD, false, true, UINT64_MAX, "capped at 0.50 GiB", ""},
	};

	(void)state;
	assert_all_clears(rows, ARRAY_LEN(rows));
}

static void of_what_nobody_gives_back_it_says_how_to_start_it(void **state)
{
	static const struct undo_row rows[] = {
		{VERB_STOP, CONFIG_SYSTEMD, false, false, 0, "stopped", " (systemctl start xtts)"},
		{VERB_STOP, CONFIG_SYSTEMD, true, false, 0, "stopped", " (systemctl --user start xtts)"},
		{VERB_STOP, CONFIG_MATCH, false, false, 0, "stopped", ""}, /* nobody can */
	};

	(void)state;
	assert_all_clears(rows, ARRAY_LEN(rows));
}

static void and_how_to_uncap_it_to_what_it_had_before(void **state)
{
	static const struct undo_row rows[] = {
		{VERB_CAP, CONFIG_SYSTEMD, false, false, UINT64_MAX, "capped at 0.50 GiB",
		 " (systemctl set-property --runtime xtts MemoryHigh=infinity)"},
		{VERB_CAP, CONFIG_SYSTEMD, false, false, HOST_GIB, "capped at 0.50 GiB",
		 " (systemctl set-property --runtime xtts MemoryHigh=1073741824)"},
	};

	(void)state;
	assert_all_clears(rows, ARRAY_LEN(rows));
}

static void and_how_to_thaw_it(void **state)
{
	static const struct undo_row rows[] = {
		{VERB_FREEZE, CONFIG_CGROUP, false, false, 0, "frozen",
		 " (on cgroup v2: echo 0 >/sys/fs/cgroupxtts/cgroup.freeze)"}, /* a path begins with "/" */
		{VERB_FREEZE, CONFIG_SYSTEMD, false, false, 0, "frozen",
		 " (on cgroup v2: echo 0 >/sys/fs/cgroup$(systemctl show -p ControlGroup --value xtts)/cgroup.freeze)"},
		{VERB_FREEZE, CONFIG_SYSTEMD, true, false, 0, "frozen",
		 " (on cgroup v2: echo 0 >/sys/fs/cgroup$(systemctl --user show -p ControlGroup --value "
		 "xtts)/cgroup.freeze)"},
	};

	(void)state;
	assert_all_clears(rows, ARRAY_LEN(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_all_clear_says_what_is_still_shed),
		cmocka_unit_test(of_what_nobody_gives_back_it_says_how_to_start_it),
		cmocka_unit_test(and_how_to_uncap_it_to_what_it_had_before),
		cmocka_unit_test(and_how_to_thaw_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
