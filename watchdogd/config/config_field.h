/* One key of one section: its text, checked by its type and bounds, into its field. */
#ifndef WD_CONFIG_CONFIG_FIELD_H
#define WD_CONFIG_CONFIG_FIELD_H

#include "config/config_draft.h"
#include "config/config_keys.h"

struct config_field {
	struct config_draft *draft;
	const struct config_section *section;
	const struct config_entry *entry; /* NULL: a default */
	const struct config_key *key;
	void *base;                /* the section's struct */
	struct config_place place; /* of the present line */
};

/* Check all lines of field->entry and set the field; tells what is wrong. */
void config_field_set(struct config_field *field);

/* Set it from a text that no line of the file has. */
void config_field_set_text(struct config_field *field, const char *text);

/* The field of a type that is a table. */
struct config_table *config_field_table(const struct config_field *field);

/* Store a text, or bytes, in the field. */
void config_field_store_text(const struct config_field *field, const char *text);
void config_field_store(const struct config_field *field, const void *value, size_t size);

/* Tell `no WHAT "TEXT"`, and what of the set is near. */
void config_field_no_word(struct config_field *field, const char *what, const char *text,
			  const struct suggest *s);

/* An absolute path of at most key->max bytes (0: of any length); told if not. */
bool config_field_is_path(struct config_field *field, const char *text);

/* Tell what is wrong with the present line. */
#define config_field_error(field, ...)                                                             \
	config_findings_error(&(field)->draft->findings, &(field)->place, __VA_ARGS__)

#endif
