/* SPDX-License-Identifier: ISC */
/*
 * fake - a tree that stands for another one: what its files can't have, because that takes a superuser, is kept in
 * attributes that any user may set. The form is rsync's (--fake-super), so that either program reads what the other one
 * wrote:
 *
 *   user.rsync.%stat    "MODE MAJOR,MINOR UID:GID", the mode in octal and with its type; only where the file itself
 * differs user.rsync.%aacl    an access ACL, user.rsync.%dacl a default ACL: see sl_acl_of_fake (attrs_acl.h)
 *   user.rsync.NAME     the attribute NAME, "trusted.…" or "security.…"
 *
 * A device, fifo or socket is an empty file, a symbolic link a file with its target as content. Whoever wrote a file
 * may always read and write it: bits of the mode that would keep him from it are in the attribute only.
 */
#ifndef SL_TREE_FAKE_H
#define SL_TREE_FAKE_H

#include <stdint.h>
#include <sys/stat.h>

#include "base/entry.h"
#include "base/error.h"
#include "tree/meta.h"

#define SL_FAKE_STAT "user.rsync.%stat"
#define SL_FAKE_TEXT_MAX 80u

/* What meta (enum sl_meta) and the flags of walks and of attributes may have on top: the tree stands for another one.
 */
#define SL_META_FAKE (1u << 16)
#define SL_FAKE (1u << 16)
#define SL_FAKE_ONLY                                                                                                   \
    (1u                                                                                                                \
     << 17) /* with it: privileged attributes that the system itself has of a thing don't count (its ACLs never do) */

/* The text of SL_FAKE_STAT: of a thing that has the mode `real`, what it stands for; false: it is none, or impossible
 * for it. */
bool sl_fake_parse(const char *text, size_t len, mode_t real, struct stat *st);
size_t sl_fake_text(char out[SL_FAKE_TEXT_MAX], const struct stat *st);

/* Turns st, which name in dirfd (or dirfd itself, with name "") really has, into what it stands for. */
enum sl_code sl_fake_look(int dirfd, const char *name, struct stat *st, struct sl_error *err);

/* As sl_meta_stat. */
enum sl_code sl_fake_stat(int dirfd, const char *name, struct sl_owners *owners, struct sl_entry *e, char *target,
                          struct stat *st, struct sl_error *err);

/* The type and permissions as the system has them. */
mode_t sl_fake_mode(enum sl_type type, uint32_t bits);

/* The attribute that a real one stands for, of these kinds (enum sl_attrs_flag, SL_FAKE_ONLY); NULL: it stands for
 * none. Static, or a part of `real`. */
const char *sl_fake_stands_for(const char *real, uint32_t flags);
/* The real attribute that keeps one; false: its name is too long. */
bool sl_fake_keeps(char real[], size_t room, const char *name);

#endif
