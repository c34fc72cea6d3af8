/* SPDX-License-Identifier: ISC */
/* num - number parsers. strtoul and its kind accept signs, spaces and tails, so they are not used. */
#include "config.h"
#include "base/num.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

static enum sl_code digits(const char *text, unsigned base, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (!*text)
        return SL_E_INVALID;
    for (; *text; text++) {
        if (*text < '0' || *text >= (char)('0' + base))
            return SL_E_INVALID;
        unsigned d = (unsigned)(*text - '0');
        if (v > (max - d) / base)
            return SL_E_INVALID;
        v = v * base + d;
    }
    *out = v;
    return SL_OK;
}

enum sl_code sl_num_u64(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    uint64_t v = 0;
    if (max < 10 && strlen(text) > 1)
        return SL_E_INVALID;
    if (digits(text, 10, UINT64_MAX, &v) != SL_OK || v < min || v > max)
        return SL_E_INVALID;
    *out = v;
    return SL_OK;
}

enum sl_code sl_num_int(const char *text, int min, int max, int *out)
{
    bool negative = text[0] == '-';
    uint64_t v = 0;
    if (digits(text + negative, 10, (uint64_t)INT32_MAX, &v) != SL_OK)
        return SL_E_INVALID;
    int n = negative ? -(int)v : (int)v;
    if (n < min || n > max)
        return SL_E_INVALID;
    *out = n;
    return SL_OK;
}

enum sl_code sl_num_octal(const char *text, uint32_t max, uint32_t *out)
{
    uint64_t v = 0;
    if (digits(text, 8, UINT32_MAX, &v) != SL_OK || v > max)
        return SL_E_INVALID;
    *out = (uint32_t)v;
    return SL_OK;
}

/* The factor of a suffix; 0 when it is none. */
static double factor(const char *s, size_t n, double unit)
{
    static const char letters[] = "BKMGTP";
    if (n == 0)
        return unit;
    const char *at = strchr(letters, toupper((unsigned char)s[0]));
    if (!at || n > 3)
        return 0;
    double power = (double)(at - letters);
    if (n == 1)
        return pow(1024, power);
    if (at == letters)
        return 0;
    if (n == 2 && toupper((unsigned char)s[1]) == 'B')
        return pow(1000, power);
    if (n == 3 && tolower((unsigned char)s[1]) == 'i' && toupper((unsigned char)s[2]) == 'B')
        return pow(1024, power);
    return 0;
}

enum sl_code sl_num_size(const char *text, uint64_t unit, uint64_t *out)
{
    double v = 0, scale = 1;
    const char *p = text;
    if (!isdigit((unsigned char)*p))
        return SL_E_INVALID;
    for (; isdigit((unsigned char)*p); p++)
        v = v * 10 + (*p - '0');
    if (*p == '.')
        for (p++; isdigit((unsigned char)*p); p++)
            v += (*p - '0') * (scale /= 10);
    size_t n = strlen(p);
    double delta = 0;
    if (n >= 2 && p[n - 1] == '1' && (p[n - 2] == '+' || p[n - 2] == '-')) {
        delta = p[n - 2] == '+' ? 1 : -1;
        n -= 2;
    }
    double f = factor(p, n, (double)unit);
    if (f <= 0)
        return SL_E_INVALID;
    v = floor(v * f) + delta;
    if (v < 0 || v >= 9.2e18)
        return SL_E_INVALID;
    *out = (uint64_t)v;
    return SL_OK;
}
