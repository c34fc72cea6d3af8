/* SPDX-License-Identifier: ISC */
/*
 * walk - lists a tree: names in byte order, depth first, a directory's content right behind it. No recursion, no PATH_MAX:
 * memory is the names of the directories on the way down; descriptors are bounded (sl_dirs inside). Staged files
 * (tree/stage.h) are never reported; stale ones are removed when asked.
 */
#ifndef SL_TREE_WALK_H
#define SL_TREE_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/entry.h"
#include "base/error.h"
#include "tree/meta.h"

enum sl_walk_flag {          /* the values are those of LIST */
    SL_WALK_RECURSE = 1, SL_WALK_CHILDREN = 2, SL_WALK_ONE_FS = 4, SL_WALK_NUMERIC = 8, SL_WALK_NO_OWNER = 16,
    SL_WALK_MOUNTS = 4096, SL_WALK_DEVICES = 8192, SL_WALK_DEVICE_SIZES = 16384, SL_WALK_CLEAN = 32, SL_WALK_LINKS = 64, SL_WALK_XATTRS = 128, SL_WALK_ACLS = 256    /* and the others of enum sl_attrs_flag (base/attrs.h);
                              * not of LIST: SL_FAKE, SL_FAKE_ONLY (tree/fake.h) */
};

enum sl_walk_kind { SL_WALK_ENTRY, SL_WALK_END, SL_WALK_ERROR };

struct sl_walk_event {
    enum sl_walk_kind kind;
    struct sl_entry entry;   /* ENTRY; borrowed until the next call */
    struct sl_error error;   /* ERROR: text names the entry only ("cannot open directory 'x': ...") */
    const char *name;        /* ERROR: the entry of the open directory, or "" for that directory itself */
};

struct sl_walk;

/* Starts at `name` in dirfd, or at dirfd itself with name "". dirfd is borrowed for this call only. owners is borrowed for
 * the walk's life. Fails like sl_meta_stat when the thing itself isn't there; nothing is reported then. */
enum sl_code sl_walk_new(struct sl_walk **out, int dirfd, const char *name, uint32_t flags, struct sl_owners *owners,
                         struct sl_error *err);
void sl_walk_free(struct sl_walk *w);

/* From now on entries for which hidden says so are passed over, directories with all that is below them. path: from the start
 * on, whose own name (or nothing for "") it begins with. The start itself is the caller's to judge. */
typedef bool sl_walk_hidden(void *ctx, const char *path, bool is_dir);
void sl_walk_hide(struct sl_walk *w, sl_walk_hidden *hidden, void *ctx);

/* The next event, in the order of LISTED's records (proto/msg.h): the thing itself, and for each directory END after its
 * content. SL_EOF after the last. A directory that can't be read: ERROR with name "" inside it, then its END. An entry that
 * vanished between reading its name and its stat is silently left out. */
enum sl_code sl_walk_next(struct sl_walk *w, struct sl_walk_event *ev);

/* Directories are numbered from 0 in the order reported. Ends directory number n (if it is open now, or is the one just
 * reported): its remaining content is not reported, its END is. Any other number is ignored: it was over already. */
void sl_walk_skip(struct sl_walk *w, uint64_t number);

#endif
