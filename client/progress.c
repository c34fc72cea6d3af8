/* SPDX-License-Identifier: ISC */
/* progress - one line on the terminal, drawn over itself: what is done, how fast, how long it will take. */
#include "config.h"
#include "base/io.h"
#include "client/info.h"
#include "client/report_priv.h"

#include <string.h>
#include <sys/ioctl.h>

enum { EVERY_MS = 200, COLUMNS_UNKNOWN = 80 };

void sl_progress_erase(struct sl_report *r)
{
    if (r->drawn)
        fputs("\r\033[K", r->out);
    r->drawn = false;
}

static size_t columns(const struct sl_report *r)
{
    struct winsize w = { 0 };
    return ioctl(fileno(r->out), TIOCGWINSZ, &w) == 0 && w.ws_col > 1 ? w.ws_col : COLUMNS_UNKNOWN;
}

static void add_clock(struct sl_report *r, double seconds)
{
    if (seconds < 0 || seconds > 9999.0 * 3600) {
        sl_report_add(r, "  ??:??:??");
        return;
    }
    unsigned long s = (unsigned long)seconds;
    sl_report_add(r, " %3lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
}

static void add_rate(struct sl_report *r, double bytes_per_s)
{
    static const char *const units[] = { "kB/s", "MB/s", "GB/s" };
    size_t i = 0;
    for (bytes_per_s /= 1024; bytes_per_s >= 1024 && i < 2; i++)
        bytes_per_s /= 1024;
    sl_report_add(r, " %7.2f%s", bytes_per_s, units[i]);
}

/* While it goes on the time left; at the end the time it took. */
static void add_times(struct sl_report *r, const struct sl_progress *p, uint64_t now, bool last)
{
    double took = (double)(now - r->start_ms) / 1000, rate = took > 0 ? (double)p->bytes_done / took : 0;
    double left = p->bytes_total > p->bytes_done ? (double)(p->bytes_total - p->bytes_done) : 0;
    add_rate(r, rate);
    add_clock(r, last ? took : rate > 0 ? left / rate : -1);
}

static void make_line(struct sl_report *r, const struct sl_progress *p, uint64_t now, bool last)
{
    bool one = sl_info_level(r->o, SL_INFO_PROGRESS) < 2 && p->path && p->file_size;
    uint64_t done = one ? p->file_done : p->bytes_done, all = one ? p->file_size : p->bytes_total;
    double percent = all ? 100.0 * (double)done / (double)all : 100;
    char number[SL_NUMBER_LEN];
    sl_report_add(r, "%15s %3d%%", sl_number(done, r->o->human, number), percent > 100 ? 100 : (int)percent);
    add_times(r, p, now, last);
    sl_report_add(r, " (%llu/%llu%s)", (unsigned long long)p->files_done, (unsigned long long)p->files_total,
                  p->total_final ? "" : "+");
    if (one && !last) {
        sl_report_add(r, " ");
        sl_report_add_name(r, p->path, strlen(p->path));
    }
}

/* The byte at which the line is cut so that it is narrower than the terminal: a line that wraps can't be drawn over. Each
 * character is taken for one column wide. */
static size_t cut(const struct sl_report *r)
{
    const uint8_t *p = sl_buf_ptr(&r->line);
    size_t len = sl_buf_len(&r->line), room = columns(r) - 1, i = 0;
    for (; i < len; i++)
        if ((p[i] & 0xc0) != 0x80 && room-- == 0)
            return i;
    return i;
}

void sl_report_progress(struct sl_report *r, const struct sl_progress *p, bool last)
{
    bool wanted = sl_info_level(r->o, SL_INFO_PROGRESS) && !r->o->quiet && !r->o->json;
    if (!wanted || !r->terminal)
        return;
    uint64_t now = sl_now_ms();
    if (!last && now - r->drawn_ms < EVERY_MS)
        return;
    sl_progress_erase(r);
    make_line(r, p, now, last);
    fwrite(sl_buf_ptr(&r->line), 1, cut(r), r->out);
    if (last)
        fputs("\n", r->out);
    sl_buf_reset(&r->line, 64 * 1024);
    fflush(r->out);
    r->drawn = !last;
    r->drawn_ms = now;
}
