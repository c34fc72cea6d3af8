/* SPDX-License-Identifier: ISC */
/*
 * listcheck - holds a server to the shape of a listing (doc/PROTOCOL.md, "LIST"): what was asked for and nothing else, names in
 * strict byte order, every directory closed. Without it a server could answer for one name with another, and have the client
 * write what nobody asked for.
 */
#ifndef SL_CLIENT_LISTCHECK_H
#define SL_CLIENT_LISTCHECK_H

#include <stdbool.h>

#include "base/buf.h"
#include "proto/msg.h"

struct sl_listcheck {
    struct sl_buf names;         /* of each open directory: the last name in it, with its NUL */
    size_t *starts;              /* where each of them begins */
    size_t depth, cap;
    bool started, over;
};

/* For the next listing; {0} is ready for the first. */
void sl_listcheck_reset(struct sl_listcheck *c);
void sl_listcheck_clear(struct sl_listcheck *c);
/* A record of the listing of `asked` ("" for a directory itself). SL_E_PROTOCOL. */
enum sl_code sl_listcheck_record(struct sl_listcheck *c, const char *asked, const struct sl_list_record *m, struct sl_error *err);
/* The end of the listing. SL_E_PROTOCOL when something is still open, or nothing came. */
enum sl_code sl_listcheck_end(const struct sl_listcheck *c, struct sl_error *err);

#endif
