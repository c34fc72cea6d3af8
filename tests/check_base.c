/* SPDX-License-Identifier: ISC */
/* check_base - buffers, numbers, escapes, names and the content hash. */
#include "config.h"
#include "base/buf.h"
#include "base/entry.h"
#include "base/escape.h"
#include "base/hash.h"
#include "base/num.h"
#include "base/ring.h"
#include "base/text.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

START_TEST(buf_grows_and_drains)
{
    struct sl_buf b = { 0 };
    uint8_t next_in = 0, next_out = 0;
    for (unsigned round = 0; round < 3000; round++) {
        uint8_t piece[97];
        size_t n = round % sizeof piece;
        for (size_t i = 0; i < n; i++)
            piece[i] = next_in++;
        sl_buf_add(&b, piece, n);
        size_t out = sl_buf_len(&b) * 2 / 3;
        for (size_t i = 0; i < out; i++)
            ck_assert_uint_eq(sl_buf_ptr(&b)[i], next_out++);
        sl_buf_drop(&b, out);
    }
    sl_buf_drop(&b, sl_buf_len(&b));
    ck_assert_uint_eq(b.start, 0);
    sl_buf_reset(&b, 0);
    ck_assert_ptr_null(b.data);
    sl_buf_clear(&b);
}
END_TEST

START_TEST(buf_reserves_in_place)
{
    struct sl_buf b;
    sl_buf_init(&b);
    memset(sl_buf_reserve(&b, 1000), 'x', 1000);
    sl_buf_commit(&b, 10);
    ck_assert_uint_eq(sl_buf_len(&b), 10);
    ck_assert_mem_eq(sl_buf_ptr(&b), "xxxxxxxxxx", 10);
    sl_buf_reset(&b, 1u << 20);
    ck_assert_ptr_nonnull(b.data);
    ck_assert_uint_eq(sl_buf_len(&b), 0);
    sl_buf_clear(&b);
}
END_TEST

START_TEST(numbers)
{
    uint64_t v = 7;
    int i = 7;
    uint32_t o = 7;
    ck_assert_int_eq(sl_num_u64("18446744073709551615", 0, UINT64_MAX, &v), SL_OK);
    ck_assert(v == UINT64_MAX);
    static const char *const bad[] = { "", " 1", "1 ", "+1", "-1", "0x10", "18446744073709551616", "1a" };
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        ck_assert_int_eq(sl_num_u64(bad[n], 0, UINT64_MAX, &v), SL_E_INVALID);
    ck_assert(v == UINT64_MAX);
    ck_assert_int_eq(sl_num_u64("5", 6, 10, &v), SL_E_INVALID);
    ck_assert_int_eq(sl_num_u64("11", 6, 10, &v), SL_E_INVALID);
    ck_assert_int_eq(sl_num_int("-42", -100, 100, &i), SL_OK);
    ck_assert_int_eq(i, -42);
    ck_assert_int_eq(sl_num_int("-", -100, 100, &i), SL_E_INVALID);
    ck_assert_int_eq(sl_num_int("101", -100, 100, &i), SL_E_INVALID);
    ck_assert_int_eq(sl_num_octal("0755", 07777, &o), SL_OK);
    ck_assert_uint_eq(o, 0755);
    ck_assert_int_eq(sl_num_octal("8", 07777, &o), SL_E_INVALID);
    ck_assert_int_eq(sl_num_octal("10000", 07777, &o), SL_E_INVALID);
}
END_TEST

