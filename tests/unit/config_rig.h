/* A configuration from text and options, and what is said about it. */
#ifndef KD_TESTS_CONFIG_RIG_H
#define KD_TESTS_CONFIG_RIG_H

#include <stddef.h>

#include "server/config.h"

extern char path[64];           /* of a file, empty at first */
extern char said[16384];        /* what went to stdout and stderr */
extern struct kd_config config; /* what was read */

void config_rig_setup(void);
void config_rig_teardown(void);

/* What is said between them goes to said[]. */
void capture_begin(void);
void capture_end(void);

void write_bytes(const char *bytes, size_t count);
int read_text(const char *text);
enum kd_config_action parse(const char *const *args);

/* With the file at path, which is empty unless a test wrote it. */
#define PARSE(...) parse((const char *const[]){"--config", path, __VA_ARGS__, NULL})

void assert_said(const char *text);
unsigned lines_said(void);

#endif
