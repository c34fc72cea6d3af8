/* SPDX-License-Identifier: ISC */
/* report - what is printed, and when. Which lines appear with which options is rsync's rule; how an entry's line is made is
 * itemize.c, numbers are stats.c, --json is report_json.c. */
#include "config.h"
#include "client/report.h"
#include "base/escape.h"
#include "base/io.h"
#include "base/mem.h"
#include "client/address.h"
#include "client/format.h"
#include "client/info.h"
#include "client/report_priv.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool source_is_here(const struct sl_options *o)
{
    struct sl_address a;
    if (!o->source_count || sl_address_parse(&a, o->sources[0], NULL) != SL_OK)
        return false;
    bool here = a.kind == SL_ADDR_LOCAL;
    sl_address_clear(&a);
    return here;
}

static void choose_format(struct sl_report *r)
{
    const struct sl_options *o = r->o;
    r->format = o->out_format;
    if (!r->format && o->itemize)
        r->format = "%i %n%L";
    else if (!r->format && sl_info_level(o, SL_INFO_NAME))
        r->format = "%n%L";
    if (!r->format)
        return;
    if (sl_format_has(r->format, 'i'))
        r->with_i = o->itemize > 1 ? o->itemize : 1;
    r->format_of_deleted = r->with_i || sl_format_has(r->format, 'o');
}

struct sl_report *sl_report_new(const struct sl_options *o, bool push)
{
    struct sl_report *r = sl_calloc(1, sizeof *r);
    r->o = o;
    r->sending = push || source_is_here(o);
    choose_format(r);
    r->start_ms = sl_now_ms();
    r->log_fd = -1;
    sl_report_set_streams(r, o->all_to_stderr ? stderr : stdout, stderr);
    return r;
}

void sl_report_set_streams(struct sl_report *r, FILE *out, FILE *err)
{
    r->out = out;
    r->err = err;
    r->terminal = isatty(fileno(out)) == 1;
}

void sl_report_free(struct sl_report *r)
{
    if (!r)
        return;
    sl_progress_erase(r);
    fflush(r->out);
    sl_report_log_close(r);
    sl_buf_clear(&r->line);
    free(r);
}

/* ---- lines ---- */

static void add_va(struct sl_report *r, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0), nonnull));
static void add_va(struct sl_report *r, const char *fmt, va_list ap)
{
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (n < 0)
        return;
    vsnprintf((char *)sl_buf_reserve(&r->line, (size_t)n + 1), (size_t)n + 1, fmt, ap);
    sl_buf_commit(&r->line, (size_t)n);
}

void sl_report_add(struct sl_report *r, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add_va(r, fmt, ap);
    va_end(ap);
}

static void add_escaped(struct sl_report *r, const char *text, size_t len, unsigned flags)
{
    flags |= r->o->eight_bit ? SL_ESCAPE_8BIT : 0;
    size_t n = sl_escape_as(text, len, flags, NULL, 0);
    sl_escape_as(text, len, flags, (char *)sl_buf_reserve(&r->line, n + 1), n + 1);
    sl_buf_commit(&r->line, n);
    r->grown += n - len;
}

void sl_report_add_name(struct sl_report *r, const char *name, size_t len)
{
    add_escaped(r, name, len, SL_ESCAPE_NAME);
}

void sl_report_add_text(struct sl_report *r, const char *text, size_t len)
{
    add_escaped(r, text, len, 0);
}

void sl_report_put(struct sl_report *r)
{
    sl_progress_erase(r);
    sl_buf_add(&r->line, "\n", 1);
    fwrite(sl_buf_ptr(&r->line), 1, sl_buf_len(&r->line), r->out);
    sl_buf_reset(&r->line, 64 * 1024);
}

/* Whether text for people is wanted at all. */
static bool talks(const struct sl_report *r)
{
    return !r->o->quiet && !r->o->json;
}

void sl_report_mute(struct sl_report *r, bool mute)
{
    r->mute = mute;
}

void sl_report_start(struct sl_report *r)
{
    if (!talks(r) || !sl_info_level(r->o, SL_INFO_FLIST))
        return;
    sl_report_add(r, "%s incremental file list", r->sending ? "sending" : "receiving");
    sl_report_put(r);
}

void sl_report_created_dir(struct sl_report *r, const char *path, unsigned count)
{
    if (r->mute || !talks(r) || !(sl_info_level(r->o, SL_INFO_NAME) || r->with_i))
        return;
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (count > 1)
        sl_report_add(r, "created %u directories for ", count);
    else
        sl_report_add(r, "created directory ");
    sl_report_add_name(r, path, len);
    sl_report_put(r);
}

