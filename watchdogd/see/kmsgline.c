#include "see/kmsgline.h"

#include <string.h>

#define KMSGLINE_STAMP_MAX 64 /* bytes of the longest time: localized, with zone */
#define KMSGLINE_WORDS_MAX 6  /* words before a time of day: "Thu 22 January 2026" and one more */
#define KMSGLINE_TAG_WORDS 4  /* and between it and the tag: zone, year, host, facility */
#define KMSGLINE_SECOND_US 1000000

bool kmsgline_record(const char *record, size_t len, struct kmsgline *out)
{
	struct oomtext text = {record, len};
	uint64_t prio, seq, at_us;
	size_t end;
	char flag;

	memset(out, 0, sizeof(*out));
	if (!oomtext_number(&text, UINT32_MAX, &prio) || !oomtext_skip(&text, ",") ||
	    !oomtext_number(&text, UINT64_MAX, &seq) || !oomtext_skip(&text, ","))
		return false;
	out->stamp = text;
	if (!oomtext_number(&text, UINT64_MAX, &at_us))
		return false;
	out->stamp.n -= text.n;
	if (!oomtext_skip(&text, ",") || text.n == 0)
		return false;
	flag = *text.at;
	end = oomtext_find(text, ";");
	if (end == OOMTEXT_NONE || oomtext_find(oomtext_part(text, 0, end), " ") != OOMTEXT_NONE)
		return false;
	text = oomtext_from(text, end + 1);
	end = oomtext_find(text, "\n");
	out->text = end == OOMTEXT_NONE ? text : oomtext_part(text, 0, end);
	out->at_us = at_us ? at_us : 1;
	out->clock = KMSGLINE_BOOT;
	out->raw = true;
	/* 'c': a continuing fragment; until 4.8 'c' began them and '+' went on. */
	out->continues = flag == 'c' || flag == '+';
	out->level = prio & 7;
	out->facility = (uint32_t)(prio >> 3);
	out->seq = seq;
	out->kernel = out->facility == 0;
	return true;
}

static bool kmsgline_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Digits, leading zeros included, at most nine of them. */
static bool kmsgline_digits(struct oomtext *text, uint64_t *value, size_t *count)
{
	uint64_t sum = 0;
	size_t n = 0;

	for (; n < text->n && n < 12 && kmsgline_is_digit(text->at[n]); n++)
		sum = sum * 10 + (uint64_t)(text->at[n] - '0');
	*text = oomtext_from(*text, n);
	*value = sum;
	*count = n;
	return n > 0;
}

/* "12.345678" seconds. */
static bool kmsgline_seconds(struct oomtext *text, uint64_t *at_us)
{
	uint64_t whole, part;
	size_t n;

	if (!kmsgline_digits(text, &whole, &n) || !oomtext_skip(text, ".") ||
	    !kmsgline_digits(text, &part, &n))
		return false;
	for (; n < 6; n++)
		part *= 10;
	for (; n > 6; n--)
		part /= 10;
	*at_us = whole * KMSGLINE_SECOND_US + part;
	return true;
}

/* Where "18:38:01" stands in a word that begins with it or has it behind a "T". */
static size_t kmsgline_time_at(struct oomtext word)
{
	static const char form[] = "00:00:00";

	for (size_t i = 0; i + strlen(form) <= word.n; i++) {
		size_t k = 0;

		if (i > 0 && word.at[i - 1] != 'T')
			continue;
		while (form[k] && (form[k] == '0' ? kmsgline_is_digit(word.at[i + k])
						  : word.at[i + k] == form[k]))
			k++;
		if (!form[k])
			return i;
	}
	return OOMTEXT_NONE;
}

static void kmsgline_set_day(struct kmsgline *out, const char *time)
{
	uint64_t digits[6];

	for (size_t i = 0; i < 6; i++)
		digits[i] = (uint64_t)(time[i + i / 2] - '0');
	out->clock = KMSGLINE_DAY;
	out->at_us = (((digits[0] * 10 + digits[1]) * 60 + digits[2] * 10 + digits[3]) * 60 +
		      digits[4] * 10 + digits[5]) *
			     KMSGLINE_SECOND_US +
		     1;
}

static struct oomtext kmsgline_word(struct oomtext text)
{
	size_t n = 0;

	while (n < text.n && text.at[n] != ' ' && text.at[n] != '\t')
		n++;
	return oomtext_part(text, 0, n);
}

