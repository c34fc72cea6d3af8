/* SPDX-License-Identifier: ISC */
/* stats - numbers for people, the summary of -v and the block of --stats, line by line as rsync prints them: there are
 * scripts that read it. */
#include "config.h"
#include "client/info.h"
#include "client/report_priv.h"

#include <string.h>

void sl_stats_entry(struct sl_stats *s, const struct sl_entry *e)
{
    s->entries[e->type]++;
    if (e->type == SL_TYPE_FILE || e->type == SL_TYPE_LINK)
        s->total_size += e->size;
}

/* Below its unit a number has separators; from it on, two decimals and a letter. False: it is below. */
static bool with_letter(double x, int human, char out[SL_NUMBER_LEN])
{
    double unit = human > 1 ? 1024 : 1000;
    const char *letter = "KMGTP";
    if (human <= 0 || x < unit)
        return false;
    for (x /= unit; x >= unit && letter[1]; letter++)
        x /= unit;
    snprintf(out, SL_NUMBER_LEN, "%.2f%c", x, *letter);
    return true;
}

/* Puts a comma in front of every third digit before the point. */
static void separate(const char *digits, int human, char out[SL_NUMBER_LEN])
{
    size_t whole = strcspn(digits, "."), n = 0;
    for (size_t i = 0; digits[i] && n < SL_NUMBER_LEN - 2; i++) {
        if (human >= 0 && i && i < whole && (whole - i) % 3 == 0)
            out[n++] = ',';
        out[n++] = digits[i];
    }
    out[n] = '\0';
}

const char *sl_number(uint64_t n, int human, char out[SL_NUMBER_LEN])
{
    char digits[SL_NUMBER_LEN];
    if (with_letter((double)n, human, out))
        return out;
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    separate(digits, human, out);
    return out;
}

const char *sl_decimal(double x, int decimals, int human, char out[SL_NUMBER_LEN])
{
    char digits[SL_NUMBER_LEN];
    if (with_letter(x, human, out))
        return out;
    snprintf(digits, sizeof digits, "%.*f", decimals, x);
    separate(digits, human, out);
    return out;
}

static void put_number(struct sl_report *r, const char *what, uint64_t n, const char *unit, int human)
{
    char number[SL_NUMBER_LEN];
    sl_report_add(r, "%s: %s%s", what, sl_number(n, human, number), unit);
    sl_report_put(r);
}

static void put_seconds(struct sl_report *r, const char *what, uint64_t ms)
{
    char number[SL_NUMBER_LEN];
    sl_report_add(r, "%s: %s seconds", what, sl_decimal((double)ms / 1000, 3, 0, number));
    sl_report_put(r);
}

/* "WHAT: 7 (reg: 2, dir: 3)" */
static void put_kinds(struct sl_report *r, const char *what, const uint64_t by_type[8])
{
    const struct { const char *name; uint64_t n; } kinds[] = {
        { "reg", by_type[SL_TYPE_FILE] },
        { "dir", by_type[SL_TYPE_DIR] },
        { "link", by_type[SL_TYPE_LINK] },
        { "dev", by_type[SL_TYPE_CHAR] + by_type[SL_TYPE_BLOCK] },
        { "special", by_type[SL_TYPE_FIFO] + by_type[SL_TYPE_SOCKET] },
    };
    char number[SL_NUMBER_LEN];
    uint64_t all = 0;
    int plain = r->o->human < 0 ? -1 : 0;
    const char *between = " (";
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        all += kinds[i].n;
    sl_report_add(r, "%s: %s", what, sl_number(all, plain, number));
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (!kinds[i].n)
            continue;
        sl_report_add(r, "%s%s: %s", between, kinds[i].name, sl_number(kinds[i].n, plain, number));
        between = ", ";
    }
    sl_report_add(r, "%s", all ? ")" : "");
    sl_report_put(r);
}

static void put_block(struct sl_report *r, const struct sl_stats *s)
{
    int human = r->o->human;
    sl_report_put(r);
    put_kinds(r, "Number of files", s->entries);
    put_kinds(r, "Number of created files", s->created);
    put_kinds(r, "Number of deleted files", s->deleted);
    put_number(r, "Number of regular files transferred", s->files_sent, "", human < 0 ? -1 : 0);
    put_number(r, "Total file size", s->total_size, " bytes", human);
    put_number(r, "Total transferred file size", s->sent_size, " bytes", human);
    put_number(r, "Literal data", s->literal, " bytes", human);
    put_number(r, "Matched data", s->matched, " bytes", human);
    put_number(r, "File list size", s->list_bytes, "", human);
    put_seconds(r, "File list generation time", s->list_ms);
    put_seconds(r, "File list transfer time", 0);
    put_number(r, "Total bytes sent", s->wire_out, "", human);
    put_number(r, "Total bytes received", s->wire_in, "", human);
}

/* The half second is rsync's: short runs would have absurd rates. Nothing travels in a local copy: no rate, no speedup. */
static void put_summary(struct sl_report *r, const struct sl_stats *s)
{
    char out[SL_NUMBER_LEN], in[SL_NUMBER_LEN], rate[SL_NUMBER_LEN], total[SL_NUMBER_LEN], speedup[SL_NUMBER_LEN];
    double wire = (double)s->wire_out + (double)s->wire_in;
    int human = r->o->human;
    sl_report_put(r);
    sl_report_add(r, "sent %s bytes  received %s bytes  %s bytes/sec", sl_number(s->wire_out, human, out),
                  sl_number(s->wire_in, human, in), sl_decimal(wire / (0.5 + (double)s->elapsed_ms / 1000), 2, human, rate));
    sl_report_put(r);
    sl_report_add(r, "total size is %s  speedup is %s%s", sl_number(s->total_size, human, total),
                  sl_decimal(wire > 0 ? (double)s->total_size / wire : 0, 2, human < 0 ? -1 : 0, speedup), r->o->dry_run ? " (DRY RUN)" : "");
    sl_report_put(r);
}

void sl_report_stats(struct sl_report *r, const struct sl_stats *s)
{
    if (sl_info_level(r->o, SL_INFO_STATS) > 1)
        put_block(r, s);
    put_summary(r, s);
}
