/* SPDX-License-Identifier: ISC */
/* remote - the endpoint that is a tree behind a server: operations become frames, answers become events. */
#ifndef SL_CLIENT_REMOTE_H
#define SL_CLIENT_REMOTE_H

#include <stdint.h>

#include "client/address.h"
#include "client/endpoint.h"
#include "client/options.h"

/* Reaches the server of `a`, says hello and attaches the tree (account or module). Waits. Over SSH a refused subsystem is
 * followed by the command; `note` is told so. *exit_status gets rsync's status on failure. a and o are borrowed. */
enum sl_code sl_remote_open(struct sl_endpoint **out, enum sl_side side, const struct sl_address *a,
                            const struct sl_options *o, void (*note)(const char *line), struct sl_error *err,
                            int *exit_status);

/* One more connection of the same kind, made by sl_transport_more: says hello and attaches the same tree. Waits. lane's descriptors are
 * taken over, also by a failure. */
struct sl_transport_lane;
enum sl_code sl_remote_beside(struct sl_endpoint **out, const struct sl_endpoint *first, const struct sl_transport_lane *lane,
                              struct sl_error *err);

/* The same without waiting. prepare: before this process is confined. ask: for one more; take: an answer, if there is one: a connection
 * that may be used at once, as if the server had let it in as it did the first; or why there is none (a server's limit is normal). waits: whether
 * that is not known after so long. Where it ends before or what it asks for is refused, pumping it fails; not_greeted: what its program said
 * about that takes *err's place. */
enum sl_code sl_remote_prepare(struct sl_endpoint *e, struct sl_error *err);
/* Whether another one costs no login of its own. */
bool sl_remote_shares(const struct sl_endpoint *e);
enum sl_code sl_remote_ask_beside(struct sl_endpoint *first, struct sl_error *err);
enum sl_code sl_remote_take_beside(struct sl_endpoint **out, struct sl_endpoint *first, struct sl_error *err);
bool sl_remote_waits(const struct sl_endpoint *e, uint64_t ms);
enum sl_code sl_remote_not_greeted(struct sl_endpoint *e, struct sl_error *err);

/* Another listing of the same connection, which runs beside e's own: it has SL_JOB_LIST alone, its roots are e's and its ids
 * its own. It is freed with e. NULL: there are no more channels: 11 at a server without the feature `channels`. */
struct sl_endpoint *sl_remote_side_listing(struct sl_endpoint *e);

/* The message of the day, escaping is the caller's; "" if none. */
const char *sl_remote_motd(const struct sl_endpoint *e, size_t *len);

/* The file system of a directory of that tree, and that machine's clock. */
struct sl_remote_statfs {
    int64_t clock_us;             /* since 1970, as it was when it answered */
    uint64_t took_us;             /* that the answer took */
    uint64_t total, free, files_free;   /* 0: not told */
    uint32_t name_max;
    bool read_only;
    char type[33];
};
/* Waits. dir: open for the listing job. SL_E_UNSUPPORTED: it can't tell. */
enum sl_code sl_remote_statfs(struct sl_endpoint *e, uint32_t dir, struct sl_remote_statfs *out, struct sl_error *err);
/* Asks for the modules and calls back for each. Waits. For connections whose address names no module. */
enum sl_code sl_remote_modules(struct sl_endpoint *e,
                               void (*each)(void *ctx, const char *name, size_t name_len, const char *comment, size_t comment_len),
                               void *ctx, struct sl_error *err);

/* Moves bytes of up to two endpoints (local ones and NULL are passed over). wait: blocks until something moved, at most a
 * second or so. SL_E_TIMEOUT by --timeout; other failures end the session of the endpoint named by err->side. */
enum sl_code sl_remote_pump(struct sl_endpoint *a, struct sl_endpoint *b, bool wait, struct sl_error *err);

/* The same of many, SL_PUMP_MAX at most. *which: the one that failed, or SL_PUMP_MAX. */
enum { SL_PUMP_MAX = 130 };
enum sl_code sl_remote_pump_all(struct sl_endpoint *const *all, size_t count, bool wait, size_t *which, struct sl_error *err);

/* Bytes waiting to be sent; 0 for a local one. */
size_t sl_remote_queued(const struct sl_endpoint *e);

/* Says BYE and waits shortly for the server's. */
void sl_remote_finish(struct sl_endpoint *e);

/* Bytes that this process moved for e; 0 for a local one. */
void sl_remote_traffic(const struct sl_endpoint *e, uint64_t *out, uint64_t *in);
/* Bytes of its listings, before compression; 0 where it is not remote. */
uint64_t sl_remote_listed(const struct sl_endpoint *e);

/* Set by a signal handler: pumps return SL_E_CLOSED with it. */
extern volatile int sl_remote_interrupted;

#endif
