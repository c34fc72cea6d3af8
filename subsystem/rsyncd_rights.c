/* SPDX-License-Identifier: ISC */
/*
 * rsyncd_rights - what rsync says by read only, write only, refused options and the suffixes of users, as rights. An option that is
 * refused takes the right without which it is nothing; where it is unclear whether it is refused, it is.
 */
#include "config.h"
#include "subsystem/rsyncd_priv.h"
#include "base/filter.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/rights.h"

#include <stdlib.h>
#include <string.h>

enum { READING = SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH, GRANTS_MAX = 200 };

/* ---- options ---- */

static const struct option { const char *name, *letter; bool archive; uint32_t right; } options[] = {
    { "delete", "", false, SL_RIGHT_DELETE },
    { "del", "", false, SL_RIGHT_DELETE },
    { "delete-before", "", false, SL_RIGHT_DELETE },
    { "delete-during", "", false, SL_RIGHT_DELETE },
    { "delete-delay", "", false, SL_RIGHT_DELETE },
    { "delete-after", "", false, SL_RIGHT_DELETE },
    { "delete-excluded", "", false, SL_RIGHT_DELETE },
    { "delete-missing-args", "", false, SL_RIGHT_DELETE },
    { "remove-source-files", "", false, SL_RIGHT_DELETE },
    { "force", "", false, SL_RIGHT_DELETE },
    { "checksum", "c", false, SL_RIGHT_HASH },
    { "devices", "D", true, SL_RIGHT_SPECIAL },
    { "specials", "D", true, SL_RIGHT_SPECIAL },
    { "perms", "p", true, SL_RIGHT_META },
    { "owner", "o", true, SL_RIGHT_META },
    { "group", "g", true, SL_RIGHT_META },
    { "times", "t", true, SL_RIGHT_META },
    { "acls", "A", false, SL_RIGHT_META },
    { "xattrs", "X", false, SL_RIGHT_META },
    { "super", "", false, SL_RIGHT_META },
};
enum { OPTIONS = sizeof options / sizeof options[0] };

/* Directories are listed by either. */
static const struct option by_tree = { "recursive", "r", true, SL_RIGHT_LIST }, by_level = { "dirs", "d", true, SL_RIGHT_LIST };

static bool names(const char *word, const struct option *o)
{
    if (strpbrk(word, "*?["))
        return sl_wildmatch(word, o->name) || sl_wildmatch(word, o->letter);
    if (strcmp(word, o->name) == 0 || (*word && strcmp(word, o->letter) == 0))
        return true;
    return o->archive && (strcmp(word, "a") == 0 || strcmp(word, "archive") == 0);
}

/* The last word that names the option decides. With commas in the list, what a word is depends on rsync: nothing is taken back. */
static bool is_refused(const char *list, const struct option *o)
{
    bool refused = false, commas = strchr(list, ',') != NULL;
    char *copy = sl_strdup(list), *save = NULL;
    for (char *word = strtok_r(copy, ", \t\r\v\f", &save); word; word = strtok_r(NULL, ", \t\r\v\f", &save)) {
        bool back = word[0] == '!';
        if (!(back && commas) && names(word + back, o))
            refused = !back;
    }
    free(copy);
    return refused;
}

uint32_t sl_rsyncd_refused(const char *list)
{
    uint32_t rights = is_refused(list, &by_tree) && is_refused(list, &by_level) ? (uint32_t)SL_RIGHT_LIST : 0;
    for (size_t i = 0; i < OPTIONS; i++)
        if (!(rights & options[i].right) && is_refused(list, &options[i]))
            rights |= options[i].right;
    return rights;
}

/* ---- modules ---- */

static uint32_t rights_if(const struct sl_rsyncd_section *s, bool read_only)
{
    uint32_t rights = read_only ? (uint32_t)READING : (uint32_t)SL_RIGHT_ALL;
    if (sl_rsyncd_bool(s->set[SL_RSYNCD_WRITE_ONLY], false, true))
        rights &= ~(uint32_t)READING;
    return rights & ~(s->set[SL_RSYNCD_REFUSE] ? s->set[SL_RSYNCD_REFUSE]->refused : 0);
}

static bool is_read_only(const struct sl_rsyncd_section *s)
{
    return sl_rsyncd_bool(s->set[SL_RSYNCD_READ_ONLY], true, true);
}

uint32_t sl_rsyncd_rights(const struct sl_rsyncd_section *s)
{
    return rights_if(s, is_read_only(s));
}

/* ---- users ---- */

/* One of `auth users`: NAME, @GROUP, with :deny, :ro or :rw behind. */
static void print_grant(const struct sl_rsyncd_section *s, struct sl_rsyncd_line *l, char *word, FILE *f)
{
    l->value = word;
    char *shown = sl_strdup(word), *option = strchr(shown, ':'), *text = NULL;
    bool group = shown[0] == '@';
    if (option)
        *option++ = '\0';
    size_t n = strspn(shown + group, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
    if (!n || shown[group + n])
        sl_rsyncd_note(f, l, "grants name users and groups as they are; whom this one denies, the next ones may admit");
    else if (!option || strcmp(option, "ro") == 0 || strcmp(option, "rw") == 0)
        text = sl_rights_text(rights_if(s, option ? option[1] == 'o' : is_read_only(s)));
    else if (strcmp(option, "deny") == 0)
        text = sl_rights_text(0);
    else
        sl_rsyncd_note(f, l, "':%.20s' is not understood", option);
    if (text)
        fprintf(f, "# grant = %s to %s:%s\n", text, group ? "group" : "user", shown + group);
    free(text);
    free(shown);
}

void sl_rsyncd_grants(const struct sl_rsyncd_section *s, FILE *f)
{
    const struct sl_rsyncd_line *users = s->set[SL_RSYNCD_USERS];
    if (!sl_rsyncd_given(users) || users->vague)
        return;
    struct sl_rsyncd_line one = *users;
    const char *between = users->value[0] == ',' ? "," : ", \t\r\v\f";
    char *copy = sl_strdup(users->value), *save = NULL;
    size_t n = 0;
    fputs("# Users log in over SSH here. For accounts of these names on this machine, take off the '#':\n", f);
    for (char *word = strtok_r(copy, between, &save); word; word = strtok_r(NULL, between, &save)) {
        while (sl_rsyncd_blank(*word))
            word++;
        for (size_t k = strlen(word); k && sl_rsyncd_blank(word[k - 1]); k--)
            word[k - 1] = '\0';
        if (*word && n++ < GRANTS_MAX)
            print_grant(s, &one, word, f);
    }
    if (n > GRANTS_MAX)
        fprintf(f, "# ... and %zu more\n", n - GRANTS_MAX);
    free(copy);
}
