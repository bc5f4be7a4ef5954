/* Made-up series of memory for tests of the forecast, from a generator of fixed seed: what is used of a host (or of a
 * unit below its memory.max) over time, as ramps that go on to the end, and as what goes by. The same number is the
 * same series on every machine. */
#ifndef WD_TEST_MAKE_SERIES_H
#define WD_TEST_MAKE_SERIES_H

#include <stdbool.h>
#include <stdint.h>

enum series_kind {
	SERIES_RAMP,         /* goes on until nothing is left */
	SERIES_STEADY,       /* noise and the breath of the page cache alone, as in all of them */
	SERIES_BURST,        /* ends, and what it took stays taken or is given back */
	SERIES_START,        /* a start-up: at once, then slower and slower; then more of them */
	SERIES_WAVES,        /* taken, held, given back, over and over */
	SERIES_SINE,
	SERIES_SAWTOOTH,     /* a garbage collector: slowly up, at once down */
	SERIES_RESTART,      /* a process ends and comes back to where it was */
	SERIES_KINDS,
};

struct series {
	enum series_kind kind;
	uint64_t random;     /* state of the generator */
	double all;          /* bytes there are */
	double base;         /* used before anything happens */
	double noise, breath, breath_s; /* bytes; bytes and period */
	double begin_s;      /* when it begins to happen */
	double rate;         /* of a ramp, bytes a second */
	double size, rise_s, hold_s, fall_s, pause_s; /* of what goes by: part of what was left, and its times */
	bool busy;           /* looks come at 10 ms to 1 s, else as the host asks for them */
	double wander;       /* the noise now */
};

/* Number n of that kind. most: the largest part of what is left that something which goes by takes. */
struct series series_make(enum series_kind kind, uint32_t n, double most);

/* Bytes used at that time; to be asked in the order of time. */
double series_used(struct series *series, double at_s);

/* Until when a quiet series is worth a look, and when a ramp has nothing left. */
double series_end_s(const struct series *series);

/* 0 to 1. */
double series_random(struct series *series);

const char *series_name(enum series_kind kind);

#endif
