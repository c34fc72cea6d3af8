/* SPDX-License-Identifier: ISC */
/*
 * similar - --fuzzy: the files that a directory of the destination has, and which of them a new one is most like. As in rsync, one of the same
 * size and time is taken for the same file under an old name; else the one with the nearest name, by the edit distance (R. Wagner and
 * M. Fischer, "The String-to-String Correction Problem", J. ACM 21, 1974), in which the suffix counts more.
 */
#ifndef SL_CLIENT_SIMILAR_H
#define SL_CLIENT_SIMILAR_H

#include "base/entry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SL_SIMILAR_MAX = 2048 };          /* files remembered of a directory: more are not looked at */

struct sl_similar_file {
    char *name;
    uint64_t size;
    int64_t mtime_s;
    uint64_t letters;
    size_t alternate; /* number of the alternate tree that has it, from 1; 0: the destination */
};
struct sl_similar { struct sl_similar_file *at; size_t len, cap; };

struct sl_similar *sl_similar_new(void);
void sl_similar_free(struct sl_similar *s);
/* Remembers a file of the destination (0) or of an alternate tree; its name is copied. */
void sl_similar_add(struct sl_similar *s, const struct sl_entry *e, size_t alternate);
/* The file that e may have most in common with, borrowed; NULL: none is like it. */
const struct sl_similar_file *sl_similar_find(const struct sl_similar *s, const struct sl_entry *e);

#endif
