/* SPDX-License-Identifier: ISC */
/* check_rsyncd_form - how an rsyncd.conf is read and written again: sections, names, values, every key, and what no administrator
 * writes. All that comes out is taken by our own parser. */
#include "config.h"
#include "tests/rsyncd.h"

/* ---- sections ---- */

START_TEST(inherits_as_rsync_does)
{
    convert("auth users = joe\n[a]\npath = /a\n[Glo Bal]\nauth users =\n[A]\ncomment = again\n[b]\npath = /b\n"
            "[global]\nhosts allow = 10.0.0.1\npath = /default\n[ c ] behind\n[d]\npath = /d\nhosts allow =\n");
    ck_assert_uint_eq(c.module_count, 4);
    ck_assert_uint_eq(given(module("a"), HERE, NULL), 0);
    ck_assert_str_eq(module("a")->comment, "again");
    ck_assert_uint_eq(given(module("b"), "10.0.0.1", NULL), RO);
    ck_assert_str_eq(module("c")->path, "/default");
    ck_assert_uint_eq(given(module("c"), HERE, NULL), 0);
    ck_assert_uint_eq(given(module("d"), HERE, NULL), RO);
    /* What nobody has set, not even to nothing, is what the default is in the end; but for numbers, yes and no. */
    convert("path = /x\n[a]\n[b]\nhosts allow =\n[global]\nhosts allow = 10.0.0.1\nread only = no\nmax connections = -1\n[c]\n");
    ck_assert_uint_eq(given(module("a"), HERE, NULL), 0);
    ck_assert_uint_eq(given(module("a"), "10.0.0.1", NULL), RO);
    ck_assert_uint_eq(given(module("b"), HERE, NULL), RO);
    ck_assert_uint_eq(given(module("c"), "10.0.0.1", NULL), 0);
}
END_TEST

/* For rsync these are one module, and what restricts it may stand in any of them. */
START_TEST(takes_names_that_are_alike_for_one)
{
    convert("[b c]\npath = /x\nauth users = joe\n[bc]\npath = /y\n[B  C]\nlist = no\n");
    ck_assert_uint_eq(c.module_count, 1);
    ck_assert_str_eq(module("b-c")->path, "/y");
    ck_assert(!module("b-c")->listed);
    ck_assert_uint_eq(given(module("b-c"), HERE, NULL), 0);
}
END_TEST

START_TEST(finds_names_of_our_own)
{
    convert("[a b]\npath=/1\n[a-b]\npath=/2\n[.x]\npath=/3\n[_x]\npath=/4\n[-]\npath=/5\n[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\npath=/6\n[\xc3\xa4]\npath=/7\n[a-b-1]\npath=/8\n[a\tb]\nlist=no\n");
    ck_assert_uint_eq(c.module_count, 7);        /* a b, whose two names were taken, is left out */
    ck_assert(has("# a b (line 1): a module that is left out: no name for it is free"));
    ck_assert_str_eq(module("a-b")->path, "/2");
    ck_assert_str_eq(module("a-b-1")->path, "/8");
    ck_assert_str_eq(module("_x")->path, "/4");
    ck_assert_str_eq(module("_x-5")->path, "/3");
    ck_assert_str_eq(module("_")->path, "/5");
    ck_assert_str_eq(module("_-")->path, "/7");
    ck_assert(has("# Another name than in rsync"));
}
END_TEST

START_TEST(leaves_out_what_is_nowhere)
{
    static const char *const paths[] = { "path = x", "path =", "comment = none", "path = /a #b", "path = /a\x01", "path = %h/x" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *text = sl_asprintf("[m]\n%s\nread only = no\n", paths[i]);
        convert(text);
        ck_assert_msg(c.module_count == 0 && has("# m (line 1): a module that is left out"), "%s\n%s", paths[i], out);
        free(text);
    }
}
END_TEST

