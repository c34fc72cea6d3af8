/* SPDX-License-Identifier: ISC */
/*
 * autopsy - why the ssh program ended before a server spoke: from its exit status and its words, into one line that
 * says what to do. The words are OpenSSH's, which are not translated; whatever is not known is shown as it came.
 */
#include "config.h"
#include "client/transport.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/text.h"
#include "client/transport_priv.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { WAIT_MS = 3000, SSH_FAILED = 255, NOT_EXECUTABLE = 126, NOT_FOUND = 127 };

/* A known cause. The first whose words occur is taken, so that what follows from another cause stands behind it. */
struct cause {
    const char *words;
    int status; /* the program's exit status must be this one; 0: any */
    enum sl_code code;
    int exit_status;
    const char *text; /* behind "'HOST': " */
};

static const struct cause causes[] = {
    { "REMOTE HOST IDENTIFICATION HAS CHANGED", 0, SL_E_DENIED, SL_EXIT_NOT_LET_IN,
      "its host key is not the one known for it, and ssh refuses to connect" },
    { "Host key verification failed", 0, SL_E_DENIED, SL_EXIT_NOT_LET_IN,
      "its host key is not known; log in once with ssh to accept it" },
    { "Permission denied (", 0, SL_E_DENIED, SL_EXIT_NOT_LET_IN, "ssh could not log in" },
    { "Too many authentication failures", 0, SL_E_DENIED, SL_EXIT_NOT_LET_IN, "ssh could not log in" },
    { "No supported authentication methods", 0, SL_E_DENIED, SL_EXIT_NOT_LET_IN, "ssh could not log in" },
    { "Could not resolve hostname", 0, SL_E_CONNECT, SL_EXIT_UNREACHABLE, "no such host" },
    { "Connection refused", SSH_FAILED, SL_E_CONNECT, SL_EXIT_UNREACHABLE, "nothing listens for ssh there" },
    { "No route to host", SSH_FAILED, SL_E_CONNECT, SL_EXIT_UNREACHABLE, "not reached" },
    { "Network is unreachable", SSH_FAILED, SL_E_CONNECT, SL_EXIT_UNREACHABLE, "not reached" },
    { "timed out", SSH_FAILED, SL_E_CONNECT, SL_EXIT_UNREACHABLE, "not reached" },
    { "This account is currently not available", 0, SL_E_DENIED, SL_EXIT_NOT_LET_IN,
      "the account may not run anything there" },
    { "subsystem request failed", SSH_FAILED, SL_E_UNSUPPORTED, SL_EXIT_NOT_LET_IN, "the subsystem is refused there" },
    { "kex_exchange_identification", SSH_FAILED, SL_E_CLOSED, SL_EXIT_BROKEN, "its ssh server ended the connection" },
    { "Connection closed by", SSH_FAILED, SL_E_CLOSED, SL_EXIT_BROKEN, "its ssh server ended the connection" },
    { "Connection reset by", SSH_FAILED, SL_E_CLOSED, SL_EXIT_BROKEN, "its ssh server ended the connection" },
    { "", NOT_FOUND, SL_E_NOT_FOUND, SL_EXIT_NOT_LET_IN,
      "no superlifter-server there: install it, or name the program with --remote-path" },
    { "", NOT_EXECUTABLE, SL_E_DENIED, SL_EXIT_NOT_LET_IN, "the server program cannot be executed there" },
    { "", SSH_FAILED, SL_E_CONNECT, SL_EXIT_UNREACHABLE, "ssh failed" },
};

static void last_line(const struct sl_buf *b, char *out, size_t size)
{
    sl_text_last_line(sl_buf_len(b) ? (const char *)sl_buf_ptr(b) : "", sl_buf_len(b), out, size);
}

static bool says(const struct sl_buf *b, const char *words)
{
    size_t n = strlen(words);
    return n == 0 || (sl_buf_len(b) && memmem(sl_buf_ptr(b), sl_buf_len(b), words, n) != NULL);
}

static const struct cause *find_cause(const struct sl_transport *t, int status)
{
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        const struct cause *c = &causes[i];
        bool fallback = c->code == SL_E_UNSUPPORTED;
        if ((!c->status || c->status == status) && (!fallback || t->subsystem) && says(&t->words, c->words))
            return c;
    }
    return NULL;
}