void sl_report_motd(struct sl_report *r, const char *text, size_t len)
{
    if (r->o->json) {
        sl_json_note(r, "motd", text, len);
        return;
    }
    if (r->o->quiet)
        return;
    while (len) {
        const char *end = memchr(text, '\n', len);
        size_t n = end ? (size_t)(end - text) : len;
        sl_report_add_text(r, text, n);
        sl_report_put(r);
        n += end != NULL;
        text += n;
        len -= n;
    }
}

/* What the line holds, as a note. */
static void put_note(struct sl_report *r)
{
    size_t n = sl_buf_len(&r->line);
    char *text = sl_memdup0(sl_buf_ptr(&r->line), n);
    sl_buf_reset(&r->line, SIZE_MAX);
    sl_report_add_name(r, text, n);
    sl_report_log_bytes(r, sl_buf_ptr(&r->line), sl_buf_len(&r->line));
    if (r->o->json) {
        sl_buf_reset(&r->line, SIZE_MAX);
        sl_json_note(r, "note", text, n);
    } else if (!r->o->quiet) {
        sl_report_put(r);
    }
    sl_buf_reset(&r->line, SIZE_MAX);
    free(text);
}

void sl_report_note(struct sl_report *r, int level, const char *fmt, ...)
{
    va_list ap;
    if (r->mute || level > r->o->verbose)
        return;
    va_start(ap, fmt);
    add_va(r, fmt, ap);
    va_end(ap);
    put_note(r);
}

void sl_report_info(struct sl_report *r, enum sl_info kind, const char *fmt, ...)
{
    va_list ap;
    if (r->mute || !sl_info_level(r->o, kind))
        return;
    va_start(ap, fmt);
    add_va(r, fmt, ap);
    va_end(ap);
    put_note(r);
}

void sl_report_removed(struct sl_report *r, const char *path)
{
    if (r->o->json)
        sl_json_removed(r, path);
    else
        sl_report_info(r, SL_INFO_REMOVE, "sender removed %s", path);
}

/* ---- entries ---- */

static void put_deletion(struct sl_report *r, const struct sl_report_item *item)
{
    if (r->format_of_deleted) {
        sl_report_add_format(r, item, r->format);
    } else if (r->format || sl_info_level(r->o, SL_INFO_DEL)) {
        sl_report_add(r, "deleting ");
        sl_report_add_path(r, item);
    } else {
        return;
    }
    sl_report_put(r);
}

/* An entry whose line the format does not make: with --info=name2 (-vv) files are told of nevertheless. */
static void put_unchanged(struct sl_report *r, const struct sl_report_item *item)
{
    if (sl_info_level(r->o, SL_INFO_NAME) < 2 || item->entry->type == SL_TYPE_DIR)
        return;
    sl_report_add_path(r, item);
    sl_report_add(r, "%s", item->changes ? "" : " is uptodate");
    sl_report_put(r);
}

static bool has_line(const struct sl_report *r, const struct sl_report_item *item)
{
    bool quiet = item->update == SL_UPDATE_NONE || (item->update == SL_UPDATE_LINKED && !item->leader);
    bool there = item->update == SL_UPDATE_LOCAL || item->update == SL_UPDATE_COPIED || item->update == SL_UPDATE_TAKEN;
    if (!(quiet || (there && !item->changes)) || (item->changes & SL_CHANGE_NEW))
        return true;
    if (item->changes)
        return r->with_i || item->update != SL_UPDATE_NONE || item->entry->type == SL_TYPE_DIR;
    return r->with_i > 1 || (r->with_i && sl_info_level(r->o, SL_INFO_NAME) > 1);
}

void sl_report_item(struct sl_report *r, const struct sl_report_item *item)
{
    if (r->mute)
        return;
    sl_report_log_item(r, item);
    if (r->o->json) {
        sl_json_item(r, item);
    } else if (r->o->quiet) {
        return;
    } else if (item->update == SL_UPDATE_DELETED) {
        put_deletion(r, item);
    } else if (r->format && has_line(r, item)) {
        sl_report_add_format(r, item, r->format);
        sl_report_put(r);
    } else if (!r->with_i) {
        put_unchanged(r, item);
    }
}

/* ---- errors ---- */

