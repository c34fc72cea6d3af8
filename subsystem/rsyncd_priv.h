/* SPDX-License-Identifier: ISC */
/* rsyncd_priv - what the files of the converter share: an rsyncd.conf as read. */
#ifndef SL_SUBSYSTEM_RSYNCD_PRIV_H
#define SL_SUBSYSTEM_RSYNCD_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "base/error.h"

struct sl_rsyncd_setting {
    char *key;                   /* owned: in lower case, without blanks; as rsync compares them */
    char *shown, *value;         /* owned; shown: the key as written */
    unsigned line;
};

struct sl_rsyncd_section {
    char *name;                  /* owned; NULL: the global one */
    struct sl_rsyncd_setting *settings;
    size_t count;
    unsigned line;
};

struct sl_rsyncd {
    struct sl_rsyncd_section *sections;  /* [0] is the global one, whose module settings are every module's default */
    size_t count;
};

enum sl_code sl_rsyncd_read(struct sl_rsyncd *r, const char *name, const char *text, size_t len, struct sl_error *err);
void sl_rsyncd_clear(struct sl_rsyncd *r);
/* A section's value, or the global one's; NULL when neither has the key. */
const char *sl_rsyncd_get(const struct sl_rsyncd *r, const struct sl_rsyncd_section *s, const char *key);
/* As rsync reads booleans; anything else is `otherwise`. */
bool sl_rsyncd_yes(const char *value, bool otherwise);

/* Whether text can stand in a line of our file, and on a terminal: no control characters, and not too long. */
bool sl_rsyncd_plain(const char *text);
/* "# KEY = VALUE: WHY", on one line of bounded length whatever is in VALUE. */
void sl_rsyncd_comment(FILE *f, const char *key, const char *value, const char *why);
/* rsyncd_lists.c: lists that decide who gets in. *closed becomes true where nobody may come in over TCP as it stands. */
void sl_rsyncd_hosts(FILE *f, const char *allow, const char *deny, bool *closed);
void sl_rsyncd_excludes(FILE *f, const char *value, bool *closed);
/* keep: without the right to delete. */
void sl_rsyncd_users(FILE *f, const char *value, bool read_only, bool keep);

#endif
