/* The system's certificates, read once: the messenger opens no file after its start. */
#ifndef WD_PLUGINS_TRANSFER_CA_H
#define WD_PLUGINS_TRANSFER_CA_H

#include <curl/curl.h>

/* Read the bundle that libcurl was built to use. Where there is none, libcurl looks itself. */
void transfer_ca_load(void);
void transfer_ca_free(void);

/* The bundle, borrowed until transfer_ca_free; untouched where there is none. */
void transfer_ca_system(struct curl_blob *ca);

#endif
