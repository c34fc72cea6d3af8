/* SPDX-License-Identifier: ISC */
/* spool - a stack of records. Each is followed by its length, so that it can be read from the end. */
#include "config.h"
#include "client/spool.h"
#include "base/io.h"
#include "base/mem.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MEMORY_MAX = 1024 * 1024, RECORD_MAX = 64 * 1024 };

struct sl_spool {
    struct sl_buf mem;           /* the newest records */
    FILE *file;                  /* older ones, in whole blocks that were once `mem` */
    uint64_t size;               /* of the file */
};

struct sl_spool *sl_spool_new(void)
{
    return sl_calloc(1, sizeof(struct sl_spool));
}

void sl_spool_give(struct sl_spool *s, FILE *file)
{
    s->file = file;
}

FILE *sl_spool_yield(struct sl_spool *s)
{
    FILE *file = s->file;
    s->file = NULL;
    s->size = 0;
    sl_buf_clear(&s->mem);
    return file;
}

void sl_spool_free(struct sl_spool *s)
{
    if (!s)
        return;
    if (s->file)
        fclose(s->file);
    sl_buf_clear(&s->mem);
    free(s);
}

static enum sl_code spill(struct sl_spool *s, struct sl_error *err)
{
    size_t n = sl_buf_len(&s->mem);
    uint32_t len = (uint32_t)n;
    if (!s->file && !(s->file = sl_io_temporary()))
        return sl_fail_errno(err, errno, "cannot make a temporary file for what is done last");
    if (fseeko(s->file, (off_t)s->size, SEEK_SET) != 0 || fwrite(sl_buf_ptr(&s->mem), 1, n, s->file) != n ||
        fwrite(&len, sizeof len, 1, s->file) != 1 || fflush(s->file) != 0)
        return sl_fail_errno(err, errno, "cannot write the temporary file for what is done last");
    s->size += n + sizeof len;
    sl_buf_drop(&s->mem, n);
    return SL_OK;
}

enum sl_code sl_spool_push(struct sl_spool *s, const void *data, size_t n, struct sl_error *err)
{
    uint32_t len = (uint32_t)n;
    if (n > RECORD_MAX)
        return sl_fail(err, SL_E_NAME, "a path is too long for what is done last");
    if (sl_buf_len(&s->mem) > MEMORY_MAX) {
        enum sl_code rc = spill(s, err);
        if (rc != SL_OK)
            return rc;
    }
    sl_buf_add(&s->mem, data, n);
    sl_buf_add(&s->mem, &len, sizeof len);
    return SL_OK;
}

static enum sl_code fill(struct sl_spool *s, struct sl_error *err)
{
    uint32_t n = 0;
    if (fseeko(s->file, (off_t)(s->size - sizeof n), SEEK_SET) != 0 || fread(&n, sizeof n, 1, s->file) != 1 ||
        n > s->size - sizeof n)
        return sl_fail(err, SL_E_IO, "cannot read the temporary file for what is done last");
    s->size -= sizeof n + n;
    if (fseeko(s->file, (off_t)s->size, SEEK_SET) != 0 || fread(sl_buf_reserve(&s->mem, n), 1, n, s->file) != n)
        return sl_fail(err, SL_E_IO, "cannot read the temporary file for what is done last");
    sl_buf_commit(&s->mem, n);
    return SL_OK;
}

enum sl_code sl_spool_pop(struct sl_spool *s, struct sl_buf *out, struct sl_error *err)
{
    uint32_t n;
    if (!sl_buf_len(&s->mem)) {
        if (!s->size)
            return SL_EOF;
        enum sl_code rc = fill(s, err);
        if (rc != SL_OK)
            return rc;
    }
    memcpy(&n, s->mem.data + s->mem.end - sizeof n, sizeof n);
    s->mem.end -= sizeof n + n;
    sl_buf_reset(out, RECORD_MAX);
    sl_buf_add(out, s->mem.data + s->mem.end, n);
    if (s->mem.end == s->mem.start)
        s->mem.start = s->mem.end = 0;
    return SL_OK;
}
