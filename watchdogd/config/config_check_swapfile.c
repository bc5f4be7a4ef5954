/* The keys of [swapfile], and the rules that switch it on. */
#include <string.h>

#include "config/config_check.h"

/* The kernel names the file by its real path, and it is found again by that. */
static bool config_check_is_plain(const char *path)
{
	for (const char *part = path; part != NULL; part = strchr(part, '/')) {
		size_t len = strcspn(++part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') || (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
	}
	return true;
}

static bool config_check_swaps(const struct config_draft *draft)
{
	for (uint32_t i = 0; i < draft->step_count; i++)
		if (draft->steps[i].verb == VERB_SWAP)
			return true;
	return false;
}

void config_check_swapfile(struct config_draft *draft, const struct config_section *section)
{
	const char *path = config_check_value(section, "path");

	if (!config_check_has(section, "path"))
		config_check_missing(draft, section, "nothing says which file; expected \"path\"");
	else if (path[0] == '/' && !config_check_is_plain(path))
		config_check_tell(draft, section, "path",
				  "\"%s\" is no plain path of a file; write it without \"//\", \"/./\", \"/../\" "
				  "and a \"/\" at its end", path);
	if (!config_check_has(section, "size"))
		config_check_missing(draft, section, "nothing says how large it is; expected \"size\"");
	if (!config_check_swaps(draft))
		config_check_warn(draft, section, NULL,
				  "no rule has the step \"swap on\": the file is made, and nobody switches it on");
}

void config_check_swap_on(struct config_draft *draft, const struct config_section *section,
			  const struct config_rule *rule)
{
	struct config_place place = config_tree_place(section, config_tree_find(section, "then"));

	for (uint32_t i = 0; i < rule->steps.count && !draft->seen[CONFIG_SWAPFILE]; i++) {
		const struct config_step *step = &draft->steps[rule->steps.at + i];

		if (step->verb != VERB_SWAP)
			continue;
		place.line = step->line;
		config_findings_error(&draft->findings, &place,
				      "\"swap on\" needs a [swapfile] section that says which file");
	}
}
