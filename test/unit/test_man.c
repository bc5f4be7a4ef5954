/* The pages tell what the code knows: every key, section, reading, event, verb and option has its
 * entry in the source of its page, with its default, and "Not active yet." where and only where
 * that is so. Runs from the top of the tree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "config/config_keys.h"
#include "words/event.h"
#include "words/reading.h"
#include "words/verb.h"

enum { PAGE_BYTES = 128 * 1024 };

static char conf5[PAGE_BYTES], watchdogd8[PAGE_BYTES], watchdogctl1[PAGE_BYTES];

static void page_read(const char *path, char *text)
{
	FILE *file = fopen(path, "re");
	size_t n;

	if (file == NULL)
		fail_msg("cannot read %s: run this from the top of the tree", path);
	n = fread(text, 1, PAGE_BYTES - 1, file);
	assert_true(n < PAGE_BYTES - 1);
	text[n] = '\0';
	(void)fclose(file);
}

static int pages_read(void **state)
{
	(void)state;
	page_read("man/watchdogd.conf.5", conf5);
	page_read("man/watchdogd.8", watchdogd8);
	page_read("man/watchdogctl.1", watchdogctl1);
	return 0;
}

/* From the line after `heading` to the next line that begins with one of the two ends. */
static bool page_part(const char *page, const char *heading, const char *const ends[2], char *part)
{
	const char *at = page;
	size_t len = strlen(heading);

	while (at != NULL && (strncmp(at, heading, len) != 0 || at[len] != '\n')) {
		at = strchr(at, '\n');
		at = at != NULL ? at + 1 : NULL;
	}
	if (at == NULL)
		return false;
	at = strchr(at, '\n') + 1;
	*part = '\0';
	while (*at != '\0' && strncmp(at, ends[0], strlen(ends[0])) != 0 &&
	       strncmp(at, ends[1], strlen(ends[1])) != 0) {
		size_t line = strcspn(at, "\n") + 1;

		strncat(part, at, line);
		at += line;
	}
	return true;
}

static bool page_section(const char *heading, char *part)
{
	static const char *const ends[] = {".Sh ", ".Ss "};

	return page_part(conf5, heading, ends, part);
}

/* The line of an entry names the word: ".It Cm WORD", or among others, a space on each side. */
static bool entry_names(const char *line, const char *word)
{
	size_t end = strcspn(line, "\n"), len = strlen(word);

	if (strncmp(line, ".It Cm ", 7) != 0)
		return false;
	for (size_t i = 7; i + len <= end; i++)
		if (strncmp(line + i, word, len) == 0 && line[i - 1] == ' ' &&
		    (line[i + len] == ' ' || line[i + len] == '\n'))
			return true;
	return false;
}

/* The text of the entry, up to the next one; NULL when the part has none. */
static char *entry_find(const char *part, const char *word)
{
	static char text[8192];

	while (*part != '\0' && !entry_names(part, word))
		part += strcspn(part, "\n") + (part[strcspn(part, "\n")] == '\n');
	if (*part == '\0')
		return NULL;
	part += strcspn(part, "\n") + 1;
	*text = '\0';
	while (*part != '\0' && strncmp(part, ".It ", 4) != 0 && strncmp(part, ".El", 3) != 0) {
		size_t line = strcspn(part, "\n") + 1;

		strncat(text, part, line);
		part += line;
	}
	return text;
}

static unsigned missing;

static void complain(const char *where, const char *word, const char *what)
{
	print_error("%s: %s: %s\n", where, word, what);
	missing++;
}

static void expect_entry(const char *where, const char *part, const char *word, bool later)
{
	const char *entry = entry_find(part, word);

	if (entry == NULL)
		complain(where, word, "has no entry");
	else if (later != (strstr(entry, "Not active yet.") != NULL))
		complain(where, word,
			 later ? "is not active yet; say so" : "is active; the page says not");
}

static void page_of_the_config_has_every_key_with_its_default(void **state)
{
	static char part[PAGE_BYTES];
	char heading[64];

	(void)state;
	missing = 0;
	for (size_t i = 0; config_key_at(i) != NULL; i++) {
		const struct config_key *key = config_key_at(i);
		const struct config_kind_word *kind = &config_kind_words[key->section];
		const char *entry;

		(void)snprintf(heading, sizeof(heading), ".Ss [%s%s]", kind->name,
			       kind->named ? " NAME" : "");
		if (!page_section(heading, part)) {
			complain(heading, key->name, "the section has no heading");
			continue;
		}
		expect_entry(heading, part, key->name, key->later);
		entry = entry_find(part, key->name);
		if (entry != NULL && key->standard != NULL && strstr(entry, key->standard) == NULL)
			complain(heading, key->name, "its default is not told");
	}
	assert_int_equal(missing, 0);
}

