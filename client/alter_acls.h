/* SPDX-License-Identifier: ISC */
/* alter_acls - who the users and groups that ACLs name become by --usermap, --groupmap and --chown, as the owners of files. */
#ifndef SL_CLIENT_ALTER_ACLS_H
#define SL_CLIENT_ALTER_ACLS_H

#include "base/attrs.h"
#include "client/options.h"

/* Whether the options have anything of the kind; with --numeric-ids, as with rsync, who has an entry is not looked at. */
bool sl_alter_acls_wanted(const struct sl_options *o);
/* Appends a set of the source as it is to be at the destination. Two that become the same one stay, in their order: of what is one for the
 * destination the first counts there. After sl_alter_prepare. */
void sl_alter_acls(const struct sl_options *o, const uint8_t *set, size_t len, struct sl_buf *out);
/* The same of a set that is short enough to be in the entry; a long one is altered when it was asked for. */
void sl_alter_acls_brief(const struct sl_options *o, struct sl_attrs_brief *b);

#endif
