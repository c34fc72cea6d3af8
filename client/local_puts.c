/* SPDX-License-Identifier: ISC */
/* local_puts - a ring of jobs, in the order of their tickets: [oldest, next) are being done or are done, [next, end) wait. */
#include "config.h"
#include "client/local_puts.h"
#include "base/io.h"
#include "base/mem.h"
#include "tree/meta.h"
#include "tree/stage.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS = 64 };

enum state { WAITS, BEGUN, DONE };

struct job {
    enum state state;
    int dirfd;
    struct sl_entry entry;
    char name[SL_NAME_MAX + 1];
    uint32_t meta, flags;
    char *data;
    size_t len, cap;
    bool has_hash;
    uint8_t hash[SL_HASH_MOST];
    enum sl_hash_kind kind;
    struct sl_put_done done;
};

struct sl_puts {
    pthread_t thread;
    pthread_mutex_t lock;        /* of all below */
    pthread_cond_t more, finished;
    bool quit;
    uint64_t oldest, next, end;
    struct job jobs[JOBS];
};

static atomic_int threads;

static struct job *at(struct sl_puts *q, uint64_t i)
{
    return &q->jobs[i % JOBS];
}

/* ---- doing it ---- */

static void perform(struct job *j)
{
    enum sl_code rc = SL_OK;
    uint8_t mine[SL_HASH_MOST];
    if (j->has_hash) {
        sl_hash_once_as(j->kind, j->data, j->len, mine);
        if (memcmp(mine, j->hash, sl_hash_size(j->kind)) != 0)
            rc = sl_fail(&j->done.err, SL_E_CORRUPT, "content of '%s' does not match its hash", j->name);
    }
    if (rc == SL_OK)
        rc = sl_stage_put(j->dirfd, &j->entry, j->meta, j->flags, j->data, j->len, NULL, &j->done.err);
    j->done.code = rc;
    sl_io_close(&j->dirfd);
}

/* The first that waits is begun; NULL: none does. Locked. */
static struct job *begin(struct sl_puts *q)
{
    while (q->next < q->end && at(q, q->next)->state != WAITS)
        q->next++;
    if (q->next == q->end)
        return NULL;
    struct job *j = at(q, q->next++);
    j->state = BEGUN;
    return j;
}

/* Locked, but not while it is being done. */
static void do_one(struct sl_puts *q, struct job *j)
{
    pthread_mutex_unlock(&q->lock);
    perform(j);
    pthread_mutex_lock(&q->lock);
    j->state = DONE;
    pthread_cond_signal(&q->finished);
}

static void *run(void *ctx)
{
    struct sl_puts *q = ctx;
    pthread_mutex_lock(&q->lock);
    while (!q->quit) {
        struct job *j = begin(q);
        if (j)
            do_one(q, j);
        else
            pthread_cond_wait(&q->more, &q->lock);
    }
    pthread_mutex_unlock(&q->lock);
    return NULL;
}

/* ---- beginning and end ---- */

/* A place for one more thread, besides the one that runs. */
static bool reserve(void)
{
    cpu_set_t set;
    int have = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1, used = atomic_fetch_add(&threads, 1);
    if (used + 1 < have)
        return true;
    atomic_fetch_sub(&threads, 1);
    return false;
}

static bool start(struct sl_puts *q)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&q->thread, NULL, run, q);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0;
}

struct sl_puts *sl_puts_new(void)
{
    if (!reserve())
        return NULL;
    struct sl_puts *q = sl_calloc(1, sizeof *q);
    pthread_mutex_init(&q->lock, NULL);
    pthread_cond_init(&q->more, NULL);
    pthread_cond_init(&q->finished, NULL);
    sl_meta_keep_umask();
    if (start(q))
        return q;
    atomic_fetch_sub(&threads, 1);
    free(q);
    return NULL;
}

