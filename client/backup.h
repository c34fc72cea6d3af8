/* SPDX-License-Identifier: ISC */
/*
 * backup - --backup: what a run replaces or deletes has a second name before. The executor asks for it right in front
 * of the request that replaces or removes; where it can't be had, that request fails by itself (endpoint.h), so nobody
 * waits.
 */
#ifndef SL_CLIENT_BACKUP_H
#define SL_CLIENT_BACKUP_H

#include "client/plan.h"

struct sl_backup_place { /* --backup-dir */
    uint32_t root;
    char *base;    /* owned: the deepest directory of its path that is there */
    char *missing; /* owned: what of its path is not, or "" */
    char *shown;   /* owned: what stands in front of a path in messages, with its slash */
};

/* Whether backups can be made there; says option and side. Before anything is changed. */
enum sl_code sl_backup_check(const struct sl_options *o, const struct sl_endpoint *dest, struct sl_error *err);
/* Finds --backup-dir, as seen from the directory `from` at the destination. May wait. */
enum sl_code sl_backup_find(struct sl_plan *p, const char *from, struct sl_error *err);
void sl_backup_clear(struct sl_plan *p);

/* Whether a backup is made of what is to be replaced or deleted: not of one, beside its file. */
bool sl_backup_wanted(const struct sl_options *o, enum sl_type type, const char *name);
/* Whether it stays in the directory of what it is of. */
static inline bool sl_backup_stays(const struct sl_options *o)
{
    return o->backup && !o->backup_dir;
}
/* It replaces d, in the open directory. */
void sl_backup_mark(struct sl_plan *p, struct sl_action *a, const struct sl_entry *d);
/* Whether d, in the open directory, will be a backup that this run has made by the time that things are deleted. */
bool sl_backup_is_new(const struct sl_plan *p, const struct sl_entry *d);
void sl_backup_level_clear(struct sl_level *l);

/* What the open directory, whose path has that length, gets in this run, a new reference; one more to that; one less. All take NULL. */
struct sl_backup_like *sl_backup_like(struct sl_plan *p, size_t dir_len);
struct sl_backup_like *sl_backup_like_also(struct sl_backup_like *n);
void sl_backup_like_drop(struct sl_backup_like *n);

/* Where it goes, for people; fresh memory. NULL: the action makes none. */
char *sl_backup_shown(const struct sl_plan *p, const struct sl_action *a);

/* Asks for the action's backup, unless that was done. dir: its directory, for writing; need: payload of the request
 * that follows at once. SL_AGAIN: no room for both. */
enum sl_code sl_backup_send(struct sl_lane *l, struct sl_action *a, uint32_t dir, size_t need);
/* A failure of the action n, or of the lane's present one (n NULL): whether it is one of its backup's, or follows from
 * that, and told. */
bool sl_backup_failure(struct sl_lane *l, struct sl_pending *n, uint64_t ticket, const struct sl_error *why);
void sl_backup_lane_clear(struct sl_lane *l);

#endif
