/* SPDX-License-Identifier: ISC */
/* check_rsyncd - what becomes of an rsyncd.conf: always something that our parser takes, and never more than rsync gave. */
#include "config.h"
#include "subsystem/rsyncd.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/principals.h"
#include "tests/scratch.h"

#include <netinet/in.h>

static struct sl_config c;
static struct sl_error err;
static char *out;

static void convert(const char *text)
{
    free(out);
    out = NULL;
    sl_config_clear(&c);
    sl_config_init(&c);
    ck_assert_msg(sl_rsyncd_convert("rsyncd.conf", text, strlen(text), &out, &err) == SL_OK, "%s", err.text);
    ck_assert_msg(sl_config_parse(&c, "out", out, strlen(out), &err) == SL_OK, "%s\n%s", err.text, out);
}

static void setup(void)
{
    sl_config_init(&c);
}

static void teardown(void)
{
    sl_config_clear(&c);
    free(out);
    out = NULL;
}

static bool has(const char *line)
{
    return strstr(out, line) != NULL;
}

enum { RO = SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH, RW = SL_RIGHT_ALL & ~SL_RIGHT_PUBLISH };

/* What an anonymous peer from there gets in the one module. */
static uint32_t from(const char *addr)
{
    struct sl_who w = { .anonymous = true };
    struct sl_decision d;
    ck_assert(sl_who_set_addr(&w, addr));
    ck_assert_uint_eq(c.module_count, 1);
    sl_decide(&c.modules[0], &w, &d);
    return d.rights;
}

static const struct { const char *lines, *addr; uint32_t rights; } cases[] = {
    { "", "192.0.2.1", RO },
    { "read only = yes", "192.0.2.1", RO },
    { "Read Only = FALSE", "192.0.2.1", RW },
    { "read_only = no", "192.0.2.1", RW },
    { "readonly=no\nwrite only=yes", "192.0.2.1", SL_RIGHT_CREATE },
    { "write only = yes", "192.0.2.1", 0 },
    { "read only = no\nrefuse options = delete", "192.0.2.1", RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = c *", "192.0.2.1", RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "auth users = joe", "192.0.2.1", 0 },
    { "read only = no\nauth users = joe, @staff", "192.0.2.1", 0 },
    { "hosts allow = 192.0.2.0/24", "192.0.2.1", RO },
    { "hosts allow = 192.0.2.0/24", "198.51.100.1", 0 },
    { "hosts allow = 192.0.2.7/255.255.255.0", "192.0.2.1", RO },
    { "hosts allow = 192.0.2.7/255.0.255.0", "192.0.2.1", 0 },       /* no netmask */
    { "hosts allow = example.org", "192.0.2.1", 0 },
    { "hosts allow = *.example.org 192.0.2.1", "192.0.2.1", RO },
    { "hosts allow = *.example.org 192.0.2.1", "192.0.2.2", 0 },
    { "hosts allow = @trusted", "192.0.2.1", 0 },
    { "hosts allow = *", "192.0.2.1", RO },
    { "hosts allow = 2001:db8::1/32", "2001:db8:1::2", RO },
    { "hosts deny = 192.0.2.0/24", "192.0.2.1", 0 },
    { "hosts deny = 192.0.2.0/24", "198.51.100.1", RO },
    { "hosts deny = *", "2001:db8::1", 0 },
    { "hosts deny = bad.example.org", "192.0.2.1", 0 },              /* can't be told apart: nobody */
    { "hosts deny = 192.0.2.0/24 bad.example.org", "198.51.100.1", 0 },
    { "hosts allow = 192.0.2.1\nhosts deny = *", "192.0.2.1", RO },
    { "hosts allow = 192.0.2.1\nhosts deny = 192.0.2.0/24", "198.51.100.1", 0 },
    { "exclude = *.key /private/", "192.0.2.1", RO },
    { "exclude = + *.txt - *", "192.0.2.1", 0 },
    { "filter = - *.key", "192.0.2.1", 0 },
    { "include = *.txt", "192.0.2.1", 0 },
    { "exclude from = /etc/x", "192.0.2.1", 0 },
    { "include from = /etc/x", "192.0.2.1", 0 },
    { "max connections = 4", "192.0.2.1", RO },
    { "max connections = -1", "192.0.2.1", 0 },
    { "max connections = many", "192.0.2.1", 0 },
    { "list = no", "192.0.2.1", RO },
};
enum { CASES = sizeof cases / sizeof cases[0] };

START_TEST(gives_no_more_than_rsync)
{
    char *text = sl_asprintf("[m]\npath = /srv/x\n%s\n", cases[_i].lines);
    convert(text);
    ck_assert_msg(from(cases[_i].addr) == cases[_i].rights, "%s: %x\n%s", cases[_i].lines, from(cases[_i].addr), out);
    free(text);
    /* The same as a default of all modules. */
    text = sl_asprintf("%s\n[m]\npath = /srv/x\n", cases[_i].lines);
    convert(text);
    ck_assert_msg(from(cases[_i].addr) == cases[_i].rights, "global %s:\n%s", cases[_i].lines, out);
    free(text);
}
END_TEST

START_TEST(leaves_out_what_is_nowhere)
{
    static const char *const paths[] = { "path = x", "path = /srv/%USER%/x", "path =", "comment = none", "path = /a #b" };
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        char *text = sl_asprintf("[m]\n%s\nread only = no\n", paths[i]);
        convert(text);
        ck_assert_msg(c.module_count == 0 && has("# module = m: left out"), "%s\n%s", paths[i], out);
        free(text);
    }
}
END_TEST

