/* SPDX-License-Identifier: ISC */
/* ssh_words - see ssh_words.h. The letters are those of ssh(1) in OpenSSH 9; one that a later ssh brings is taken for
 * one without a value. */
#include "config.h"
#include "client/ssh_words.h"
#include "base/mem.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

static const char with_value[] = "bceilmopBDEFIJLOPQRSWw";

struct option {
    char letter;
    const char *value; /* borrowed; NULL: it takes none */
};

struct reader {
    char *const *at;     /* the next word */
    const char *cluster; /* the rest of the one before, or "" */
};

/* False at the first word that is no option. */
static bool next_option(struct reader *r, struct option *o)
{
    if (!*r->cluster) {
        const char *word = *r->at;
        if (!word || word[0] != '-' || !word[1] || strcmp(word, "--") == 0)
            return false;
        r->cluster = word + 1;
        r->at++;
    }
    *o = (struct option){ .letter = *r->cluster++ };
    if (strchr(with_value, o->letter)) {
        o->value = *r->cluster ? r->cluster : *r->at ? *r->at++ : "";
        r->cluster = "";
    }
    return true;
}

/* `Keyword=value`, `Keyword value`, in any case. */
static bool names_keyword(const char *text, const char *keyword)
{
    size_t n = strlen(keyword);
    text += strspn(text, " \t");
    return strncasecmp(text, keyword, n) == 0 && (text[n] == '=' || text[n] == ' ' || text[n] == '\t');
}

bool sl_ssh_words_share(char *const *words)
{
    struct reader r = { .at = words, .cluster = "" };
    struct option o;
    while (next_option(&r, &o))
        if (strchr("MSO", o.letter) || (o.letter == 'o' && names_keyword(o.value, "ControlMaster")))
            return true;
    return false;
}

char **sl_ssh_words_for_lane(char *const *words)
{
    struct reader r = { .at = words, .cluster = "" };
    struct option o;
    size_t n = 0, most = 1;
    for (size_t i = 0; words[i]; i++)
        most += strlen(words[i]) + 1;
    char **out = sl_calloc(most, sizeof *out);
    while (next_option(&r, &o)) {
        if (strchr("MSOJq", o.letter))
            continue;
        out[n++] = sl_asprintf("-%c", o.letter);
        if (o.value)
            out[n++] = sl_strdup(o.value);
    }
    for (; *r.at; r.at++)
        out[n++] = sl_strdup(*r.at);
    return out;
}
