/* SPDX-License-Identifier: ISC */
/* confine - see confine.h. The list of system calls is in base/sysfilter.c. */
#include "config.h"
#include "base/confine.h"
#include "base/io.h"
#include "base/landlock.h"
#include "base/mem.h"
#include "base/sysfilter.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILE_RIGHTS = SL_LL_WRITE_FILE | SL_LL_READ_FILE | SL_LL_TRUNCATE };

struct tree { int fd; uint64_t rights; };

/* Rules are kept until the end, for a rule set may not be begun before it is known whether there is one. */
struct sl_confine {
    struct tree *trees;          /* descriptors of their own */
    size_t count;
};

struct sl_confine_abilities sl_confine_abilities(void)
{
    return (struct sl_confine_abilities){ sl_landlock_abi(), sl_sysfilter_there() };
}

enum sl_code sl_confine_begin(struct sl_error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return sl_fail_errno(err, errno, "cannot give up new privileges");
    if (!sl_sysfilter_sanitized() && prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
        return sl_fail_errno(err, errno, "cannot forbid debugging");
    return SL_OK;
}

struct sl_confine *sl_confine_new(void)
{
    return sl_calloc(1, sizeof(struct sl_confine));
}

void sl_confine_free(struct sl_confine *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < c->count; i++)
        sl_io_close(&c->trees[i].fd);
    free(c->trees);
    free(c);
}

static uint64_t rights_of(uint32_t access)
{
    static const struct { uint32_t access; uint64_t rights; } table[] = {
        { SL_CONFINE_LIST, SL_LL_READ_DIR },
        { SL_CONFINE_READ, SL_LL_READ_FILE },
        { SL_CONFINE_WRITE, SL_LL_WRITE_FILE | SL_LL_REMOVE_FILE | SL_LL_MAKE_REG | SL_LL_MAKE_DIR | SL_LL_MAKE_SYM | SL_LL_REFER |
                                SL_LL_TRUNCATE },
        { SL_CONFINE_REMOVE_DIR, SL_LL_REMOVE_DIR },
        { SL_CONFINE_SPECIAL, SL_LL_MAKE_CHAR | SL_LL_MAKE_SOCK | SL_LL_MAKE_FIFO | SL_LL_MAKE_BLOCK },
    };
    uint64_t all = 0;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (access & table[i].access)
            all |= table[i].rights;
    return all;
}

static enum sl_code add(struct sl_confine *c, int own_fd, uint32_t access, struct sl_error *err)
{
    struct stat st;
    uint64_t rights = rights_of(access);
    if (fstat(own_fd, &st) != 0)
        return sl_fail_errno(err, errno, "cannot look at a tree to be confined to");
    if (!S_ISDIR(st.st_mode))
        rights &= FILE_RIGHTS;
    c->trees = sl_realloc(c->trees, (c->count + 1) * sizeof *c->trees);
    c->trees[c->count++] = (struct tree){ own_fd, rights };
    return SL_OK;
}

enum sl_code sl_confine_tree(struct sl_confine *c, int fd, uint32_t access, struct sl_error *err)
{
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0)
        return sl_fail_errno(err, errno, "cannot keep a tree to be confined to");
    return add(c, own, access, err);
}

enum sl_code sl_confine_path(struct sl_confine *c, const char *path, uint32_t access, struct sl_error *err)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    return fd < 0 ? SL_OK : add(c, fd, access, err);
}

static enum sl_code enter_landlock(struct sl_confine *c, bool scoped, int *abi, struct sl_error *err)
{
    int have = sl_landlock_abi(), fd = -1;
    bool well = true;
    if (!have)
        return SL_OK;
    fd = sl_landlock_ruleset(have, scoped);
    if (fd < 0)
        return sl_fail_errno(err, errno, "cannot make a Landlock rule set");
    for (size_t i = 0; well && i < c->count; i++) {
        uint64_t rights = c->trees[i].rights & sl_landlock_all(have);
        well = !rights || sl_landlock_allow(fd, c->trees[i].fd, rights) == 0;
    }
    well = well && sl_landlock_enter(fd) == 0;
    int why = errno;
    sl_io_close(&fd);
    /* As many layers as there can be: whoever started this has confined it already. */
    if (!well && why == E2BIG)
        return SL_OK;
    if (!well)
        return sl_fail_errno(err, why, "cannot confine this process by Landlock");
    *abi = have;
    return SL_OK;
}

#ifdef __GLIBC__
typedef __rlimit_resource_t resource_kind;
#else
typedef int resource_kind;
#endif

static void lower(resource_kind resource, rlim_t to)
{
    struct rlimit r;
    if (getrlimit(resource, &r) != 0)
        return;
    r.rlim_cur = r.rlim_cur < to ? r.rlim_cur : to;
    r.rlim_max = r.rlim_max < to ? r.rlim_max : to;
    setrlimit(resource, &r);
}

/* A sanitizer reserves address space by the terabyte. */
static void set_limits(const struct sl_confine_limits *l)
{
    lower(RLIMIT_CORE, 0);
    if (l->memory_bytes && !sl_sysfilter_sanitized())
        lower(RLIMIT_AS, l->memory_bytes);
    if (l->descriptors)
        lower(RLIMIT_NOFILE, l->descriptors);
    if (l->cpu_s)
        lower(RLIMIT_CPU, l->cpu_s);
}

enum sl_code sl_confine_enter(struct sl_confine *trees, enum sl_confine_profile profile, const struct sl_confine_limits *limits,
                              struct sl_confine_abilities *done, struct sl_error *err)
{
    struct sl_confine_abilities got = { 0 };
    enum sl_code rc = SL_OK;
    if (limits)
        set_limits(limits);
    if (trees && sl_sysfilter_sanitized())           /* it looks for leaks from a second process */
        rc = sl_confine_path(trees, "/proc", SL_CONFINE_LIST | SL_CONFINE_READ, err);
    if (rc == SL_OK && trees)
        rc = enter_landlock(trees, profile != SL_CONFINE_CLIENT, &got.landlock, err);
    if (rc == SL_OK && sl_sysfilter_there())
        rc = sl_sysfilter_enter(profile, limits ? limits->pinned : NULL, &got.seccomp, err);
    if (rc == SL_OK && done)
        *done = got;
    return rc;
}
