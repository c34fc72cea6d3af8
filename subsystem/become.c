/* SPDX-License-Identifier: ISC */
/* become - see become.h. The order is that of setuid(2)'s manual: groups first, for the user may not set them any more. */
#include "config.h"
#include "subsystem/become.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CAPABILITIES_MAX = 63 };

/* Without the bounding set not even a file with capabilities gives one back. A process that may not change it leaves it: it
 * gets no new privileges anyway. */
static void drop_bounding_set(void)
{
    for (unsigned long cap = 0; cap <= CAPABILITIES_MAX; cap++)
        if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
            prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

static enum sl_code drop_capabilities(struct sl_error *err)
{
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
    if (syscall(SYS_capset, &head, none) != 0)
        return sl_fail_errno(err, errno, "cannot give up capabilities");
    return SL_OK;
}

enum sl_code sl_become(const struct sl_config *c, struct sl_error *err)
{
    errno = 0;
    const struct passwd *pw = getpwnam(c->user);
    if (geteuid() != 0) {
        if (c->user_given && (!pw || pw->pw_uid != geteuid()))
            return sl_fail(err, SL_E_CONFIG, "only root can become user '%s'", c->user);
        return drop_capabilities(err);
    }
    if (!pw)
        return sl_fail(err, SL_E_CONFIG, "there is no user '%s' (set `user` in the configuration file)", c->user);
    if (pw->pw_uid == 0 || pw->pw_gid == 0)
        return sl_fail(err, SL_E_CONFIG, "user '%s' is root: strangers are not served as root; set `user` to another", c->user);
    drop_bounding_set();
    if (initgroups(pw->pw_name, pw->pw_gid) != 0 || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) != 0 ||
        setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) != 0)
        return sl_fail_errno(err, errno, "cannot become user '%s'", c->user);
    if (setuid(0) == 0 || setgid(0) == 0)
        return sl_fail(err, SL_E_DENIED, "user '%s' could become root again", c->user);
    return drop_capabilities(err);
}