START_TEST(writes_paths)
{
    static const struct { const char *lines, *path; } paths[] = {
        { "path = /srv/my mirror", "/srv/my mirror" },
        { "path = /var/ftp/./pub", "/var/ftp/pub" },
        { "path = /var//ftp/././pub/", "/var/ftp/pub/" },
        { "path = /a/.b/..c/.", "/a/.b/..c/." },
        { "path = /", "/" },
        { "path = /./", "/" },
        { "path = /srv/50%", "/srv/50%%" },
        { "path = /srv/%u", "/srv/%%u" },
        { "path = /a=b;c", "/a=b;c" },
        { "path = /a\\\n/b", "/a/b" },
        { "[global]\ndaemon chroot = /jail\n[n]\npath = /a", "/jail/a" },
        { "[global]\ndaemon chroot = /jail/\n[n]\npath = /a", "/jail/a" },
        { "daemon chroot = /jail\npath = /a", "/a" },           /* in a module, rsync passes over it */
    };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *text = sl_asprintf("[m]\n%s\n", paths[i].lines);
        convert(text);
        ck_assert_uint_eq(c.module_count, 1);
        ck_assert_str_eq(c.modules[0].path, paths[i].path);
        ck_assert_uint_eq(given(&c.modules[0], HERE, NULL), RO);
        free(text);
    }
}
END_TEST

START_TEST(closes_what_only_the_environment_knows)
{
    static const char *const texts[] = { "[m]\npath = /home/%RSYNC_USER_NAME%\n", "[m]\npath = /srv/%%x\n", "[m]\npath = /%a /b%\n",
                                         "daemon chroot = /%JAIL%\n[m]\npath = /x\n" };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        convert(texts[i]);
        ck_assert_msg(!given(module("m"), HERE, NULL) && !given(module("m"), HERE, "joe") && has("# CLOSED"), "%s\n%s", texts[i], out);
    }
    convert("daemon chroot = jail\n[m]\npath = /x\n");
    ck_assert_uint_eq(c.module_count, 0);
}
END_TEST

/* ---- values ---- */

START_TEST(writes_exclusions)
{
    convert("[m]\npath=/x\nexclude = .~tmp~/ /a/b **/c - d + e \"#x #y ;z [!q]z !\nfilter = - f exclude g -_h - -i\n");
    static const char *const want[] = { "f", "g", "h", "-i", ".~tmp~/", "/a/b", "**/c", "d", "\"#x", "[#]y", ";z", "[!q]z" };
    const struct sl_module *m = module("m");
    ck_assert_uint_eq(m->exclude_count, sizeof want / sizeof want[0]);
    for (size_t i = 0; i < m->exclude_count; i++)
        ck_assert_str_eq(m->excludes[i], want[i]);
    ck_assert(sl_filter_excludes(m->exclude, "sub/#y", false) && sl_filter_excludes(m->exclude, "a/b", true));
    ck_assert(!sl_filter_excludes(m->exclude, "sub/a/b", true) && !sl_filter_excludes(m->exclude, "e", false));
}
END_TEST

START_TEST(hints_at_grants)
{
    convert("[m]\npath=/x\nauth users = joe:deny @guest:deny, admin:rw @rsync:ro susan\tx*:ro y:what a/b\n");
    ck_assert(has("\n# grant = none to user:joe\n# grant = none to group:guest\n# grant = full to user:admin\n"
                  "# grant = read-only to group:rsync\n# grant = read-only to user:susan\n# auth users = x*:ro (line 3): "));
    ck_assert(has("'what' is not understood") || has("':what' is not understood"));
    ck_assert(!has("user:a/b") && !has("user:x") && !has("user:y"));
    convert("[m]\npath=/x\nread only = no\nrefuse options = delete\nauth users = , joe , @Some Group:ro,ann:rw\n");
    ck_assert(has("# grant = list,read,hash,create,overwrite,rename,meta,special,publish to user:joe\n# auth users = @Some Group:ro"));
    convert("[m]\npath=/x\nread only = no\nwrite only = yes\nauth users = joe:ro\n");
    ck_assert(has("# grant = none to user:joe"));
    ck_assert_uint_eq(given(module("m"), HERE, "joe"), 0);
}
END_TEST

