/* SPDX-License-Identifier: ISC */
/* remote_way - one question about a path that is resolved against a server: what is asked, and what the answer means (remote_place.c has the paths). */
#ifndef SL_CLIENT_REMOTE_WAY_H
#define SL_CLIENT_REMOTE_WAY_H

#include "client/remote_priv.h"
#include "client/way.h"

/* How far one question goes. */
struct sl_reach {
    size_t dirs;
    const char *last;            /* of way.todo; "": the directory itself */
    bool final;
};

/* A path that is resolved. A question opens done/todo[0..dirs) and, if the last is not to be a directory, looks at what follows them itself. */
struct sl_resolution {
    struct sl_resolution *next;  /* in no order */
    struct sl_resolution *behind;   /* of the next question that is under way */
    char *path;                  /* owned: as typed */
    bool follow;
    unsigned wanted;             /* so often it was announced and has not been taken */
    struct sl_way way;
    struct sl_reach to;
    bool asked;                  /* a question is under way */
    bool over;
    enum sl_code code;           /* when it is over; with err */
    struct sl_error err;
    /* the question, and what it said */
    uint64_t begin, first, end;  /* its tickets: of the first directory, of todo[0]; the last */
    size_t opened;               /* how many of todo were */
    uint32_t from, upto;         /* the directory ids of it */
    bool blind;                  /* nothing may be listed */
    bool found, failed;
    uint64_t failed_at;          /* the first ticket that failed, with why */
    struct sl_error why;
    struct sl_entry entry;
    char target[SL_TARGET_MAX + 1];
};

/* Whether its next question can be put beside those under way. */
bool sl_remote_way_fits(struct sl_remote *r, const struct sl_resolution *q);
/* Puts the next question of a path that has none under way; or it is over, where nothing can be asked. */
void sl_remote_way_ask(struct sl_remote *r, struct sl_resolution *q);
/* Waits for the answer to the oldest question, and puts that path's next one, if it is wanted and fits. Failures are those that end the run. */
enum sl_code sl_remote_way_hear(struct sl_remote *r, struct sl_error *err);

#endif
