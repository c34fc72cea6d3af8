/* SPDX-License-Identifier: ISC */
/* attrs_acl - the kernel's form of an ACL and ours (base/attrs.h). */
#ifndef SL_TREE_ATTRS_ACL_H
#define SL_TREE_ATTRS_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/attrs.h"
#include "tree/meta.h"

/* From the kernel's into out, which gets nothing of an access ACL that says no more than the mode. False: it is not one. */
bool sl_acl_of_system(struct sl_buf *out, const uint8_t *value, size_t len, bool access, struct sl_owners *owners);

/* To the kernel's, of an attribute that is one of the two ACLs. bits: the mode, for an access ACL. Of two users that are one here
 * the first counts. */
void sl_acl_to_system(struct sl_buf *out, const struct sl_attr *a, mode_t bits, struct sl_owners *owners);

/* Makes of a default ACL, in the kernel's form, what something that is created with `mode` below it gets. False: it is not one. */
bool sl_acl_inherited(uint8_t *value, size_t len, mode_t mode);

/* What a default ACL, in the kernel's form, leaves of the mode of what is made below it; false: it is not one. */
bool sl_acl_leaves(const uint8_t *value, size_t len, mode_t *bits);

/*
 * The form that rsync keeps an ACL in (--fake-super), little-endian: u32 each what the owner, the group, the mask and others get, 0x80 for
 * what the mode says; then for each user and group u32 number and u32 permissions, of users with the top bit.
 */
struct sl_acl_kept {
    const uint8_t *value;
    size_t len;
    bool access;
    mode_t mode;                 /* of the thing */
};
bool sl_acl_of_fake(struct sl_buf *out, const struct sl_acl_kept *k, struct sl_owners *owners);
void sl_acl_to_fake(struct sl_buf *out, const struct sl_attr *a, mode_t mode, struct sl_owners *owners);

/* What an access ACL gives the file's group. */
unsigned sl_acl_group_perms(const struct sl_attr *a);

#endif
