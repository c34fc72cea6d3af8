/* SPDX-License-Identifier: ISC */
/* suffixes - see suffixes.h. A list is short and a name has one suffix, so it is gone through for each name. */
#include "config.h"
#include "client/suffixes.h"
#include "base/mem.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct sl_suffixes {
    char *list;          /* owned; in lower case */
};

/* Those of rsync(1), version 3.4. */
static const char usual[] =
    "3g2/3gp/7z/aac/ace/apk/avi/bz2/deb/dmg/ear/f4v/flac/flv/gpg/gz/iso/jar/jpeg/jpg/lrz/lz/lz4/lzma/lzo/m1a/m1v/m2a/m2ts/m2v/m4a/m4b/"
    "m4p/m4r/m4v/mka/mkv/mov/mp1/mp2/mp3/mp4/mpa/mpeg/mpg/mpv/mts/odb/odf/odg/odi/odm/odp/ods/odt/oga/ogg/ogm/ogv/ogx/opus/otg/oth/otp/"
    "ots/ott/oxt/png/qt/rar/rpm/rz/rzip/spx/squashfs/sxc/sxd/sxg/sxm/sxw/sz/tbz/tbz2/tgz/tlz/ts/txz/tzo/vob/war/webm/webp/xz/z/zip/zst";

static char lower(char c)
{
    return (char)tolower((unsigned char)c);
}

static char *lowered(const char *list)
{
    char *out = sl_strdup(list);
    for (char *p = out; *p; p++)
        *p = lower(*p);
    return out;
}

struct sl_suffixes *sl_suffixes_new(void)
{
    struct sl_suffixes *s = sl_malloc(sizeof *s);
    s->list = sl_strdup(usual);
    return s;
}

void sl_suffixes_free(struct sl_suffixes *s)
{
    if (!s)
        return;
    free(s->list);
    free(s);
}

/* Behind the bracket that closes the set that p begins; NULL: there is none, or nothing between. */
static const char *behind_set(const char *p)
{
    size_t n = strcspn(p + 1, "]/");
    return n && p[1 + n] == ']' ? p + n + 2 : NULL;
}

enum sl_code sl_suffixes_set(struct sl_suffixes *s, const char *list, struct sl_error *err)
{
    for (const char *p = list; p && *p;) {
        if (*p == ']' || (*p == '[' && !behind_set(p)))
            return sl_fail(err, SL_E_CONFIG, "--skip-compress: '%s': a bracket has no other half, or nothing is between", list);
        p = *p == '[' ? behind_set(p) : p + 1;
    }
    free(s->list);
    s->list = lowered(list);
    return SL_OK;
}

/* Whether text is what the first pattern at p says; *next gets the place behind that pattern. */
static bool is_one(const char *p, const char *text, const char **next)
{
    bool same = true;
    for (; *p && *p != '/'; text += *text != '\0') {
        const char *end = *p == '[' ? behind_set(p) : p + 1;
        same = same && *text && (*p == '[' ? memchr(p + 1, lower(*text), (size_t)(end - p - 2)) != NULL : *p == lower(*text));
        p = end;
    }
    *next = *p ? p + 1 : p;
    return same && !*text;
}

bool sl_suffixes_match(const struct sl_suffixes *s, const char *name)
{
    const char *dot = strrchr(name, '.');
    if (!dot || !dot[1])
        return false;
    for (const char *p = s->list; *p;)
        if (is_one(p, dot + 1, &p))
            return true;
    return false;
}
