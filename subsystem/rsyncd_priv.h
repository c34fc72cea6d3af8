/* SPDX-License-Identifier: ISC */
/* rsyncd_priv - what the parts of rsyncd share: the file as it was read, and the conversion of single values. */
#ifndef SL_SUBSYSTEM_RSYNCD_PRIV_H
#define SL_SUBSYSTEM_RSYNCD_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* A value's length, in our configuration, with room for a key in a line of 4096 bytes. */
enum { SL_RSYNCD_VALUE_MAX = 3900 };

/* The keys whose values decide something; the others are only commented on. */
enum sl_rsyncd_id {
    SL_RSYNCD_OTHER,
    /* of the daemon */
    SL_RSYNCD_ADDRESS, SL_RSYNCD_CHROOT, SL_RSYNCD_MOTD, SL_RSYNCD_PORT, SL_RSYNCD_PROXY,
    /* of a module: numbers, words, yes or no */
    SL_RSYNCD_LIST, SL_RSYNCD_FAKE, SL_RSYNCD_MAX, SL_RSYNCD_TIMEOUT, SL_RSYNCD_FACILITY, SL_RSYNCD_TRANSFERS, SL_RSYNCD_READ_ONLY,
    SL_RSYNCD_WRITE_ONLY,
    /* of a module: text */
    SL_RSYNCD_PATH, SL_RSYNCD_COMMENT, SL_RSYNCD_UID, SL_RSYNCD_GID, SL_RSYNCD_REFUSE, SL_RSYNCD_USERS, SL_RSYNCD_ALLOW,
    SL_RSYNCD_DENY, SL_RSYNCD_EXCLUDE, SL_RSYNCD_FILTER, SL_RSYNCD_EXCLUDE_FROM, SL_RSYNCD_EARLY, SL_RSYNCD_PRE, SL_RSYNCD_IDS,
    SL_RSYNCD_TEXTS = SL_RSYNCD_PATH
};

enum sl_rsyncd_kind {
    SL_RSYNCD_TAKEN,             /* becomes a key of ours, or rights */
    SL_RSYNCD_NOTED,             /* a comment: nothing more can be reached without it */
    SL_RSYNCD_CLOSES             /* a comment, and the module is closed: without it, more could be reached */
};

struct sl_rsyncd_key {
    const char *name;
    bool global;                 /* of the daemon; else of a module, and before the modules the default for them */
    enum sl_rsyncd_kind kind;
    enum sl_rsyncd_id id;
    const char *note;
};
/* rsync's way to compare: without regard to case and blanks. NULL: not a key of rsync 3.5.0. */
const struct sl_rsyncd_key *sl_rsyncd_key(const char *name);
const struct sl_rsyncd_key *sl_rsyncd_key_at(size_t i);       /* all of them; NULL behind the last */
bool sl_rsyncd_same(const char *a, const char *b);
bool sl_rsyncd_blank(char c);

/* ---- the file as it was read ---- */

struct sl_rsyncd_line {          /* KEY = VALUE, or a directive or what rsync ignores, where there is no value */
    char *name, *value;          /* owned; without blanks around them */
    const struct sl_rsyncd_key *key;     /* NULL: none */
    unsigned line;
    bool vague;                  /* has %VAR%, or what may be one: only rsync's environment says what it means */
    uint32_t refused;            /* of `refuse options`: the rights that go. Known here, for many modules may inherit a long list */
    struct sl_rsyncd_line *next; /* of the same section */
};

struct sl_rsyncd_section {
    char *name;                  /* owned, blanks inside as one; "" for what stands before the modules */
    char *ours;                  /* owned: the name in our configuration; NULL when none was to be found */
    unsigned line;
    struct sl_rsyncd_line *first, *last;                     /* its own, owned; rsync lets a section be opened again */
    const struct sl_rsyncd_line *set[SL_RSYNCD_IDS];         /* in effect; see rsyncd_read.c */
};

struct sl_rsyncd_file {
    struct sl_rsyncd_section *sections;                      /* the first: before the modules, and [global] */
    size_t count;
    const struct sl_rsyncd_line *directive;                  /* the first `&include` or `&merge`; NULL */
};

/* SL_E_CONFIG for what rsync refuses, and beyond our limits; f is to be cleared in any case. */
enum sl_code sl_rsyncd_read(struct sl_rsyncd_file *f, const char *name, const char *text, size_t len, struct sl_error *err);
void sl_rsyncd_clear(struct sl_rsyncd_file *f);

/* ---- values ---- */

/* Set, and not to nothing. */
bool sl_rsyncd_given(const struct sl_rsyncd_line *l);
/* A boolean; unset: by_default; neither true nor false, or vague: strict. */
bool sl_rsyncd_bool(const struct sl_rsyncd_line *l, bool by_default, bool strict);
/* The number that it begins with, as far as most; false: with none. */
bool sl_rsyncd_number(const struct sl_rsyncd_line *l, unsigned most, unsigned *out);
/* Whether our parser reads text as it stands: no comment in it, no control characters, not too long. */
bool sl_rsyncd_fits(const char *text);
/* "# NAME = VALUE (line N): NOTE", made safe for a terminal. */
void sl_rsyncd_note(FILE *f, const struct sl_rsyncd_line *l, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void sl_rsyncd_unknown(FILE *f, const struct sl_rsyncd_line *l);

/* `hosts allow` or `hosts deny` as networks in CIDR notation; fresh memory, "" for none. *left counts what can't be written so,
 * which left_out is told. */
enum sl_rsyncd_side { SL_RSYNCD_LETS_IN, SL_RSYNCD_KEEPS_OUT };
char *sl_rsyncd_nets(const struct sl_rsyncd_line *l, enum sl_rsyncd_side side, FILE *left_out, size_t *left);

/* `exclude` or `filter` as `exclude` lines to f. False: something that it hides can't be written so. */
bool sl_rsyncd_patterns(const struct sl_rsyncd_line *l, FILE *f);

/* The rights, enum sl_right, that go with the options in a list of `refuse options`. */
uint32_t sl_rsyncd_refused(const char *list);
/* By read only, write only and refuse options. */
uint32_t sl_rsyncd_rights(const struct sl_rsyncd_section *s);
/* What `auth users` gives to whom, as comments. */
void sl_rsyncd_grants(const struct sl_rsyncd_section *s, FILE *f);

/* ---- the two parts of a configuration ---- */

/* Names for our configuration, each once. */
void sl_rsyncd_names(struct sl_rsyncd_file *f);
void sl_rsyncd_globals(const struct sl_rsyncd_file *f, FILE *out);
void sl_rsyncd_module(const struct sl_rsyncd_file *f, const struct sl_rsyncd_section *s, FILE *out);
/* Comments on the section's own lines that are only commented on. */
void sl_rsyncd_notes(const struct sl_rsyncd_section *s, FILE *out);

#endif