/* "[T123]", "[ C1]": which task or processor wrote (CONFIG_PRINTK_CALLER). */
static void kmsgline_skip_caller(struct oomtext *text)
{
	struct oomtext rest = *text;
	uint64_t id;
	size_t n;

	oomtext_skip_blanks(&rest);
	if (!oomtext_skip(&rest, "["))
		return;
	oomtext_skip_blanks(&rest);
	if ((!oomtext_skip(&rest, "T") && !oomtext_skip(&rest, "C")) ||
	    !kmsgline_digits(&rest, &id, &n) || !oomtext_skip(&rest, "]"))
		return;
	*text = rest;
}

/* The time of dmesg, what stands in the brackets. */
static bool kmsgline_stamp(struct oomtext stamp, struct kmsgline *out)
{
	struct oomtext rest = stamp;
	uint64_t at_us;
	size_t n = 0, at;

	oomtext_skip_blanks(&rest);
	if (kmsgline_seconds(&rest, &at_us) && (rest.n == 0 || oomtext_begins(rest, " <"))) {
		out->clock = KMSGLINE_BOOT;
		out->at_us = at_us ? at_us : 1;
		return true;
	}
	rest = stamp;
	oomtext_skip_blanks(&rest);
	if (oomtext_skip(&rest, "+") && kmsgline_seconds(&rest, &at_us))
		return rest.n == 0; /* -H: since the line before */
	for (rest = stamp; rest.n > 0; rest = oomtext_from(rest, n)) {
		oomtext_skip_blanks(&rest);
		n = kmsgline_word(rest).n;
		at = kmsgline_time_at(oomtext_part(rest, 0, n));
		if (at != OOMTEXT_NONE) {
			kmsgline_set_day(out, rest.at + at);
			return true;
		}
	}
	/* -H: "Jan22 18:38" */
	n = stamp.n;
	return n > 6 && stamp.at[n - 3] == ':' && stamp.at[n - 6] == ' ' &&
	       kmsgline_is_digit(stamp.at[n - 1]) && kmsgline_is_digit(stamp.at[n - 5]);
}

/* "[    1.234567] ", "[Thu Jan 22 18:38:01 2026] ", then caller ids. One blank ends it. */
static bool kmsgline_skip_stamp(struct oomtext *text, struct kmsgline *out)
{
	struct oomtext head = *text;
	size_t end;

	if (!oomtext_skip(&head, "["))
		return false;
	if (head.n > KMSGLINE_STAMP_MAX)
		head.n = KMSGLINE_STAMP_MAX;
	end = oomtext_find(head, "]");
	if (end == OOMTEXT_NONE || !kmsgline_stamp(oomtext_part(head, 0, end), out))
		return false;
	if (out->stamp.n == 0) {
		out->stamp = oomtext_part(head, 0, end);
		oomtext_skip_blanks(&out->stamp);
	}
	*text = oomtext_from(*text, end + 2);
	kmsgline_skip_caller(text);
	(void)oomtext_skip(text, " ");
	return true;
}

/* "<12>": the priority as dmesg -r and the console write it. */
static bool kmsgline_skip_priority(struct oomtext *text, struct kmsgline *out)
{
	struct oomtext rest = *text;
	uint64_t prio;

	if (!oomtext_skip(&rest, "<") || !oomtext_number(&rest, 1023, &prio) ||
	    !oomtext_skip(&rest, ">"))
		return false;
	out->level = prio & 7;
	out->facility = (uint32_t)(prio >> 3);
	*text = rest;
	return true;
}

/* "kern  :warn  : " of dmesg -x. */
static bool kmsgline_skip_decoded(struct oomtext *text, struct kmsgline *out)
{
	static const char *const levels[] = {"emerg", "alert",  "crit", "err",
					     "warn",  "notice", "info", "debug"};
	struct oomtext rest = *text, name = {rest.at, 0};

	while (name.n < rest.n && ((rest.at[name.n] >= 'a' && rest.at[name.n] <= 'z') ||
				   kmsgline_is_digit(rest.at[name.n])))
		name.n++;
	rest = oomtext_from(rest, name.n);
	oomtext_skip_blanks(&rest);
	if (name.n == 0 || !oomtext_skip(&rest, ":"))
		return false;
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (!oomtext_skip(&rest, levels[i]))
			continue;
		oomtext_skip_blanks(&rest);
		if (!oomtext_skip(&rest, ": "))
			return false;
		out->level = (uint8_t)i;
		out->facility = oomtext_is(name, "kern") ? 0 : 1;
		*text = rest;
		return true;
	}
	return false;
}

/* From behind a time: zone, year, host, busybox' "kern.err", and the tag, whatever is there. False
 * when the tag is not the kernel's. */