/* Whether it would be the same another time, where a cause's code leaves that open. */
static bool lasts(const struct sl_buf *b)
{
    static const char *const words[] = { "Could not resolve hostname", "onfiguration option", "Bad owner or permissions", "Unable to negotiate" };
    if (says(b, "Temporary failure in name resolution"))
        return false;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (says(b, words[i]))
            return true;
    return false;
}

static enum sl_code tell(const struct sl_address *a, enum sl_code code, const char *what, const char *line,
                         struct sl_error *err)
{
    return sl_fail(err, code, "'%s': %s%s%s%s", a->host, what, *line ? " (" : "", line, *line ? ")" : "");
}

enum sl_code sl_transport_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err,
                                  int *rc_exit)
{
    char line[256], what[64];
    /* A program that still waits for our bytes learns that none will come. */
    if (t->out_fd >= 0)
        shutdown(t->out_fd, SHUT_WR);
    bool ended = sl_transport_wait(t, WAIT_MS);
    int status = ended && WIFEXITED(t->status) ? WEXITSTATUS(t->status) : 0;
    last_line(&t->words, line, sizeof line);
    const struct cause *c = find_cause(t, status);
    if (c) {
        bool late = t->hurried && strcmp(c->words, "timed out") == 0;
        *rc_exit = late ? SL_EXIT_CONTIMEOUT : c->exit_status;
        tell(a, late ? SL_E_TIMEOUT : c->code, c->text, line, err);
        err->lasting = lasts(&t->words);
        return err->code;
    }
    *rc_exit = SL_EXIT_BROKEN;
    if (!ended || !WIFSIGNALED(t->status))
        return tell(a, SL_E_CLOSED, "the connection ended before a server answered", line, err);
    snprintf(what, sizeof what, "the program for the connection was ended by signal %d", WTERMSIG(t->status));
    return tell(a, SL_E_CLOSED, what, line, err);
}

/* ---- a lane ---- */

/* What OpenSSH's ssh says when it goes through a master. A lane's exit status is not known here. */
static const struct cause lane_causes[] = {
    { "Session open refused by peer", 0, SL_E_LIMIT, 0, "its ssh server refuses a channel" },
    { "session request failed", 0, SL_E_LIMIT, 0, "the shared connection takes no further channel" },
    { "refused session request", 0, SL_E_DENIED, 0, "the master of the shared connection refuses a channel" },
    { "Connection closed by UNKNOWN port", 0, SL_E_CLOSED, 0, "the shared connection has ended" },
    { "kex_exchange_identification", 0, SL_E_CLOSED, 0, "the shared connection has ended" },
    { "subsystem request failed", 0, SL_E_UNSUPPORTED, 0, "the subsystem is refused there" },
    { "", 0, SL_E_CLOSED, 0, "the connection ended before a server answered" },
};

/* The line with these words, escaped. */
static void line_with(const struct sl_buf *b, const char *words, char *out, size_t size)
{
    const char *p = (const char *)sl_buf_ptr(b), *end = p + sl_buf_len(b), *at = memmem(p, sl_buf_len(b), words, strlen(words));
    size_t n = 0;
    while (at > p && at[-1] != '\n')
        at--;
    while (at + n < end && (unsigned char)at[n] >= ' ')
        n++;
    sl_escape(at, n, out, size);
}

/* To the end of what it says. */
static void hear_words(struct sl_transport *t)
{
    uint64_t end = sl_now_ms() + WAIT_MS, now;
    while (sl_transport_stderr(t, NULL) == SL_AGAIN && (now = sl_now_ms()) < end) {
        struct pollfd p = { .fd = t->stderr_fd, .events = POLLIN };
        poll(&p, 1, (int)(end - now));
    }
}

enum sl_code sl_transport_lane_autopsy(struct sl_transport *t, const struct sl_address *a, struct sl_error *err)
{
    char line[256];
    const struct cause *c = lane_causes;
    if (t->out_fd >= 0)
        shutdown(t->out_fd, SHUT_WR);
    hear_words(t);
    while (!says(&t->words, c->words))
        c++;
    if (*c->words)
        line_with(&t->words, c->words, line, sizeof line);
    else
        last_line(&t->words, line, sizeof line);
    return tell(a, c->code, c->text, line, err);
}
