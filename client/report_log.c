/* SPDX-License-Identifier: ISC */
/* report_log - --log-file: what is done, one line each with date and process, as rsync writes it. The file is opened
 * before this process is confined, and each line is one write at its end. */
#include "config.h"
#include "base/io.h"
#include "base/trusted.h"
#include "client/format.h"
#include "client/report_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { KEPT = 64 * 1024 };

enum sl_code sl_report_log_open(struct sl_report *r, struct sl_error *err)
{
    const struct sl_options *o = r->o;
    if (!o->log_file)
        return SL_OK;
    enum sl_code rc = sl_trusted_open(o->log_file, O_WRONLY | O_APPEND | O_CREAT, 0644, &r->log_fd, err);
    if (rc != SL_OK) {
        sl_error_context(err, "--log-file");
        return rc;
    }
    r->log_format = o->log_format ? o->log_format : "%i %n%L";
    sl_report_log(r, r->sending ? "building file list" : "receiving file list");
    return SL_OK;
}

void sl_report_log_close(struct sl_report *r)
{
    sl_io_close(&r->log_fd);
    sl_buf_clear(&r->log_line);
}

static void write_failed(struct sl_report *r)
{
    fprintf(r->err, "superlifter: cannot write the log file '%s': %s\n", r->o->log_file, strerror(errno));
    sl_io_close(&r->log_fd);
}

void sl_report_log_bytes(struct sl_report *r, const void *text, size_t len)
{
    char when[SL_TIME_LEN], head[SL_TIME_LEN + 32];
    if (r->log_fd < 0)
        return;
    sl_time_text((int64_t)time(NULL), ' ', when);
    int n = snprintf(head, sizeof head, "%s [%ld] ", when, (long)getpid());
    sl_buf_add(&r->log_line, head, (size_t)n);
    sl_buf_add(&r->log_line, text, len);
    sl_buf_add(&r->log_line, "\n", 1);
    if (sl_io_write_all(r->log_fd, sl_buf_ptr(&r->log_line), sl_buf_len(&r->log_line)) != SL_OK)
        write_failed(r);
    sl_buf_reset(&r->log_line, KEPT);
}

void sl_report_log(struct sl_report *r, const char *text)
{
    sl_report_log_bytes(r, text, strlen(text));
}

/* What the line holds, and empties it. */
static void log_line(struct sl_report *r)
{
    sl_report_log_bytes(r, sl_buf_ptr(&r->line), sl_buf_len(&r->line));
    sl_buf_reset(&r->line, KEPT);
}

void sl_report_log_item(struct sl_report *r, const struct sl_report_item *item)
{
    bool deleted = item->update == SL_UPDATE_DELETED;
    bool changed = deleted || item->update != SL_UPDATE_NONE || item->changes;
    if (r->log_fd < 0 || r->o->dry_run || !changed || !*r->log_format)
        return;
    if (deleted && !sl_format_has(r->log_format, 'i') && !sl_format_has(r->log_format, 'o')) {
        sl_report_add(r, "deleting ");
        sl_report_add_path(r, item);
    } else {
        sl_report_add_format(r, item, r->log_format);
    }
    log_line(r);
}

void sl_report_log_status(struct sl_report *r, int exit_status)
{
    if (r->log_fd < 0 || !exit_status)
        return;
    sl_report_add(r, "superlifter: exit status %d", exit_status);
    log_line(r);
}

void sl_report_log_end(struct sl_report *r, const struct sl_stats *s, int exit_status)
{
    if (r->log_fd < 0)
        return;
    sl_report_add(r, "sent %llu bytes  received %llu bytes  total size %llu", (unsigned long long)s->wire_out,
                  (unsigned long long)s->wire_in, (unsigned long long)s->total_size);
    log_line(r);
    sl_report_log_status(r, exit_status);
}
