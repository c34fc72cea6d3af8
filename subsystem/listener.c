/* SPDX-License-Identifier: ISC */
/*
 * listener - accepts and forks. Connections are counted by module in memory that all processes share: a slot for each child,
 * which the child marks with its module and the parent empties when it ends, so that a child that is killed is not counted
 * for ever.
 */
#include "config.h"
#include "subsystem/listener.h"
#include "base/io.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/log.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 128, DRAIN_S = 10, OVER_LIMIT = 16, NO_MODULE = -1, MOTD_MAX = 4096 };

struct slot {
    pid_t pid;                           /* the parent's; 0: free */
    atomic_int module;                   /* the child's: its place in the configuration */
    unsigned generation;                 /* of the configuration that `module` counts in */
};

struct listener {
    struct sl_listener_options *o;
    int *fds;
    struct pollfd *polls;                /* one for each of fds */
    size_t fd_count;
    struct slot *slots;                  /* shared */
    size_t slot_count, used, own;        /* own: the child's slot */
    unsigned generation;
    int pid_fd;                          /* of the pid file, from before the user changed; -1: none */
    sigset_t waiting;
};

static volatile sig_atomic_t stop, reload, child_ended;

static void on_signal(int sig)
{
    if (sig == SIGHUP)
        reload = 1;
    else if (sig == SIGCHLD)
        child_ended = 1;
    else
        stop = 1;
}

/* ---- one peer ---- */

static char *motd_text(const struct sl_config *c)
{
    char *text = sl_calloc(1, MOTD_MAX + 1);
    int fd = c->motd ? open(c->motd, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    size_t n = 0, got = 0;
    while (fd >= 0 && n < MOTD_MAX && sl_io_read(fd, text + n, MOTD_MAX - n, &got) == SL_OK)
        n += got;
    sl_io_close(&fd);
    return text;
}

static void name_of(const struct sockaddr *a, socklen_t len, char *out, size_t size)
{
    char host[NI_MAXHOST], port[NI_MAXSERV];
    if (getnameinfo(a, len, host, sizeof host, port, sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        snprintf(out, size, "an unknown address");
    else
        snprintf(out, size, a->sa_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
}

int sl_served_status(enum sl_code rc, const struct sl_error *err, const char *who)
{
    if (rc == SL_OK)
        return 0;
    sl_log(SL_LOG_ERROR, "%s%s%s", who, *who ? ": " : "", err->text);
    return rc == SL_E_TIMEOUT ? 30 : 12;
}

enum sl_code sl_serve_peer(int fd, const struct sl_peer_options *o, struct sl_error *err)
{
    struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof peer;
    int one = 1;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0)
        return sl_fail_errno(err, errno, "descriptor %d is no connected socket", fd);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    char *motd = motd_text(o->config);
    struct sl_policy policy = { .rights = SL_RIGHT_ALL, .enforced = true, .anonymous = true, .config = o->config, .peer = (struct sockaddr *)&peer,
                                .motd = motd, .test_mask = o->test_mask, .admit = o->admit, .admit_ctx = o->admit_ctx };
    struct sl_serve_limits limits = { o->config->handshake_timeout_s, o->config->idle_timeout_s };
    enum sl_code rc = sl_serve(fd, fd, &policy, &limits, o->drain, err);
    free(motd);
    return rc;
}

/* ---- counting ---- */

/* Counts itself first, then looks: of two that come at once both may be refused, but never one too many admitted. */
static enum sl_code admit(void *ctx, const struct sl_module *m, struct sl_error *err)
{
    struct listener *l = ctx;
    int index = (int)(m - l->o->config->modules);
    unsigned count = 0;
    if (l->used > l->o->config->max_connections)
        return sl_fail(err, SL_E_LIMIT, "this server has no connection left (%u): try again later", l->o->config->max_connections);
    atomic_store(&l->slots[l->own].module, index);
    if (!m->max_connections)
        return SL_OK;
    for (size_t i = 0; i < l->slot_count; i++)
        count += atomic_load(&l->slots[i].module) == index && l->slots[i].generation == l->generation;
    if (count <= m->max_connections)
        return SL_OK;
    atomic_store(&l->slots[l->own].module, NO_MODULE);
    return sl_fail(err, SL_E_LIMIT, "module '%s' has no connection left (%u): try again later", m->name, m->max_connections);
}

static struct slot *slot_of(struct listener *l, pid_t pid)
{
    for (size_t i = 0; i < l->slot_count; i++)
        if (l->slots[i].pid == pid)
            return &l->slots[i];
    return NULL;
}

static void reap(struct listener *l)
{
    pid_t pid;
    child_ended = 0;
    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct slot *s = slot_of(l, pid);
        if (!s)
            continue;
        s->pid = 0;
        atomic_store(&s->module, NO_MODULE);
        l->used--;
    }
}

/* ---- start ---- */

static enum sl_code bind_one(struct listener *l, const struct sl_listen *where, struct sl_error *err)
{
    struct sockaddr_storage a = where->addr;
    socklen_t len = where->len;
    int one = 1, zero = 0;
    int fd = socket(a.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in6 *any = (struct sockaddr_in6 *)(void *)&a;
    if (fd < 0 && a.ss_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&any->sin6_addr)) {
        struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = any->sin6_port };
        memcpy(&a, &v4, sizeof v4);
        len = sizeof v4;
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    }
    if (fd < 0)
        return sl_fail(err, SL_E_CONNECT, "cannot listen on '%s': %s", where->text, strerror(errno));
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (a.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof zero);
    if (bind(fd, (struct sockaddr *)&a, len) != 0 || listen(fd, BACKLOG) != 0) {
        sl_fail(err, SL_E_CONNECT, "cannot listen on '%s': %s", where->text, strerror(errno));
        sl_io_close(&fd);
        return SL_E_CONNECT;
    }
    l->fds[l->fd_count++] = fd;
    return SL_OK;
}

/* A socket from outside. Of one that does not listen, poll would tell us for ever that it is ready. */
static enum sl_code adopt(struct listener *l, int fd, struct sl_error *err)
{
    int listening = 0;
    socklen_t n = sizeof listening;
    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) != 0 || !listening)
        return sl_fail(err, SL_E_CONFIG, "descriptor %d, which was passed to listen on, is not a listening socket", fd);
    sl_io_nonblock(fd);
    sl_io_cloexec(fd);
    l->fds[l->fd_count++] = fd;
    return SL_OK;
}

