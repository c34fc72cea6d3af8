/* SPDX-License-Identifier: ISC */
/* ssh_settings - what ssh -G says is held against the table of ssh_keywords.c. */
#include "config.h"
#include "client/ssh_settings.h"
#include "base/buf.h"
#include "base/mem.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum { SSH_PORT = 22, PROMPTS = 3, ALIVE_MAX = 3 };

void sl_ssh_names_add(struct sl_ssh_names *n, const char *text, size_t len)
{
    n->at = sl_realloc(n->at, (n->len + 2) * sizeof *n->at);
    n->at[n->len++] = sl_memdup0(text, len);
    n->at[n->len] = NULL;
}

void sl_ssh_names_clear(struct sl_ssh_names *n)
{
    for (size_t i = 0; i < n->len; i++)
        free(n->at[i]);
    free(n->at);
    *n = (struct sl_ssh_names){ 0 };
}

void sl_ssh_settings_init(struct sl_ssh_settings *s)
{
    *s = (struct sl_ssh_settings){ .port = SSH_PORT, .family = AF_UNSPEC, .password = true, .keyboard = true, .pubkey = true,
                                   .tcp_keepalive = true, .banner = true, .prompts = PROMPTS, .alive_max = ALIVE_MAX };
}

void sl_ssh_settings_clear(struct sl_ssh_settings *s)
{
    char *texts[] = { s->hostname, s->user, s->agent, s->ciphers, s->macs, s->kex, s->host_keys, s->pubkey_types };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        free(texts[i]);
    sl_ssh_names_clear(&s->identities);
    sl_ssh_names_clear(&s->known_user);
    sl_ssh_names_clear(&s->known_global);
    *s = (struct sl_ssh_settings){ 0 };
}

static const struct sl_ssh_keyword *find_keyword(const char *name)
{
    for (size_t i = 0; i < sl_ssh_keyword_count; i++)
        if (strcasecmp(sl_ssh_keywords[i].name, name) == 0)
            return &sl_ssh_keywords[i];
    return NULL;
}

/* Whether one of the lines of `text` is exactly this one. */
static bool has_line(const char *text, const char *line, size_t len)
{
    for (const char *p = text; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strcspn(p, "\n") == len && memcmp(p, line, len) == 0)
            return true;
    return false;
}

/* Which list of algorithms a line is, as a bit; 0: none. */
static unsigned list_of(const char *line)
{
    static const char *const names[] = { "ciphers ", "macs ", "kexalgorithms ", "hostkeyalgorithms ", "pubkeyacceptedalgorithms " };
    for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strncasecmp(line, names[i], strlen(names[i])) == 0)
            return 1u << i;
    return 0;
}

static bool take_line(struct sl_ssh_settings *s, char *line, bool usual, char *why, size_t size)
{
    char *value = strchr(line, ' ');
    if (!value)
        return true;
    *value++ = '\0';
    const struct sl_ssh_keyword *k = find_keyword(line);
    const char *trouble = NULL;
    if (!k || k->how == SL_SSH_PROGRAM)
        trouble = usual ? NULL : k ? k->text : "it is not known here";
    else if (k->take)
        trouble = k->take(s, value);
    if (trouble)
        snprintf(why, size, "%s %.80s%s%s", k ? k->name : line, value, *trouble ? ": " : "", trouble);
    return !trouble;
}

bool sl_ssh_settings_read(struct sl_ssh_settings *s, const char *said, const char *plain, char *why, size_t size)
{
    bool all = true;
    char later[120];
    for (const char *p = said; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        size_t n = strcspn(p, "\n");
        bool usual = has_line(plain, p, n);
        char *line = sl_memdup0(p, n);
        s->named |= usual ? 0 : list_of(line);
        all &= take_line(s, line, usual, all ? why : later, all ? size : sizeof later);
        free(line);
    }
    return all;
}

static bool add_token(struct sl_buf *b, const struct sl_ssh_settings *s, char token, const char *home)
{
    char number[24] = "";
    const struct passwd *pw = getpwuid(getuid());
    const char *text = NULL;
    switch (token) {
    case '%':
        text = "%";
        break;
    case 'd':
        text = home;
        break;
    case 'h':
        text = s->hostname;
        break;
    case 'r':
        text = s->user;
        break;
    case 'u':
        text = pw ? pw->pw_name : NULL;
        break;
    case 'p':
    case 'i':
        snprintf(number, sizeof number, "%d", token == 'p' ? s->port : (int)getuid());
        text = number;
        break;
    default:
        break;
    }
    if (text)
        sl_buf_add(b, text, strlen(text));
    return text != NULL;
}

char *sl_ssh_settings_path(const struct sl_ssh_settings *s, const char *path)
{
    const struct passwd *pw = getpwuid(getuid());
    char *home = sl_strdup(pw ? pw->pw_dir : "/");
    struct sl_buf b = { 0 };
    bool good = *path != '~' || path[1] == '/';
    if (good && *path == '~') {
        sl_buf_add(&b, home, strlen(home));
        path++;
    }
    for (; *path && good; path++) {
        good = !(path[0] == '$' && path[1] == '{');
        if (*path == '%' && good)
            good = *++path && add_token(&b, s, *path, home);
        else
            sl_buf_add(&b, path, 1);
        if (!good)
            break;
    }
    free(home);
    char *out = good ? sl_memdup0(sl_buf_len(&b) ? (const char *)sl_buf_ptr(&b) : "", sl_buf_len(&b)) : NULL;
    sl_buf_clear(&b);
    return out;
}
