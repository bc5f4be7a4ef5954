/* The types of keys that channels have (and the heartbeat and the metrics): each line checked by itself and put
 * into its table or field. What is wrong across keys is config_check's. */
#ifndef WD_CONFIG_CONFIG_CHANNEL_H
#define WD_CONFIG_CONFIG_CHANNEL_H

#include "config/config_field.h"

/* One line of the key each; setters as config_field.c has them. */
void config_channel_names(struct config_field *field, const char *text);
void config_channel_rules(struct config_field *field, const char *text);
void config_channel_secret(struct config_field *field, const char *text);
void config_channel_hours(struct config_field *field, const char *text);
void config_channel_url(struct config_field *field, const char *text);
void config_channel_address(struct config_field *field, const char *text);
void config_channel_receiver(struct config_field *field, const char *text);
void config_channel_header(struct config_field *field, const char *text);
void config_channel_listen(struct config_field *field, const char *text);

/* What follows from the whole section, once it is right. */
void config_channel_finish(struct config_draft *draft, const struct config_section *section);

#endif
