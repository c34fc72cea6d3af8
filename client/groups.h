/* SPDX-License-Identifier: ISC */
/*
 * groups - names of one file (hard links): a hash table of the files of the source that have several names, by device
 * and inode. Each holds the one path that the others are linked to, and how far that is. Paths share their directories,
 * and a group goes when all its names have been seen and settled, so memory follows the files whose names are still to
 * come. The rest of -H is hard.c.
 */
#ifndef SL_CLIENT_GROUPS_H
#define SL_CLIENT_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/entry.h"

enum sl_group_state {
    SL_GROUP_NONE,       /* no name is there, or on its way: the next one leads */
    SL_GROUP_ON_ITS_WAY, /* the leader is being made: others wait */
    SL_GROUP_THERE       /* the destination has it */
};

struct sl_action;
struct sl_group_dir;
struct sl_held; /* an action that waits, of a ring (hard.c) */

struct sl_group {
    struct sl_group *after; /* in the same place of the table */
    uint64_t dev, ino;
    uint64_t there_dev, there_ino; /* THERE: which file the leader was at the destination before, and still is; 0:
                                      another now, or not known */
    struct sl_group_dir *dir;      /* of the leader; NULL: it has none yet */
    char *name;                    /* owned; the same */
    struct sl_held *waiting;       /* owned: the last of the names that wait for the leader; NULL: none */
    uint32_t check;                /* of what all its names must have in common */
    uint32_t left;                 /* names not met yet */
    uint32_t users;                /* actions that refer to it, but for the leader's */
    uint32_t lead;                 /* counts the leaders */
    uint8_t state;                 /* enum sl_group_state */
    uint8_t vain;                  /* leaders in a row to which nothing could be linked */
    bool waits;                    /* the leader waits for its name (delay.h) */
    bool linked;                   /* something was linked to this leader */
    bool stays;                    /* the leader is written where it is (--inplace), if it is written */
};

struct sl_groups;
/* forget: that each name is met once can be relied on, so a group goes after so many. */
struct sl_groups *sl_groups_new(bool forget);
void sl_groups_free(struct sl_groups *g);

/* The group of an entry that has several names (e->names), made if it is the first that was met; counts the name. */
struct sl_group *sl_groups_meet(struct sl_groups *g, const struct sl_entry *e);
/* The same without counting and making; NULL: there is none. */
struct sl_group *sl_groups_find(const struct sl_groups *g, const struct sl_entry *e);

/* The leader's path from now on; its directory is the first dir_len bytes. */
void sl_group_call(struct sl_groups *g, struct sl_group *of, const char *path, size_t dir_len);
/* The leader's directory, good until the group has another leader. */
const char *sl_group_dir(const struct sl_group *g, size_t *len);
/* The leader's path, in fresh memory. */
char *sl_group_path(const struct sl_group *g);

/* An action waits for the leader, and is taken over; the one that waits longest is handed back (there is one). */
void sl_group_hold(struct sl_group *g, const struct sl_action *a);
void sl_group_release(struct sl_group *g, struct sl_action *a);

/* Frees it if nothing will ask for it any more. */
void sl_groups_done(struct sl_groups *g, struct sl_group *of);

/* Groups that are held; for tests. */
size_t sl_groups_count(const struct sl_groups *g);

#endif
