/* A config file as it is written: its sections, their keys, the lines of each key, every one with
 * its number. What they mean is the next pass's. */
#ifndef WD_CONFIG_CONFIG_TREE_H
#define WD_CONFIG_CONFIG_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config_findings.h"

/* One line of a key, without its comment; never empty. */
struct config_item {
	uint32_t line;
	const char *text;
};

struct config_entry {
	uint32_t line;
	const char *key;
	const struct config_item *items; /* count of them; 0 for "key =" */
	uint32_t count;
};

struct config_section {
	uint32_t line;
	const char *kind, *name;            /* name "" where there is none */
	const struct config_entry *entries; /* count of them */
	uint32_t count;
	bool broken;  /* a line of it could not be read: what is missing may be there */
	int what;     /* the next pass's: enum config_kind, or -1 */
	uint32_t row; /* the next pass's: of the draft, or CONFIG_NONE */
};

/* Owns all that it points to. */
struct config_tree {
	struct config_section *sections;
	struct config_entry *entries;
	struct config_item *items;
	uint32_t section_count, entry_count, item_count;
	char *texts;
	size_t texts_len;
	bool in_section;
	struct config_findings *findings; /* borrowed */
};

/* Read size bytes; lines that cannot be read are told to findings and left out. 0 or -ENOMEM. */
int config_tree_init(struct config_tree *tree, const char *text, size_t size,
		     struct config_findings *findings);
void config_tree_fini(struct config_tree *tree);

/* The first entry of that key in the section, or NULL. */
const struct config_entry *config_tree_find(const struct config_section *section, const char *key);

/* The place of an entry's line, or (entry NULL) of the section's. */
struct config_place config_tree_place(const struct config_section *section,
				      const struct config_entry *entry);

#endif
