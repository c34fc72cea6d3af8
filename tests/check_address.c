/* SPDX-License-Identifier: ISC */
/* check_address - every form that SRC and DST may have, and what is refused. */
#include "config.h"
#include "client/address.h"

#include "tests/scratch.h"

struct good {
    const char *text;
    enum sl_address_kind kind;
    const char *user, *host;
    int port;
    bool modules;
    const char *module, *path;
};

static const struct good good[] = {
    { "a", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "a" },
    { "-a", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "-a" },
    { "./a:b", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "./a:b" },
    { "/a:b/", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "/a:b/" },
    { "a/b@c:d", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "a/b@c:d" },
    { "a%20\nb", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "a%20\nb" },
    { "[x]", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "[x]" },
    { "u@h", SL_ADDR_LOCAL, NULL, NULL, 0, false, NULL, "u@h" },
    { "h:", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "" },
    { "h:p/q", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "p/q" },
    { "h:/p:q%41", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "/p:q%41" },
    { "host://data", SL_ADDR_SSH, NULL, "host", 0, false, NULL, "//data" },
    { "u@h:p", SL_ADDR_SSH, "u", "h", 0, false, NULL, "p" },
    { "u@dom@h:p", SL_ADDR_SSH, "u@dom", "h", 0, false, NULL, "p" },
    { "u@h:a@b", SL_ADDR_SSH, "u", "h", 0, false, NULL, "a@b" },
    { "[::1]:p", SL_ADDR_SSH, NULL, "::1", 0, false, NULL, "p" },
    { "u@[fe80::1%eth0]:/p", SL_ADDR_SSH, "u", "fe80::1%eth0", 0, false, NULL, "/p" },
    { "ssh://h", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "" },
    { "ssh://h/", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "/" },
    { "SSH://u@h:2222/p/", SL_ADDR_SSH, "u", "h", 2222, false, NULL, "/p/" },
    { "ssh://h/~", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "" },
    { "ssh://h/~/", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "" },
    { "ssh://h/~/p/", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "p/" },
    { "ssh://h/~u/p", SL_ADDR_SSH, NULL, "h", 0, false, NULL, "/~u/p" },
    { "ssh://u%40d@h/a%20b%2fc%25", SL_ADDR_SSH, "u@d", "h", 0, false, NULL, "/a b/c%" },
    { "ssh://[::1]:65535/", SL_ADDR_SSH, NULL, "::1", 65535, false, NULL, "/" },
    { "ssh://[fe80::1%25e0]/", SL_ADDR_SSH, NULL, "fe80::1%e0", 0, false, NULL, "/" },
    { "superlifter://h", SL_ADDR_TCP, NULL, "h", 0, true, NULL, "" },
    { "superlifter://h/", SL_ADDR_TCP, NULL, "h", 0, true, NULL, "" },
    { "superlifter://h:1/m", SL_ADDR_TCP, NULL, "h", 1, true, "m", "" },
    { "superlifter://h/m/", SL_ADDR_TCP, NULL, "h", 0, true, "m", "" },
    { "superlifter://h/m/a/b/", SL_ADDR_TCP, NULL, "h", 0, true, "m", "a/b/" },
    { "superlifter://h/m%20n//a", SL_ADDR_TCP, NULL, "h", 0, true, "m n", "/a" },
    { "superlifter+ssh://u@h:22/m/a", SL_ADDR_SSH, "u", "h", 22, true, "m", "a" },
    { "superlifter+ssh://h", SL_ADDR_SSH, NULL, "h", 0, true, NULL, "" },
};

static void same(const char *a, const char *b)
{
    if (b)
        ck_assert_str_eq(a, b);
    else
        ck_assert_ptr_null(a);
}

START_TEST(takes_every_form)
{
    const struct good *g = &good[_i];
    struct sl_address a;
    struct sl_error err = { 0 };
    ck_assert_msg(sl_address_parse(&a, g->text, &err) == SL_OK, "%s: %s", g->text, err.text);
    ck_assert_int_eq(a.kind, g->kind);
    same(a.user, g->user);
    same(a.host, g->host);
    ck_assert_int_eq(a.port, g->port);
    ck_assert_int_eq(a.modules, g->modules);
    same(a.module, g->module);
    same(a.path, g->path);
    same(a.text, g->text);
    sl_address_clear(&a);
    ck_assert_ptr_null(a.text);
}
END_TEST