START_TEST(sizes)
{
    static const struct { const char *text; uint64_t unit, want; } good[] = {
        { "0", 1, 0 },          { "10", 1024, 10240 },     { "1K", 1, 1024 },        { "1kb", 1, 1000 },
        { "1.5M", 1, 1572864 }, { "2GiB", 1, 2147483648 }, { "1K-1", 1, 1023 },      { "1K+1", 1, 1025 },
    };
    static const char *const bad[] = { "", "K", "-1", "1X", "1KK", "1.5.5", "1e3" };
    uint64_t v = 0;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        ck_assert_msg(sl_num_size(good[i].text, good[i].unit, &v) == SL_OK, "%s", good[i].text);
        ck_assert_msg(v == good[i].want, "%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ck_assert_msg(sl_num_size(bad[i], 1, &v) == SL_E_INVALID, "%s", bad[i]);
}
END_TEST

START_TEST(escapes)
{
    static const struct { const char *in; size_t len; const char *want; } cases[] = {
        { "plain", 5, "plain" },
        { "", 0, "" },
        { "a\nb", 3, "a\\#012b" },
        { "\0", 1, "\\#000" },
        { "\177", 1, "\\#177" },
        { "\303\244", 2, "\303\244" },               /* a-umlaut */
        { "\302\233x", 3, "\\#302\\#233x" },         /* C1: CSI */
        { "\303", 1, "\\#303" },                     /* cut short */
        { "\300\200", 2, "\\#300\\#200" },           /* overlong */
        { "\355\240\200", 3, "\\#355\\#240\\#200" }, /* surrogate */
        { "\364\220\200\200", 4, "\\#364\\#220\\#200\\#200" },
        { "\360\237\230\200", 4, "\360\237\230\200" },
    };
    char out[64];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert_uint_eq(sl_escape(cases[i].in, cases[i].len, out, sizeof out), strlen(cases[i].want));
        ck_assert_str_eq(out, cases[i].want);
    }
    char *dup = sl_escape_dup("\1\1", 2);
    ck_assert_str_eq(dup, "\\#001\\#001");
    free(dup);
}
END_TEST

START_TEST(escape_is_cut_at_a_whole_one)
{
    char out[8];
    ck_assert_uint_eq(sl_escape("ab\n\n", 4, out, sizeof out), 12);
    ck_assert_str_eq(out, "ab\\#012");
    ck_assert_uint_eq(sl_escape("abc\n\n", 5, out, sizeof out), 13);
    ck_assert_str_eq(out, "abc");
    ck_assert_uint_eq(sl_escape("abc", 3, out, 1), 3);
    ck_assert_str_eq(out, "");
    ck_assert_uint_eq(sl_escape("abc", 3, NULL, 0), 3);
}
END_TEST

START_TEST(names)
{
    char longest[257];
    memset(longest, 'n', sizeof longest);
    ck_assert(sl_name_ok("a", 1) && sl_name_ok("...", 3) && sl_name_ok(".a", 2) && sl_name_ok("\n", 1));
    ck_assert(sl_name_ok(longest, 255) && !sl_name_ok(longest, 256));
    ck_assert(!sl_name_ok("", 0) && !sl_name_ok(".", 1) && !sl_name_ok("..", 2));
    ck_assert(!sl_name_ok("/", 1) && !sl_name_ok("a/b", 3) && !sl_name_ok("a\0b", 3));
}
END_TEST

START_TEST(hash_has_known_values)
{
    static const uint8_t empty[16] = { 0x99, 0xaa, 0x06, 0xd3, 0x01, 0x47, 0x98, 0xd8,
                                       0x60, 0x01, 0xc3, 0x24, 0x46, 0x8d, 0x49, 0x7f };
    uint8_t once[16], pieces[16];
    sl_hash_once("", 0, once);
    ck_assert_mem_eq(once, empty, 16);
    struct sl_hash *h = sl_hash_new();
    sl_hash_data(h, "ab", 2);
    sl_hash_hole(h, 0x0102);
    sl_hash_data(h, "c", 1);
    sl_hash_end(h, pieces);
    sl_hash_once("ab\0\0\0\0\0\0\1\2c", 11, once);
    ck_assert_mem_eq(pieces, once, 16);
    sl_hash_reset(h);
    sl_hash_zeros(h, 40000);
    sl_hash_end(h, pieces);
    void *zeros = calloc(1, 40000);
    ck_assert_ptr_nonnull(zeros);
    sl_hash_once(zeros, 40000, once);
    free(zeros);
    ck_assert_mem_eq(pieces, once, 16);
    sl_hash_free(h);
}
END_TEST