/* The hints are what our parser takes, for the one who uncomments them. */
START_TEST(hints_can_be_used)
{
    convert("[m]\npath=/x\nauth users = joe:rw ann:deny bob\n");
    for (char *at = out; (at = strstr(at, "# grant")) != NULL; at++)
        memcpy(at, "  grant", 7);
    sl_config_clear(&c);
    sl_config_init(&c);
    ck_assert_msg(sl_config_parse(&c, "out", out, strlen(out), &err) == SL_OK, "%s", err.text);
    ck_assert_uint_eq(given(module("m"), HERE, "joe"), RW);
    ck_assert_uint_eq(given(module("m"), HERE, "ann"), 0);
    ck_assert_uint_eq(given(module("m"), HERE, "bob"), RO);
    ck_assert_uint_eq(given(module("m"), HERE, "eve"), 0);
    ck_assert_uint_eq(given(module("m"), HERE, NULL), 0);
}
END_TEST

START_TEST(warns_of_what_anybody_may_write)
{
    convert("[m]\npath=/x\nread only = no\n");
    ck_assert(has("# WARNING: as in rsync, whoever can reach the port may write") && has("\nallow = full\n"));
    convert("[m]\npath=/x\n");
    ck_assert(!has("# WARNING"));
}
END_TEST

static const struct { const char *text, *listen, *user, *told; unsigned idle; } globals[] = {
    { "", NULL, "nobody", "# Converted from rsyncd.conf", 600 },
    { "port = 873", "873", "nobody", "# port = 873 (line 1): clients of rsync", 600 },
    { "port = 0", NULL, "nobody", "not a port", 600 },
    { "port = 65536", NULL, "nobody", "not a port", 600 },
    { "port = 99999999999999999999", NULL, "nobody", "not a port", 600 },
    { "port = %PORT%", NULL, "nobody", "not a port", 600 },
    { "address = 127.0.0.1", "127.0.0.1:8730", "nobody", "", 600 },
    { "address = ::1\nport = 9", "[::1]:9", "nobody", "", 600 },
    /* Not to be listened to everywhere because a name is not looked up. */
    { "address = mirror.example.org\nport = 9", "127.0.0.1:9", "nobody", "not an address", 600 },
    { "address = %ADDR%", "127.0.0.1:8730", "nobody", "not an address", 600 },
    { "address = fe80::1%eth0", "127.0.0.1:8730", "nobody", "not an address", 600 },
    { "uid = ftp\ntimeout = 30", NULL, "ftp", "", 30 },
    { "uid = root", NULL, "nobody", "strangers are not served as root", 600 },
    { "uid = 0", NULL, "nobody", "strangers are not served as root", 600 },
    { "uid = 1000", NULL, "nobody", "write the name of a user", 600 },
    { "uid = %RSYNC_USER_NAME%", NULL, "nobody", "write the name of a user", 600 },
    { "[m]\npath=/x\nuid = a\n[n]\npath=/y\nuid = a", NULL, "a", "", 600 },
    { "[m]\npath=/x\nuid = a\n[n]\npath=/y", NULL, "nobody", "more than one uid", 600 },
    { "[m]\npath=/x\nuid = nobody\n[n]\npath=/y", NULL, "nobody", "", 600 },
    { "uid = a\n[m]\npath=/x\n[n]\npath=/y\nuid = b", NULL, "nobody", "more than one uid", 600 },
    { "timeout = 0", NULL, "nobody", "", 0 },
    { "timeout = 99999999", NULL, "nobody", "", 604800 },
    { "timeout = soon", NULL, "nobody", "not a number of seconds", 600 },
    { "[m]\npath=/x\ntimeout = 5\n[n]\npath=/y\ntimeout = 6", NULL, "nobody", "more than one timeout", 600 },
    { "[m]\npath=/x\nport = 9", NULL, "nobody", "# port = 9 (line 3): in a module, where rsync passes over it", 600 },
};

START_TEST(writes_what_is_for_all)
{
    convert(globals[_i].text);
    ck_assert_uint_eq(c.listen_count, globals[_i].listen != NULL);
    if (globals[_i].listen)
        ck_assert_str_eq(c.listens[0].text, globals[_i].listen);
    ck_assert_str_eq(c.user, globals[_i].user);
    ck_assert_uint_eq(c.idle_timeout_s, globals[_i].idle);
    ck_assert_msg(has(globals[_i].told), "%s\n%s", globals[_i].text, out);
}
END_TEST

