/* SPDX-License-Identifier: ISC */
/* parent - see parent.h. */
#include "config.h"
#include "base/parent.h"

#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

void sl_end_with_parent(pid_t parent, int signo)
{
#ifdef __linux__
    if (prctl(PR_SET_PDEATHSIG, signo) == 0 && getppid() != parent)
        _exit(0);
#else
    (void)parent;
    (void)signo;
#endif
}
