/* SPDX-License-Identifier: ISC */
/*
 * local_puts - small files of a local tree are written by a second thread, beside the one that plans and reads: making a file is mostly
 * waiting for the file system, which lets two do so at a time. Answers come in the order of the tickets, as those of a server do.
 *
 * The thread makes files and nothing else: it has a descriptor of the directory, the content and resolved owners, and shares only the queue.
 */
#ifndef SL_CLIENT_LOCAL_PUTS_H
#define SL_CLIENT_LOCAL_PUTS_H

#include "base/entry.h"
#include "base/error.h"
#include "base/hash.h"

struct sl_puts;

struct sl_put_job {
    int dirfd;                   /* borrowed for the call */
    const struct sl_entry *entry; /* likewise; owners are numbers of this machine, and no attributes are given */
    uint32_t meta, flags;        /* owners that can't be set are not in meta */
    const void *data;            /* borrowed for the call */
    size_t len;                  /* at most SL_PUT_MAX */
    const uint8_t *hash;         /* NULL: nothing to verify against */
    enum sl_hash_kind kind;
};

struct sl_put_done { uint64_t ticket; enum sl_code code; struct sl_error err; };

/* NULL: this machine has one processor, or every other one has such a thread already, or there is none to be had. Signals go to other threads. */
struct sl_puts *sl_puts_new(void);
/* What no thread has begun is not done. */
void sl_puts_free(struct sl_puts *q);

/* Whether there is no place for another job or answer: take answers, and help, before that. */
bool sl_puts_full(const struct sl_puts *q);
/* False: it can't be queued (no descriptor for the directory); the caller does it itself. */
bool sl_puts_add(struct sl_puts *q, const struct sl_put_job *job, uint64_t ticket);
/* An answer that is known, to be given when those before it are. */
void sl_puts_answer(struct sl_puts *q, uint64_t ticket, enum sl_code code, const struct sl_error *err);

/* The oldest answer that was not taken, if it is there. */
bool sl_puts_take(struct sl_puts *q, struct sl_put_done *out);
/* Whether there is one that was not taken. */
bool sl_puts_busy(const struct sl_puts *q);
/* Does one of what waits, or waits for the thread. */
void sl_puts_help(struct sl_puts *q);
/* Until all are there. */
void sl_puts_finish(struct sl_puts *q);

#endif
