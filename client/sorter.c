/* SPDX-License-Identifier: ISC */
/* sorter - see sorter.h. A record in memory or in the file has its length in front, as a uint32_t of this machine. */
#include "config.h"
#include "client/sorter.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RUN_BUFFER = 64 * 1024 };

struct run {
    uint64_t from, to; /* in the file */
};

struct sl_sorter {
    size_t most;
    char *bytes; /* owned; records */
    size_t len, cap;
    const char **at; /* owned; by order, once sorted */
    size_t count, at_cap;
    size_t *offsets; /* owned; of the records in bytes */
    FILE *file;      /* NULL: nothing was written */
    uint64_t written;
    struct run *runs;
    size_t runs_len;
};

struct cursor {
    uint64_t at, to;
    char *bytes; /* owned */
    size_t len, used, cap;
    const char *record; /* the one that is next; NULL: over */
    size_t record_len;
};

struct sl_sorter_reader {
    const struct sl_sorter *n;
    size_t next;
    struct cursor *cursors;
    struct cursor *given; /* whose record was given last */
};

struct sl_sorter *sl_sorter_new(size_t most)
{
    struct sl_sorter *n = sl_calloc(1, sizeof *n);
    n->most = most;
    return n;
}

void sl_sorter_free(struct sl_sorter *n)
{
    if (!n)
        return;
    if (n->file)
        fclose(n->file);
    free(n->bytes);
    free(n->offsets);
    free(n->at);
    free(n->runs);
    free(n);
}

/* A '/' comes before all else: what is in a directory follows it. */
int sl_sorter_order(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    if (*a == *b)
        return 0;
    unsigned x = *a == '/' ? 1 : *a ? (unsigned char)*a + 1u : 0, y = *b == '/' ? 1 : *b ? (unsigned char)*b + 1u : 0;
    return x < y ? -1 : 1;
}

static int by_path(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int order = sl_sorter_order(x, y);
    return order ? order : strcmp(x + strlen(x) + 1, y + strlen(y) + 1);
}

static void sort(struct sl_sorter *n)
{
    n->at = sl_realloc(n->at, (n->count + 1) * sizeof *n->at);
    for (size_t i = 0; i < n->count; i++)
        n->at[i] = n->bytes + n->offsets[i];
    qsort(n->at, n->count, sizeof *n->at, by_path);
}

static uint32_t length_of(const char *record)
{
    uint32_t len;
    memcpy(&len, record - sizeof len, sizeof len);
    return len;
}

enum sl_code sl_sorter_prepare(struct sl_sorter *n, struct sl_error *err)
{
    if (!n->file && !(n->file = sl_io_temporary()))
        return sl_fail_errno(err, errno, "cannot make a temporary file");
    return SL_OK;
}

static enum sl_code spill(struct sl_sorter *n, struct sl_error *err)
{
    sort(n);
    enum sl_code rc = sl_sorter_prepare(n, err);
    if (rc != SL_OK)
        return rc;
    uint64_t from = n->written;
    for (size_t i = 0; i < n->count; i++) {
        size_t len = length_of(n->at[i]) + sizeof(uint32_t);
        if (fwrite(n->at[i] - sizeof(uint32_t), 1, len, n->file) != len)
            return sl_fail_errno(err, errno, "cannot write to a temporary file");
        n->written += len;
    }
    if (fflush(n->file) != 0)
        return sl_fail_errno(err, errno, "cannot write to a temporary file");
    n->runs = sl_realloc(n->runs, (n->runs_len + 1) * sizeof *n->runs);
    n->runs[n->runs_len++] = (struct run){ from, n->written };
    n->count = n->len = 0;
    return SL_OK;
}

enum sl_code sl_sorter_add(struct sl_sorter *n, const char *record, size_t len, struct sl_error *err)
{
    uint32_t head = (uint32_t)len;
    size_t need = n->len + sizeof head + len + 1;
    if (n->count && need > n->most) {
        enum sl_code rc = spill(n, err);
        if (rc != SL_OK)
            return rc;
        need = sizeof head + len + 1;
    }
    if (need > n->cap)
        n->bytes = sl_realloc(n->bytes, n->cap = need * 2);
    if (n->count == n->at_cap) {
        n->at_cap = n->at_cap ? n->at_cap * 2 : 256;
        n->offsets = sl_realloc(n->offsets, n->at_cap * sizeof *n->offsets);
    }
    memcpy(n->bytes + n->len, &head, sizeof head);
    n->offsets[n->count++] = n->len + sizeof head;
    memcpy(n->bytes + n->len + sizeof head, record, len);
    n->len = need - 1;
    return SL_OK;
}

