/* SPDX-License-Identifier: ISC */
/* itemize - one entry's line: the letters of -i and the escapes of --out-format, as rsync has them. */
#include "config.h"
#include "base/entry.h"
#include "client/report_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char update_letter(const struct sl_report_item *item)
{
    switch (item->update) {
    case SL_UPDATE_NONE:
        return '.';
    case SL_UPDATE_SENT:
        return '<';
    case SL_UPDATE_RECEIVED:
        return '>';
    case SL_UPDATE_LOCAL:
        return 'c';
    case SL_UPDATE_DELETED:
        return '*';
    }
    return '.';
}

static char type_letter(enum sl_type type)
{
    switch (type) {
    case SL_TYPE_NONE:
    case SL_TYPE_FILE:
        return 'f';
    case SL_TYPE_DIR:
        return 'd';
    case SL_TYPE_LINK:
        return 'L';
    case SL_TYPE_CHAR:
    case SL_TYPE_BLOCK:
        return 'D';
    case SL_TYPE_FIFO:
    case SL_TYPE_SOCKET:
        return 'S';
    }
    return 'f';
}

void sl_itemize(const struct sl_report_item *item, char out[SL_ITEMIZE_LEN + 1])
{
    static const struct { uint32_t change; int at; char letter; } letters[] = {
        { SL_CHANGE_CHECKSUM | SL_CHANGE_TARGET, 2, 'c' }, { SL_CHANGE_SIZE, 3, 's' }, { SL_CHANGE_TIME, 4, 't' },
        { SL_CHANGE_TIME_NOW, 4, 'T' }, { SL_CHANGE_PERMS, 5, 'p' }, { SL_CHANGE_OWNER, 6, 'o' }, { SL_CHANGE_GROUP, 7, 'g' },
    };
    if (item->update == SL_UPDATE_DELETED) {
        memcpy(out, "*deleting  ", SL_ITEMIZE_LEN + 1);
        return;
    }
    bool blank = item->update == SL_UPDATE_NONE && !item->changes;
    memset(out, item->changes & SL_CHANGE_NEW ? '+' : blank ? ' ' : '.', SL_ITEMIZE_LEN);
    out[SL_ITEMIZE_LEN] = '\0';
    out[0] = update_letter(item);
    out[1] = type_letter(item->entry->type);
    if (item->changes & SL_CHANGE_NEW)
        return;
    for (size_t i = 0; i < sizeof letters / sizeof letters[0]; i++)
        if ((item->changes & letters[i].change) && !(letters[i].letter == 's' && item->entry->type == SL_TYPE_LINK))
            out[letters[i].at] = letters[i].letter;
}

void sl_mode_text(const struct sl_entry *e, char out[SL_MODE_LEN + 1])
{
    static const char bits[] = "rwxrwxrwx";
    static const struct { uint32_t bit, exec; int at; char both, alone; } special[] = {
        { 04000, 0100, 3, 's', 'S' }, { 02000, 0010, 6, 's', 'S' }, { 01000, 0001, 9, 't', 'T' },
    };
    out[0] = "?-dlcbps"[e->type];
    for (int i = 0; i < 9; i++)
        out[i + 1] = (char)(e->mode & (0400u >> i) ? bits[i] : '-');
    for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
        if (e->mode & special[i].bit)
            out[special[i].at] = e->mode & special[i].exec ? special[i].both : special[i].alone;
    out[SL_MODE_LEN] = '\0';
}

void sl_time_text(int64_t seconds, char sep, char out[SL_TIME_LEN])
{
    struct tm tm;
    time_t t = (time_t)seconds;
    if (!localtime_r(&t, &tm) || !strftime(out, SL_TIME_LEN, sep == ' ' ? "%Y/%m/%d %H:%M:%S" : "%Y/%m/%d-%H:%M:%S", &tm))
        snprintf(out, SL_TIME_LEN, "%lld", (long long)seconds);
}

void sl_report_add_path(struct sl_report *r, const struct sl_report_item *item)
{
    sl_report_add_name(r, item->path, strlen(item->path));
    if (item->entry->type == SL_TYPE_DIR)
        sl_report_add(r, "/");
}

/* ---- --out-format ---- */

