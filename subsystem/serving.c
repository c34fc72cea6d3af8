/* SPDX-License-Identifier: ISC */
/* serving - see serving.h. */
#include "config.h"
#include "subsystem/serving.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/trusted.h"
#include "subsystem/log.h"
#include "subsystem/rights.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>

enum { EXIT_CONFIG = 1, EXIT_PROTOCOL = 12, EXIT_SIGNAL = 20, EXIT_TIMEOUT = 30, REFUSALS_TOLD = 100, MOTD_MAX = 4096 };

struct notes { unsigned refused; };

static char *motd_text(const struct sl_config *c)
{
    char *text = sl_calloc(1, MOTD_MAX + 1);
    struct sl_error err = { 0 };
    int fd = -1;
    size_t n = 0, got = 0;
    if (c->motd && sl_trusted_open(c->motd, O_RDONLY, 0, &fd, &err) != SL_OK)
        sl_log(SL_LOG_ERROR, "motd: %s", err.text);
    while (fd >= 0 && n < MOTD_MAX && sl_io_read(fd, text + n, MOTD_MAX - n, &got) == SL_OK)
        n += got;
    sl_io_close(&fd);
    return text;
}

/* A peer that is refused a million times is told of a hundred times. */
static void note(void *ctx, enum sl_session_note kind, const char *text)
{
    struct notes *n = ctx;
    if (kind == SL_NOTE_TRANSFER) {
        sl_log(SL_LOG_VERBOSE, "%s", text);
        return;
    }
    if (n->refused++ < REFUSALS_TOLD)
        sl_log(SL_LOG_INFO, "%s", text);
    else if (n->refused == REFUSALS_TOLD + 1)
        sl_log(SL_LOG_INFO, "further refusals of this session are not logged");
}

/* One line of words with '=', for people and for scripts. */
static void log_session(const struct sl_policy *p, const struct sl_guard *g, const struct sl_session_figures *f, uint64_t ms,
                        const char *result)
{
    char addr[INET6_ADDRSTRLEN + 8];
    char *rights = sl_rights_text(f->rights), *confined = sl_guard_text(g);
    sl_log(SL_LOG_INFO,
           "session user=%s from=%s auth=%s%s%s module=%s rights=%s confined=%s in=%" PRIu64 " out=%" PRIu64 " read=%" PRIu64
           " made=%" PRIu64 " removed=%" PRIu64 " refused=%" PRIu64 " seconds=%" PRIu64 ".%" PRIu64 " result=%s",
           p->who->user ? p->who->user : "anonymous", sl_who_addr(p->who, addr, sizeof addr),
           p->who->methods ? p->who->methods : "-", p->who->as ? " as=" : "", p->who->as ? p->who->as : "",
           f->module ? f->module : "-", f->attached ? rights : "-", confined, f->bytes_in, f->bytes_out, f->files_read,
           f->files_made, f->removed, f->refused, ms / 1000, ms % 1000 / 100, result);
    free(rights);
    free(confined);
}

static int status_of(enum sl_code rc, bool drained)
{
    if (drained && (rc == SL_OK || rc == SL_E_CLOSED))
        return EXIT_SIGNAL;
    return rc == SL_OK ? 0 : rc == SL_E_TIMEOUT ? EXIT_TIMEOUT : EXIT_PROTOCOL;
}

int sl_serve_one(int in_fd, int out_fd, struct sl_policy *policy, const struct sl_serve_limits *limits,
                 const struct sl_config *config, const volatile sig_atomic_t *drain)
{
    struct sl_error err = { 0 };
    struct sl_guard guard;
    struct sl_session_figures figures = { 0 };
    struct notes notes = { 0 };
    uint64_t start = sl_now_ms();
    /* Whoever sees all that the account sees is at home and is not greeted. */
    char *motd = policy->account ? NULL : motd_text(config);
    policy->motd = motd;
    policy->note = note;
    policy->note_ctx = &notes;
    policy->note_transfers = sl_log_wants(SL_LOG_VERBOSE);
    if (sl_guard_enter(&guard, policy, config, &err) != SL_OK) {
        sl_log(SL_LOG_ERROR, "%s", err.text);
        sl_guard_leave(&guard);
        free(motd);
        return EXIT_CONFIG;
    }
    enum sl_code rc = sl_serve(in_fd, out_fd, policy, limits, drain, &figures, &err);
    log_session(policy, &guard, &figures, sl_now_ms() - start, sl_code_name(rc));
    if (rc != SL_OK && rc != SL_E_CLOSED)
        sl_log(SL_LOG_ERROR, "%s", err.text);
    sl_guard_leave(&guard);
    free(motd);
    return status_of(rc, *drain != 0);
}
