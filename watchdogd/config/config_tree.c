#include "config/config_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "config/config_reader.h"

/* All arrays are as long as the file has lines, and the texts as the file itself: a line gives at
 * most one section, one entry and one item, and its texts are no longer than it is with its
 * newline. */
static int config_tree_alloc(struct config_tree *tree, const char *text, size_t size)
{
	size_t lines = 1;

	for (size_t i = 0; i < size; i++)
		lines += text[i] == '\n';
	tree->sections = calloc(lines, sizeof(*tree->sections));
	tree->entries = calloc(lines, sizeof(*tree->entries));
	tree->items = calloc(lines, sizeof(*tree->items));
	tree->texts = malloc(size + 2 * lines);
	return tree->sections == NULL || tree->entries == NULL || tree->items == NULL ||
			       tree->texts == NULL
		       ? -ENOMEM
		       : 0;
}

static const char *config_tree_text(struct config_tree *tree, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = memcpy(tree->texts + tree->texts_len, text, size);

	tree->texts_len += size;
	return copy;
}

static void config_tree_section(void *arg, uint32_t line, const char *kind, const char *name)
{
	struct config_tree *tree = arg;

	tree->sections[tree->section_count++] = (struct config_section){
		.line = line,
		.kind = config_tree_text(tree, kind),
		.name = config_tree_text(tree, name),
		.entries = &tree->entries[tree->entry_count],
	};
	tree->in_section = true;
}

static void config_tree_no_section(void *arg)
{
	struct config_tree *tree = arg;

	tree->in_section = false;
}

static void config_tree_value(void *arg, uint32_t line, const char *key, const char *value,
			      bool more)
{
	struct config_tree *tree = arg;
	struct config_entry *entry = &tree->entries[tree->entry_count - more];

	if (!more) {
		*entry = (struct config_entry){.line = line,
					       .key = config_tree_text(tree, key),
					       .items = &tree->items[tree->item_count]};
		tree->entry_count++;
		tree->sections[tree->section_count - 1].count++;
	}
	if (value[0] == '\0')
		return;
	tree->items[tree->item_count++] = (struct config_item){line, config_tree_text(tree, value)};
	entry->count++;
}

static void config_tree_error(void *arg, uint32_t line, const char *what)
{
	struct config_tree *tree = arg;
	struct config_place place = {0};

	if (tree->in_section) {
		tree->sections[tree->section_count - 1].broken = true;
		place = config_tree_place(&tree->sections[tree->section_count - 1], NULL);
	}
	place.line = line;
	config_findings_error(tree->findings, &place, "%s", what);
}

int config_tree_init(struct config_tree *tree, const char *text, size_t size,
		     struct config_findings *findings)
{
	static const struct config_reader_ops ops = {
		.section = config_tree_section,
		.no_section = config_tree_no_section,
		.value = config_tree_value,
		.error = config_tree_error,
	};
	int error;

	memset(tree, 0, sizeof(*tree));
	tree->findings = findings;
	error = config_tree_alloc(tree, text, size);
	if (error == 0)
		error = config_reader_run(text, size, &ops, tree);
	if (error != 0)
		config_tree_fini(tree);
	return error;
}

void config_tree_fini(struct config_tree *tree)
{
	free(tree->sections);
	free(tree->entries);
	free(tree->items);
	free(tree->texts);
	memset(tree, 0, sizeof(*tree));
}

const struct config_entry *config_tree_find(const struct config_section *section, const char *key)
{
	for (uint32_t i = 0; i < section->count; i++)
		if (strcmp(section->entries[i].key, key) == 0)
			return &section->entries[i];
	return NULL;
}

struct config_place config_tree_place(const struct config_section *section,
				      const struct config_entry *entry)
{
	return (struct config_place){
		.line = entry != NULL ? entry->line : section->line,
		.section = section->kind,
		.name = section->name[0] != '\0' ? section->name : NULL,
		.key = entry != NULL ? entry->key : NULL,
	};
}
