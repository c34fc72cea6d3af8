/* SPDX-License-Identifier: ISC */
/* listener - accepts and forks. Connections are counted, by source before the fork and by session and module behind it (slots.h). */
#include "config.h"
#include "subsystem/listener.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/trusted.h"
#include "proto/msg.h"
#include "subsystem/become.h"
#include "subsystem/log.h"
#include "subsystem/refusals.h"
#include "subsystem/serving.h"
#include "subsystem/slots.h"
#include "subsystem/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DRAIN_S = 10 };

struct shared { struct sl_pace in, out; };   /* of all sessions together */

struct listener {
    struct sl_listener_options *o;
    int *fds;
    struct pollfd *polls;                /* one for each of fds */
    size_t fd_count;
    struct shared *shared;
    struct sl_slots_view slots;
    struct sl_refusals refusals;
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

int sl_serve_peer(int fd, const struct sl_peer_options *o)
{
    struct sockaddr_storage peer = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof peer;
    struct sl_who who;
    int one = 1;
    if (getpeername(fd, (struct sockaddr *)&peer, &len) != 0) {
        sl_log(SL_LOG_ERROR, "descriptor %d is no connected socket: %s", fd, strerror(errno));
        return 12;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    sl_who_of_socket(&who, (struct sockaddr *)&peer, len);
    struct sl_policy policy = { .rights = SL_RIGHT_ALL, .enforced = true, .who = &who, .config = o->config,
                                .quota = o->config->quota, .test_mask = o->test_mask, .greeted = o->greeted, .admit = o->admit, .admit_ctx = o->admit_ctx, .pinned = o->pinned };
    struct sl_serve_limits limits = { o->config->handshake_timeout_s, o->config->idle_timeout_s, o->config->total_rate,
                                      o->total_in, o->total_out };
    int status = sl_serve_one(fd, fd, &policy, &limits, o->config, o->drain);
    sl_who_clear(&who);
    return status;
}

/* ---- counting ---- */

static enum sl_code greeted(void *ctx, const uint8_t *token, struct sl_error *err)
{
    const struct listener *l = ctx;
    return sl_slots_greeted(&l->slots, l->o->config, token, err);
}

static enum sl_code admit(void *ctx, const struct sl_module *m, struct sl_error *err)
{
    const struct listener *l = ctx;
    return sl_slots_admit(&l->slots, l->o->config, m, err);
}

static void reap(struct listener *l)
{
    pid_t pid;
    int how = 0;
    child_ended = 0;
    while ((pid = waitpid(-1, &how, WNOHANG)) > 0) {
        if (sl_slots_ended(l->slots.all, pid) && WIFSIGNALED(how))
            sl_log(SL_LOG_ERROR, "session %ld was ended by signal %d", (long)pid, WTERMSIG(how));
    }
}

/* ---- start ---- */

static enum sl_code open_sockets(struct listener *l, struct sl_error *err)
{
    struct sl_config *c = l->o->config;
    enum sl_code rc = SL_OK;
    l->fds = sl_calloc((size_t)l->o->fd_count + c->listen_count + 1, sizeof *l->fds);
    for (int i = 0; rc == SL_OK && i < l->o->fd_count; i++) {
        rc = sl_socket_adopt(l->o->fd_first + i, err);
        if (rc == SL_OK)
            l->fds[l->fd_count++] = l->o->fd_first + i;
    }
    if (l->o->fd_count)
        return rc;
    if (!c->listen_count)
        rc = sl_config_listen(c, "8730", err);
    for (size_t i = 0; rc == SL_OK && i < c->listen_count; i++) {
        rc = sl_socket_listen(&c->listens[i], &l->fds[l->fd_count], err);
        l->fd_count += rc == SL_OK;
    }
    return rc;
}

static enum sl_code open_pid_file(struct listener *l, struct sl_error *err)
{
    if (!l->o->pid_file)
        return SL_OK;
    return sl_trusted_open(l->o->pid_file, O_WRONLY | O_CREAT | O_TRUNC, 0644, &l->pid_fd, err);
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
        char text[SL_ADDRESS_TEXT];
        if (getsockname(l->fds[i], (struct sockaddr *)&a, &len) != 0)
            continue;
        sl_socket_name((struct sockaddr *)&a, len, text);
        sl_log(SL_LOG_INFO, "listening on %s", text);
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
        sl_log_open(SL_LOG_SYSLOG, -1, -1);
    if (l->pid_fd >= 0 && dprintf(l->pid_fd, "%ld\n", (long)getpid()) < 0)
        return sl_fail_errno(err, errno, "cannot write '%s'", l->o->pid_file);
    return SL_OK;
}

/* ---- serving ---- */

static void child(struct listener *l, int fd)
{
    struct sl_peer_options o = { l->o->config, l->o->test_mask, greeted, admit, l, &stop, &l->shared->in, &l->shared->out,
                                 sl_slots_own_page(&l->slots) };
    for (size_t i = 0; i < l->fd_count; i++)
        close(l->fds[i]);
    sl_slots_child(l->slots.all, l->slots.own);
    sl_refusals_close(&l->refusals);
    signal(SIGHUP, SIG_IGN);
    signal(SIGCHLD, SIG_DFL);
    sigprocmask(SIG_SETMASK, &l->waiting, NULL);
    _exit(sl_serve_peer(fd, &o));
}

static void start_session(struct listener *l, int fd, const struct sl_source *source, enum sl_room room)
{
    l->slots.own = sl_slots_take(l->slots.all, source, l->slots.generation, room);
    pid_t pid = fork();
    if (pid == 0)
        child(l, fd);
    if (pid < 0)
        sl_log(SL_LOG_ERROR, "cannot fork: %s", strerror(errno));
    sl_slots_begun(l->slots.all, l->slots.own, pid < 0 ? 0 : pid);
    close(fd);
}

static void take(struct listener *l, int listening)
{
    struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof a;
    struct sl_error why = { 0 };
    int fd = accept4(listening, (struct sockaddr *)&a, &len, SOCK_CLOEXEC);
    if (fd < 0) {
        /* Out of descriptors: without a pause this would spin. */
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
            poll(NULL, 0, 100);
        return;
    }
    struct sl_source source = sl_source_of((struct sockaddr *)&a);
    enum sl_room room = sl_slots_room(l->slots.all, l->o->config, &source, &why);
    if (room != SL_ROOM_NONE) {
        start_session(l, fd, &source, room);
    } else {
        char text[SL_ADDRESS_TEXT];
        sl_socket_name((struct sockaddr *)&a, len, text);
        sl_log(SL_LOG_VERBOSE, "refused %s: %s", text, why.text);
        sl_refuse(&l->refusals, fd, &why);
    }
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
    l->slots.generation++;
    sl_log(SL_LOG_INFO, "read the configuration again: %zu modules", fresh.module_count);
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
    struct pollfd *p = l->polls = sl_calloc(l->fd_count + SL_REFUSALS_MAX, sizeof *p);
    while (!stop) {
        int ms = -1;
        for (size_t i = 0; i < l->fd_count; i++)
            p[i] = (struct pollfd){ .fd = l->fds[i], .events = POLLIN };
        size_t count = l->fd_count + sl_refusals_poll(&l->refusals, p + l->fd_count, &ms);
        struct timespec most = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };
        int n = ppoll(p, count, ms < 0 ? NULL : &most, &l->waiting);
        if (n > 0)
            let_signals_in(l);
        if (child_ended)
            reap(l);
        if (reload)
            read_again(l);
        sl_refusals_step(&l->refusals);
        for (size_t i = 0; n > 0 && !stop && i < l->fd_count; i++)
            if (p[i].revents & POLLIN)
                take(l, p[i].fd);
    }
    free(l->polls);
}

static void tell_to_end(pid_t pid)
{
    kill(pid, SIGTERM);
}

/* Tells the sessions to finish, waits for them a while, then goes. */
static void drain(struct listener *l)
{
    uint64_t end = sl_now_ms() + DRAIN_S * 1000;
    for (size_t i = 0; i < l->fd_count; i++)
        close(l->fds[i]);
    sl_refusals_close(&l->refusals);
    sl_slots_each(l->slots.all, tell_to_end);
    while (sl_slots_used(l->slots.all) && sl_now_ms() < end) {
        struct timespec most = { .tv_nsec = 200 * 1000000L };
        ppoll(NULL, 0, &most, &l->waiting);
        reap(l);
    }
}

/* A listener that could confine no session says so at its start, where somebody reads it, and not with each. */
static enum sl_code check_confinement(const struct sl_config *c, struct sl_error *err)
{
    struct sl_confine_abilities have = sl_confine_abilities();
    uint32_t rights = 0;
    for (size_t i = 0; i < c->module_count; i++)
        rights |= c->modules[i].anonymous ? c->modules[i].rights : 0;
    const char *lacks = c->confinement == SL_CONFINEMENT_OFF ? "none: `confinement = off`" : sl_guard_lacks(&have, rights);
    if (lacks && c->confinement == SL_CONFINEMENT_REQUIRED)
        return sl_fail(err, SL_E_CONFIG, "confinement is required, and there is %s", lacks);
    if (geteuid() == 0)
        sl_log(SL_LOG_INFO, "strangers are served as root: that is what `user` says");
    if (lacks)
        sl_log(SL_LOG_INFO, "sessions are not fully confined: there is %s", lacks);
    return c->confinement == SL_CONFINEMENT_OFF ? SL_OK : sl_confine_begin(err);
}

enum sl_code sl_listen(struct sl_listener_options *o, struct sl_error *err)
{
    struct listener l = { .o = o, .pid_fd = -1 };
    if (!o->config->module_count)
        return sl_fail(err, SL_E_CONFIG, "nothing to serve: there is no [module] in the configuration and no --export NAME=DIR");
    /* First of all: whoever reads that it listens may end it at once. */
    watch_signals(&l);
    if (*o->ended && *o->ended != SIGHUP)
        stop = 1;
    enum sl_code rc = open_sockets(&l, err);
    if (rc == SL_OK)
        rc = open_pid_file(&l, err);
    if (rc == SL_OK)
        rc = sl_become(o->config, err);
    if (rc == SL_OK)
        rc = check_confinement(o->config, err);
    if (rc == SL_OK && !o->detach)
        tell_addresses(&l);
    if (rc == SL_OK)
        rc = detach(&l, err);
    if (rc != SL_OK)
        goto out;
    l.shared = mmap(NULL, sizeof *l.shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    l.slots.all = sl_slots_new();
    if (l.shared == MAP_FAILED || !l.slots.all) {
        rc = sl_fail_errno(err, errno, "cannot count connections");
        goto out;
    }
    loop(&l);
    drain(&l);
    munmap(l.shared, sizeof *l.shared);
    sl_slots_free(l.slots.all);
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
