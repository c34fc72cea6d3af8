/* SPDX-License-Identifier: ISC */
/* io - the one place that knows EINTR. */
#include "config.h"
#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { DESCRIPTORS_MAX = 65536 };

enum sl_code sl_io_read(int fd, void *data, size_t n, size_t *got)
{
    ssize_t k;
    do
        k = read(fd, data, n);
    while (k < 0 && errno == EINTR);
    if (k < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? SL_AGAIN : sl_code_of_errno(errno);
    if (k == 0 && n)
        return SL_EOF;
    *got = (size_t)k;
    return SL_OK;
}

enum sl_code sl_io_write(int fd, const void *data, size_t n, size_t *put)
{
    ssize_t k;
    do
        k = write(fd, data, n);
    while (k < 0 && errno == EINTR);
    if (k < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? SL_AGAIN : sl_code_of_errno(errno);
    *put = (size_t)k;
    return SL_OK;
}

enum sl_code sl_io_read_all(int fd, void *data, size_t n)
{
    char *p = data;
    while (n) {
        size_t k = 0;
        enum sl_code rc = sl_io_read(fd, p, n, &k);
        if (rc != SL_OK)
            return rc;
        p += k;
        n -= k;
    }
    return SL_OK;
}

enum sl_code sl_io_write_all(int fd, const void *data, size_t n)
{
    const char *p = data;
    while (n) {
        size_t k = 0;
        enum sl_code rc = sl_io_write(fd, p, n, &k);
        if (rc != SL_OK)
            return rc;
        p += k;
        n -= k;
    }
    return SL_OK;
}

enum sl_code sl_io_nonblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return sl_code_of_errno(errno);
    return SL_OK;
}

enum sl_code sl_io_cloexec(int fd)
{
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
        return sl_code_of_errno(errno);
    return SL_OK;
}

FILE *sl_io_temporary(void)
{
    FILE *file = tmpfile();
    if (file && sl_io_cloexec(fileno(file)) != SL_OK) {
        int keep = errno;
        fclose(file);
        errno = keep;
        return NULL;
    }
    return file;
}

void sl_io_close(int *fd)
{
    int keep = errno;
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
    errno = keep;
}

void sl_io_close_from(int first)
{
    if (syscall(SYS_close_range, first, ~0u, 0) == 0)
        return;
    for (int fd = first; fd < DESCRIPTORS_MAX; fd++)
        close(fd);
}

uint64_t sl_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void sl_random(void *data, size_t n)
{
    char *p = data;
    while (n) {
        ssize_t k = getrandom(p, n, 0);
        if (k < 0 && errno != EINTR)
            abort();
        if (k > 0) {
            p += k;
            n -= (size_t)k;
        }
    }
}
