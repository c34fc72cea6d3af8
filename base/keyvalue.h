/* SPDX-License-Identifier: ISC */
/*
 * keyvalue - the form of configuration files: `key = value` lines and `[section]` lines, comments behind '#' (and ';'
 * at the beginning of a line). Strict: a line that is too long, has a NUL in it or is none of these is an error with
 * file and line, and nothing is cut.
 */
#ifndef SL_BASE_KEYVALUE_H
#define SL_BASE_KEYVALUE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/error.h"

struct sl_keyvalue {
    const char *file;     /* for messages; the parser's owner fills in all but line */
    const char *sections; /* what a section line is called in messages: "[module]" */
    unsigned line;
    bool quotes;          /* values are words as a shell has them: a '#' between quotes begins no comment */
    void *ctx;
    struct sl_error *err;
    /* What is between the brackets, and a key (each run of blanks in it is one) with its value; both without blanks
     * around them, borrowed for the call. They may write into the name. Another code than SL_OK ends the parsing. */
    enum sl_code (*section)(struct sl_keyvalue *k, char *name);
    enum sl_code (*assign)(struct sl_keyvalue *k, const char *key, const char *value);
};

enum sl_code sl_keyvalue_parse(struct sl_keyvalue *k, const char *text, size_t len);
/* "FILE:LINE: ..."; SL_E_CONFIG. */
enum sl_code sl_keyvalue_wrong(struct sl_keyvalue *k, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* All of a file that is open; it is closed in any case. One of more than 4 MiB is refused. */
enum sl_code sl_keyvalue_take(struct sl_buf *b, int fd, const char *file, struct sl_error *err);

#endif