static bool kmsgline_skip_tag(struct oomtext *text)
{
	struct oomtext rest = *text;

	for (int i = 0; i < KMSGLINE_TAG_WORDS; i++) {
		struct oomtext word;

		oomtext_skip_blanks(&rest);
		word = kmsgline_word(rest);
		rest = oomtext_from(rest, word.n);
		if (oomtext_begins(word, "user."))
			return false;
		if (oomtext_is(word, "kernel:")) {
			(void)oomtext_skip(&rest, " ");
			*text = rest;
			return true;
		}
		if (word.n == 0 || oomtext_ends(word, ":"))
			return false;
	}
	return false;
}

/* "[   12.345678]" right behind a time: a console's output that something put times before. */
static bool kmsgline_is_boot_stamp(struct oomtext text)
{
	uint64_t at_us;

	oomtext_skip_blanks(&text);
	if (!oomtext_skip(&text, "["))
		return false;
	oomtext_skip_blanks(&text);
	return kmsgline_seconds(&text, &at_us) && oomtext_begins(text, "]");
}

/* A time as syslog daemons and journalctl write it. True when there was one; the text then begins
 * behind the tag, or the line is a program's. */
static bool kmsgline_skip_syslog(struct oomtext *text, struct kmsgline *out)
{
	struct oomtext rest = *text, word;
	uint64_t at_us;

	word = kmsgline_word(rest);
	if (kmsgline_seconds(&word, &at_us) && word.n == 0 && at_us > 100000000ull * 1000000) {
		word = kmsgline_word(rest); /* -o short-unix */
		out->clock = KMSGLINE_BOOT;
		out->at_us = at_us;
		rest = oomtext_from(rest, word.n);
		out->stamp = word;
		out->kernel = kmsgline_skip_tag(&rest);
		*text = rest;
		return true;
	}
	for (int i = 0; i < KMSGLINE_WORDS_MAX; i++) {
		size_t at;

		word = kmsgline_word(rest);
		at = kmsgline_time_at(word);
		rest = oomtext_from(rest, word.n);
		if (at != OOMTEXT_NONE) {
			kmsgline_set_day(out, word.at + at);
			out->stamp = oomtext_part(*text, 0, text->n - rest.n);
			/* dmesg --time-format iso has a comma there, and no tag. */
			if (at > 0 && word.n > at + 8 && word.at[at + 8] == ',') {
				kmsgline_skip_caller(&rest);
				(void)oomtext_skip(&rest, " ");
			} else {
				out->kernel =
					kmsgline_skip_tag(&rest) || kmsgline_is_boot_stamp(rest);
			}
			*text = rest;
			return true;
		}
		oomtext_skip_blanks(&rest);
		if (word.n == 0 || text->n - rest.n > KMSGLINE_STAMP_MAX)
			return false;
	}
	return false;
}

/* "kernel: ", or "host kernel: " (journalctl -o short-monotonic, behind the time). */
static bool kmsgline_skip_kernel(struct oomtext *text)
{
	struct oomtext rest = *text;

	if (!oomtext_begins(rest, "kernel: ")) {
		rest = oomtext_from(rest, kmsgline_word(rest).n);
		if (!oomtext_begins(rest, " kernel: "))
			return false;
		rest = oomtext_from(rest, 1);
	}
	*text = oomtext_from(rest, strlen("kernel: "));
	return true;
}

void kmsgline_text(const char *line, size_t len, struct kmsgline *out)
{
	struct oomtext text = {line, len};
	size_t before;

	while (text.n > 0 && (text.at[text.n - 1] == '\r' || text.at[text.n - 1] == '\n'))
		text.n--;
	if (kmsgline_record(line, text.n, out))
		return;
	memset(out, 0, sizeof(*out));
	out->kernel = true;
	while (text.n > 0 && *text.at == '\0') /* what a crash leaves in the middle of a log */
		text = oomtext_from(text, 1);
	do
		oomtext_skip_blanks(&text);
	while (oomtext_skip(&text, "> ")); /* quoted in a mail */
	before = text.n;
	if (kmsgline_skip_priority(&text, out) || kmsgline_skip_decoded(&text, out))
		out->kernel = out->facility == 0;
	if (!kmsgline_skip_stamp(&text, out) && kmsgline_skip_syslog(&text, out)) {
		out->kernel = out->kernel && out->facility == 0;
		if (kmsgline_is_boot_stamp(text))
			oomtext_skip_blanks(&text);
		(void)kmsgline_skip_stamp(&text, out);
	} else if (kmsgline_skip_kernel(&text)) {
		(void)kmsgline_skip_stamp(&text, out);
	}
	out->bare = text.n == before;
	out->text = text;
}
