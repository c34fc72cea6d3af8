/* SPDX-License-Identifier: ISC */
/* meta - an entry's metadata from the system and back: stat, owner names, mode, owner, times; always by descriptor and
 * one name, never through a symlink. */
#ifndef SL_TREE_META_H
#define SL_TREE_META_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/entry.h"
#include "base/error.h"
#include "tree/accounts.h"

/* Users and groups: names of numbers and back, each asked once, as a rule. Memory: the distinct ones that are known here, and
 * so many others. */
struct sl_owners;
struct sl_owners *sl_owners_new(void);
struct sl_owners *sl_owners_new_asking(sl_account_ask *ask, void *ctx);      /* where this process may not ask itself */
void sl_owners_free(struct sl_owners *o);
/* NULL when it has none. The string lives as long as o. */
const char *sl_owners_user(struct sl_owners *o, uint32_t uid);
const char *sl_owners_group(struct sl_owners *o, uint32_t gid);
/* The number here of (number there, name there): 0 stays 0; by name where name is not NULL or "" and known here, else the
 * same number. A lookup that fails is never 0 unless the number was. */
uint32_t sl_owners_uid(struct sl_owners *o, uint32_t uid, const char *user);
uint32_t sl_owners_gid(struct sl_owners *o, uint32_t gid, const char *group);
/* Whether this process can give files to that user (euid 0), or to that group (euid 0, or a member). */
bool sl_owners_can_uid(const struct sl_owners *o, uint32_t uid);
bool sl_owners_can_gid(const struct sl_owners *o, uint32_t gid);

/* Everything but name and target from st. owners NULL: no names. */
void sl_entry_of_stat(struct sl_entry *e, const struct stat *st, struct sl_owners *owners);

/* fstatat without following; link targets are read into target[SL_TARGET_MAX + 1] when it is not NULL. Fills e with name
 * borrowed from the caller. st, where not NULL, gets the raw stat. */
enum sl_code sl_meta_stat(int dirfd, const char *name, struct sl_owners *owners, struct sl_entry *e, char *target,
                          struct stat *st, struct sl_error *err);

/* Sets the `meta` parts of e on what `fd` has open (a regular file being staged or a directory), and what e wants (entry.h): owner
 * first, then attributes, ACLs and mode, then times. Owners that can't be set here are left (rsync's rule: user only as root, group if a
 * member). st: what it has now, to save needless calls; NULL: set all. umask is applied with SL_META_UMASK. SL_E_ATTRS: everything is done
 * but some of the attributes. */
enum sl_code sl_meta_set_fd(int fd, const struct stat *st, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                            struct sl_error *err);

/* The same on an existing entry by name, of any type, never following a link; the type must be e->type, else SL_E_TYPE.
 * name "" is dirfd itself. Symlinks have no mode here. */
enum sl_code sl_meta_set_at(int dirfd, const char *name, const struct sl_entry *e, uint32_t meta, struct sl_owners *owners,
                            struct sl_error *err);

/* The mode of what fd has open, maybe for its path only; 0, or -1 and errno. */
int sl_meta_chmod(int fd, mode_t bits);

/* This process's umask. */
uint32_t sl_meta_umask(void);
/* It stays what it is from now on: to be asked it is changed for a moment, in which another thread would make its files without it. */
void sl_meta_keep_umask(void);

#endif