START_TEST(writes_the_log_and_the_motd)
{
    convert("motd file = /etc/motd\nsyslog facility = local3\n[m]\npath=/x\ntransfer logging = yes\n");
    ck_assert_str_eq(c.motd, "/etc/motd");
    ck_assert(has("\nlog level = VERBOSE\n") && has("\nlog facility = LOCAL3\n"));
    convert("daemon chroot = /jail\nmotd file = /etc/motd\nsyslog facility = lpr\n");
    ck_assert_str_eq(c.motd, "/jail/etc/motd");
    ck_assert(!has("log level") && has("# syslog facility = lpr (line 3): not one of"));
    convert("motd file = etc/motd\n");
    ck_assert(!c.motd && has("# motd file = etc/motd (line 1): not an absolute path"));
}
END_TEST

START_TEST(writes_limits_and_comments)
{
    convert("[m]\npath=/x\ncomment = all of it; really = yes\nmax connections = 7 or so\n[n]\npath=/x\nmax connections = 4294967297\n"
            "comment = 1 #2\n[o]\npath=/x\nmax connections = 0\ncomment = #\n[p]\npath=/x\ncomment = %X% \n");
    ck_assert_str_eq(module("m")->comment, "all of it; really = yes");
    ck_assert_uint_eq(module("m")->max_connections, 7);
    ck_assert_uint_eq(module("n")->max_connections, SL_CONNECTIONS_MAX);
    ck_assert_uint_eq(module("o")->max_connections, 0);
    ck_assert_str_eq(module("n")->comment, "");
    ck_assert(has("# comment = 1 #2 (line 8): can't be written") && has("# comment = # (line") && has("# comment = %X% (line"));
}
END_TEST

/* ---- every key ---- */

static const char *const documented[] = {
    "motd file", "pid file", "port", "address", "socket options", "listen backlog", "comment", "path", "use chroot", "daemon chroot",
    "proxy protocol", "proxy protocol hosts", "name converter", "numeric ids", "munge symlinks", "insecure links", "charset",
    "max connections", "log file", "syslog facility", "syslog tag", "max verbosity", "lock file", "read only", "write only",
    "open noatime", "list", "uid", "gid", "daemon uid", "daemon gid", "fake super", "filter", "exclude", "include", "exclude from",
    "include from", "incoming chmod", "outgoing chmod", "auth users", "secrets file", "auth digest", "strict modes", "hosts allow",
    "hosts deny", "reverse lookup", "forward lookup", "ignore errors", "ignore nonreadable", "transfer logging", "log format",
    "timeout", "refuse options", "dont compress", "early exec", "pre-xfer exec", "post-xfer exec", "temp dir",
};

START_TEST(knows_every_key)
{
    static const char *const values[] = { "", "1", "/x", "%A%", "no" };
    const char *key = documented[_i];
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char *text = sl_asprintf("%s = %s\n[m]\npath = /x\n%s = %s\n", key, values[i], key, values[i]);
        convert(text);
        ck_assert_msg(!has("unknown"), "%s\n%s", text, out);
        free(text);
    }
}
END_TEST

START_TEST(says_what_is_not_there)
{
    convert("use chroot = yes\ncolour = red\n  &include /etc/rsyncd.d\nno sense\n[m]\npath=/x\npost-xfer exec = /bin/sh -c 'x'\n"
            "secrets file = /etc/s\n&MERGE  = /etc/y\ncolour=blue\n");
    ck_assert(has("# use chroot = yes (line 1): not needed") && has("# unknown in rsyncd.conf: colour = red (line 2)\n"));
    ck_assert(has("# &include /etc/rsyncd.d (line 3): not followed: ") && has("# no sense (line 4): without '='"));
    ck_assert(has("# post-xfer exec = /bin/sh -c 'x' (line 7): no commands") && has("# secrets file = /etc/s (line 8): there are no"));
    ck_assert(has("# &MERGE = /etc/y (line 9)") && has("# unknown in rsyncd.conf: colour = blue (line 10)\n"));
    ck_assert(has("# &include /etc/rsyncd.d (line 3): not followed, and may restrict this module"));
}
END_TEST

