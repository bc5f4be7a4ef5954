/* wd-sentinel: started by watchdogd with its descriptors, not by hand. */
#include <stdbool.h>
#include <string.h>

#include "base/diag.h"
#include "base/notify.h"
#include "base/root.h"
#include "start/memory.h"
#include "start/sentinel.h"

int main(int argc, char **argv)
{
	bool dry_run = false, verbose = false;

	for (int i = 1; i < argc; i++) {
		if (strcmp(argv[i], "--dry-run") == 0)
			dry_run = true;
		else if (strcmp(argv[i], "--verbose") == 0)
			verbose = true;
		else if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			root_set(argv[++i]);
	}
	memory_small_pages();
	diag_open(verbose);
	notify_open();
	return sentinel_run(dry_run);
}
