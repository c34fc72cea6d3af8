/* SPDX-License-Identifier: ISC */
/*
 * follow - a listing in which links are what they lead to (-L, -k, --copy-unsafe-links): their entries are those of what is
 * there, and the content of a directory comes at its place. It stands between an endpoint's listing and a stream.
 */
#ifndef SL_CLIENT_FOLLOW_H
#define SL_CLIENT_FOLLOW_H

#include "client/endpoint.h"
#include "client/options.h"

struct sl_follow;

bool sl_follow_wanted(const struct sl_options *o);
/* flags: of LIST, as of the stream's. */
struct sl_follow *sl_follow_new(const struct sl_options *o, struct sl_endpoint *e, uint32_t flags);
void sl_follow_free(struct sl_follow *f);

struct sl_ahead;
/* What it will follow is found out ahead, by whom the listing comes from. */
void sl_follow_ahead(const struct sl_follow *f, struct sl_ahead *a);

/* What is being listed: name in dir, below root and base. links: whether links are followed there at all. */
struct sl_follow_of {
    uint32_t root;
    const char *base, *dir, *name;
    bool links;
    bool slash;     /* it was named with a slash behind it: where it is a link to a directory it is that, whatever the options say */
    bool way;       /* it is on the way to a name: the same */
    const char *real;   /* where `dir` really is, below the root, when there is a link on the way to it: it can't be listed by its path; NULL */
    uint32_t flags; /* of this LIST */
    struct sl_look **look; /* *look: of name in `real`, asked for by sl_follow_look: who takes it sets it to NULL; NULL: there is none */
};
/* What the listing itself says next, as of the endpoint's list_next. */
typedef enum sl_code sl_follow_raw(void *ctx, struct sl_event *ev, struct sl_error *err);
/* The next event, as list_next; ev->real is set where it has to be. */
enum sl_code sl_follow_next(struct sl_follow *f, const struct sl_follow_of *of, sl_follow_raw *raw, void *ctx, struct sl_event *ev,
                            struct sl_error *err);
/* Of one that follows nothing by itself (sl_follow_on_demand): the event just reported is a link; it becomes the directory that it leads to, if
 * it leads to one, or an error where that is around it or not below the base. SL_AGAIN: it is not known yet. */
enum sl_code sl_follow_current(struct sl_follow *f, const struct sl_follow_of *of, struct sl_event *ev);
void sl_follow_on_demand(struct sl_follow *f);
/* The listing failed; whether it can be that a link is on the way to the base. It is looked for then, and the next events are those of what is there. */
bool sl_follow_base(struct sl_follow *f, const struct sl_follow_of *of);
/* From now on what names lead to has to be in the directory of this real path: they come from somebody who has no say about what is outside. Copied. */
void sl_follow_within(struct sl_follow *f, const char *real);
/* Whether the listing in use was read to its end and something else takes its place. */
bool sl_follow_outside(const struct sl_follow *f);
/* Asks for the entry of a name in a directory that will be `real` of a later call. The caller's. NULL: there is no room now. */
struct sl_look *sl_follow_look(struct sl_follow *f, uint32_t root, const char *real, const char *name);
/* Asks for what comes next below a link, as far as that is known. */
void sl_follow_foresee(struct sl_follow *f, const struct sl_follow_of *of);
/* The rest of the directory just reported is not wanted. True: it is no part of the endpoint's listing; else *number is
 * its number there, for list_skip. */
bool sl_follow_skip(struct sl_follow *f, uint64_t *number);

#endif