/* ---- what no administrator writes ---- */

START_TEST(refuses_what_rsync_refuses)
{
    static const struct { const char *text, *told; } bad[] = {
        { "[m\n", "rsyncd.conf:1: a section without ']'" },
        { "\n[]\n", "rsyncd.conf:2: rsync takes no section of this name" },
        { "[ ]\n", "rsyncd.conf:1: rsync takes" },
        { "[a/b]\n", "rsyncd.conf:1: rsync takes" },
        { "a=\\\n\\\nb\n= x\n", "rsyncd.conf:4: there is no name" },
        { "& include /x\n", "rsyncd.conf:1: rsync knows no directive" },
        { "&includes /x\n", "rsyncd.conf:1: rsync knows no directive" },
        { "&\n", "rsyncd.conf:1: rsync knows no directive" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(convert_n(bad[i].text, strlen(bad[i].text)) == SL_E_CONFIG && !out, "%s", bad[i].text);
        ck_assert_msg(strncmp(err.text, bad[i].told, strlen(bad[i].told)) == 0, "%s", err.text);
    }
    ck_assert_int_eq(convert_n("a=\0b", 4), SL_E_CONFIG);
    ck_assert_int_eq(convert_n("\0", 1), SL_E_CONFIG);
    ck_assert_int_eq(convert_n("", 0), SL_OK);
    ck_assert_int_eq(convert_n("\n", 1), SL_OK);
    ck_assert_int_eq(convert_n("\\", 1), SL_OK);
}
END_TEST

/* "KEY=aaa..." of n bytes. */
static char *long_line(const char *key, char fill, size_t n)
{
    char *text = sl_malloc(n + 1);
    memset(text, fill, n);
    memcpy(text, key, strlen(key));
    text[n] = '\0';
    return text;
}

START_TEST(holds_lines_to_their_length)
{
    char *text = long_line("comment=", 'x', 16385);
    ck_assert_int_eq(convert_n(text, 16384), SL_OK);
    ck_assert_int_eq(convert_n(text, 16385), SL_E_CONFIG);
    free(text);
    text = long_line("a=", '\\', 1 << 20);
    ck_assert_int_eq(convert_n(text, 1 << 20), SL_E_CONFIG);
    free(text);
    text = long_line("#", 'x', 1 << 20);
    ck_assert_int_eq(convert_n(text, 1 << 20), SL_OK);
    free(text);
    text = long_line("", '[', 1 << 20);
    ck_assert_int_eq(convert_n(text, 1 << 20), SL_E_CONFIG);
    for (size_t i = 0; i + 1 < 1 << 20; i += 2)
        memcpy(text + i, "\\\n", 2);
    ck_assert_int_eq(convert_n(text, 1 << 20), SL_OK);
    for (size_t i = 0; i + 2 < 1 << 20; i += 3)
        memcpy(text + i, "x\\\n", 3);
    ck_assert_int_eq(convert_n(text, 1 << 20), SL_E_CONFIG);
    free(text);
}
END_TEST

/* Each as long as a line may be, and longer than what our configuration takes. */
START_TEST(cuts_long_lists_on_the_safe_side)
{
    static const struct { const char *key, *item; uint32_t rights; } lists[] = {
        { "hosts allow =", " 10.0.0.%u", RO },                       /* what fits is let in, and HERE is the first */
        { "hosts deny =", " 10.0.0.%u", 0 },
        { "exclude =", " %u", RO },
        { "exclude =", "%u", 0 },
        { "auth users =", " user%u", 0 },
        { "refuse options =", " %u delete", RO },
        { "comment =", " %u", RO },
        { "colour =", "\x01\xff%u", RO },
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char text[16600];
        size_t n = (size_t)snprintf(text, sizeof text, "[m]\npath=/x\n%s%s", lists[i].key, *lists[i].key == 'h' ? " " HERE : "");
        if (strcmp(lists[i].key, "hosts deny =") == 0)
            n = (size_t)snprintf(text, sizeof text, "[m]\npath=/x\nhosts deny =");
        for (unsigned k = 0; n < 16300; k++) {
            char item[40];
            const char *at = strstr(lists[i].item, "%u");
            snprintf(item, sizeof item, "%.*s%u%s", (int)(at - lists[i].item), lists[i].item, k % 256, at + 2);
            n += (size_t)snprintf(text + n, sizeof text - n, "%s", item);
        }
        ck_assert_int_eq(convert_n(text, n), SL_OK);
        ck_assert_msg(given(module("m"), HERE, NULL) == lists[i].rights, "%s", lists[i].key);
        ck_assert_uint_eq(given(module("m"), "198.51.100.1", NULL), *lists[i].key == 'h' ? 0 : lists[i].rights);
    }
}
END_TEST

START_TEST(holds_files_to_their_size)
{
    size_t n = 0, size = 1 << 20;
    char *text = sl_malloc(size);
    for (int i = 0; i < 4096; i++)
        n += (size_t)snprintf(text + n, size - n, "[m%d]\npath=/x\nexclude=%d\n", i, i);
    ck_assert_int_eq(convert_n(text, n), SL_OK);
    ck_assert_uint_eq(c.module_count, 4096);
    n += (size_t)snprintf(text + n, size - n, "[one more]\npath=/x\n");
    ck_assert_int_eq(convert_n(text, n), SL_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "more than 4096 modules"));
    /* A long list, inherited by all, must not become gigabytes. */
    n = (size_t)snprintf(text, size, "exclude =");
    while (n < 16000)
        n += (size_t)snprintf(text + n, size - n, " a");
    for (int i = 0; i < 4096; i++)
        n += (size_t)snprintf(text + n, size - n, "\n[m%d]\npath=/x", i);
    ck_assert_int_eq(convert_n(text, n), SL_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "a configuration of more than"));
    /* Names that all want to become one. */
    n = 0;
    for (int i = 0; i < 4096; i++)
        n += (size_t)snprintf(text + n, size - n, "[%c%c%c]\npath=/x\n", 128 + i % 64, 192 + i / 64 % 32, 128 + i / 2048);
    ck_assert_int_eq(convert_n(text, n), SL_OK);
    free(text);
}
END_TEST

