/* SPDX-License-Identifier: ISC */
/* report_format - one entry's line: the escapes of --out-format and --log-file-format, as rsync has them. */
#include "config.h"
#include "base/entry.h"
#include "client/format.h"
#include "client/report_priv.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

void sl_report_add_path(struct sl_report *r, const struct sl_report_item *item)
{
    sl_report_add_name(r, item->path, strlen(item->path));
    if (item->entry->type == SL_TYPE_DIR)
        sl_report_add(r, "/");
}

bool sl_format_has(const char *format, char letter)
{
    for (const char *p = format; (p = strchr(p, '%')) != NULL;) {
        p++;
        p += strspn(p, "'-0123456789");
        if (*p == letter)
            return true;
        if (*p)
            p++;
    }
    return false;
}

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
    if (item->leader) {
        sl_report_add(r, " => ");
        sl_report_add_name(r, item->leader, strlen(item->leader));
        return;
    }
    if (item->entry->type != SL_TYPE_LINK || !item->entry->target || item->update == SL_UPDATE_DELETED)
        return;
    sl_report_add(r, " -> ");
    sl_report_add_name(r, item->entry->target, item->entry->target_len);
}

static const char *operation(const struct sl_report *r, const struct sl_report_item *item)
{
    return item->update == SL_UPDATE_DELETED ? "del." : r->sending ? "send" : "recv";
}

/* As it was typed, from the first name on; as rsync does it, only of a source that is here. */
static void add_full(struct sl_report *r, const struct sl_report_item *item)
{
    const char *front = r->sending && item->front && item->update != SL_UPDATE_DELETED ? item->front : "";
    size_t n = strlen(front);
    while (*front == '/' || (front[0] == '.' && (front[1] == '/' || !front[1]))) {
        n--;
        front++;
    }
    while (n && front[n - 1] == '/')
        n--;
    sl_report_add_name(r, front, n);
    if (n)
        sl_report_add(r, "/");
    sl_report_add_name(r, item->path, strlen(item->path));
}

/* Adds what the letter stands for; false for a letter that stands for nothing. */
static bool add_escape(struct sl_report *r, const struct sl_report_item *item, const struct escape *e)
{
    char text[SL_ITEMIZE_LEN + 1];
    switch (e->letter) {
    case 'i': sl_itemize(item, text); sl_report_add(r, "%s", text); return true;
    case 'n': sl_report_add_path(r, item); return true;
    case 'f': add_full(r, item); return true;
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
    case 'm': return true;       /* a module's name, to whom there is one */
    case '%': sl_report_add(r, "%%"); return true;
    default: return false;
    }
}

/* Moves what was added from byte `from` on to the width asked for; as with rsync that counts before anything is escaped. */
static void pad(struct sl_report *r, size_t from, size_t grown, const struct escape *e)
{
    size_t len = sl_buf_len(&r->line) - from, width = (size_t)e->width + grown;
    if (len >= width)
        return;
    char *p = (char *)sl_buf_reserve(&r->line, width - len) - len;
    memmove(p + (e->left ? 0 : width - len), p, len);
    memset(p + (e->left ? len : 0), ' ', width - len);
    sl_buf_commit(&r->line, width - len);
}

void sl_report_add_format(struct sl_report *r, const struct sl_report_item *item, const char *format)
{
    for (const char *p = format; *p;) {
        size_t plain = strcspn(p, "%"), from, grown;
        struct escape e;
        sl_buf_add(&r->line, p, plain);
        p += plain;
        if (!*p)
            return;
        const char *end = parse_escape(p + 1, &e);
        from = sl_buf_len(&r->line);
        grown = r->grown;
        if (add_escape(r, item, &e))
            pad(r, from, r->grown - grown, &e);
        else
            sl_buf_add(&r->line, p, (size_t)(end - p));
        p = end;
    }
}
