/* SPDX-License-Identifier: ISC */
/* names - the names in one directory, in byte order, without "." and ".." and without staged files. */
#ifndef SL_TREE_NAMES_H
#define SL_TREE_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* key: the first 8 bytes as a big-endian number, so that most comparisons need not look at the name. */
struct sl_name {
    uint64_t key;
    const char *text; /* NUL-terminated */
};

struct sl_names {
    struct sl_name *list; /* one block for the array and the bytes behind it; NULL when empty */
    size_t count;
    size_t at; /* the caller's: how far it got */
};

/* Room for reading, to be used again for the next directory; {0} is empty. */
struct sl_names_scratch {
    char *dents;
    char *bytes;
    size_t bytes_len, bytes_cap;
    struct sl_name *list;
    size_t list_len, list_cap;
    bool clean;
};

/* Reads the directory that fd has open, from where fd stands. clean: stale staged files are removed. Returns 0 or an
 * errno; what was read before a failure is in out. */
int sl_names_read(struct sl_names *out, struct sl_names_scratch *scratch, int fd, bool clean);

void sl_names_clear(struct sl_names *names);
void sl_names_scratch_clear(struct sl_names_scratch *scratch);

#endif
