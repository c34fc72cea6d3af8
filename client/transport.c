/* SPDX-License-Identifier: ISC */
/* transport - life of a stream to a server, and what its program says on standard error. */
#include "config.h"
#include "client/transport.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/ssh_choice.h"
#include "client/ssh_ciphers.h"
#include "client/ssh_question.h"
#include "client/transport_libssh.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { STDERR_TURN = 64 * 1024, READ_MAX = 4096, NAP_MAX_MS = 20, TERM_MS = 500, LEAVE_MS = 10, END_MS = 2000 };

static void start_over(struct sl_transport *t)
{
    *t = (struct sl_transport){ .fd = -1, .out_fd = -1, .stderr_fd = -1, .control_fd = -1 };
    sl_buf_init(&t->words);
}

static enum sl_code open_program(struct sl_transport *t, struct sl_ssh_question *q, enum sl_transport_way way,
                                 const struct sl_ssh_choice *choice, struct sl_error *err)
{
    const struct sl_options *o = q->options;
    char **argv = NULL;
    enum sl_code rc = sl_ssh_argv(q->address, o, way, &argv, &t->subsystem, err);
    if (rc != SL_OK)
        return rc;
    sl_transport_share(t, q, way);
    char *ciphers = choice->ciphers ? sl_strdup(choice->ciphers) : sl_ssh_ciphers_instead(q->said);
    if (ciphers)
        argv = sl_ssh_argv_option(argv, "Ciphers", ciphers);
    free(ciphers);
    if (t->shared.how == SL_SHARING_OWN)
        argv = sl_ssh_argv_master(argv, t->shared.socket);
    t->hurried = o->contimeout_s > 0;
    if (o->compress)
        sl_ssh_ask(q);                   /* while the program connects */
    rc = sl_transport_spawn(t, argv, err);
    sl_argv_free(argv);
    if (rc == SL_OK && o->compress)
        t->compresses = sl_ssh_compresses(q);
    return rc;
}

/* *left: the ssh program has to do it after all. */
static enum sl_code open_session(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                                 enum sl_transport_way way, const struct sl_ssh_choice *choice, bool *left, struct sl_error *err)
{
    struct sl_libssh_job job = { .address = a, .options = o, .settings = &choice->settings, .command = way == SL_WAY_COMMAND,
                                 .leave_unknown = o->transport == SL_TRANSPORT_AUTO, .control_fd = -1 };
    t->libssh = t->is_ssh = true;
    snprintf(t->why, sizeof t->why, "libssh: %.220s", choice->why);
    enum sl_code rc = sl_transport_libssh(t, &job, left, err);
    if (rc != SL_OK && *left) {
        sl_transport_close(t, 0);
        start_over(t);
        snprintf(t->why, sizeof t->why, "the ssh program: that host is not known yet");
    }
    return rc;
}

static enum sl_code open_ssh(struct sl_transport *t, struct sl_ssh_question *q, enum sl_transport_way way, struct sl_error *err)
{
    struct sl_ssh_choice choice;
    bool left = true;
    enum sl_code rc = sl_ssh_choose(&choice, q, err);
    snprintf(t->why, sizeof t->why, "the ssh program: %.200s", choice.why);
    if (rc == SL_OK && choice.libssh)
        rc = open_session(t, q->address, q->options, way, &choice, &left, err);
    if (left && (rc == SL_OK || choice.libssh))
        rc = open_program(t, q, way, &choice, err);
    sl_ssh_choice_clear(&choice);
    return rc;
}

enum sl_code sl_transport_open(struct sl_transport *t, const struct sl_address *a, const struct sl_options *o,
                               enum sl_transport_way way, struct sl_error *err)
{
    struct sl_ssh_question q;
    start_over(t);
    switch (a->kind) {
    case SL_ADDR_TCP:
        return sl_transport_tcp(t, a, o, err);
    case SL_ADDR_SSH:
        break;
    case SL_ADDR_LOCAL:
        return sl_fail(err, SL_E_INVALID, "'%s' is a local path", a->text);
    }
    sl_ssh_question_init(&q, a, o);
    enum sl_code rc = open_ssh(t, &q, way, err);
    sl_ssh_question_clear(&q);
    return rc;
}

static void say(const char *line, size_t len, void (*sink)(const char *line))
{
    if (len && line[len - 1] == '\r')
        len--;
    char *safe = sl_escape_dup(line, len);
    sink(safe);
    free(safe);
}

