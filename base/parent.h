/* SPDX-License-Identifier: ISC */
/* parent - for a process that is not to outlive the one that started it. */
#ifndef SL_BASE_PARENT_H
#define SL_BASE_PARENT_H

#include <sys/types.h>

/* From now on this process gets `signo` when its parent ends, and exits at once if `parent` is not its parent any more.
 * Where the system can't (it is Linux's), nothing happens: such a process then ends when its work does. */
void sl_end_with_parent(pid_t parent, int signo);

#endif