static enum sl_code open_sockets(struct listener *l, struct sl_error *err)
{
    struct sl_config *c = l->o->config;
    enum sl_code rc = SL_OK;
    l->fds = sl_calloc((size_t)l->o->fd_count + c->listen_count + 1, sizeof *l->fds);
    for (int i = 0; rc == SL_OK && i < l->o->fd_count; i++)
        rc = adopt(l, l->o->fd_first + i, err);
    if (l->o->fd_count)
        return rc;
    if (!c->listen_count)
        rc = sl_config_listen(c, "8730", err);
    for (size_t i = 0; rc == SL_OK && i < c->listen_count; i++)
        rc = bind_one(l, &c->listens[i], err);
    return rc;
}

enum sl_code sl_become(const struct sl_config *c, struct sl_error *err)
{
    errno = 0;
    const struct passwd *pw = getpwnam(c->user);
    if (geteuid() != 0) {
        if (c->user_given && (!pw || pw->pw_uid != geteuid()))
            return sl_fail(err, SL_E_CONFIG, "only root can become user '%s'", c->user);
        return SL_OK;
    }
    if (!pw)
        return sl_fail(err, SL_E_CONFIG, "there is no user '%s' (set `user` in the configuration file)", c->user);
    if (pw->pw_uid == 0)
        return SL_OK;                    /* `user = root` was said */
    if (initgroups(pw->pw_name, pw->pw_gid) != 0 || setgid(pw->pw_gid) != 0 || setuid(pw->pw_uid) != 0)
        return sl_fail_errno(err, errno, "cannot become user '%s'", c->user);
    if (setuid(0) == 0)
        return sl_fail(err, SL_E_DENIED, "user '%s' could become root again", c->user);
    return SL_OK;
}

