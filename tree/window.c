/* SPDX-License-Identifier: ISC */
/*
 * window - mapped, and brought into memory at once. The system's word that a page is not there is a signal; its handler puts zeros in the place of
 * that page and all behind it, and the access is repeated. mmap(2) is nothing that POSIX allows there, but on Linux it is a system call like write(2).
 */
#include "config.h"
#include "tree/window.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22                /* Linux 5.14 */
#endif

static struct sl_window *volatile opened;
static struct sigaction before;
static uintptr_t page;                       /* bytes of one; 0: the signal is not handled yet */

/* Of a window: zeros from the page of `at` on. */
static bool mend(struct sl_window *w, uintptr_t at)
{
    uintptr_t from = at & ~(page - 1), end = (uintptr_t)w->data + w->len;
    w->broken = true;
    return mmap((void *)from, end - from, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != MAP_FAILED;
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    int saved = errno;
    uintptr_t at = (uintptr_t)info->si_addr;
    (void)context;
    for (struct sl_window *w = opened; w; w = w->next) {
        if (at >= (uintptr_t)w->data && at - (uintptr_t)w->data < w->len && mend(w, at)) {
            errno = saved;
            return;
        }
    }
    sigaction(number, &before, NULL);        /* nobody's: the access is repeated, and ends as it would have */
    errno = saved;
}

static bool take_signal(void)
{
    struct sigaction sa = { .sa_sigaction = on_bus_error, .sa_flags = SA_SIGINFO };
    sigemptyset(&sa.sa_mask);
    if (!page && sigaction(SIGBUS, &sa, &before) == 0)
        page = (uintptr_t)sysconf(_SC_PAGESIZE);
    return page;
}

bool sl_window_open(struct sl_window *w, int fd, uint64_t at, size_t len)
{
    if (!take_signal())
        return false;
    uint64_t from = at & ~(uint64_t)(page - 1);
    size_t all = len + (size_t)(at - from);
    void *data = mmap(NULL, all, PROT_READ, MAP_SHARED, fd, (off_t)from);
    if (data == MAP_FAILED)
        return false;
    (void)madvise(data, all, MADV_SEQUENTIAL);
    if (madvise(data, all, MADV_POPULATE_READ) != 0 && errno != EINVAL) {      /* it can't be read, or is shorter */
        munmap(data, all);
        return false;
    }
    *w = (struct sl_window){ .data = data, .len = all, .at = from, .next = opened };
    opened = w;
    return true;
}

void sl_window_close(struct sl_window *w)
{
    struct sl_window *volatile *link = &opened;
    if (!w->data)
        return;
    while (*link != w)
        link = &(*link)->next;
    *link = w->next;
    munmap(w->data, w->len);
    w->data = NULL;
}