START_TEST(sha256_has_known_values)
{
    static const uint8_t abc[32] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                     0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
    uint8_t once[32], pieces[32], again[32];
    ck_assert_uint_eq(sl_hash_size(SL_HASH_XXH128), 16);
    ck_assert_uint_eq(sl_hash_size(SL_HASH_SHA256), 32);
    ck_assert(sl_hash_has(SL_HASH_XXH128));
    if (!sl_hash_has(SL_HASH_SHA256))
        return;
    struct sl_hash *h = sl_hash_new();
    sl_hash_once_as(SL_HASH_SHA256, "abc", 3, once);
    ck_assert_mem_eq(once, abc, 32);
    for (int i = 0; i < 2; i++) {        /* the kind holds over a reset */
        if (i)
            sl_hash_reset(h);
        else
            sl_hash_choose(h, SL_HASH_SHA256);
        sl_hash_data(h, "a", 1);
        sl_hash_data(h, "bc", 2);
        sl_hash_end(h, i ? again : pieces);
    }
    ck_assert_mem_eq(pieces, abc, 32);
    ck_assert_mem_eq(again, abc, 32);
    sl_hash_reset(h);
    sl_hash_data(h, "ab", 2);
    sl_hash_hole(h, 0x0102);
    sl_hash_zeros(h, 3);
    sl_hash_end(h, pieces);
    sl_hash_once_as(SL_HASH_SHA256, "ab\0\0\0\0\0\0\1\2\0\0\0", 13, once);
    ck_assert_mem_eq(pieces, once, 32);
    sl_hash_free(h);
}
END_TEST

static unsigned columns(const char *text, size_t expected_len)
{
    size_t len = 0;
    unsigned n = sl_text_columns((const unsigned char *)text, strlen(text), &len);
    ck_assert_uint_eq(len, expected_len);
    return n;
}

/* By blocks: the same from data in any pieces, where holes are told in any pieces too, as from their hashes; and another for each change. */
START_TEST(hash_by_blocks)
{
    enum { GRAIN = 12, BLOCK = 1 << GRAIN, BEHIND = 3 * BLOCK + 100, SIZE = 5 * BLOCK + 77 };
    static uint8_t data[SIZE], secret[SL_SECRET_BYTES];
    uint8_t of_data[SL_HASH_BYTES], of_list[SL_HASH_BYTES];
    struct sl_hash *h = sl_hash_new();
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)(i * 7 + i / 251);
    for (size_t i = 0; i < sizeof secret; i++)
        secret[i] = (uint8_t)(i * 31 + 5);
    sl_hash_by_blocks(h, NULL, GRAIN);
    for (size_t at = 0; at < 3 * BLOCK; at += BLOCK)
        sl_hash_block(h, sl_keyed_once(secret, data + at, BLOCK));
    sl_hash_block(h, sl_keyed_once(secret, data + 3 * BLOCK, 100));        /* a hole begins in the block, and ends in another */
    sl_hash_hole(h, 2 * BLOCK);
    sl_hash_block(h, sl_keyed_once(secret, data + BEHIND, BLOCK - 100));
    sl_hash_block(h, sl_keyed_once(secret, data + 4 * BLOCK, BLOCK));
    sl_hash_block(h, sl_keyed_once(secret, data + 5 * BLOCK, 77));
    sl_hash_end(h, of_list);
    for (size_t piece = 1; piece <= SIZE; piece = piece * 3 + 1) {
        sl_hash_by_blocks(h, secret, GRAIN);
        for (size_t at = 0, n = 0; at < SIZE; at += n) {
            if (at == BEHIND) {
                sl_hash_hole(h, BLOCK / 2);
                sl_hash_hole(h, BLOCK + BLOCK / 2);
            }
            size_t end = at < BEHIND ? BEHIND : SIZE;
            n = end - at < piece ? end - at : piece;
            sl_hash_data(h, data + at, n);
        }
        sl_hash_end(h, of_data);
        ck_assert_mem_eq(of_data, of_list, sizeof of_data);
    }
    for (int i = 0; i < 3; i++) {
        sl_hash_by_blocks(h, secret, GRAIN);
        data[0] ^= i == 0;
        sl_hash_data(h, data, BEHIND);
        data[0] ^= i == 0;
        sl_hash_hole(h, 2 * BLOCK - (i == 1));
        sl_hash_data(h, data + BEHIND, SIZE - BEHIND - (i == 2));
        sl_hash_end(h, of_data);
        ck_assert(memcmp(of_data, of_list, sizeof of_data) != 0);
    }
    sl_hash_reset(h);                        /* as ever */
    sl_hash_data(h, data, SIZE);
    sl_hash_end(h, of_data);
    sl_hash_once(data, SIZE, of_list);
    ck_assert_mem_eq(of_data, of_list, sizeof of_data);
    sl_hash_free(h);
}
END_TEST

