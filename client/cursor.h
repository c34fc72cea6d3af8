/* SPDX-License-Identifier: ISC */
/* cursor - the directory that a job works in: opens and closes directories of an endpoint as the work moves through the
 * tree, so that only those are open that lie on the way. */
#ifndef SL_CLIENT_CURSOR_H
#define SL_CLIENT_CURSOR_H

#include "client/detours.h"
#include "client/endpoint.h"

struct sl_cursor {
    struct sl_endpoint *e;
    enum sl_job job;
    uint32_t root;                /* of the place */
    const struct sl_detours *detours;   /* borrowed; NULL: none */
    char *base;                   /* owned: real path below root that every path starts with */
    struct sl_cursor_step { char *name; uint32_t id; } *steps;
    size_t depth, cap;
};

/* base is copied. */
void sl_cursor_init(struct sl_cursor *c, struct sl_endpoint *e, enum sl_job job, uint32_t root, const char *base);
void sl_cursor_clear(struct sl_cursor *c);

/* The id of directory base/path (path "" or "." is base). SL_AGAIN when the endpoint has no room now; what was opened stays
 * and the next call goes on. Failures to open come back through the endpoint's `failed`. */
enum sl_code sl_cursor_goto(struct sl_cursor *c, const char *path, size_t path_len, uint32_t *id);

/* The same for a path below the root, whatever the base and the detours are. */
enum sl_code sl_cursor_goto_real(struct sl_cursor *c, const char *path, size_t path_len, uint32_t *id);

/* Goes over to another root and base; SL_AGAIN as above. Nothing happens when they are the same. */
enum sl_code sl_cursor_move(struct sl_cursor *c, struct sl_endpoint *e, uint32_t root, const char *base);

/* Closes everything below base/path and that directory itself: for a directory that is about to be removed or replaced. */
void sl_cursor_leave(struct sl_cursor *c, const char *path, size_t path_len);

#endif
