/* SPDX-License-Identifier: ISC */
/*
 * sysfilter - lists of system calls. A server gets what it uses and what its libraries may use in its place on another
 * architecture or after an update (an open that is an openat today); none of it leads out of the process or to another tree.
 */
#include "config.h"
#include "base/sysfilter.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

bool sl_sysfilter_sanitized(void)
{
    return SANITIZED;
}

#if HAVE_SECCOMP && !SANITIZED

#include <errno.h>
#include <fcntl.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <linux/fs.h>
#include <sys/prctl.h>
#include <unistd.h>

/* O_CREAT and O_TRUNC, and both ways of opening for writing. */
enum { OPEN_CHANGES = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC };

static const char *const serving[] = {
    "read", "readv", "pread64", "write", "writev", "close", "lseek", "_llseek", "fcntl", "fcntl64", "dup", "shutdown",
    "recvfrom", "recvmsg", "recv", "sendto", "sendmsg", "send", "getsockopt", "setsockopt", "getpeername", "getsockname",
    "fstat", "fstat64", "newfstatat", "fstatat64", "statx", "getdents64", "readlinkat", "fgetxattr", "getxattr", "lgetxattr", "flistxattr", "listxattr", "llistxattr", "fstatfs", "fstatfs64", "fadvise64",
    "poll", "ppoll", "ppoll_time64", "pselect6", "select", "restart_syscall",
    "brk", "munmap", "madvise", "futex", "futex_time64", "sched_yield", "sysinfo", "getrandom",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack",
    "clock_gettime", "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "gettimeofday", "nanosleep", "time",
    "getpid", "gettid", "getppid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getuid32", "geteuid32", "getgid32",
    "getegid32", "getgroups32", "umask", "getrlimit", "ugetrlimit", "exit", "exit_group", "rseq", "set_robust_list", NULL
};

static const char *const changing[] = {
    "openat", "open", "mkdirat", "mknodat", "symlinkat", "linkat", "unlinkat", "renameat", "renameat2", "ftruncate", "ftruncate64",
    "fallocate", "copy_file_range", "pwrite64", "pwritev", "fsync", "fdatasync", "sync_file_range", "fchmod", "fchmodat", "fchmodat2",
    "chmod", "fchown", "fchown32", "fchownat", "utimensat", "utimensat_time64", "fsetxattr", "fremovexattr",
    "setxattr", "removexattr", NULL
};

/* Nothing of ours asks for these, at no time: who does has taken over the process. */
static const char *const attacks[] = {
    "execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "kexec_load", "bpf", "init_module", "finit_module",
    "mount", "setns", "unshare", "userfaultfd", "perf_event_open", "add_key", "keyctl", "pidfd_getfd", NULL
};

/* A client asks for none of these either once its transports run. */
static const char *const not_of_a_client[] = {
    "socket", "socketpair", "connect", "bind", "listen", "accept", "accept4", "socketcall", "io_uring_setup", NULL
};

/* Names that this libseccomp or architecture does not have are no calls there. */
static int each(scmp_filter_ctx f, uint32_t action, const char *const *names)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && names[i]; i++) {
        int nr = seccomp_syscall_resolve_name(names[i]);
        if (nr != __NR_SCMP_ERROR)
            rc = seccomp_rule_add(f, action, nr, 0);
    }
    return rc;
}

/* Memory may be had, but not to run code in. Of a file that is mapped mremap(2) makes more: what is pinned it may not touch. */
static int memory(scmp_filter_ctx f, const void *pinned)
{
    static const char *const calls[] = { "mmap", "mmap2", "mprotect" };
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof calls / sizeof calls[0]; i++) {
        int nr = seccomp_syscall_resolve_name(calls[i]);
        if (nr != __NR_SCMP_ERROR)
            rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, nr, 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    if (rc == 0 && pinned)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 1, SCMP_A0(SCMP_CMP_NE, (scmp_datum_t)(uintptr_t)pinned, 0));
    else if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mremap), 0);
    return rc;
}

static int server(scmp_filter_ctx f, bool writes, const void *pinned)
{
    int rc = each(f, SCMP_ACT_ALLOW, serving);
    if (rc == 0)
        rc = memory(f, pinned);
    /* An assertion that failed, or a limit that was met, may end this process and no other. */
    if (rc == 0)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_CMP(0, SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    if (rc == 0 && writes)
        rc = each(f, SCMP_ACT_ALLOW, changing);
    if (rc == 0 && writes)               /* content shared between two open files */
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, UINT32_MAX, FICLONERANGE));
    if (rc == 0 && !writes)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, OPEN_CHANGES, 0));
    return rc;
}

bool sl_sysfilter_there(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0;
}

enum sl_code sl_sysfilter_enter(enum sl_confine_profile profile, const void *pinned, bool *on, struct sl_error *err)
{
    bool client = profile == SL_CONFINE_CLIENT;
    scmp_filter_ctx f = seccomp_init(client ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM));
    if (!f)
        return sl_fail(err, SL_E_NO_MEMORY, "cannot make a filter of system calls");
    int rc = each(f, SCMP_ACT_KILL_PROCESS, attacks);
    if (rc == 0 && client)
        rc = each(f, SCMP_ACT_ERRNO(EPERM), not_of_a_client);
    if (rc == 0 && !client)
        rc = server(f, profile == SL_CONFINE_WRITER, pinned);
    if (rc == 0)
        rc = seccomp_load(f);
    seccomp_release(f);
    if (rc != 0)
        return sl_fail_errno(err, -rc, "cannot filter system calls");
    *on = true;
    return SL_OK;
}

#else

bool sl_sysfilter_there(void)
{
    return false;
}

enum sl_code sl_sysfilter_enter(enum sl_confine_profile profile, const void *pinned, bool *on, struct sl_error *err)
{
    (void)profile;
    (void)pinned;
    (void)on;
    (void)err;
    return SL_OK;
}

#endif
