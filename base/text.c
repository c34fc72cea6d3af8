/* SPDX-License-Identifier: ISC */
/*
 * text - see text.h. The widths are those of Unicode's EastAsianWidth.txt, made coarser: a character that is taken for wider
 * than it is costs a column, one that is taken for narrower makes a line wrap. No locale is asked, so that it is the same
 * everywhere.
 */
#include "config.h"
#include "base/text.h"
#include "base/escape.h"

#include <stdint.h>

bool sl_text_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void sl_text_last_line(const char *text, size_t len, char *out, size_t size)
{
    size_t start;
    while (len && (unsigned char)text[len - 1] <= ' ')
        len--;
    for (start = len; start && text[start - 1] != '\n'; start--)
        ;
    sl_escape(text + start, len - start, out, size);
}

static uint32_t character(const unsigned char *p, size_t len)
{
    uint32_t v = len == 1 ? p[0] : p[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++)
        v = v << 6 | (p[i] & 0x3f);
    return v;
}

unsigned sl_text_columns(const unsigned char *p, size_t n, size_t *len)
{
    /* Hangul letters; clocks and arrows; stars, signs and dingbats; squares. From 0x2e80 on nearly all is wide. */
    static const uint32_t wide[][2] = {
        { 0x1100, 0x115f }, { 0x231a, 0x23ff }, { 0x25fd, 0x27bf }, { 0x2b05, 0x2b55 }, { 0x2e80, UINT32_MAX }
    };
    size_t got = sl_utf8_len(p, n);
    *len = got ? got : 1;
    uint32_t c = got ? character(p, got) : 0;
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        if (c >= wide[i][0] && c <= wide[i][1])
            return 2;
    return 1;
}
