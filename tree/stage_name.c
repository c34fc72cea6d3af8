/* SPDX-License-Identifier: ISC */
/*
 * stage_name - the names of staged files: made, recognised, and removed when a dead run left them. Nothing here opens
 * one.
 */
#include "config.h"
#include "tree/stage.h"
#include "tree/hold.h"
#include "tree/kept.h"

#include "base/hash.h"
#include "base/io.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    RANDOM_LEN = SL_TOKEN_LEN,
    DIGITS_FROM = 26 /* in letters */
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* A cut name ends at a whole character where it is UTF-8: some file systems take nothing else. */
static size_t cut_len(const char *name)
{
    size_t len = strlen(name), n = SL_NAME_MAX - SL_STAGE_AFFIX_LEN;
    if (len <= n)
        return len;
    for (size_t back = 0; back < 3 && ((uint8_t)name[n - back] & 0xc0) == 0x80; back++)
        if (((uint8_t)name[n - back - 1] & 0xc0) == 0xc0)
            return n - back - 1;
    return n;
}

/* The first character is one of `count` from `from` on. */
static void spell(char random[RANDOM_LEN], uint64_t number, size_t from, size_t count)
{
    random[0] = letters[from + number % count];
    number /= count;
    for (int i = 1; i < RANDOM_LEN; i++, number /= sizeof letters - 1)
        random[i] = letters[number % (sizeof letters - 1)];
}

static void affix(char *out, const char *name, const char random[RANDOM_LEN], const char *suffix)
{
    size_t n = cut_len(name);
    char *p = out;
    *p++ = '.';
    memcpy(p, name, n);
    p += n;
    *p++ = '.';
    memcpy(p, random, RANDOM_LEN);
    memcpy(p + RANDOM_LEN, suffix, strlen(suffix) + 1);
}

/* A letter comes first, so that it is no part's. */
void sl_stage_temp_name(char temp[SL_NAME_MAX + 1], const char *name)
{
    char random[RANDOM_LEN];
    uint64_t number;
    sl_random(&number, sizeof number);
    spell(random, number, 0, DIGITS_FROM);
    affix(temp, name, random, SL_STAGE_SUFFIX);
}

void sl_stage_token(char token[SL_TOKEN_LEN])
{
    uint64_t number;
    sl_random(&number, sizeof number);
    spell(token, number, DIGITS_FROM, sizeof letters - 1 - DIGITS_FROM);
}

void sl_stage_part_name(char temp[SL_NAME_MAX + 1], const char *name, const char token[SL_TOKEN_LEN])
{
    affix(temp, name, token, SL_STAGE_SUFFIX);
}

bool sl_stage_is_part(const char *temp)
{
    size_t len = strlen(temp), suffix = sizeof SL_STAGE_SUFFIX - 1;
    return sl_stage_is_temp(temp, len) && strcmp(temp + len - suffix, SL_STAGE_SUFFIX) == 0 && sl_token_ok(temp + len - suffix - RANDOM_LEN);
}

bool sl_stage_is_part_of(const char *temp, const char *name)
{
    size_t n = cut_len(name);
    return strlen(temp) == n + SL_STAGE_AFFIX_LEN && memcmp(temp + 1, name, n) == 0 && sl_stage_is_part(temp);
}

/* Of the first n bytes of name. */
static void affix_hash(char *out, const char *name, size_t n, const char *suffix)
{
    uint8_t hash[SL_HASH_BYTES];
    char random[RANDOM_LEN];
    uint64_t number = 0;
    sl_hash_once(name, n, hash);
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | hash[i];
    spell(random, number, 0, sizeof letters - 1);
    affix(out, name, random, suffix);
}

void sl_kept_name(char kept[SL_NAME_MAX + 1], const char *name)
{
    affix_hash(kept, name, cut_len(name), SL_KEPT_SUFFIX);
}

void sl_hold_name(char held[SL_NAME_MAX + 1], const char *name)
{
    affix_hash(held, name, strlen(name), SL_HOLD_SUFFIX);
}

static bool ends_in(const char *name, size_t len, const char *suffix)
{
    return memcmp(name + len - strlen(suffix), suffix, strlen(suffix)) == 0;
}

bool sl_stage_is_temp(const char *name, size_t len)
{
    const size_t suffix = sizeof SL_STAGE_SUFFIX - 1;
    if (len <= SL_STAGE_AFFIX_LEN || name[0] != '.')
        return false;
    if (!ends_in(name, len, SL_STAGE_SUFFIX) && !ends_in(name, len, SL_KEPT_SUFFIX) && !ends_in(name, len, SL_HOLD_SUFFIX))
        return false;
    const char *random = name + len - suffix - RANDOM_LEN;
    for (int i = 0; i < RANDOM_LEN; i++)
        if (!random[i] || !strchr(letters, random[i]))
            return false;
    return random[-1] == '.';
}

bool sl_stage_is_stale(const struct stat *st, int64_t now_s)
{
    return !S_ISDIR(st->st_mode) && st->st_uid == geteuid() && st->st_ctim.tv_sec <= now_s - SL_STAGE_STALE_S;
}

void sl_stage_clean(int dirfd, const char *name)
{
    struct stat st;
    if (!sl_stage_is_temp(name, strlen(name)) || fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return;
    bool waits = ends_in(name, strlen(name), SL_HOLD_SUFFIX), kept = waits || ends_in(name, strlen(name), SL_KEPT_SUFFIX);
    int64_t longer = kept ? SL_KEPT_STALE_S - SL_STAGE_STALE_S : 0;
    if (waits && geteuid() == 0)         /* it was given its owner */
        st.st_uid = 0;
    if (sl_stage_is_stale(&st, time(NULL) - longer))
        unlinkat(dirfd, name, 0);
}
