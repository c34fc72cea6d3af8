/* SPDX-License-Identifier: ISC */
/*
 * backup - a second name for what is about to be replaced or removed: a hard link where that can be had, else a copy
 * with its metadata, and of its attributes and ACL what can be set there. What has the first name is not touched,
 * whatever fails.
 */
#ifndef SL_TREE_BACKUP_H
#define SL_TREE_BACKUP_H

#include <stdbool.h>
#include <stdint.h>

#include "tree/attrs.h"
#include "tree/meta.h"
#include "tree/move.h"
#include "tree/reader.h"
#include "tree/stage.h"

enum sl_backup_flag {
    SL_BACKUP_COPY = 2, /* a copy in any case: the file is going to be written where it is */
    SL_BACKUP_AS = 4    /* only if size and time are those of `as`; else nothing is done */
};

struct sl_backup_what {
    struct sl_move move; /* SL_STAGE_REPLACE: what has the second name may be replaced */
    unsigned flags;
    uint32_t meta;            /* enum sl_meta: what a copy or a directory gets; without the user no bits that run with somebody's rights */
    bool special;             /* devices, fifos and sockets may be made */
    struct sl_owners *owners; /* who may be given something; borrowed as long as a copy is made */
    uint64_t size;            /* with SL_BACKUP_AS */
    int64_t mtime_s;
    uint32_t mtime_ns;
};

struct sl_backup {           /* a copy that is being made */
    struct sl_reader reader; /* fd -1: none is */
    struct sl_stage stage;
    struct sl_entry entry;
    char name[SL_NAME_MAX + 1];
    struct sl_attrs_reader attrs;
    uint32_t flags, meta;
    struct sl_owners *owners;
    bool bare;               /* it may not have its owner: no attributes that take one either */
    bool ended;              /* all of it is copied; it has yet to get its name */
};
#define SL_BACKUP_META (SL_META_MODE | SL_META_MTIME | SL_META_UID | SL_META_GID)

/* SL_OK: it is done. That is so, too, where nothing has the first name. Of a directory the second becomes one with its
 * metadata and nothing in it, unless it is one. SL_AGAIN: sl_backup_step is to go on, or sl_backup_end gives it up. */
enum sl_code sl_backup_begin(struct sl_backup *b, const struct sl_backup_what *w, struct sl_error *err);
/* A piece: SL_AGAIN while there is more, with how many bytes it was. A file that changed meanwhile is SL_E_CHANGED. */
enum sl_code sl_backup_step(struct sl_backup *b, uint64_t *bytes, struct sl_error *err);
void sl_backup_end(struct sl_backup *b);

#endif
