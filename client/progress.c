/* SPDX-License-Identifier: ISC */
/* progress - one line on the terminal, drawn over itself: what is done, how fast, how long it will take. */
#include "config.h"
#include "base/io.h"
#include "base/text.h"
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

/* ---- what is drawn ---- */

/* Bytes a second in the last seconds; a sample is taken at each drawing. 0: not known yet. */
static double rate_of(struct sl_report *r, uint64_t bytes, uint64_t now)
{
    unsigned oldest = r->samples_len < SL_SAMPLES ? 0 : r->samples_next;
    struct sl_sample from = r->samples_len ? r->samples[oldest] : (struct sl_sample){ r->start_ms, 0 };
    r->samples[r->samples_next] = (struct sl_sample){ now, bytes };
    r->samples_next = (r->samples_next + 1) % SL_SAMPLES;
    r->samples_len += r->samples_len < SL_SAMPLES;
    return now > from.ms && bytes > from.bytes ? (double)(bytes - from.bytes) * 1000 / (double)(now - from.ms) : 0;
}

/* The time left; at the end the time it took, and the rate over all of it. */
static void add_times(struct sl_report *r, const struct sl_progress *p, uint64_t now, bool last)
{
    double took = (double)(now - r->start_ms) / 1000, rate = rate_of(r, p->bytes_done, now);
    if (last)
        rate = took > 0 ? (double)p->bytes_done / took : 0;
    add_rate(r, rate);
    bool known = p->total_final && rate > 0;
    add_clock(r, last ? took : known ? (double)(p->bytes_total - p->bytes_done) / rate : -1);
}

static unsigned percent_of(uint64_t done, uint64_t all)
{
    return done >= all ? 100 : (unsigned)(100.0 * (double)done / (double)all);
}

/* A file that is sent once more, a total that shrinks: none of it makes what is shown go back. There is no share of a total that still
 * grows: it would be too high, and fall or stand still. */
static struct sl_progress forward(struct sl_report *r, const struct sl_progress *now, bool last)
{
    struct sl_progress p = *now;
    p.bytes_done = p.bytes_done < r->shown_bytes ? r->shown_bytes : p.bytes_done;
    p.bytes_total = p.bytes_total < p.bytes_done ? p.bytes_done : p.bytes_total;
    p.files_done = p.files_done < r->shown_files ? r->shown_files : p.files_done;
    p.files_total = p.files_total < p.files_done ? p.files_done : p.files_total;
    unsigned percent = p.total_final ? percent_of(p.bytes_done, p.bytes_total) : 0;
    if (percent == 100 && !last)
        percent = 99;                /* it is being confirmed, or sent once more */
    r->shown_percent = percent < r->shown_percent ? r->shown_percent : percent;
    r->shown_bytes = p.bytes_done;
    r->shown_files = p.files_done;
    return p;
}

/* --progress names the file that is in work, behind all else. */
static void add_file(struct sl_report *r, const struct sl_progress *p)
{
    if (sl_info_level(r->o, SL_INFO_PROGRESS) > 1 || !p->path || !p->file_size)
        return;
    sl_report_add(r, " %u%% of ", percent_of(p->file_done, p->file_size));
    sl_report_add_name(r, p->path, strlen(p->path));
}

static void make_line(struct sl_report *r, const struct sl_progress *p, uint64_t now, bool last)
{
    char done[SL_NUMBER_LEN], all[SL_NUMBER_LEN];
    const char *more = p->total_final ? "" : "+";
    sl_report_add(r, "%15s", sl_number(p->bytes_done, r->o->human, done));
    if (p->total_final)
        sl_report_add(r, " %3u%%", r->shown_percent);
    else
        sl_report_add(r, "   ?%%");
    add_times(r, p, now, last);
    sl_report_add(r, " (%llu/%llu%s, %s%s bytes)", (unsigned long long)p->files_done, (unsigned long long)p->files_total, more,
                  sl_number(p->bytes_total, r->o->human, all), more);
    if (!last)
        add_file(r, p);
}

/* The byte at which the line is cut so that it is narrower than the terminal: a line that wraps can't be drawn over. */
static size_t cut(const struct sl_report *r)
{
    const uint8_t *p = sl_buf_ptr(&r->line);
    size_t len = sl_buf_len(&r->line), room = columns(r) - 1, taken = 0, i = 0, n;
    for (; i < len; i += n) {
        taken += sl_text_columns(p + i, len - i, &n);
        if (taken > room)
            return i;
    }
    return i;
}

bool sl_report_draws(const struct sl_report *r)
{
    return r->terminal && sl_info_level(r->o, SL_INFO_PROGRESS) && !r->o->quiet && !r->o->json;
}

void sl_report_progress(struct sl_report *r, const struct sl_progress *now, bool last)
{
    if (!sl_report_draws(r) || r->mute)
        return;
    uint64_t ms = sl_now_ms();
    if (!last && ms - r->drawn_ms < EVERY_MS)
        return;
    sl_progress_erase(r);
    struct sl_progress p = forward(r, now, last);
    make_line(r, &p, ms, last);
    fwrite(sl_buf_ptr(&r->line), 1, cut(r), r->out);
    if (last)
        fputs("\n", r->out);
    sl_buf_reset(&r->line, 64 * 1024);
    fflush(r->out);
    r->drawn = !last;
    r->drawn_ms = ms;
}
