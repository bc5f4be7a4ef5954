/* A process that fills memory and keeps it in use: the `claude` of a bot, xtts_server, a leak, by the name
 * it is installed under.
 *
 *   hog -n NAME -s PERCENT -r MB_PER_S [-t SECONDS] [-p PERCENT [-k SECONDS]]
 *
 * It grows to -s percent of RAM at -r MB/s and makes /run/vm/NAME.full. With -p it then waits for /run/vm/NAME.ramp,
 * removes it (so that a restarted one does not climb again), grows to -p percent and makes /run/vm/NAME.peak; -k seconds
 * later (0, the default: when there is a /run/vm/NAME.ease, which it removes) it gives back what it climbed and makes
 * /run/vm/NAME.eased. A shell that waited and told it would press on the memory that it measures.
 * All it holds is touched once in -t seconds (4), for ever: a page that is never touched again would be swapped
 * out for good, and press on nobody. */
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { TICK_MS = 10, PAGE_BYTES = 4096, PAGES_PER_MB = (1 << 20) / PAGE_BYTES };

struct hog {
	const char *name;
	long start_pct, peak_pct;
	long rate_mb_s;
	long touch_all_s;
	long keep_peak_s;
	unsigned char *memory;
	size_t pages_held;
	size_t touch_next;
	uint64_t noise;
};

static void hog_die(const char *what)
{
	fprintf(stderr, "hog: %s: %s\n", what, strerror(errno));
	exit(1);
}

static size_t hog_pages_of(long pct)
{
	return (size_t)sysconf(_SC_PHYS_PAGES) / 100 * (size_t)pct;
}

/* No two pages alike: each begins with a number of its own, so nothing could merge or compress them all to one. */
static void hog_touch(struct hog *hog, size_t page)
{
	hog->noise ^= hog->noise << 13;
	hog->noise ^= hog->noise >> 7;
	hog->noise ^= hog->noise << 17;
	memcpy(hog->memory + page * PAGE_BYTES, &hog->noise, sizeof hog->noise);
}

/* One tick of keeping everything in use. A tick that came late (the machine stood still) is not made up for. */
static void hog_touch_some(struct hog *hog)
{
	size_t ticks_per_pass = (size_t)hog->touch_all_s * 1000 / TICK_MS;
	size_t pages = hog->pages_held / ticks_per_pass + 1;

	while (pages-- > 0 && hog->pages_held > 0) {
		hog_touch(hog, hog->touch_next);
		hog->touch_next = (hog->touch_next + 1) % hog->pages_held;
	}
}

static void hog_sleep_tick(void)
{
	nanosleep(&(struct timespec){ .tv_nsec = TICK_MS * 1000000L }, NULL);
}

/* Ticks that come late on a slow guest would make the rate a lie: growth goes by the clock, but never more than
 * a tenth of a second's worth at once. */
static void hog_grow_to(struct hog *hog, size_t pages_wanted)
{
	struct timespec last, now;

	clock_gettime(CLOCK_MONOTONIC, &last);
	while (hog->pages_held < pages_wanted) {
		hog_sleep_tick();
		clock_gettime(CLOCK_MONOTONIC, &now);
		long passed_ms = (now.tv_sec - last.tv_sec) * 1000 + (now.tv_nsec - last.tv_nsec) / 1000000;
		if (passed_ms > 100)
			passed_ms = 100;
		last = now;
		size_t growth = (size_t)(hog->rate_mb_s * PAGES_PER_MB * passed_ms / 1000);
		while (growth-- > 0 && hog->pages_held < pages_wanted)
			hog_touch(hog, hog->pages_held++);
		hog_touch_some(hog);
	}
}

struct hog_path {
	char text[256];
};

static struct hog_path hog_path_of(const struct hog *hog, const char *what)
{
	struct hog_path path;

	snprintf(path.text, sizeof path.text, "/run/vm/%s.%s", hog->name, what);
	return path;
}

static void hog_tell(const struct hog *hog, const char *what)
{
	int fd = open(hog_path_of(hog, what).text, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	if (fd >= 0)
		close(fd);
}

static void hog_wait_for(struct hog *hog, const char *what)
{
	while (unlink(hog_path_of(hog, what).text) < 0) {
		hog_sleep_tick();
		hog_touch_some(hog);
	}
}

static void hog_keep_peak(struct hog *hog)
{
	struct timespec begun, now;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		hog_sleep_tick();
		hog_touch_some(hog);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (now.tv_sec - begun.tv_sec < hog->keep_peak_s);
}

static void hog_shrink_to(struct hog *hog, size_t pages)
{
	madvise(hog->memory + pages * PAGE_BYTES, (hog->pages_held - pages) * PAGE_BYTES, MADV_DONTNEED);
	hog->pages_held = pages;
	hog->touch_next = 0;
}

static struct hog hog_from_args(int argc, char **argv)
{
	struct hog hog = { .name = "hog", .rate_mb_s = 16, .touch_all_s = 4,
			   .noise = 0x9e3779b97f4a7c15u ^ (uint64_t)getpid() << 32 };
	int option;

	while ((option = getopt(argc, argv, "n:s:r:t:p:k:")) != -1) {
		switch (option) {
		case 'n': hog.name = optarg; break;
		case 's': hog.start_pct = atol(optarg); break;
		case 'r': hog.rate_mb_s = atol(optarg); break;
		case 't': hog.touch_all_s = atol(optarg); break;
		case 'p': hog.peak_pct = atol(optarg); break;
		case 'k': hog.keep_peak_s = atol(optarg); break;
		default: exit(2);
		}
	}
	if (hog.start_pct <= 0 || hog.rate_mb_s <= 0 || hog.touch_all_s <= 0)
		exit(2);
	return hog;
}

int main(int argc, char **argv)
{
	struct hog hog = hog_from_args(argc, argv);
	long most_pct = hog.peak_pct > hog.start_pct ? hog.peak_pct : hog.start_pct;
	size_t most_bytes = hog_pages_of(most_pct) * PAGE_BYTES;

	hog.memory = mmap(NULL, most_bytes, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (hog.memory == MAP_FAILED)
		hog_die("cannot reserve memory");
	/* What is held must be what was touched, not the 2 MB around it. */
	madvise(hog.memory, most_bytes, MADV_NOHUGEPAGE);
	hog_grow_to(&hog, hog_pages_of(hog.start_pct));
	hog_tell(&hog, "full");
	if (hog.peak_pct > hog.start_pct) {
		hog_wait_for(&hog, "ramp");
		hog_grow_to(&hog, hog_pages_of(hog.peak_pct));
		hog_tell(&hog, "peak");
		if (hog.keep_peak_s > 0)
			hog_keep_peak(&hog);
		else
			hog_wait_for(&hog, "ease");
		hog_shrink_to(&hog, hog_pages_of(hog.start_pct));
		hog_tell(&hog, "eased");
	}
	for (;;) {
		hog_sleep_tick();
		hog_touch_some(&hog);
	}
}
