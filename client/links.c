/* SPDX-License-Identifier: ISC */
/* links - see links.h. Nothing here looks at a tree. */
#include "config.h"
#include "client/links.h"

#include <string.h>
#include <sys/stat.h>

static const char prefix[] = "/rsyncd-munged/";
enum { PREFIX_LEN = sizeof prefix - 1 };

static bool is(const char *p, size_t n, const char *word)
{
    return strlen(word) == n && memcmp(p, word, n) == 0;
}

/* How many directories a path is below the top. */
static int depth_of(const char *path)
{
    int depth = 0;
    for (const char *slash; (slash = strchr(path, '/')) != NULL; path = slash + strspn(slash, "/"))
        depth += slash > path;
    return depth;
}

bool sl_link_unsafe(const char *target, const char *path)
{
    int depth = depth_of(path);
    bool down = false;           /* something but ".." came */
    if (!*target || *target == '/')
        return true;
    for (const char *p = target; *p; p += strspn(p, "/")) {
        size_t n = strcspn(p, "/");
        bool up = is(p, n, "..");
        if (up && (down || depth-- == 0))
            return true;
        down |= !up;
        p += n;
    }
    return false;
}

void sl_link_unmunge(struct sl_entry *e)
{
    if (e->type != SL_TYPE_LINK || e->target_len <= PREFIX_LEN || memcmp(e->target, prefix, PREFIX_LEN) != 0)
        return;
    e->target += PREFIX_LEN;
    e->target_len -= PREFIX_LEN;
    e->size = e->target_len;
}

bool sl_link_munge(struct sl_entry *e, char *room)
{
    if (e->type != SL_TYPE_LINK)
        return true;
    if (e->target_len > SL_TARGET_MAX - PREFIX_LEN)
        return false;
    memcpy(room, prefix, PREFIX_LEN);
    memcpy(room + PREFIX_LEN, e->target, e->target_len + 1);
    e->target = room;
    e->target_len += PREFIX_LEN;
    e->size = e->target_len;
    return true;
}

enum sl_code sl_links_may_munge(bool from_remote, bool to_remote, struct sl_error *err)
{
    struct stat st;
    if (from_remote && to_remote)
        return sl_fail(err, SL_E_CONFIG, "--munge-links: of two other hosts neither is this side; copy in two steps");
    if (from_remote && stat("/rsyncd-munged", &st) == 0 && S_ISDIR(st.st_mode))
        return sl_fail(err, SL_E_CONFIG, "--munge-links: there is a directory /rsyncd-munged here, so links would be usable");
    return SL_OK;
}
