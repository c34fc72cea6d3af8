/* SPDX-License-Identifier: ISC */
/*
 * attrs - extended attributes and ACLs from the system and back (the form of a set is base/attrs.h). Of what a descriptor
 * has open, or of one name in a directory that one has open, never through a link. Linux has no such calls for a name below a
 * descriptor, nor for a descriptor of links and devices: there /proc/self/fd stands for it. Where there is no /proc, files and
 * directories are opened, and others refused.
 */
#ifndef SL_TREE_ATTRS_H
#define SL_TREE_ATTRS_H

#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/attrs.h"
#include "base/error.h"
#include "tree/meta.h"

struct sl_attrs_reader {         /* {0} with these two set */
    uint32_t flags;              /* enum sl_attrs_flag; SL_FAKE, SL_FAKE_ONLY (tree/fake.h) */
    struct sl_owners *owners;    /* for names in ACLs; borrowed, NULL: none */
    struct sl_buf set;           /* what was read last */
    struct sl_buf names, value;  /* room */
};
void sl_attrs_reader_clear(struct sl_attrs_reader *r);

/* The set of name in dirfd, or with name "" of dirfd itself, into r->set. st: what it is. A file system without attributes has
 * none; an attribute that goes meanwhile is none. SL_E_TOO_BIG beyond SL_ATTRS_MAX. */
enum sl_code sl_attrs_read(struct sl_attrs_reader *r, int dirfd, const char *name, const struct stat *st, struct sl_error *err);
/* The same as a brief, of a failure too. */
void sl_attrs_read_brief(struct sl_attrs_reader *r, int dirfd, const char *name, const struct stat *st, struct sl_attrs_brief *out);

/* The value of one, of name in dirfd or with name "" of dirfd itself, never through a link: its length, or -1 and errno. */
ssize_t sl_attrs_get_one(int dirfd, const char *name, const char *attr, void *to, size_t size);
/* Sets one on what fd has open (maybe for its path only), or with value NULL removes it, if it is there: 0, or -1 and errno. */
int sl_attrs_set_one(int fd, const char *attr, const void *value, size_t len);

/* Gives what fd has open (maybe for its path only) the attributes of `want`, ACLs apart: what differs is set, what is not among
 * them is removed. All of it is tried; SL_E_ATTRS with the first that could not be set. name: for messages. */
enum sl_code sl_attrs_set(int fd, const struct sl_attrs_want *want, const char *name, struct sl_error *err);

/* The same of its ACLs. bits: the mode that it is to have in the end, from which an access ACL has what is not in the set. An
 * ACL is set with its mode in one step; one that goes, goes after the mode was narrowed to what it had and is to have: so nobody has at any
 * time what neither the old nor the new gives. *touched: the mode has to be set now whatever it was. SL_E_ATTRS: then *bits is narrowed to
 * what the missing ACL gave its group. */
enum sl_code sl_attrs_set_acls(int fd, const struct sl_attrs_want *want, mode_t *bits, bool *touched, const char *name,
                               struct sl_owners *owners, struct sl_error *err);

/* Of a tree that stands for another one (tree/fake.h): the ACLs are kept in attributes. mode: what it stands for. */
enum sl_code sl_attrs_keep_acls(int fd, const struct sl_attrs_want *want, mode_t mode, const char *name, struct sl_owners *owners,
                                struct sl_error *err);

#endif