static enum sl_code open_pid_file(struct listener *l, struct sl_error *err)
{
    if (!l->o->pid_file)
        return SL_OK;
    l->pid_fd = open(l->o->pid_file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return l->pid_fd < 0 ? sl_fail_errno(err, errno, "cannot write '%s'", l->o->pid_file) : SL_OK;
}

/* The user that this process became may not remove it; then it is left empty, so that it names no stranger's process. */
static void remove_pid_file(struct listener *l)
{
    if (l->pid_fd >= 0 && unlink(l->o->pid_file) != 0 && ftruncate(l->pid_fd, 0) != 0)
        sl_log(SL_LOG_ERROR, "cannot remove '%s': %s", l->o->pid_file, strerror(errno));
    sl_io_close(&l->pid_fd);
}

static void tell_addresses(const struct listener *l)
{
    for (size_t i = 0; i < l->fd_count; i++) {
        struct sockaddr_storage a;
        socklen_t len = sizeof a;
        char text[NI_MAXHOST + NI_MAXSERV + 4];
        if (getsockname(l->fds[i], (struct sockaddr *)&a, &len) != 0)
            continue;
        name_of((struct sockaddr *)&a, len, text, sizeof text);
        sl_log(SL_LOG_NOTICE, "listening on %s", text);
    }
}

static void watch_signals(struct listener *l)
{
    static const int sigs[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
    struct sigaction sa = { .sa_handler = on_signal };
    sigset_t held;
    sigemptyset(&held);
    for (size_t i = 0; i < sizeof sigs / sizeof sigs[0]; i++) {
        sigaddset(&held, sigs[i]);
        sigaction(sigs[i], &sa, NULL);
    }
    sigprocmask(SIG_BLOCK, &held, &l->waiting);
}

/* Into the background. What may fail for a reason of the configuration was done before, where somebody sees it. */
static enum sl_code detach(struct listener *l, struct sl_error *err)
{
    if (l->o->detach && daemon(1, l->o->log_stderr) != 0)
        return sl_fail_errno(err, errno, "cannot detach");
    if (l->o->detach && !l->o->log_stderr)
        sl_log_open(SL_LOG_SYSLOG);
    if (l->pid_fd >= 0 && dprintf(l->pid_fd, "%ld\n", (long)getpid()) < 0)
        return sl_fail_errno(err, errno, "cannot write '%s'", l->o->pid_file);
    return SL_OK;
}

/* ---- serving ---- */

static void child(struct listener *l, int fd)
{
    struct sl_error err = { 0 };
    struct sl_peer_options o = { l->o->config, l->o->test_mask, admit, l, &stop };
    struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof a;
    char who[NI_MAXHOST + NI_MAXSERV + 4] = "";
    for (size_t i = 0; i < l->fd_count; i++)
        close(l->fds[i]);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &l->waiting, NULL);
    if (getpeername(fd, (struct sockaddr *)&a, &len) == 0)
        name_of((struct sockaddr *)&a, len, who, sizeof who);
    enum sl_code rc = sl_serve_peer(fd, &o, &err);
    _exit(rc == SL_E_CLOSED ? 0 : sl_served_status(rc, &err, who));
}

static void take(struct listener *l, int listening)
{
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd < 0) {
        /* Out of descriptors: without a pause this would spin. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            poll(NULL, 0, 100);
        return;
    }
    struct slot *s = l->used < l->o->config->max_connections + OVER_LIMIT ? slot_of(l, 0) : NULL;
    if (s) {
        l->own = (size_t)(s - l->slots);
        l->used++;
        s->generation = l->generation;
        atomic_store(&s->module, NO_MODULE);
        pid_t pid = fork();
        if (pid == 0)
            child(l, fd);
        if (pid < 0) {
            sl_log(SL_LOG_ERROR, "cannot fork: %s", strerror(errno));
            l->used--;
        } else {
            s->pid = pid;
        }
    }
    close(fd);                           /* far over the limit it is closed without a word */
}

static void read_again(struct listener *l)
{
    struct sl_config fresh;
    struct sl_error err = { 0 };
    reload = 0;
    sl_config_init(&fresh);
    if (l->o->reload(l->o->reload_ctx, &fresh, &err) != SL_OK) {
        sl_log(SL_LOG_ERROR, "%s; the configuration stays as it was", err.text);
        sl_config_clear(&fresh);
        return;
    }
    if (!fresh.module_count) {
        sl_log(SL_LOG_ERROR, "the new configuration serves nothing; it stays as it was");
        sl_config_clear(&fresh);
        return;
    }
    sl_config_clear(l->o->config);
    *l->o->config = fresh;
    l->generation++;
    sl_log(SL_LOG_NOTICE, "read the configuration again: %zu modules", fresh.module_count);
}

/* ppoll lets no signal in while a socket is ready: a flood of connections would keep SIGTERM, and the ends of children, out. */
static void let_signals_in(const struct listener *l)
{
    sigset_t held;
    sigprocmask(SIG_SETMASK, &l->waiting, &held);
    sigprocmask(SIG_SETMASK, &held, NULL);
}

static void loop(struct listener *l)
{
    struct pollfd *p = l->polls = sl_calloc(l->fd_count, sizeof *p);
    while (!stop) {
        for (size_t i = 0; i < l->fd_count; i++)
            p[i] = (struct pollfd){ .fd = l->fds[i], .events = POLLIN };
        int n = ppoll(p, l->fd_count, NULL, &l->waiting);
        if (n > 0)
            let_signals_in(l);
        if (child_ended)
            reap(l);
        if (reload)
            read_again(l);
        for (size_t i = 0; n > 0 && !stop && i < l->fd_count; i++)
            if (p[i].revents & POLLIN)
                take(l, p[i].fd);
    }
    free(l->polls);
}

/* Tells the sessions to finish, waits for them a while, then goes. */
static void drain(struct listener *l)
{
    uint64_t end = sl_now_ms() + DRAIN_S * 1000;
    for (size_t i = 0; i < l->fd_count; i++)
        close(l->fds[i]);
    for (size_t i = 0; i < l->slot_count; i++)
        if (l->slots[i].pid > 0)
            kill(l->slots[i].pid, SIGTERM);
    while (l->used && sl_now_ms() < end) {
        struct timespec most = { .tv_nsec = 200 * 1000000L };
        ppoll(NULL, 0, &most, &l->waiting);
        reap(l);
    }
}

enum sl_code sl_listen(struct sl_listener_options *o, struct sl_error *err)
{
    struct listener l = { .o = o, .pid_fd = -1 };
    if (!o->config->module_count)
        return sl_fail(err, SL_E_CONFIG, "nothing to serve: there is no [module] in the configuration and no --export NAME=DIR");
    enum sl_code rc = open_sockets(&l, err);
    if (rc == SL_OK)
        rc = open_pid_file(&l, err);
    if (rc == SL_OK)
        rc = sl_become(o->config, err);
    if (rc == SL_OK && !o->detach)
        tell_addresses(&l);
    if (rc == SL_OK)
        rc = detach(&l, err);
    if (rc != SL_OK)
        goto out;
    l.slot_count = SL_CONNECTIONS_MAX + OVER_LIMIT;
    l.slots = mmap(NULL, l.slot_count * sizeof *l.slots, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (l.slots == MAP_FAILED) {
        rc = sl_fail_errno(err, errno, "cannot count connections");
        goto out;
    }
    for (size_t i = 0; i < l.slot_count; i++)
        atomic_init(&l.slots[i].module, NO_MODULE);
    watch_signals(&l);
    loop(&l);
    drain(&l);
    munmap(l.slots, l.slot_count * sizeof *l.slots);
    remove_pid_file(&l);
    free(l.fds);
    return SL_OK;
out:
    remove_pid_file(&l);
    for (size_t i = 0; i < l.fd_count; i++)
        close(l.fds[i]);
    free(l.fds);
    return rc;
}