START_TEST(keeps_names_apart)
{
    convert("[a b]\npath=/1\n[a_b]\npath=/2\n[a/b]\npath=/3\n[.x]\npath=/4\n[A_B]\npath=/5\n[m]\npath=/6\n[M]\ncomment=same\n"
            "[global]\ntimeout = 7\n[aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa]\npath=/7\n");
    ck_assert_uint_eq(c.module_count, 6);
    ck_assert_uint_eq(c.idle_timeout_s, 7);
    ck_assert_str_eq(sl_config_module(&c, "m", 1)->comment, "same");
}
END_TEST

START_TEST(says_what_is_not_there)
{
    convert("use chroot = yes\nmotd file = /etc/motd\nsyslog facility = local3\ncolour = red\n&include /etc/rsyncd.d\n"
            "[m]\npath=/x\npre-xfer exec = /bin/sh -c 'x'\nsecrets file = /etc/s\nuid = backup\n");
    ck_assert(has("# use chroot = yes: ") && has("# colour = red: unknown") && has("# &include = /etc/rsyncd.d: not followed"));
    ck_assert(has("# pre-xfer exec = /bin/sh -c 'x': no programs are run") && has("# secrets file = /etc/s: there are no passwords"));
    ck_assert_str_eq(c.motd, "/etc/motd");
    ck_assert_str_eq(c.user, "backup");
    ck_assert_int_ge(c.log_facility, 0);
    convert("uid = root\n[m]\npath=/x\n");
    ck_assert_str_eq(c.user, "nobody");
    convert("[m]\npath=/x\nuid = a\n[n]\npath=/y\nuid = b\n");
    ck_assert(has("# uid: the modules have several"));
}
END_TEST

START_TEST(joins_lines)
{
    convert("[m]\npath = /srv\\\n/x\nhosts allow = 192.0.2.1 \\\r\n  192.0.2.2\n# a comment \\\nread only = no\n");
    ck_assert_str_eq(c.modules[0].path, "/srv/x");
    ck_assert_uint_eq(from("192.0.2.2"), RO);
}
END_TEST

START_TEST(survives_bad_input)
{
    static const char *const bad[] = { "nonsense\n", "[m\n", "[]\n", "[m]\nx\n" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_int_eq(sl_rsyncd_convert("f", bad[i], strlen(bad[i]), &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_rsyncd_convert("f", "a\0b=c", 5, &out, &err), SL_E_CONFIG);
    char *big = sl_malloc(1 << 21);
    memset(big, 'a', 1 << 21);
    ck_assert_int_eq(sl_rsyncd_convert("f", big, (1 << 20) + 1, &out, &err), SL_E_CONFIG);
    /* Long values and many sections. */
    size_t n = (size_t)snprintf(big, 1 << 21, "[m]\npath=/x\nhosts allow =");
    for (int i = 0; i < 20000; i++)
        n += (size_t)snprintf(big + n, (1 << 21) - n, " 192.0.%d.%d", i / 256, i % 256);
    convert(big);
    ck_assert_uint_eq(from("192.0.2.1"), 0);
    n = 0;
    for (int i = 0; i < 3000; i++)
        n += (size_t)snprintf(big + n, (1 << 21) - n, "[m%d]\npath=/x\nexclude=%d\n", i, i);
    convert(big);
    ck_assert_uint_eq(c.module_count, 3000);
    free(big);
    convert("");
    convert("[m]\npath=/x\ncomment = a\x1b[31mb\nexclude = \x01\nhosts deny = \x7f\n");
    ck_assert(!strchr(out, '\x7f') && !strchr(out, '\x1b') && !strchr(out, '\x01'));
    ck_assert_uint_eq(from("192.0.2.1"), 0);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, gives_no_more_than_rsync, 0, CASES);
    tcase_add_test(tc, leaves_out_what_is_nowhere);
    tcase_add_test(tc, keeps_names_apart);
    tcase_add_test(tc, says_what_is_not_there);
    tcase_add_test(tc, joins_lines);
    tcase_add_test(tc, survives_bad_input);
}

int main(void)
{
    return scratch_run("rsyncd", add);
}