enum sl_code sl_sorter_sort(struct sl_sorter *n, struct sl_error *err)
{
    if (!n->runs_len) {
        sort(n);
        return SL_OK;
    }
    enum sl_code rc = n->count ? spill(n, err) : SL_OK;
    free(n->bytes);
    free(n->offsets);
    free(n->at);
    n->bytes = NULL;
    n->offsets = NULL;
    n->at = NULL;
    return rc;
}

/* ---- reading ---- */

struct sl_sorter_reader *sl_sorter_read(const struct sl_sorter *n)
{
    struct sl_sorter_reader *r = sl_calloc(1, sizeof *r);
    r->n = n;
    r->cursors = sl_calloc(n->runs_len + 1, sizeof *r->cursors);
    for (size_t i = 0; i < n->runs_len; i++)
        r->cursors[i] = (struct cursor){ .at = n->runs[i].from, .to = n->runs[i].to };
    return r;
}

void sl_sorter_reader_free(struct sl_sorter_reader *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->n->runs_len; i++)
        free(r->cursors[i].bytes);
    free(r->cursors);
    free(r);
}

/* At least so many bytes of the run in the buffer. */
static enum sl_code fill(struct sl_sorter_reader *r, struct cursor *c, size_t need, struct sl_error *err)
{
    if (c->len - c->used >= need)
        return SL_OK;
    if (c->used)
        memmove(c->bytes, c->bytes + c->used, c->len - c->used);
    c->len -= c->used;
    c->used = 0;
    if (need > c->cap)
        c->bytes = sl_realloc(c->bytes, c->cap = need > RUN_BUFFER ? need : RUN_BUFFER);
    while (c->len < need) {
        size_t room = c->cap - c->len;
        ssize_t got = pread(fileno(r->n->file), c->bytes + c->len,
                            c->to - c->at < room ? (size_t)(c->to - c->at) : room, (off_t)c->at);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return sl_fail_errno(err, got < 0 ? errno : EIO, "cannot read a temporary file");
        c->at += (uint64_t)got;
        c->len += (size_t)got;
    }
    return SL_OK;
}

/* The next record of a run. */
static enum sl_code step(struct sl_sorter_reader *r, struct cursor *c, struct sl_error *err)
{
    uint32_t head;
    c->record = NULL;
    if (c->at == c->to && c->used == c->len)
        return SL_OK;
    enum sl_code rc = fill(r, c, sizeof head, err);
    if (rc != SL_OK)
        return rc;
    memcpy(&head, c->bytes + c->used, sizeof head);
    rc = fill(r, c, sizeof head + head, err);
    if (rc != SL_OK)
        return rc;
    c->record = c->bytes + c->used + sizeof head;
    c->record_len = head;
    c->used += sizeof head + head;
    return SL_OK;
}

static enum sl_code next_of_runs(struct sl_sorter_reader *r, const char **record, size_t *len, struct sl_error *err)
{
    struct cursor *best = NULL;
    enum sl_code rc = SL_OK;
    for (size_t i = 0; rc == SL_OK && i < r->n->runs_len; i++) {
        struct cursor *c = &r->cursors[i];
        if (!r->next || c == r->given)
            rc = step(r, c, err);
        if (rc == SL_OK && c->record && (!best || by_path(&c->record, &best->record) < 0))
            best = c;
    }
    r->next = 1;
    r->given = best;
    if (rc != SL_OK)
        return rc;
    if (!best)
        return SL_EOF;
    *record = best->record;
    *len = best->record_len;
    return SL_OK;
}

enum sl_code sl_sorter_next(struct sl_sorter_reader *r, const char **record, size_t *len, struct sl_error *err)
{
    if (r->n->runs_len)
        return next_of_runs(r, record, len, err);
    if (r->next == r->n->count)
        return SL_EOF;
    *record = r->n->at[r->next++];
    *len = length_of(*record);
    return SL_OK;
}
