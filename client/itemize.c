/* SPDX-License-Identifier: ISC */
/* itemize - what stands for an entry in a line: the letters of -i, its mode, its time, as rsync has them. */
#include "config.h"
#include "base/entry.h"
#include "client/report_priv.h"

#include <string.h>
#include <time.h>

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
    case SL_UPDATE_COPIED:
        return 'c';
    case SL_UPDATE_TAKEN:
    case SL_UPDATE_LINKED:
        return 'h';
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
        { SL_CHANGE_ATIME, 8, 'u' }, { SL_CHANGE_ACL, 9, 'a' }, { SL_CHANGE_XATTR, 10, 'x' },
    };
    if (item->update == SL_UPDATE_DELETED) {
        memcpy(out, "*deleting  ", SL_ITEMIZE_LEN + 1);
        return;
    }
    bool made = item->update == SL_UPDATE_SENT || item->update == SL_UPDATE_RECEIVED;
    bool blank = !made && !item->changes;
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