static void page_of_the_config_has_no_key_that_the_code_does_not_know(void **state)
{
	static char part[PAGE_BYTES];
	char heading[64];

	(void)state;
	missing = 0;
	for (int kind = 0; kind < CONFIG_KINDS; kind++) {
		(void)snprintf(heading, sizeof(heading), ".Ss [%s%s]", config_kind_words[kind].name,
			       config_kind_words[kind].named ? " NAME" : "");
		assert_true(page_section(heading, part));
		for (char *line = strtok(part, "\n"); line != NULL; line = strtok(NULL, "\n"))
			if (strncmp(line, ".It Cm ", 7) == 0 &&
			    config_key_find((enum config_kind)kind, line + 7) == NULL)
				complain(heading, line + 7, "is no key");
	}
	assert_int_equal(missing, 0);
}

static void page_of_the_config_has_every_reading(void **state)
{
	static char part[PAGE_BYTES];
	char name[64];

	(void)state;
	missing = 0;
	assert_true(page_section(".Sh READINGS", part));
	for (int i = 0; i < HOST_READINGS; i++)
		expect_entry("READINGS", part, reading_host_words[i].name, false);
	for (int i = 0; i < UNIT_READINGS; i++) {
		(void)snprintf(name, sizeof(name), "UNIT.%s", reading_unit_words[i].name);
		expect_entry("READINGS", part, name, false);
	}
	assert_int_equal(missing, 0);
}

static void page_of_the_config_has_every_event_and_verb(void **state)
{
	static char part[PAGE_BYTES];

	(void)state;
	missing = 0;
	assert_true(page_section(".Sh EVENTS", part));
	for (int i = 0; i < EVENT_KINDS; i++)
		expect_entry("EVENTS", part, event_words[i].name, false);
	assert_true(page_section(".Sh STEPS", part));
	for (int i = 0; i < VERBS; i++)
		expect_entry("STEPS", part, verb_words[i].name, false);
	assert_int_equal(missing, 0);
}

static void pages_of_the_programs_have_what_others_rely_on(void **state)
{
	static const char *const of_8[] = {
		".It Fl c Ar file , Fl -config Ar file",
		".It Fl n , Fl -dry-run",
		".It Fl v , Fl -verbose",
		".It Fl -root Ar dir",
		"Ev RUNTIME_DIRECTORY",
		"Ev STATE_DIRECTORY",
		"Ev NOTIFY_SOCKET",
		"Ev WATCHDOG_USEC",
		"Ev JOURNAL_STREAM",
		".Sh EXIT STATUS",
		"troglobit/watchdogd",
	};
	static const char *const of_1[] = {".Ss budget", ".Ss check",   ".Ss status",      ".Ss reload",  ".Ss retry",
					   ".Ss explain", ".Sh EXIT STATUS", "Fl -json",    ".Ss ack",
					   ".Ss test",    ".Ss spool",       "Fl -state Ar dir",
					   ".Cm spool retry", ".Cm spool drop"};

	(void)state;
	missing = 0;
	for (size_t i = 0; i < ARRAY_LEN(of_8); i++)
		if (strstr(watchdogd8, of_8[i]) == NULL)
			complain("watchdogd(8)", of_8[i], "is missing");
	for (size_t i = 0; i < ARRAY_LEN(of_1); i++)
		if (strstr(watchdogctl1, of_1[i]) == NULL)
			complain("watchdogctl(1)", of_1[i], "is missing");
	assert_int_equal(missing, 0);
}

/* One sentence a line: a full stop in the middle of a line of text is two of them. */
static void pages_have_one_sentence_a_line(void **state)
{
	const char *const pages[] = {conf5, watchdogd8, watchdogctl1};

	(void)state;
	missing = 0;
	for (size_t i = 0; i < ARRAY_LEN(pages); i++)
		for (const char *line = pages[i]; *line != '\0'; line += strcspn(line, "\n") + 1) {
			size_t len = strcspn(line, "\n");
			const char *stop = memmem(line, len, ". ", 2);

			if (*line != '.' && stop != NULL && stop[2] >= 'A' && stop[2] <= 'Z') {
				print_error("%.*s\n", (int)len, line);
				missing++;
			}
		}
	assert_int_equal(missing, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_of_the_config_has_every_key_with_its_default),
		cmocka_unit_test(page_of_the_config_has_no_key_that_the_code_does_not_know),
		cmocka_unit_test(page_of_the_config_has_every_reading),
		cmocka_unit_test(page_of_the_config_has_every_event_and_verb),
		cmocka_unit_test(pages_of_the_programs_have_what_others_rely_on),
		cmocka_unit_test(pages_have_one_sentence_a_line),
	};

	return cmocka_run_group_tests(tests, pages_read, NULL);
}
