/* SPDX-License-Identifier: ISC */
/*
 * stage_name - the names of staged files: made, recognised, and removed when a dead run left them. Nothing here opens
 * one.
 */
#include "config.h"
#include "tree/stage.h"

#include "base/io.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    RANDOM_LEN = 8,
    AFFIX_LEN = 2 + RANDOM_LEN + sizeof SL_STAGE_SUFFIX - 1 /* both dots, the random part, the suffix */
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";

/* A cut name ends at a whole character where it is UTF-8: some file systems take nothing else. */
static size_t cut_len(const char *name)
{
    size_t len = strlen(name), n = SL_NAME_MAX - AFFIX_LEN;
    if (len <= n)
        return len;
    for (size_t back = 0; back < 3 && ((uint8_t)name[n - back] & 0xc0) == 0x80; back++)
        if (((uint8_t)name[n - back - 1] & 0xc0) == 0xc0)
            return n - back - 1;
    return n;
}

void sl_stage_temp_name(char temp[SL_NAME_MAX + 1], const char *name)
{
    uint64_t random;
    size_t n = cut_len(name);
    char *p = temp;
    *p++ = '.';
    memcpy(p, name, n);
    p += n;
    *p++ = '.';
    sl_random(&random, sizeof random);
    for (int i = 0; i < RANDOM_LEN; i++, random /= 36)
        *p++ = letters[random % 36];
    memcpy(p, SL_STAGE_SUFFIX, sizeof SL_STAGE_SUFFIX);
}

bool sl_stage_is_temp(const char *name, size_t len)
{
    const size_t suffix = sizeof SL_STAGE_SUFFIX - 1;
    if (len <= AFFIX_LEN || name[0] != '.' || memcmp(name + len - suffix, SL_STAGE_SUFFIX, suffix) != 0)
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
    if (sl_stage_is_stale(&st, time(NULL)))
        unlinkat(dirfd, name, 0);
}
