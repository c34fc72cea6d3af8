/* SPDX-License-Identifier: ISC */
/* files_from_priv - what reading a list and feeding it share: its records. */
#ifndef SL_CLIENT_FILES_FROM_PRIV_H
#define SL_CLIENT_FILES_FROM_PRIV_H

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "client/files_from.h"

struct sl_files_from {
    struct sl_files_from_how how;
    struct sl_sorter *sorter;
    struct sl_buf line;   /* while it is read: of the line that is not over */
    struct sl_buf record; /* room for the record of one that is */
    unsigned long number; /* of the last line that is */
    uint64_t names;       /* records */
    char **contents;      /* owned: directories whose content is named, without --relative */
    size_t contents_len;
};

/* Whether a path is in a directory. */
static inline bool sl_list_inside(const char *path, const char *dir)
{
    size_t n = strlen(dir);
    return strncmp(path, dir, n) == 0 && path[n] == '/';
}

/* Whether a record asks for a directory's content. */
static inline bool sl_list_is_content(const char *record, size_t len)
{
    return record[len - 2] == 'c' && record[len - 3] == '\0';
}

#endif
