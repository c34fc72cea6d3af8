/* SPDX-License-Identifier: ISC */
/*
 * stage_name - the names of staged files: made, recognised, and removed when a dead run left them. Nothing here opens
 * one.
 */
#include "config.h"
#include "tree/kept.h"

#include "base/hash.h"
#include "base/io.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    RANDOM_LEN = 8
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

static void affix(char *out, const char *name, size_t n, uint64_t number, const char *suffix)
{
    char *p = out;
    *p++ = '.';
    memcpy(p, name, n);
    p += n;
    *p++ = '.';
    for (int i = 0; i < RANDOM_LEN; i++, number /= 36)
        *p++ = letters[number % 36];
    memcpy(p, suffix, strlen(suffix) + 1);
}

void sl_stage_temp_name(char temp[SL_NAME_MAX + 1], const char *name)
{
    uint64_t random;
    sl_random(&random, sizeof random);
    affix(temp, name, cut_len(name), random, SL_STAGE_SUFFIX);
}

void sl_kept_name(char kept[SL_NAME_MAX + 1], const char *name)
{
    uint8_t hash[SL_HASH_BYTES];
    uint64_t number = 0;
    size_t n = cut_len(name);
    sl_hash_once(name, n, hash);
    for (size_t i = 0; i < sizeof number; i++)
        number = number << 8 | hash[i];
    affix(kept, name, n, number, SL_KEPT_SUFFIX);
}

bool sl_stage_is_temp(const char *name, size_t len)
{
    const size_t suffix = sizeof SL_STAGE_SUFFIX - 1;
    if (len <= SL_STAGE_AFFIX_LEN || name[0] != '.')
        return false;
    if (memcmp(name + len - suffix, SL_STAGE_SUFFIX, suffix) != 0 && memcmp(name + len - suffix, SL_KEPT_SUFFIX, suffix) != 0)
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
    const char *suffix = name + strlen(name) - (sizeof SL_KEPT_SUFFIX - 1);
    int64_t longer = strcmp(suffix, SL_KEPT_SUFFIX) == 0 ? SL_KEPT_STALE_S - SL_STAGE_STALE_S : 0;
    if (sl_stage_is_stale(&st, time(NULL) - longer))
        unlinkat(dirfd, name, 0);
}
