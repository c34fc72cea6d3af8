/* SPDX-License-Identifier: ISC */
/*
 * away - a staged file that is in another directory than its place (--temp-dir) until it is complete. Then it comes home,
 * beside its place: by a rename, or as a copy where that is another file system. What follows is as ever, so nothing has
 * its name before it is complete; but a copy takes the room of a second one for a while.
 */
#ifndef SL_TREE_AWAY_H
#define SL_TREE_AWAY_H

#include "tree/stage.h"

/* sl_stage_begin with the staged file in directory `away`; -1: beside its place. */
struct sl_away {
    int dirfd, away;
};
enum sl_code sl_away_begin(struct sl_stage *s, const struct sl_away *where, const struct sl_entry *e, uint32_t meta,
                           struct sl_error *err);

/* sl_stage_put of a file that is staged away (-1: it is not), or waits (SL_STAGE_HOLD) in directory `in` (NULL: beside its
 * place). */
struct sl_away_put {
    const struct sl_entry *entry;
    uint32_t meta, flags; /* as of sl_stage_commit */
    const void *data;
    size_t n;
    const char *in;
    int away;
};
enum sl_code sl_away_put(int dirfd, const struct sl_away_put *p, struct sl_owners *owners, struct sl_error *err);

/* All content was given: it comes home. SL_AGAIN: it has to be copied, by sl_away_step until that says something else; *bytes:
 * copied by it. SL_OK at once for what is not away. sl_stage_commit does all of it by itself where nobody did before. */
enum sl_code sl_away_home(struct sl_stage *s, struct sl_error *err);
enum sl_code sl_away_step(struct sl_stage *s, uint64_t *bytes, struct sl_error *err);

/* Where the staged file is. */
static inline int sl_away_dir(const struct sl_stage *s)
{
    return s->away ? s->away_fd : s->dirfd;
}
/* For the stage itself, where it ends or is given up: what was copied so far goes. */
void sl_away_end(struct sl_stage *s);
/* Stale staged files of this user's in a directory that is used so go; it need not be part of what is listed. */
void sl_away_clean(int fd);

#endif
