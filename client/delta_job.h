/* SPDX-License-Identifier: ISC */
/*
 * delta_job - what of one file has to be sent: asks both sides for chunk lists, round by round, until another round would not pay. Many jobs
 * are under way at a time; none of them waits. See doc/ARCHITECTURE.md, "Deltas".
 */
#ifndef SL_CLIENT_DELTA_JOB_H
#define SL_CLIENT_DELTA_JOB_H

#include "client/endpoint.h"
#include "delta/grid.h"
#include "delta/match.h"
#include "delta/trail.h"

struct sl_job_basis {
    char *name;              /* owned; in the directory that the file is written in */
    unsigned flags;          /* enum sl_chunks_flag: SL_CHUNKS_KEPT */
    uint64_t size;           /* as far as known */
    bool answered;           /* it is known whether there is such a file */
    unsigned number;         /* of it in the write */
    bool elsewhere;          /* it is in the other directory of struct sl_job_sides */
    bool gone;               /* it can't be read: nothing is copied from it */
};

struct sl_delta_job;
struct sl_job_list { struct sl_delta_job *job; unsigned which; };   /* a list asked for: 0 of the source, 1 + number of a basis */

enum { SL_JOB_LISTS = 1 + SL_BASES_MAX };
struct sl_job_grid {         /* of a large file: the first round, portion by portion; delta_grid.c. By the numbers of lists */
    bool on, over;           /* over: no more portions are asked for */
    bool fits;               /* the files differ in places: later rounds look at equal offsets too */
    bool whole;              /* there is one portion only */
    uint64_t most;           /* bytes of a portion */
    unsigned asked[SL_JOB_LISTS], answered[SL_JOB_LISTS];   /* portions */
    uint64_t asked_to[SL_JOB_LISTS], answered_to[SL_JOB_LISTS];
    bool ended[SL_JOB_LISTS];
    struct sl_grid_look look;
    /* where one side is here and the other's blocks have marks: the file here is not listed, but followed (delta/trail.h); delta_trail.c */
    bool marks, decided, trails; /* lists have them; whether it is followed is known; and so it is */
    bool may_sum;
    unsigned leader, follower;   /* whose blocks, and who follows */
    struct sl_trail trail;
    struct sl_hash *sum;         /* of the source's blocks, in place of its whole file's: it is hashed once; owned. NULL: not so, or over */
    uint64_t summed;             /* up to here in the source */
    unsigned sum_grain;
    /* in the round behind it: what is behind the portions, which may have nothing in common any more, or is only to be hashed */
    bool tail[SL_JOB_LISTS]; /* to be asked for */
    bool tailed;             /* the source's was */
    unsigned tail_grain, tail_flags;
};

struct sl_delta_job {
    char *name;              /* of the source; owned */
    uint64_t size;
    struct sl_job_basis bases[SL_BASES_MAX];
    unsigned bases_len;
    /* the round */
    unsigned grain, hash_bytes;
    uint64_t expected;       /* chunks of its lists, about; 0 in the first, whose lists are short */
    struct sl_job_grid grid;
    bool blocks;             /* the lists of this round are of a grid */
    bool sampling, edges;    /* edges: from this round on only those are looked at */
    unsigned coarser;        /* grain of the round before */
    bool asked_source, asked[SL_BASES_MAX];
    size_t asked_ranges[SL_JOB_LISTS];       /* of the list that is being asked for */
    unsigned waiting;        /* lists under way */
    struct sl_job_list asks[SL_JOB_LISTS];   /* cookies */
    struct sl_chunks source, lists[SL_BASES_MAX];
    struct sl_ranges of_source, of_bases[SL_BASES_MAX];   /* what is asked for; none in the first round: all */
    /* the outcome */
    bool done, decided;      /* decided: the executor has acted on it */
    bool useless;            /* nothing is to be copied, the file is sent whole */
    struct sl_delta delta;
    bool collide;            /* for tests: all chunk hashes are taken for the same, but those of a trail */
    bool inplace;            /* the first basis that is no interrupted file is the file that is written */
    bool copying;            /* the file is to be what its one basis is, whatever the source has */
    uint64_t append;         /* so many bytes stay unseen and only the rest is sent; 0: no */
    bool has_hash;
    unsigned by_blocks;      /* the grain, if it is by blocks (base/hash.h); else 0 */
    uint8_t hash[SL_HASH_MOST];   /* of the whole source file; of its rest when that is appended */
    bool failed_source;      /* the source can't be read: err */
    bool lied;               /* a server's list was impossible: err */
    struct sl_error err;
    /* content */
    struct sl_range early;   /* was asked for before it was sure that it is new, in so many requests; len 0: none */
    unsigned early_reads;
    uint64_t early_number;   /* of the endpoint, for them */
    size_t asked_content;    /* of of_source: ranges that were asked for */
    unsigned reads;          /* requests for content that have not ended */
};

/* name: of the source. Bases are added before the first call of sl_delta_job_step. */
struct sl_delta_job *sl_delta_job_new(const char *name, uint64_t size);
void sl_delta_job_basis(struct sl_delta_job *j, const char *name, unsigned flags, uint64_t size);
/* In place of all rounds: the file has its first `from` bytes already. The job is done then. */
void sl_delta_job_append(struct sl_delta_job *j, uint64_t from);
/* A job that is done, of a portion of what another is about (delta/portion.h): with bases of its own. */
struct sl_delta_job *sl_delta_job_portion(const struct sl_delta_job *of, uint64_t from, uint64_t len);
/* The last basis that was added is in another directory than the file. */
void sl_delta_job_elsewhere(struct sl_delta_job *j);
/* The file is to be a copy of the one basis: of the source nothing is asked. */
void sl_delta_job_copy(struct sl_delta_job *j);
/* Only when nothing is under way for it, or its endpoints' hooks are off. */
void sl_delta_job_free(struct sl_delta_job *j);

/* Bytes that it takes, or will when the lists that it waits for are there. */
size_t sl_delta_job_memory(const struct sl_delta_job *j);

struct sl_job_sides {        /* where the lists are asked for */
    struct sl_endpoint *source, *dest;
    uint32_t source_dir, dest_dir;   /* ids of SL_JOB_HASH */
    uint32_t other_dir;      /* at the destination, where a basis elsewhere is */
    struct sl_line line;
    uint64_t key;            /* of sl_delta_round */
    const struct sl_delta_job *carrier;   /* sl_delta_job_carries: another must not ask for portions of the source before that is over */
};
/* Whether the source's hash goes from portion to portion: it does so for one file at a time. */
bool sl_delta_job_carries(const struct sl_delta_job *j);
/* Whether it can come to that: the file is large enough. */
bool sl_delta_job_may_carry(const struct sl_delta_job *j);
/* Whether something is to be asked for now. */
bool sl_delta_job_asks(const struct sl_delta_job *j);
/* Whether it seems that the file is longer than all that there is to compare with, and like it up to there: *from is new then, all but surely. *like: so
 * much is. */
bool sl_delta_job_seems_appended(const struct sl_delta_job *j, uint64_t *from, uint64_t *like);
/* Asks for what this round needs; SL_AGAIN when a side has no room for it now, SL_OK when all is asked for. */
enum sl_code sl_delta_job_ask(struct sl_delta_job *j, const struct sl_job_sides *s);
/* When all lists of the round are there: compares them, and begins another round or is done. */
void sl_delta_job_settle(struct sl_delta_job *j, const struct sl_job_sides *s);
/* To be set as both endpoints' `chunked` hook. */
void sl_delta_job_chunked(void *ctx, struct sl_endpoint *e, void *cookie, struct sl_chunk_answer *a);

#endif
