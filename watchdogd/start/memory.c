#include "start/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/file.h"

enum {
	MEMORY_STACK_BYTES = 48 * 1024, /* deeper than any path of ours: -fstack-usage */
	MEMORY_PIECE_BYTES = 16 * 1024,
};

/* The first byte of a page may be one between two variables, where a sanitizer lets nobody read. */
#define MEMORY_ANY_BYTE __attribute__((no_sanitize("address"), noinline))

/* A fault on a page of a file brings its neighbours too, 64 KiB of them, but none beyond its mapping (do_fault_around
 * of mm/memory.c). So a library of which we use a page here and there is cut into small mappings, by a flag that
 * means nothing to it: half as much of it is resident, and locked. */
static void memory_cut(uintptr_t from, uintptr_t to)
{
	for (uintptr_t at = from & ~(uintptr_t)(MEMORY_PIECE_BYTES - 1); at < to; at += 2 * MEMORY_PIECE_BYTES) {
		uintptr_t begin = at > from ? at : from, end = at + MEMORY_PIECE_BYTES;

		if (end > begin)
			(void)madvise((void *)begin, (end < to ? end : to) - begin, MADV_DONTDUMP);
	}
}

/* Let go of what only the start needed of each read-only segment (the loader, symbol tables, locales): a
 * third of what a small program has resident. What is used again comes back from the page cache. */
static int memory_drop_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t from = (info->dlpi_addr + segment->p_vaddr) & ~(page - 1);
		uintptr_t to = info->dlpi_addr + segment->p_vaddr + segment->p_memsz;

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0) {
			memory_cut(from, (to + page - 1) & ~(page - 1));
			(void)madvise((void *)from, to - from, MADV_DONTNEED);
		}
	}
	return 0;
}

static MEMORY_ANY_BYTE void memory_touch(uintptr_t from, uintptr_t to)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	for (uintptr_t at = from & ~(page - 1); at < to; at += page)
		(void)*(volatile const char *)at;
}

/* The functions that we import: the pages they begin on. -z now has put their addresses into the table
 * that DT_JMPREL and DT_RELA describe. */
static void memory_touch_imports(uintptr_t base, const ElfW(Dyn) *dynamic)
{
	uintptr_t table[2] = {0, 0}, bytes[2] = {0, 0};

	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_JMPREL || dynamic->d_tag == DT_RELA)
			table[dynamic->d_tag == DT_RELA] = dynamic->d_un.d_ptr;
		if (dynamic->d_tag == DT_PLTRELSZ || dynamic->d_tag == DT_RELASZ)
			bytes[dynamic->d_tag == DT_RELASZ] = dynamic->d_un.d_val;
	}
	for (int t = 0; t < 2 && table[t] != 0; t++)
		for (uintptr_t at = table[t]; at < table[t] + bytes[t]; at += sizeof(ElfW(Rela))) {
			const ElfW(Rela) *r = (const ElfW(Rela) *)at;
			uintptr_t symbol = (uintptr_t)r->r_info >> (sizeof(r->r_info) == 8 ? 32 : 8);
			uintptr_t function = symbol != 0 ? *(const uintptr_t *)(base + r->r_offset) : 0;

			if (function != 0)
				memory_touch(function, function + 1);
		}
}

/* The first object is the program itself: all of its own code and constants, and what it imports. */
static int memory_touch_program(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	(void)arg;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
		uintptr_t from = info->dlpi_addr + segment->p_vaddr;

		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_W) == 0)
			memory_touch(from, from + segment->p_memsz);
		if (segment->p_type == PT_DYNAMIC)
			memory_touch_imports(info->dlpi_addr, (const ElfW(Dyn) *)from);
	}
	return 1;
}

/* What formatting calls within libc, on pages that hold nothing we import: padding, rounding, long numbers. */
static void memory_touch_format(void)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%-40s %40s %020llu %lld %08x %40.3f %.1f %c %%", "left", "right",
		       18446744073709551615ULL, -9223372036854775807LL, 0xffffffu, 12345678.9, 0.05, 'c');
}

static __attribute__((noinline)) void memory_touch_stack(void)
{
	volatile char stack[MEMORY_STACK_BYTES];

	for (size_t i = 0; i < sizeof(stack); i += 1024)
		stack[i] = 0;
}

void memory_small_pages(void)
{
	if (prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0) < 0) /* it has no children to inherit this */
		diag_debug("huge pages stay on: %s", diag_errno(errno));
}

void memory_trim(void)
{
	(void)dl_iterate_phdr(memory_drop_segments, NULL);
	(void)dl_iterate_phdr(memory_touch_program, NULL);
	memory_touch_format();
}

MEMORY_ANY_BYTE void memory_fill(void *from, size_t bytes)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), to = (uintptr_t)from + bytes;

	for (uintptr_t at = (uintptr_t)from; at < to; at = (at & ~(page - 1)) + page) {
		volatile char *byte = (volatile char *)at;

		*byte = *byte; // cppcheck-suppress selfAssignment ; a write brings the page, a read would not
	}
}

void memory_lock(const char *who)
{
	memory_touch_stack();
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		diag_warning("%s cannot lock its memory: %s; it may be slow when the host thrashes", who,
			     diag_errno(errno));
}

void memory_protect(void)
{
	int error = file_write_at(AT_FDCWD, "/proc/self/oom_score_adj", "-999");

	if (error < 0)
		diag_debug("cannot lower oom_score_adj: %s", diag_errno(error));
}
