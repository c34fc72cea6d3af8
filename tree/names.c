/* SPDX-License-Identifier: ISC */
/*
 * names - reads a directory's names with few system calls and sorts them. They are gathered in room that is kept from
 * one directory to the next, then moved into one block of the right size, for a walk keeps those of all directories
 * above it.
 */
#include "config.h"
#include "tree/names.h"

#include "base/entry.h"
#include "base/mem.h"
#include "tree/stage.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
    DENTS_SIZE = 64 * 1024, /* most directories need one reading */
    SCRATCH_KEEP = 1 << 20  /* bytes; more is given back after a huge directory */
};

static uint64_t key_of(const char *name)
{
    uint64_t key = 0;
    for (int i = 0; i < 8; i++) {
        key = key << 8 | (uint8_t)*name;
        name += *name != '\0';
    }
    return key;
}

static int compare(const void *a, const void *b)
{
    const struct sl_name *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return strcmp(x->text, y->text);
}

static void *grown(void *p, size_t *cap, size_t need, size_t size)
{
    if (need <= *cap)
        return p;
    *cap = need * 2 > 1024 ? need * 2 : 1024;
    return sl_realloc(p, *cap * size);
}

/* The bytes may move while more are added: until the end text is only an offset, kept in key. */
static void add_name(struct sl_names_scratch *s, const char *name, size_t len)
{
    s->bytes = grown(s->bytes, &s->bytes_cap, s->bytes_len + len + 1, 1);
    s->list = grown(s->list, &s->list_cap, s->list_len + 1, sizeof *s->list);
    s->list[s->list_len++].key = s->bytes_len;
    memcpy(s->bytes + s->bytes_len, name, len + 1);
    s->bytes_len += len + 1;
}

static void take_name(struct sl_names_scratch *s, int fd, const char *name)
{
    size_t len = strlen(name);
    if (!sl_name_ok(name, len))
        return;
    if (!sl_stage_is_temp(name, len))
        add_name(s, name, len);
    else if (s->clean)
        sl_stage_clean(fd, name);
}

/* The kernel's own call: readdir would cost a descriptor, a stat and an allocation more for each directory. */
static int read_all(struct sl_names_scratch *s, int fd)
{
    for (;;) {
        long n = syscall(SYS_getdents64, fd, s->dents, DENTS_SIZE);
        if (n == 0)
            return 0;
        if (n < 0)
            return errno;
        for (long at = 0; at < n;) {
            const struct dirent64 *e = (const struct dirent64 *)(const void *)(s->dents + at);
            take_name(s, fd, e->d_name);
            at += e->d_reclen;
        }
    }
}

/* Moves the scratch into one block of its own, sorted. */
static void settle(struct sl_names_scratch *s, struct sl_names *out)
{
    size_t array = s->list_len * sizeof *out->list;
    bool sorted = true;
    if (!s->list_len)
        return;
    out->list = sl_malloc(array + s->bytes_len);
    out->count = s->list_len;
    char *bytes = (char *)out->list + array;
    memcpy(bytes, s->bytes, s->bytes_len);
    for (size_t i = 0; i < out->count; i++) {
        const char *text = bytes + s->list[i].key;
        out->list[i] = (struct sl_name){ key_of(text), text };
        sorted = sorted && (i == 0 || compare(&out->list[i - 1], &out->list[i]) < 0);
    }
    if (!sorted)
        qsort(out->list, out->count, sizeof *out->list, compare);
}

static void trim_scratch(struct sl_names_scratch *s)
{
    s->bytes_len = s->list_len = 0;
    if (s->bytes_cap <= SCRATCH_KEEP && s->list_cap * sizeof *s->list <= SCRATCH_KEEP)
        return;
    free(s->bytes);
    free(s->list);
    s->bytes = NULL;
    s->list = NULL;
    s->bytes_cap = s->list_cap = 0;
}

int sl_names_read(struct sl_names *out, struct sl_names_scratch *s, int fd, bool clean)
{
    if (!s->dents)
        s->dents = sl_malloc(DENTS_SIZE);
    s->clean = clean;
    *out = (struct sl_names){ 0 };
    int why = read_all(s, fd);
    settle(s, out);
    trim_scratch(s);
    return why;
}

void sl_names_clear(struct sl_names *names)
{
    free(names->list);
    *names = (struct sl_names){ 0 };
}

void sl_names_scratch_clear(struct sl_names_scratch *s)
{
    free(s->dents);
    free(s->bytes);
    free(s->list);
    *s = (struct sl_names_scratch){ 0 };
}
