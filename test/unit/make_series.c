#include "make_series.h"

#include <math.h>

#define MIB 1048576.0
#define GIB (1024 * MIB)

enum { SERIES_QUIET_S = 120 };

double series_random(struct series *s)
{
	/* splitmix64 */
	uint64_t z = s->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (double)((z ^ z >> 31) >> 11) / 9007199254740992.0;
}

static double series_between(struct series *s, double least, double most)
{
	return least + (most - least) * series_random(s);
}

/* As many between 1 and 2 as between 10 and 20. */
static double series_scale(struct series *s, double least, double most)
{
	return least * pow(most / least, series_random(s));
}

/* A ramp of 1 to 200 MB/s, of which the last five minutes at most; none is over within 6 s. */
static void series_make_ramp(struct series *s)
{
	double left = s->all - s->base;

	s->rate = series_scale(s, 1e6, 200e6);
	if (left / s->rate > 300)
		s->base = s->all - s->rate * series_scale(s, 6, 300);
	else if (left / s->rate < 6)
		s->rate = left / series_between(s, 6, 20);
}

static void series_make_passing(struct series *s, double most)
{
	s->size = (s->all - s->base) * series_between(s, most / 6, most);
	s->rise_s = series_scale(s, 0.1, 30);
	s->hold_s = series_random(s) < 0.5 ? 0 : series_scale(s, 0.5, 30);
	s->fall_s = series_random(s) < 0.5 ? 0 : series_scale(s, 0.1, 10);
	s->pause_s = series_random(s) < 0.5 ? 0 : series_scale(s, 0.5, 30);
}

struct series series_make(enum series_kind kind, uint32_t n, double most)
{
	struct series s = {.kind = kind, .random = (uint64_t)kind << 32 | n};

	s.all = series_scale(&s, 1 * GIB, 64 * GIB);
	s.base = s.all * series_between(&s, 0.1, 0.9);
	s.noise = s.all * series_scale(&s, 0.00002, 0.002);
	s.breath = s.all * series_scale(&s, 0.0001, 0.005);
	s.breath_s = series_scale(&s, 3, 60);
	s.begin_s = series_between(&s, 15, 50);
	s.busy = series_random(&s) < 0.3;
	if (kind == SERIES_RAMP)
		series_make_ramp(&s);
	else if (kind != SERIES_STEADY)
		series_make_passing(&s, most);
	/* Noise is of the size of what happens: a host does not breathe more than it has left. */
	s.noise = fmin(s.noise, (s.all - s.base) / 50);
	s.breath = fmin(s.breath, (s.all - s.base) / 20);
	return s;
}

/* What goes by, once: 0 to 1. */
static double series_once(const struct series *s, double t)
{
	if (t < s->rise_s)
		return t / s->rise_s;
	t -= s->rise_s + s->hold_s;
	return t < 0 ? 1 : t < s->fall_s ? 1 - t / s->fall_s : 0;
}

static double series_period_s(const struct series *s)
{
	return s->rise_s + s->hold_s + s->fall_s + s->pause_s;
}

static double series_shape(const struct series *s, double t)
{
	bool stays = s->hold_s > 10;

	switch (s->kind) {
	case SERIES_RAMP:
		return s->rate * t;
	case SERIES_BURST:
		return s->size * (stays && t > s->rise_s ? 1 : series_once(s, t));
	case SERIES_START:
		return s->size * (1 - exp(-3 * t / s->rise_s));
	case SERIES_WAVES:
		return s->size * series_once(s, fmod(t, series_period_s(s)));
	case SERIES_SINE:
		return s->size * (1 - cos(6.2831853 * t / (2 * s->rise_s))) / 2;
	case SERIES_SAWTOOTH:
		return s->size * fmod(t, s->rise_s) / s->rise_s;
	case SERIES_RESTART: /* the process is there at first: it ends, and returns */
		return s->size * (t < s->hold_s ? 0 : fmin(1, (t - s->hold_s) / s->rise_s));
	case SERIES_STEADY:
	case SERIES_KINDS:
		break;
	}
	return 0;
}

double series_used(struct series *s, double at_s)
{
	double used = s->base + s->breath * sin(6.2831853 * at_s / s->breath_s);

	s->wander = 0.7 * s->wander + s->noise * (series_random(s) + series_random(s) - 1);
	used += s->wander;
	if (at_s >= s->begin_s)
		used += series_shape(s, at_s - s->begin_s);
	else if (s->kind == SERIES_RESTART)
		used += s->size;
	return fmax(0, fmin(used, s->all));
}

double series_end_s(const struct series *s)
{
	return s->kind == SERIES_RAMP ? s->begin_s + (s->all - s->base) / s->rate : s->begin_s + SERIES_QUIET_S;
}

const char *series_name(enum series_kind kind)
{
	static const char *const names[SERIES_KINDS] = {
		[SERIES_RAMP] = "ramp",   [SERIES_STEADY] = "steady", [SERIES_BURST] = "burst",
		[SERIES_START] = "start", [SERIES_WAVES] = "waves",   [SERIES_SINE] = "sine",
		[SERIES_SAWTOOTH] = "sawtooth", [SERIES_RESTART] = "restart",
	};

	return names[kind];
}
