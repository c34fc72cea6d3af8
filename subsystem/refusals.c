/* SPDX-License-Identifier: ISC */
/* refusals - see refusals.h. */
#include "config.h"
#include "subsystem/refusals.h"
#include "base/buf.h"
#include "base/io.h"
#include "proto/conn.h"

#include <sys/socket.h>
#include <unistd.h>

enum { LINGER_MS = 2000, STEP_MS = 200, DISCARD = 64 * 1024 };

static void end(struct sl_refusals *r, size_t i)
{
    close(r->at[i].fd);
    r->at[i] = r->at[--r->count];
}

void sl_refuse(struct sl_refusals *r, int fd, const struct sl_error *why)
{
    struct sl_buf words = { 0 };
    size_t put = 0;
    sl_conn_refusal(&words, why);
    sl_io_nonblock(fd);
    sl_io_write(fd, sl_buf_ptr(&words), sl_buf_len(&words), &put);   /* a new socket has room for a line */
    shutdown(fd, SHUT_WR);
    sl_buf_clear(&words);
    if (r->count == SL_REFUSALS_MAX)
        end(r, 0);
    r->at[r->count].fd = fd;
    r->at[r->count++].until_ms = sl_now_ms() + LINGER_MS;
}

size_t sl_refusals_poll(const struct sl_refusals *r, struct pollfd *p, int *ms)
{
    for (size_t i = 0; i < r->count; i++)
        p[i] = (struct pollfd){ .fd = r->at[i].fd, .events = POLLIN };
    if (r->count && (*ms < 0 || *ms > STEP_MS))
        *ms = STEP_MS;
    return r->count;
}

void sl_refusals_step(struct sl_refusals *r)
{
    static char discarded[DISCARD];
    uint64_t now = sl_now_ms();
    for (size_t i = r->count; i-- > 0;) {
        size_t got = 0;
        enum sl_code rc = sl_io_read(r->at[i].fd, discarded, sizeof discarded, &got);
        if ((rc != SL_OK && rc != SL_AGAIN) || now >= r->at[i].until_ms)
            end(r, i);
    }
}

void sl_refusals_close(struct sl_refusals *r)
{
    while (r->count)
        end(r, r->count - 1);
}