START_TEST(columns_of_characters)
{
    ck_assert_uint_eq(columns("ab", 1), 1);
    ck_assert_uint_eq(columns("\xc3\xa4z", 2), 1);             /* a with dots */
    ck_assert_uint_eq(columns("\xe4\xb8\xad\xe4", 3), 2);      /* Chinese */
    ck_assert_uint_eq(columns("\xed\x95\x9c", 3), 2);          /* Hangul */
    ck_assert_uint_eq(columns("\xef\xbc\xa1", 3), 2);          /* a full-width A */
    ck_assert_uint_eq(columns("\xf0\x9f\x98\x80", 4), 2);      /* a face */
    ck_assert_uint_eq(columns("\xf0\x9f", 1), 1);              /* no UTF-8 */
    ck_assert_uint_eq(columns("\xff", 1), 1);
}
END_TEST

static void last_line(const char *text, const char *expected)
{
    char out[16];
    sl_text_last_line(text, strlen(text), out, sizeof out);
    ck_assert_str_eq(out, expected);
}

START_TEST(last_lines)
{
    last_line("", "");
    last_line(" \r\n\n", "");
    last_line("one", "one");
    last_line("one\ntwo \r\n\n", "two");
    last_line("one\n\033[1mx", "\\#033[1mx");
    last_line("0123456789abcdefgh", "0123456789abcde");
}
END_TEST

/* A queue in which the numbers stay in their order, however often it went round before it was full. */
START_TEST(ring_keeps_its_order)
{
    for (unsigned turned = 0; turned < 9; turned++) {
        uint32_t *at = NULL;
        size_t head = 0, len = 0, cap = 0;
        uint32_t in = 0, out = 0;
        for (unsigned i = 0; i < 40; i++) {
            if (len == cap)
                at = sl_ring_room(at, sizeof *at, &head, &cap, 3);
            at[(head + len++) % cap] = in++;
            if (i < turned) {
                ck_assert_uint_eq(at[head], out++);
                head = (head + 1) % cap;
                len--;
            }
        }
        ck_assert_uint_eq(cap, 48);
        for (; len; len--, head = (head + 1) % cap)
            ck_assert_uint_eq(at[head], out++);
        ck_assert_uint_eq(in, out);
        free(at);
    }
}
END_TEST

int main(void)
{
    Suite *s = suite_create("base");
    TCase *t = tcase_create("base");
    suite_add_tcase(s, t);
    tcase_add_test(t, buf_grows_and_drains);
    tcase_add_test(t, buf_reserves_in_place);
    tcase_add_test(t, ring_keeps_its_order);
    tcase_add_test(t, numbers);
    tcase_add_test(t, sizes);
    tcase_add_test(t, escapes);
    tcase_add_test(t, escape_is_cut_at_a_whole_one);
    tcase_add_test(t, columns_of_characters);
    tcase_add_test(t, last_lines);
    tcase_add_test(t, names);
    tcase_add_test(t, hash_has_known_values);
    tcase_add_test(t, sha256_has_known_values);
    tcase_add_test(t, hash_by_blocks);
    SRunner *r = srunner_create(s);
    srunner_run_all(r, CK_ENV);
    int failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
