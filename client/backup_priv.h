/* SPDX-License-Identifier: ISC */
/* backup_priv - what the files of --backup share. backup.c: where it goes, and what of; backup_dirs.c: directories on the way. */
#ifndef SL_CLIENT_BACKUP_PRIV_H
#define SL_CLIENT_BACKUP_PRIV_H

#include "client/backup.h"

enum { SL_BACKUP_ROOM = 2 * SL_NAME_MAX + 96 /* of a request with two names */ };

struct sl_lane_backup {
    struct sl_cursor to, like; /* in --backup-dir; in the destination */
    char *made;                /* owned: the last directory that was made below `to`, or "" */
    bool making;               /* a directory that exists is no failure now; nor is it of these tickets: */
    uint64_t *mkdirs;          /* owned */
    size_t mkdirs_len, mkdirs_cap;
};

/* What a directory of the destination gets in this run, for the one of its backups. Counted references; names are borrowed. */
struct sl_backup_like {
    unsigned refs;
    struct sl_backup_like *up; /* of the directory around it; NULL: it is the root */
    uint32_t meta;             /* 0: it stays as it is */
    uint32_t mode, uid, gid;   /* else all of these */
    const char *user, *group;
};

/* Two paths, either of which may be "", as one; fresh memory. */
char *sl_backup_joined(const char *a, const char *b);
/* The directory of the action's backup is there, or is made: *id, for writing. SL_AGAIN: no room. */
enum sl_code sl_backup_dirs(struct sl_lane *l, const struct sl_action *a, uint32_t *id);
/* The next time all directories are gone through again, so that each failure is told as what it is. */
void sl_backup_dirs_again(struct sl_lane *l);
/* Whether the request was to make one. */
bool sl_backup_is_mkdir(const struct sl_lane *l, uint64_t ticket);

#endif
