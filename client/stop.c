/* SPDX-License-Identifier: ISC */
/* stop - see stop.h. What a time leaves out is counted up from now until it fits. */
#include "config.h"
#include "client/stop.h"
#include "base/num.h"

#include <string.h>
#include <time.h>

enum { TRIES = 120, MINUTES_MAX = 10 * 366 * 24 * 60 };
enum { YEAR, MONTH, DAY, HOUR, MINUTE, PARTS };

/* Takes the number in front, at most 4 digits; false when there is none. */
static bool number(const char **p, int *out)
{
    int n = 0, digits = 0;
    for (; **p >= '0' && **p <= '9' && digits < 5; ++*p, digits++)
        n = n * 10 + (**p - '0');
    *out = n;
    return digits > 0 && digits < 5;
}

/* "[[Y-]M-]D" up to end. */
static bool read_date(const char *p, const char *end, int parts[PARTS])
{
    int n[3], count = 0;
    char sep = '\0';
    while (p < end) {
        if (count && (*p != '-' && *p != '/'))
            return false;
        if (count && sep && *p != sep)
            return false;
        sep = count ? *p : '\0';
        p += count > 0;
        if (count == 3 || !number(&p, &n[count++]))
            return false;
    }
    if (count > 0)
        parts[DAY] = n[count - 1];
    if (count > 1)
        parts[MONTH] = n[count - 2];
    if (count > 2)
        parts[YEAR] = n[0] < 100 ? n[0] + 2000 : n[0];
    return true;
}

/* "[H][:M]" */
static bool read_clock(const char *p, int parts[PARTS])
{
    if (*p && *p != ':' && !number(&p, &parts[HOUR]))
        return false;
    if (*p == ':' && (p++, !number(&p, &parts[MINUTE])))
        return false;
    return !*p;
}

static bool within(const int parts[PARTS])
{
    static const struct {
        int least, most;
    } of[PARTS] = { { 1970, 9999 }, { 1, 12 }, { 1, 31 }, { 0, 23 }, { 0, 59 } };
    for (int i = 0; i < PARTS; i++)
        if (parts[i] != -1 && (parts[i] < of[i].least || parts[i] > of[i].most))
            return false;
    return true;
}

static bool read_all(const char *text, int parts[PARTS])
{
    const char *t = strpbrk(text, "Tt"), *colon = strchr(text, ':');
    for (int i = 0; i < PARTS; i++)
        parts[i] = -1;
    if (!*text || (t && !t[1]))
        return false;
    bool ok = t       ? read_date(text, t, parts) && read_clock(t + 1, parts)
              : colon ? read_clock(text, parts)
                      : read_date(text, text + strlen(text), parts);
    return ok && within(parts);
}

/* The time that is meant, so many of the largest unit that is left out later than now's; -1: there is none such. */
static time_t candidate(const struct tm *now, const int parts[PARTS], int later)
{
    struct tm t = *now;
    bool dated = parts[DAY] != -1;
    t.tm_sec = 0;
    t.tm_isdst = -1;
    t.tm_min = parts[MINUTE] != -1 ? parts[MINUTE] : 0;
    t.tm_hour = parts[HOUR] != -1 ? parts[HOUR] : dated ? 0 : now->tm_hour + later;
    if (dated) {
        t.tm_mday = parts[DAY];
        t.tm_mon = parts[MONTH] != -1 ? parts[MONTH] - 1 : now->tm_mon + later;
        t.tm_year = parts[YEAR] != -1 ? parts[YEAR] - 1900 : parts[MONTH] != -1 ? now->tm_year + later : now->tm_year;
    } else if (parts[HOUR] != -1) {
        t.tm_mday += later;
    }
    time_t at = mktime(&t);
    return dated && t.tm_mday != parts[DAY] ? -1 : at; /* a 31st of a month that has none */
}

enum sl_code sl_stop_parse(const char *text, int64_t now, int64_t *at, struct sl_error *err)
{
    int parts[PARTS];
    time_t from = (time_t)now;
    struct tm here;
    if (!read_all(text, parts) || !localtime_r(&from, &here))
        return sl_fail(err, SL_E_CONFIG, "--stop-at: '%s' is no time, as in 2030-12-31T23:59, 12/31, 14:00 or :30",
                       text);
    for (int later = 0; later < TRIES; later++) {
        time_t t = candidate(&here, parts, later);
        if (t != -1 && t > from) {
            *at = t;
            return SL_OK;
        }
    }
    return sl_fail(err, SL_E_CONFIG, "--stop-at: '%s' is over", text);
}

enum sl_code sl_stop_take(struct sl_options *o, enum sl_option_id id, const char *value, struct sl_error *err)
{
    int minutes = 0;
    if (id == SL_ID_STOP_AT)
        return sl_stop_parse(value, (int64_t)time(NULL), &o->stop_at, err);
    if (id != SL_ID_STOP_AFTER)
        return SL_EOF;
    if (sl_num_int(value, 1, MINUTES_MAX, &minutes) != SL_OK)
        return sl_fail(err, SL_E_CONFIG, "--stop-after: '%s' is not a number of minutes, from 1 on", value);
    o->stop_at = (int64_t)time(NULL) + 60 * (int64_t)minutes;
    return SL_OK;
}

bool sl_stop_due(const struct sl_options *o)
{
    return o->stop_at && (int64_t)time(NULL) >= o->stop_at;
}