/* The message with the whole path: what was told of an entry deep in a tree names that entry only. Fresh memory. */
static char *message_of(const struct sl_error *err, const char *path)
{
    const char *text = err->text[0] ? err->text : sl_code_text(err->code);
    if (!path || !*path || strstr(text, path))
        return sl_strdup(text);
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    char *quoted = sl_asprintf("'%s'", name), *at = strstr(text, quoted), *message;
    if (at)
        message = sl_asprintf("%.*s'%s'%s", (int)(at - text), text, path, at + strlen(quoted));
    else
        message = sl_asprintf("'%s': %s", path, text);
    free(quoted);
    return message;
}

static const char *side_words(enum sl_side side)
{
    switch (side) {
    case SL_SIDE_HERE:
        return "";
    case SL_SIDE_SOURCE:
        return "[source] ";
    case SL_SIDE_DEST:
        return "[dest] ";
    case SL_SIDE_SERVER:
        return "[server] ";
    }
    return "";
}

static void put_error(struct sl_report *r, const char *type, const struct sl_error *err, const char *path)
{
    if (r->mute)
        return;
    char *message = message_of(err, path);
    sl_report_add(r, "superlifter: %s%s", side_words(err->side), type[0] == 'w' ? "warning: " : "");
    sl_report_add_text(r, message, strlen(message));
    sl_report_log_bytes(r, sl_buf_ptr(&r->line), sl_buf_len(&r->line));
    if (!r->o->json) {
        sl_progress_erase(r);
        fflush(r->out);
        fprintf(r->err, "%.*s\n", (int)sl_buf_len(&r->line), (const char *)sl_buf_ptr(&r->line));
    }
    sl_buf_reset(&r->line, 64 * 1024);
    if (r->o->json)
        sl_json_error(r, type, err, path, message);
    free(message);
}

void sl_report_error(struct sl_report *r, const struct sl_error *err, const char *path)
{
    put_error(r, "error", err, path);
}

void sl_report_warning(struct sl_report *r, const struct sl_error *err, const char *path)
{
    put_error(r, "warning", err, path);
}

/* ---- listings ---- */

void sl_report_list(struct sl_report *r, const struct sl_entry *e, const char *path)
{
    char mode[SL_MODE_LEN + 1], number[SL_NUMBER_LEN], when[SL_TIME_LEN];
    if (r->o->json) {
        sl_json_list(r, e, path);
        return;
    }
    sl_mode_text(e, mode);
    sl_time_text(e->mtime_s, ' ', when);
    sl_report_add(r, "%s %14s %s ", mode, sl_number(e->size, r->o->human, number), when);
    if (r->o->atimes) {
        sl_time_text(e->atime_s, ' ', when);
        sl_report_add(r, "%-19s ", e->type == SL_TYPE_DIR ? "" : when);
    }
    sl_report_add_name(r, path, strlen(path));
    if (e->type == SL_TYPE_LINK && r->o->links && e->target) {
        sl_report_add(r, " -> ");
        sl_report_add_name(r, e->target, e->target_len);
    }
    sl_report_log_bytes(r, sl_buf_ptr(&r->line), sl_buf_len(&r->line));
    if (!r->o->quiet)
        sl_report_put(r);
    sl_buf_reset(&r->line, 64 * 1024);
}

void sl_report_module(struct sl_report *r, const char *name, size_t name_len, const char *comment, size_t comment_len)
{
    if (r->o->json) {
        sl_json_module(r, name, name_len, comment, comment_len);
        return;
    }
    sl_report_add_name(r, name, name_len);
    size_t n = sl_buf_len(&r->line);
    sl_report_add(r, "%*s\t", n < 15 ? (int)(15 - n) : 0, "");
    sl_report_add_text(r, comment, comment_len);
    sl_report_put(r);
}

void sl_report_conclude(struct sl_report *r, int exit_status)
{
    struct sl_stats none = { 0 };
    if (r->ended)
        return;
    r->ended = true;
    if (r->o->json)
        sl_json_summary(r, &none, exit_status);
    sl_report_log_status(r, exit_status);
}

void sl_report_end(struct sl_report *r, const struct sl_stats *s, int exit_status)
{
    r->ended = true;
    if (r->o->json)
        sl_json_summary(r, s, exit_status);
    else if (!r->o->quiet && sl_info_level(r->o, SL_INFO_STATS))
        sl_report_stats(r, s);
    sl_report_log_end(r, s, exit_status);
    sl_progress_erase(r);
    fflush(r->out);
}