START_TEST(shows_nothing_to_a_terminal)
{
    convert("a\x1b[2J = \x1b[31m\x7f\n[m\x1b]\npath=/x\ncomment = a\x1b[31mb\nexclude = \x01\nhosts deny = \x7f\nuid = \x1b\n"
            "&include \x1b\n\x1b\nauth users = \x1b:ro\nlog file = a\rb\nmotd file = /\x1b\n");
    for (const char *at = out; *at; at++)
        ck_assert_msg(*at == '\n' || ((unsigned char)*at >= ' ' && *at != '\x7f'), "%02x\n%s", *at, out);
    ck_assert_uint_eq(given(&c.modules[0], HERE, NULL), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, inherits_as_rsync_does);
    tcase_add_test(tc, takes_names_that_are_alike_for_one);
    tcase_add_test(tc, finds_names_of_our_own);
    tcase_add_test(tc, leaves_out_what_is_nowhere);
    tcase_add_test(tc, writes_paths);
    tcase_add_test(tc, closes_what_only_the_environment_knows);
    tcase_add_test(tc, writes_exclusions);
    tcase_add_test(tc, hints_at_grants);
    tcase_add_test(tc, hints_can_be_used);
    tcase_add_test(tc, warns_of_what_anybody_may_write);
    tcase_add_loop_test(tc, writes_what_is_for_all, 0, (int)(sizeof globals / sizeof globals[0]));
    tcase_add_test(tc, writes_the_log_and_the_motd);
    tcase_add_test(tc, writes_limits_and_comments);
    tcase_add_loop_test(tc, knows_every_key, 0, (int)(sizeof documented / sizeof documented[0]));
    tcase_add_test(tc, says_what_is_not_there);
    tcase_add_test(tc, refuses_what_rsync_refuses);
    tcase_add_test(tc, holds_lines_to_their_length);
    tcase_add_test(tc, cuts_long_lists_on_the_safe_side);
    tcase_add_test(tc, holds_files_to_their_size);
    tcase_add_test(tc, shows_nothing_to_a_terminal);
}

int main(void)
{
    return scratch_run("rsyncd_form", add);
}
