/* SPDX-License-Identifier: ISC */
/* io - reads and writes that know EINTR and short counts; descriptor flags; clock; random bytes. */
#ifndef SL_BASE_IO_H
#define SL_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/error.h"

/* One read; *got bytes. SL_AGAIN when it would block, SL_EOF at the end, else SL_OK or the errno's code (errno is
 * left as it was set). */
enum sl_code sl_io_read(int fd, void *data, size_t n, size_t *got);
enum sl_code sl_io_write(int fd, const void *data, size_t n, size_t *put);

/* All n bytes, on a blocking descriptor; a short file is SL_EOF for reads. errno is kept. */
enum sl_code sl_io_read_all(int fd, void *data, size_t n);
enum sl_code sl_io_write_all(int fd, const void *data, size_t n);

enum sl_code sl_io_nonblock(int fd);
enum sl_code sl_io_cloexec(int fd);

/* A temporary file without a name that no program started later inherits; NULL and errno when there can be none. */
FILE *sl_io_temporary(void);

/* Closes *fd unless it is -1, and makes it -1; errno is kept. */
void sl_io_close(int *fd);

/* Closes every descriptor from `first` on: in a process of its own, after fork. */
void sl_io_close_from(int first);

/* Monotonic milliseconds. */
uint64_t sl_now_ms(void);

/* n unpredictable bytes from the kernel. */
void sl_random(void *data, size_t n);

#endif
