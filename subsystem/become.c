/* SPDX-License-Identifier: ISC */
/* become - see become.h. The order is that of setuid(2)'s manual: groups first, for the user may not set them any more. */
#include "config.h"
#include "subsystem/become.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITIES_MAX = 63 };

/* What root needs to serve files; all of them are among the first 32. */
static const uint32_t file_capabilities = 1u << CAP_CHOWN | 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_FOWNER |
                                          1u << CAP_FSETID | 1u << CAP_MKNOD;

/* Without the bounding set not even a file with capabilities gives one back. A process that may not change it leaves it: it
 * gets no new privileges anyway. */
static void drop_bounding_set(uint32_t but)
{
    for (unsigned long cap = 0; cap <= CAPABILITIES_MAX; cap++)
        if (!(cap < 32 && but & 1u << cap) && prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static enum sl_code drop_capabilities(uint32_t but, struct sl_error *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct left[2] = { { .effective = but, .permitted = but }, { 0 } };
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &head, left) != 0)
        return sl_fail_errno(err, errno, "cannot give up capabilities");
    return SL_OK;
}

/* Only what the process already has: a container may have given it less. */
static enum sl_code stay_root(struct sl_error *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct now[2] = { { 0 }, { 0 } };
    if (syscall(SYS_capget, &head, now) != 0)
        return sl_fail_errno(err, errno, "cannot look at capabilities");
    drop_bounding_set(file_capabilities);
    return drop_capabilities(now[0].permitted & file_capabilities, err);
}

enum sl_code sl_become(const struct sl_config *c, struct sl_error *err)
{
    errno = 0;
    const struct passwd *pw = getpwnam(c->user);
    if (geteuid() != 0) {
        if (c->user_given && (!pw || pw->pw_uid != geteuid()))
            return sl_fail(err, SL_E_CONFIG, "only root can become user '%s'", c->user);
        return drop_capabilities(0, err);
    }
    if (!pw)
        return sl_fail(err, SL_E_CONFIG, "there is no user '%s' (set `user` in the configuration file)", c->user);
    if (pw->pw_uid == 0)
        return stay_root(err);           /* `user = root` was said */
    drop_bounding_set(0);
    if (initgroups(pw->pw_name, pw->pw_gid) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
        return sl_fail_errno(err, errno, "cannot become user '%s'", c->user);
    if (setuid(0) == 0 || setgid(0) == 0)
        return sl_fail(err, SL_E_DENIED, "user '%s' could become root again", c->user);
    return drop_capabilities(0, err);
}