/* The text, and a piece of what the message must say. */
static const char *const refused[][2] = {
    { "", "empty path" },
    { ":p", "host is empty" },
    { "@h:p", "user is empty" },
    { "u@:p", "host is empty" },
    { "[]:p", "host is empty" },
    { "-oProxyCommand=x:p", "host does not start with '-'" },
    { "u@-h:p", "host does not start with '-'" },
    { "-u@h:p", "user does not start with '-'" },
    { "h\n:p", "cannot be there" },
    { "h x:p", "cannot be there" },
    { "h\x7f:p", "cannot be there" },
    { "h::m", "superlifter://HOST/MODULE" },
    { "::1:p", "superlifter://HOST/MODULE" },
    { "fe80::1:p", "brackets" },
    { "rsync://h/m", "superlifter://HOST/MODULE" },
    { "http://h/m", "superlifter://" },
    { "sftp://h/m", "ssh://" },
    { "file:///x", "the path alone" },
    { "ssh://", "host is empty" },
    { "ssh:///p", "host is empty" },
    { "ssh://-h/p", "'-'" },
    { "ssh://%2dh/p", "'-'" },
    { "ssh://h%0a/p", "cannot be there" },
    { "ssh://h%2f/p", "cannot be there" },
    { "ssh://h%20/p", "cannot be there" },
    { "ssh://u%00@h/p", "hexadecimal" },
    { "ssh://h/p%", "hexadecimal" },
    { "ssh://h/p%4", "hexadecimal" },
    { "ssh://h/p%4g", "hexadecimal" },
    { "ssh://h:/p", "port" },
    { "ssh://h:0/p", "port" },
    { "ssh://h:65536/p", "port" },
    { "ssh://h:-1/p", "port" },
    { "ssh://h:22x/p", "port" },
    { "ssh://[::1/p", "without ']'" },
    { "ssh://[::1]2/p", "']'" },
    { "superlifter://u@h/m", "superlifter+ssh://" },
    { "superlifter://h//a", "module has no name" },
    { "superlifter://h/a%2fb/", "module has no name" },
};

START_TEST(refuses)
{
    const char *text = refused[_i][0], *says = refused[_i][1];
    struct sl_address a = { .port = 77 };
    struct sl_error err = { 0 };
    ck_assert_msg(sl_address_parse(&a, text, &err) == SL_E_CONFIG, "%s", text);
    ck_assert_msg(strstr(err.text, says) != NULL, "%s: %s", text, err.text);
    ck_assert_int_eq(a.port, 77);
}
END_TEST

START_TEST(knows_same_hosts)
{
    static const struct {
        const char *a, *b;
        bool same;
    } pairs[] = {
        { "h:a", "h:b", true },
        { "h:a", "H:b", true },
        { "h:a", "i:a", false },
        { "h:a", "u@h:a", false },
        { "u@h:a", "v@h:a", false },
        { "u@h:a", "ssh://u@h/b", true },
        { "ssh://h:22/a", "ssh://h:23/a", false },
        { "a", "b", true },
        { "a", "h:a", false },
        { "superlifter://h/m/a", "superlifter://h/m/b", true },
        { "superlifter://h/m/a", "superlifter://h/n/a", false },
        { "superlifter://h/m/a", "superlifter+ssh://h/m/a", false },
        { "ssh://h/m/a", "superlifter+ssh://h/m/a", false },
        { "superlifter://h/", "superlifter://h/m", false },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct sl_address a, b;
        ck_assert_int_eq(sl_address_parse(&a, pairs[i].a, NULL), SL_OK);
        ck_assert_int_eq(sl_address_parse(&b, pairs[i].b, NULL), SL_OK);
        ck_assert_msg(sl_address_same_host(&a, &b) == pairs[i].same, "%s %s", pairs[i].a, pairs[i].b);
        ck_assert_msg(sl_address_same_host(&b, &a) == pairs[i].same, "%s %s", pairs[i].b, pairs[i].a);
        sl_address_clear(&a);
        sl_address_clear(&b);
    }
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, takes_every_form, 0, (int)(sizeof good / sizeof good[0]));
    tcase_add_loop_test(tc, refuses, 0, (int)(sizeof refused / sizeof refused[0]));
    tcase_add_test(tc, knows_same_hosts);
}

int main(void)
{
    return scratch_run("address", add);
}
