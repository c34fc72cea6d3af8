/* SPDX-License-Identifier: ISC */
/*
 * visible - which names there are for a peer. What a module excludes, and the staged files of any run, are as if they were
 * not there: not listed, not opened, not made, not removed. A directory that is excluded can't be opened, so nothing below
 * it can be named.
 */
#include "config.h"
#include "subsystem/session_priv.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool excluded(const struct sl_module *m, const char *base, const char *path, bool is_dir)
{
    char whole[SL_PATH_MAX];
    int n = snprintf(whole, sizeof whole, "%s%s%s", base, *base ? "/" : "", path);
    return n < 0 || (size_t)n >= sizeof whole || sl_filter_excludes(m->exclude, whole, is_dir);
}

/* Asked for as something else, a directory that is excluded is not there either. */
static bool is_directory(struct sl_channel *ch, uint32_t dir, const char *name)
{
    struct sl_error ignored = { 0 };
    struct stat st;
    int fd;
    return sl_dirs_fd(ch->dirs, dir, &fd, &ignored) == SL_OK && fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0
           && S_ISDIR(st.st_mode);
}

bool sl_hidden(struct sl_channel *ch, uint32_t dir, const char *name, bool is_dir)
{
    char base[SL_PATH_MAX];
    if (!*name)
        return false;
    if (sl_stage_is_temp(name, strlen(name)))
        return true;
    if (!ch->module || !ch->module->exclude)
        return false;
    return sl_dirs_path(ch->dirs, dir, base, sizeof base) >= sizeof base || excluded(ch->module, base, name, is_dir)
           || (!is_dir && excluded(ch->module, base, name, true) && is_directory(ch, dir, name));
}

bool sl_hidden_kept(struct sl_channel *ch, uint32_t dir, const char *name)
{
    char base[SL_PATH_MAX], path[2 * (SL_NAME_MAX + 1)];
    if (!*ch->kept_in || !ch->module || !ch->module->exclude)
        return false;
    snprintf(path, sizeof path, "%s/%s", ch->kept_in, name);
    return sl_hidden(ch, dir, ch->kept_in, true) || sl_dirs_path(ch->dirs, dir, base, sizeof base) >= sizeof base ||
           excluded(ch->module, base, path, false);
}

/* A staged file's name may have been cut where it would tell. */
bool sl_hidden_left(void *ctx, const char *name)
{
    enum { CUT_LEAST = SL_NAME_MAX - SL_STAGE_AFFIX_LEN - 3 };
    struct sl_channel *ch = ctx;
    if (!ch->module || !ch->module->exclude)
        return false;
    return strlen(name) >= CUT_LEAST || sl_hidden(ch, ch->searched_dir, name, false) || sl_hidden_kept(ch, ch->searched_dir, name);
}

bool sl_hidden_in_walk(void *ctx, const char *path, bool is_dir)
{
    const struct sl_channel *ch = ctx;
    return excluded(ch->module, ch->list_base, path, is_dir);
}
