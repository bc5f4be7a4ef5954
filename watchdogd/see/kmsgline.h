/* What stands before the kernel's text in a line: the fields of a /dev/kmsg record (Documentation/
 * ABI/testing/dev-kmsg), or what dmesg, journalctl and syslog daemons write there. Tells the
 * kernel's own lines from those of programs: anyone may write to /dev/kmsg, the kernel gives such a
 * record facility 1 whatever was asked for. Pure text to struct; nothing is copied. */
#ifndef WD_SEE_KMSGLINE_H
#define WD_SEE_KMSGLINE_H

#include <stdbool.h>
#include <stdint.h>

#include "see/oomtext.h"

/* What at_us counts from: times of different clocks must not be compared. */
enum kmsgline_clock {
	KMSGLINE_NO_CLOCK, /* at_us is 0 */
	KMSGLINE_BOOT,     /* the start of the kernel */
	KMSGLINE_DAY,      /* midnight of whatever day */
	KMSGLINE_CLOCKS
};

struct kmsgline {
	struct oomtext text;  /* the kernel's text, within the line given */
	struct oomtext stamp; /* the time as written, without brackets; empty: none */
	uint64_t at_us;       /* never 0 where there is a clock */
	enum kmsgline_clock clock;
	bool kernel;    /* the kernel's own, as far as the line tells */
	bool bare;      /* nothing stood before the text */
	bool raw;       /* a record of /dev/kmsg: the three below are set, \xNN stands for a byte */
	bool continues; /* a fragment of an earlier record */
	uint8_t level;  /* 0 (emergency) to 7 (debug) */
	uint32_t facility;
	uint64_t seq;
};

/* One read() of /dev/kmsg, or a line of `cat /dev/kmsg`: "6,1234,5678,-;text\n KEY=value\n". False
 * when it is no such record. */
bool kmsgline_record(const char *record, size_t len, struct kmsgline *out);

/* A line of a log, without its newline: a record as above, or the forms of dmesg (-T, -x, -r, -d,
 * -H,
 * --time-format, caller ids), journalctl (-o short..., cat), syslog daemons, or bare text. */
void kmsgline_text(const char *line, size_t len, struct kmsgline *out);

#endif
