/* SPDX-License-Identifier: ISC */
/* retries - see retries.h. */
#include "config.h"
#include "client/retries.h"
#include "base/io.h"
#include "base/parent.h"
#include "base/standard.h"
#include "client/remote.h"
#include "client/run.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* More than what can be on its way unconfirmed (two windows), so some of it arrived and is kept. */
enum {
    ARRIVED = 16 * 1024 * 1024,
    DELAY_MS = 1000,
    DELAY_MAX_MS = 60000,
    DOUBLINGS_MAX = 6,
    EXIT_SIGNAL = 20,
    EXIT_IPC = 14,
    EXIT_STREAM = 11,
    EXIT_MEMORY = 22
};

/* ---- in an attempt ---- */

bool sl_retries_may_pass(const struct sl_error *err)
{
    bool connection = err->code == SL_E_CONNECT || err->code == SL_E_CLOSED || err->code == SL_E_TIMEOUT;
    return connection && !err->lasting && !err->retry_s;
}

/* Something is done that the next attempt need not do. With -I it will do it all the same; content alone counts where
 * it is kept. */
static bool got_on(const struct sl_options *o, const struct sl_achieved *got)
{
    if (!got || o->ignore_times)
        return false;
    return got->done || (!o->no_resume && o->whole_file != 1 && got->stats->literal >= ARRIVED);
}

static uint64_t delay_ms(unsigned in_row)
{
    uint64_t most = (uint64_t)DELAY_MS << (in_row < DOUBLINGS_MAX ? in_row : DOUBLINGS_MAX), less = 0;
    if (most > DELAY_MAX_MS)
        most = DELAY_MAX_MS;
    sl_random(&less, sizeof less);
    return most - less % (most / 4 + 1);
}

/* What is known of the tree is the last attempt's; what was done is everybody's. */
static void add_stats(struct sl_stats *to, const struct sl_stats *s)
{
    for (size_t i = 0; i < sizeof s->created / sizeof s->created[0]; i++) {
        to->created[i] += s->created[i];
        to->deleted[i] += s->deleted[i];
    }
    to->files_sent += s->files_sent;
    to->sent_size += s->sent_size;
    to->literal += s->literal;
    to->matched += s->matched;
    to->list_bytes += s->list_bytes;
    to->wire_out += s->wire_out;
    to->wire_in += s->wire_in;
    to->errors += s->errors;
}

bool sl_retries_lost(struct sl_attempts *a, const struct sl_options *o, const struct sl_achieved *got,
                     struct sl_error *err)
{
    if (!a || a->once || sl_remote_interrupted || !sl_retries_may_pass(err))
        return false;
    if (got_on(o, got))
        a->in_row = 0;
    if (a->in_row >= (unsigned)o->retries)
        return false;
    a->again = true;
    a->delay_ms = delay_ms(a->in_row++);
    if (got) {
        add_stats(&a->before, got->stats);
        a->deleted += got->deleted;
    }
    char text[sizeof err->text];
    snprintf(text, sizeof text, "%.500s: trying again in %llu seconds (%u of %d)", err->text,
             (unsigned long long)(a->delay_ms + 999) / 1000, a->in_row, o->retries);
    memcpy(err->text, text, sizeof text);
    return true;
}

void sl_retries_total(const struct sl_attempts *a, struct sl_stats *s)
{
    if (!a)
        return;
    add_stats(s, &a->before);
    s->elapsed_ms = sl_now_ms() - a->start_ms;
}

/* ---- around them ---- */

static void on_child(int signo)
{
    (void)signo;
}

/* Those that end a run, as far as they are not ignored, and SIGCHLD. They are blocked: each is asked for. */
static void hold_signals(sigset_t *held, sigset_t *before)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    struct sigaction sa = { .sa_handler = on_child }, is;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGCHLD, &sa, NULL);
    sigemptyset(held);
    sigaddset(held, SIGCHLD);
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        if (sigaction(ends[i], NULL, &is) == 0 && is.sa_handler != SIG_IGN)
            sigaddset(held, ends[i]);
    sigprocmask(SIG_BLOCK, held, before);
}

static _Noreturn void attempt(const struct sl_options *o, struct sl_attempts *a, pid_t parent, const sigset_t *before)
{
    signal(SIGCHLD, SIG_DFL);
    sl_end_with_parent(parent, SIGTERM);
    sigprocmask(SIG_SETMASK, before, NULL);
    exit(sl_standard_end("superlifter", sl_run_attempt(o, a), EXIT_STREAM));
}

/* Until the attempt ends; what is to end the run reaches it. Returns its wait status. */
static int await(pid_t pid, const sigset_t *held)
{
    int status = 0;
    for (;;) {
        pid_t ended = waitpid(pid, &status, WNOHANG);
        if (ended == pid || (ended < 0 && errno != EINTR))
            return status;
        int signo = sigwaitinfo(held, NULL);
        if (signo <= 0 || signo == SIGCHLD)
            continue;
        sl_remote_interrupted = signo;
        kill(pid, signo);
    }
}

static void wait_between(uint64_t ms, const sigset_t *held)
{
    uint64_t now = sl_now_ms(), until = now + ms;
    while (!sl_remote_interrupted && now < until) {
        struct timespec t = { .tv_sec = (time_t)((until - now) / 1000),
                              .tv_nsec = (long)((until - now) % 1000 * 1000000) };
        int signo = sigtimedwait(held, NULL, &t);
        if (signo > 0 && signo != SIGCHLD)
            sl_remote_interrupted = signo;
        now = sl_now_ms();
    }
}

/* What no attempt is there to tell. */
static int tell(const struct sl_options *o, const struct sl_attempts *a, const struct sl_error *err, int status)
{
    struct sl_stats s = { 0 };
    struct sl_report *r = sl_report_new(o, false);
    sl_report_error(r, err, NULL);
    sl_retries_total(a, &s);
    if (!a->once)
        sl_report_end(r, &s, status);
    sl_report_conclude(r, status);
    sl_report_free(r);
    return status;
}

/* One attempt; its exit status. */
static int run_one(const struct sl_options *o, struct sl_attempts *a, const sigset_t *held, const sigset_t *before)
{
    struct sl_error err;
    a->again = false;
    fflush(NULL);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0)
        attempt(o, a, parent, before);
    if (pid < 0) {
        sl_fail_errno(&err, errno, "cannot start a process");
        return tell(o, a, &err, EXIT_IPC);
    }
    int status = await(pid, held);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    a->again = false;
    sl_fail(&err, SL_E_CLOSED, "the process that copied was ended by signal %d", WTERMSIG(status));
    return tell(o, a, &err, EXIT_IPC);
}

int sl_retries_run(const struct sl_options *o)
{
    sigset_t held, before;
    struct sl_error err;
    struct sl_attempts *a = mmap(NULL, sizeof *a, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (a == MAP_FAILED) {
        fprintf(stderr, "superlifter: cannot share memory: %s\n", strerror(errno));
        return EXIT_MEMORY;
    }
    a->start_ms = sl_now_ms();
    hold_signals(&held, &before);
    int status = run_one(o, a, &held, &before);
    while (a->again) {
        wait_between(a->delay_ms, &held);
        if (sl_remote_interrupted) {
            sl_fail(&err, SL_E_CLOSED, "interrupted by signal %d", sl_remote_interrupted);
            status = tell(o, a, &err, EXIT_SIGNAL);
            break;
        }
        status = run_one(o, a, &held, &before);
    }
    munmap(a, sizeof *a);
    return status;
}
