/* SPDX-License-Identifier: ISC */
/* standard - see standard.h. */
#include "config.h"
#include "base/standard.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

bool sl_standard_fill(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            return false;
    return true;
}

/* NULL: all that was written to it has arrived. */
static const char *loss(FILE *f)
{
    errno = 0;
    if (fflush(f) != 0 && errno)
        return strerror(errno);
    return ferror(f) ? "not all of it has arrived" : NULL; /* an earlier write; why is known no more */
}

int sl_standard_end(const char *program, int status, int lost)
{
    const char *out = loss(stdout);
    if (out)
        fprintf(stderr, "%s: cannot write to standard output: %s\n", program, out);
    return status == 0 && (out || loss(stderr)) ? lost : status;
}