/* Whole lines go to the sink; a rest that never ends is cut, so that what is kept stays bounded. */
static void relay_lines(struct sl_buf *b, bool all, void (*sink)(const char *line))
{
    const uint8_t *end;
    while (sl_buf_len(b) && (end = memchr(sl_buf_ptr(b), '\n', sl_buf_len(b))) != NULL) {
        size_t n = (size_t)(end - sl_buf_ptr(b));
        say((const char *)sl_buf_ptr(b), n, sink);
        sl_buf_drop(b, n + 1);
    }
    if (sl_buf_len(b) && (all || sl_buf_len(b) >= SL_WORDS_MAX)) {
        say((const char *)sl_buf_ptr(b), sl_buf_len(b), sink);
        sl_buf_drop(b, sl_buf_len(b));
    }
}

static void keep(struct sl_transport *t, const void *data, size_t n)
{
    sl_buf_add(&t->words, data, n);
    if (!t->relay && sl_buf_len(&t->words) > SL_WORDS_MAX)
        sl_buf_drop(&t->words, sl_buf_len(&t->words) - SL_WORDS_MAX);
}

enum sl_code sl_transport_stderr(struct sl_transport *t, void (*sink)(const char *line))
{
    char data[READ_MAX];
    enum sl_code rc = t->stderr_fd < 0 ? SL_EOF : SL_OK;
    /* A bounded turn: a program that never stops talking does not keep the caller from its stream. */
    for (size_t taken = 0, got = 0; rc == SL_OK && taken < STDERR_TURN; taken += got) {
        rc = sl_io_read(t->stderr_fd, data, sizeof data, &got);
        if (rc == SL_OK)
            keep(t, data, got);
    }
    if (rc != SL_OK && rc != SL_AGAIN) {
        sl_io_close(&t->stderr_fd);
        rc = SL_EOF;
    }
    if (t->relay && sink)
        relay_lines(&t->words, rc == SL_EOF, sink);
    return rc;
}

static bool reap(struct sl_transport *t, int flags)
{
    pid_t got;
    do
        got = waitpid(t->pid, &t->status, flags);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    if (got < 0)
        t->status = 0;
    t->pid = 0;
    return true;
}

bool sl_transport_wait(struct sl_transport *t, unsigned ms)
{
    uint64_t end = sl_now_ms() + ms, now = 0;
    for (int nap = 1; t->pid; nap = nap * 2 > NAP_MAX_MS ? NAP_MAX_MS : nap * 2) {
        sl_transport_stderr(t, NULL);
        if (reap(t, WNOHANG))
            break;
        if ((now = sl_now_ms()) >= end)
            return false;
        /* Sleeps on nothing where standard error is closed already. */
        struct pollfd p = { .fd = t->stderr_fd, .events = POLLIN };
        poll(&p, 1, end - now < (uint64_t)nap ? (int)(end - now) : nap);
    }
    sl_transport_stderr(t, NULL);
    return true;
}

static void close_streams(struct sl_transport *t)
{
    if (t->out_fd != t->fd)
        sl_io_close(&t->out_fd);
    t->out_fd = -1;
    sl_io_close(&t->fd);
    sl_transport_end_broker(t);
}

/* Waits, not for long, until the program has read what it was given. */
static void wait_until_read(const struct sl_transport *t)
{
    uint64_t end = sl_now_ms() + END_MS;
    int unread = 0;
    while (t->out_fd >= 0 && ioctl(t->out_fd, SIOCOUTQ, &unread) == 0 && unread > 0 && sl_now_ms() < end)
        poll(NULL, 0, 1);
}

void sl_transport_leave(struct sl_transport *t)
{
    if (t->pid && t->is_ssh) {
        wait_until_read(t);
        close_streams(t);
        if (!sl_transport_wait(t, LEAVE_MS))
            kill(t->pid, SIGTERM);
    }
    sl_transport_close(t, END_MS);
}

int sl_transport_close(struct sl_transport *t, unsigned grace_ms)
{
    close_streams(t);
    if (t->pid && !sl_transport_wait(t, grace_ms)) {
        kill(t->pid, SIGTERM);
        if (!sl_transport_wait(t, TERM_MS)) {
            kill(t->pid, SIGKILL);
            reap(t, 0);
        }
    }
    sl_io_close(&t->stderr_fd);
    sl_buf_clear(&t->words);
    return t->status;
}
