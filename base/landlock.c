/* SPDX-License-Identifier: ISC */
/* landlock - see landlock.h: the three system calls and their structures. */
#include "config.h"
#include "base/landlock.h"

#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_landlock_create_ruleset
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_add_rule 445
#define SYS_landlock_restrict_self 446
#endif

enum { VERSION_QUESTION = 1, RULE_PATH_BENEATH = 1, ABI_REFER = 2, ABI_TRUNCATE = 3, ABI_NET = 4, ABI_IOCTL = 5, ABI_SCOPED = 6,
       NET_BIND_AND_CONNECT = 3, SCOPE_SOCKETS_AND_SIGNALS = 3 };

/* What an older kernel does not know has to be zero, and may then be passed all the same. */
struct ruleset_attr { uint64_t fs, net, scoped; };
struct path_beneath_attr { uint64_t allowed; int32_t parent_fd; } __attribute__((packed));

int sl_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, VERSION_QUESTION);
    return abi > 0 ? (int)abi : 0;
}

uint64_t sl_landlock_all(int abi)
{
    uint64_t all = SL_LL_REFER - 1;
    if (abi >= ABI_REFER)
        all |= SL_LL_REFER;
    if (abi >= ABI_TRUNCATE)
        all |= SL_LL_TRUNCATE;
    if (abi >= ABI_IOCTL)
        all |= SL_LL_IOCTL_DEV;
    return abi > 0 ? all : 0;
}

int sl_landlock_ruleset(int abi, int scoped)
{
    struct ruleset_attr a = { .fs = sl_landlock_all(abi) };
    if (abi >= ABI_NET)
        a.net = NET_BIND_AND_CONNECT;
    if (abi >= ABI_SCOPED && scoped)
        a.scoped = SCOPE_SOCKETS_AND_SIGNALS;
    return (int)syscall(SYS_landlock_create_ruleset, &a, sizeof a, 0);
}

int sl_landlock_allow(int ruleset, int fd, uint64_t rights)
{
    struct path_beneath_attr a = { rights, fd };
    return (int)syscall(SYS_landlock_add_rule, ruleset, RULE_PATH_BENEATH, &a, 0);
}

int sl_landlock_enter(int ruleset)
{
    return (int)syscall(SYS_landlock_restrict_self, ruleset, 0);
}