struct escape {              /* %['][-][WIDTH][']LETTER */
    bool left;
    int width, human;        /* human: -1: plain digits; else as -h counts */
    char letter;
};

/* The escape that begins behind '%' at p; returns what follows it. */
static const char *parse_escape(const char *p, struct escape *e)
{
    int marks = 0;
    *e = (struct escape){ .human = -1 };
    for (; *p == '\''; p++)
        marks++;
    if (*p == '-') {
        e->left = true;
        p++;
    }
    for (; *p >= '0' && *p <= '9'; p++)
        e->width = e->width < 1000 ? e->width * 10 + (*p - '0') : e->width;
    for (; *p == '\''; p++)
        marks++;
    e->human = marks ? (marks > 3 ? 2 : marks - 1) : -1;
    e->letter = *p;
    return *p ? p + 1 : p;
}

static void add_count(struct sl_report *r, uint64_t n, int human)
{
    char number[SL_NUMBER_LEN];
    if (human < 0)
        sl_report_add(r, "%llu", (unsigned long long)n);
    else
        sl_report_add(r, "%s", sl_number(n, human, number));
}

static void add_time(struct sl_report *r, int64_t seconds, char sep)
{
    char text[SL_TIME_LEN];
    sl_time_text(seconds, sep, text);
    sl_report_add(r, "%s", text);
}

static void add_target(struct sl_report *r, const struct sl_report_item *item)
{
    if (item->entry->type != SL_TYPE_LINK || !item->entry->target || item->update == SL_UPDATE_DELETED)
        return;
    sl_report_add(r, " -> ");
    sl_report_add_name(r, item->entry->target, item->entry->target_len);
}

static const char *operation(const struct sl_report *r, const struct sl_report_item *item)
{
    return item->update == SL_UPDATE_DELETED ? "del." : r->sending ? "send" : "recv";
}

/* Adds what the letter stands for; false for a letter that stands for nothing. */
static bool add_escape(struct sl_report *r, const struct sl_report_item *item, const struct escape *e)
{
    char text[SL_ITEMIZE_LEN + 1];
    switch (e->letter) {
    case 'i': sl_itemize(item, text); sl_report_add(r, "%s", text); return true;
    case 'n': sl_report_add_path(r, item); return true;
    case 'f': sl_report_add_name(r, item->path, strlen(item->path)); return true;
    case 'L': add_target(r, item); return true;
    case 'l': add_count(r, item->entry->size, e->human); return true;
    case 'b': add_count(r, item->bytes, e->human); return true;
    case 'o': sl_report_add(r, "%s", operation(r, item)); return true;
    case 't': add_time(r, (int64_t)time(NULL), ' '); return true;
    case 'M': add_time(r, item->entry->mtime_s, '-'); return true;
    case 'B': sl_mode_text(item->entry, text); sl_report_add(r, "%s", text + 1); return true;
    case 'U': sl_report_add(r, "%u", item->entry->uid); return true;
    case 'G': sl_report_add(r, "%u", item->entry->gid); return true;
    case 'p': sl_report_add(r, "%ld", (long)getpid()); return true;
    case '%': sl_report_add(r, "%%"); return true;
    default: return false;
    }
}

/* Moves what was added from byte `from` on to the width asked for. */
static void pad(struct sl_report *r, size_t from, const struct escape *e)
{
    size_t len = sl_buf_len(&r->line) - from, width = (size_t)e->width;
    if (len >= width)
        return;
    char *p = (char *)sl_buf_reserve(&r->line, width - len) - len;
    memmove(p + (e->left ? 0 : width - len), p, len);
    memset(p + (e->left ? len : 0), ' ', width - len);
    sl_buf_commit(&r->line, width - len);
}

void sl_report_add_format(struct sl_report *r, const struct sl_report_item *item)
{
    for (const char *p = r->format; *p;) {
        size_t plain = strcspn(p, "%"), from;
        struct escape e;
        sl_buf_add(&r->line, p, plain);
        p += plain;
        if (!*p)
            return;
        const char *end = parse_escape(p + 1, &e);
        from = sl_buf_len(&r->line);
        if (add_escape(r, item, &e))
            pad(r, from, &e);
        else
            sl_buf_add(&r->line, p, (size_t)(end - p));
        p = end;
    }
}