void sl_puts_free(struct sl_puts *q)
{
    if (!q)
        return;
    pthread_mutex_lock(&q->lock);
    q->quit = true;
    pthread_cond_signal(&q->more);
    pthread_mutex_unlock(&q->lock);
    pthread_join(q->thread, NULL);
    atomic_fetch_sub(&threads, 1);
    for (struct job *j; (j = begin(q));)
        sl_io_close(&j->dirfd);
    for (size_t i = 0; i < JOBS; i++)
        free(q->jobs[i].data);
    pthread_cond_destroy(&q->more);
    pthread_cond_destroy(&q->finished);
    pthread_mutex_destroy(&q->lock);
    free(q);
}

/* ---- the caller's side ---- */

/* Does what waits first, or waits for what the thread does. Locked. */
static void help(struct sl_puts *q)
{
    struct job *j = begin(q);
    if (j)
        do_one(q, j);
    else
        pthread_cond_wait(&q->finished, &q->lock);
}

static bool is_done(struct sl_puts *q, uint64_t i)
{
    return at(q, i)->state == DONE;
}

/* A free place at the end: the answers there are have been taken by the caller. Locked. */
static struct job *place(struct sl_puts *q, uint64_t ticket)
{
    struct job *j = at(q, q->end);
    j->done = (struct sl_put_done){ .ticket = ticket };
    return j;
}

static void hold(struct job *j, const struct sl_put_job *job)
{
    j->entry = *job->entry;
    memcpy(j->name, job->entry->name, job->entry->name_len + 1);
    j->entry.name = j->name;
    j->meta = job->meta;
    j->flags = job->flags;
    if (job->len > j->cap) {
        free(j->data);
        j->data = sl_malloc(job->len);
        j->cap = job->len;
    }
    if (job->len)
        memcpy(j->data, job->data, job->len);
    j->len = job->len;
    j->has_hash = job->hash != NULL;
    if (job->hash)
        memcpy(j->hash, job->hash, sl_hash_size(job->kind));
    j->kind = job->kind;
}

bool sl_puts_add(struct sl_puts *q, const struct sl_put_job *job, uint64_t ticket)
{
    int dirfd = fcntl(job->dirfd, F_DUPFD_CLOEXEC, 0);
    if (dirfd < 0)
        return false;
    struct job *j = place(q, ticket);    /* nobody else looks at it before it is behind the end */
    hold(j, job);
    j->dirfd = dirfd;
    j->state = WAITS;
    pthread_mutex_lock(&q->lock);
    q->end++;
    pthread_cond_signal(&q->more);
    pthread_mutex_unlock(&q->lock);
    return true;
}

void sl_puts_answer(struct sl_puts *q, uint64_t ticket, enum sl_code code, const struct sl_error *err)
{
    struct job *j = place(q, ticket);
    j->dirfd = -1;
    j->done.code = code;
    if (code != SL_OK)
        j->done.err = *err;
    j->state = DONE;
    pthread_mutex_lock(&q->lock);
    q->end++;
    pthread_mutex_unlock(&q->lock);
}

bool sl_puts_take(struct sl_puts *q, struct sl_put_done *out)
{
    pthread_mutex_lock(&q->lock);
    bool there = q->oldest < q->end && is_done(q, q->oldest);
    if (there) {
        *out = at(q, q->oldest)->done;
        q->oldest++;
        q->next = q->next < q->oldest ? q->oldest : q->next;
    }
    pthread_mutex_unlock(&q->lock);
    return there;
}

bool sl_puts_busy(const struct sl_puts *q)
{
    return q->oldest < q->end;           /* both are the caller's to move */
}

bool sl_puts_full(const struct sl_puts *q)
{
    return q->end - q->oldest == JOBS;
}

void sl_puts_help(struct sl_puts *q)
{
    pthread_mutex_lock(&q->lock);
    if (q->oldest < q->end && !is_done(q, q->oldest))
        help(q);
    pthread_mutex_unlock(&q->lock);
}

void sl_puts_finish(struct sl_puts *q)
{
    pthread_mutex_lock(&q->lock);
    for (uint64_t i = q->oldest; i < q->end; i++)
        while (!is_done(q, i))
            help(q);
    pthread_mutex_unlock(&q->lock);
}
