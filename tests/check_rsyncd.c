/* SPDX-License-Identifier: ISC */
/* check_rsyncd - whom a converted rsyncd.conf lets in, and what for: never more than rsync. How rsync takes a file was seen by asking an
 * rsync 3.5.0. */
#include "config.h"
#include "tests/rsyncd.h"

static const struct { const char *lines, *addr; uint32_t rights; } cases[] = {
    { "", HERE, RO },
    /* read only, write only: rsync passes over what is no boolean, here it restricts */
    { "read only = yes", HERE, RO },
    { "Read Only = FALSE", HERE, RW },
    { "READON LY=0", HERE, RW },
    { "read_only = no", HERE, RO },                                  /* a key that rsync does not know */
    { "read only = no # really", HERE, RO },
    { "read only = maybe", HERE, RO },
    { "read only =", HERE, RO },
    { "read only = %RO%", HERE, RO },
    { "read only = no\nread only = yes", HERE, RO },
    { "readonly=no\nwrite only=yes", HERE, RW & ~(uint32_t)RO },
    { "readonly=no\nwrite only=perhaps", HERE, RW & ~(uint32_t)RO },
    { "write only = yes", HERE, 0 },
    /* refuse options */
    { "read only = no\nrefuse options = delete", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = del*", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = delete-*", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = [d]elete-after", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = delete !delete", HERE, RW },
    { "read only = no\nrefuse options = !delete delete", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = z,delete", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = delete,!delete", HERE, RW & ~(uint32_t)SL_RIGHT_DELETE },
    { "read only = no\nrefuse options = *", HERE,
      RW & ~(uint32_t)(SL_RIGHT_LIST | SL_RIGHT_DELETE | SL_RIGHT_HASH | SL_RIGHT_META | SL_RIGHT_SPECIAL) },
    { "read only = no\nrefuse options = * !a !A !X !super", HERE, RW & ~(uint32_t)(SL_RIGHT_DELETE | SL_RIGHT_HASH) },
    { "read only = no\nrefuse options = a", HERE, RW & ~(uint32_t)(SL_RIGHT_LIST | SL_RIGHT_META | SL_RIGHT_SPECIAL) },
    { "read only = no\nrefuse options = archive*", HERE, RW },
    { "read only = no\nrefuse options = D", HERE, RW & ~(uint32_t)SL_RIGHT_SPECIAL },
    { "read only = no\nrefuse options = compress z verbose", HERE, RW },
    { "refuse options = recursive", HERE, RO },
    { "refuse options = dirs", HERE, RO },
    { "refuse options = r d", HERE, RO & ~(uint32_t)SL_RIGHT_LIST },
    { "refuse options = checksum", HERE, RO & ~(uint32_t)SL_RIGHT_HASH },
    { "refuse options = c delete", HERE, RO & ~(uint32_t)SL_RIGHT_HASH },
    { "refuse options = %OPTIONS%", HERE, 0 },
    { "refuse options =", HERE, RO },
    /* auth users */
    { "auth users = joe", HERE, 0 },
    { "read only = no\nauth users = joe, @staff", HERE, 0 },
    { "auth users = ,", HERE, 0 },
    { "auth users = %USERS%", HERE, 0 },
    { "auth users =", HERE, RO },
    { "auth users = joe\nauth users =", HERE, RO },
    { "secrets file = /etc/s\nstrict modes = no", HERE, RO },
    /* hosts allow */
    { "hosts allow = 192.0.2.0/24", HERE, RO },
    { "hosts allow = 192.0.2.0/24", "198.51.100.1", 0 },
    { "hosts allow = 192.0.2.0/24", "::ffff:192.0.2.1", RO },
    { "hosts allow = 192.0.2.7/24", HERE, RO },
    { "hosts allow = 192.0.2.7/024", HERE, RO },
    { "hosts allow = 192.0.2.7/255.255.255.0", HERE, RO },
    { "hosts allow = 192.0.2.7/255.255.255.0", "192.0.3.7", 0 },
    { "hosts allow = 192.0.2.7/0", "198.51.100.1", RO },
    { "hosts allow = 192.0.2.7/0", "2001:db8::1", 0 },
    { "hosts allow = 192.0.2.7/32", HERE, 0 },
    { "hosts allow = 192.0.2.7/33", "192.0.2.7", 0 },
    { "hosts allow = 192.0.2.7/255.0.255.0", HERE, 0 },              /* a mask with a hole */
    { "hosts allow = 192.0.2.0/ 24", HERE, 0 },
    { "hosts allow = 192.0.2.1/24x", HERE, 0 },
    { "hosts allow = 192.0.2.1/ffff::", HERE, 0 },
    { "hosts allow = 0300.0.2.1", HERE, 0 },
    { "hosts allow = 2001:db8::1/32", "2001:db8:1::2", RO },
    { "hosts allow = 2001:db8::1/ffff:ffff::", "2001:db8:1::2", RO },
    { "hosts allow = 2001:db8::1/ffff:ffff::", "2001:db9:1::2", 0 },
    { "hosts allow = 2001:db8::1/255.255.255.0", "2001:db8::1", 0 },
    { "hosts allow = fe80::1%eth0", "fe80::1", 0 },
    { "hosts allow = ::ffff:192.0.2.1", HERE, 0 },                   /* as in rsync */
    { "hosts allow = ::ffff:0:0/96", HERE, 0 },
    { "hosts allow = example.org", HERE, 0 },
    { "hosts allow = *.example.org," HERE, HERE, RO },
    { "hosts allow = *.example.org " HERE, "192.0.2.2", 0 },
    { "hosts allow = 192.0.2.*", HERE, 0 },
    { "hosts allow = @trusted", HERE, 0 },
    { "hosts allow = ALL", HERE, 0 },
    { "hosts allow = %HOSTS%", HERE, 0 },
    { "hosts allow = " HERE " %HOSTS%", HERE, 0 },
    { "hosts allow = ,", HERE, 0 },
    { "hosts allow =", HERE, RO },
    { "hosts allow = *", HERE, RO },
    { "hosts allow = *", "2001:db8::1", RO },
    { "hosts allow = *", "255.255.255.255", RO },
    { "hosts allow = " HERE " # office", "198.51.100.1", 0 },
    { "hosts allow = 198.51.100.1 \\\n " HERE, HERE, RO },
    /* hosts deny */
    { "hosts deny = 192.0.2.0/24", HERE, 0 },
    { "hosts deny = 192.0.2.0/24", "198.51.100.1", RO },
    { "hosts deny = 192.0.2.99/255.255.255.0", HERE, 0 },
    { "hosts deny = *", "2001:db8::1", 0 },
    { "hosts deny =", HERE, RO },
    { "hosts deny = bad.example.org", HERE, 0 },                     /* can't be told apart: nobody */
    { "hosts deny = 192.0.2.0/24 bad.example.org", "198.51.100.1", 0 },
    { "hosts deny = *.example.org", HERE, 0 },
    { "hosts deny = @bad", HERE, 0 },
    { "hosts deny = 10.0.0.0/255.0.255.0", HERE, 0 },
    { "hosts deny = 10.0.0.0/40", HERE, 0 },
    { "hosts deny = 10.1", HERE, 0 },
    { "hosts deny = fe80::%eth0/64", HERE, 0 },
    { "hosts deny = %HOSTS%", HERE, 0 },
    { "hosts deny = ::ffff:192.0.2.1", HERE, 0 },
    /* both: here a list of those who are let in is the whole of them */
    { "hosts allow = " HERE "\nhosts deny = *", HERE, RO },
    { "hosts allow = " HERE "\nhosts deny = 192.0.2.0/24", "198.51.100.1", 0 },
    { "hosts allow = " HERE "\nhosts deny = bad.example.org", HERE, RO },
    { "hosts allow = " HERE "\nhosts deny = bad.example.org", "198.51.100.1", 0 },
    { "hosts allow = good.example.org\nhosts deny = 10.0.0.0/8", HERE, 0 },
    { "hosts allow = " HERE "\nproxy protocol = no", HERE, RO },
    /* what hides files; an include hides less, and is passed over */
    { "exclude = *.key /private/", HERE, RO },
    { "exclude = [a *.key", HERE, 0 },
    { "exclude = + *.txt - *", HERE, RO },
    { "exclude = +  *.txt *", HERE, 0 },
    { "exclude = +\t*.txt *", HERE, 0 },
    { "exclude = -", HERE, 0 },
    { "exclude = a +", HERE, 0 },
    { "exclude = ! *.key", HERE, RO },
    { "exclude = - !", HERE, 0 },
    { "exclude = /", HERE, 0 },
    { "exclude = %HIDDEN%", HERE, 0 },
    { "exclude = 100%%", HERE, 0 },
    { "exclude = 100%", HERE, RO },
    { "exclude = a\001b", HERE, 0 },
    { "exclude = #a\\b", HERE, 0 },
    { "exclude =", HERE, RO },
    { "filter = - *.key + /pub/ exclude /x include_y -_z", HERE, RO },
    { "filter = *.key", HERE, 0 },
    { "filter = -! *.key", HERE, 0 },
    { "filter = -/ /srv/x", HERE, 0 },
    { "filter = merge /etc/rules", HERE, 0 },
    { "filter = . /etc/rules", HERE, 0 },
    { "filter = : .rules", HERE, 0 },
    { "filter = hide x", HERE, 0 },
    { "filter = -_", HERE, 0 },
    { "filter = +_", HERE, 0 },
    { "filter = %RULES%", HERE, 0 },
    { "include = *.txt", HERE, RO },
    { "include from = /etc/x", HERE, RO },
    { "exclude from = /etc/x", HERE, 0 },
    { "exclude from =", HERE, RO },
    /* what else may keep somebody out */
    { "pre-xfer exec = /bin/check", HERE, 0 },
    { "early exec = /bin/mount /srv", HERE, 0 },
    { "post-xfer exec = /bin/tell", HERE, RO },
    { "pre-xfer exec =", HERE, RO },
    { "&merge /etc/rsyncd.d", HERE, 0 },
    { "&include /etc/rsyncd.d", HERE, 0 },
    { "max connections = -1", HERE, 0 },
    { "max connections = 4", HERE, RO },
    { "max connections = many", HERE, RO },                          /* as in rsync: none */
    /* nothing to do with access */
    { "list = no", HERE, RO },
    { "use chroot = no\nmunge symlinks = no\ninsecure links = yes\nfake super = yes", HERE, RO },
    { "hosts\nuse chroot", HERE, RO },
    /* comments are not continued, lines are */
    { "# all \\\nauth users = joe", HERE, 0 },
    { "; all \\\nauth users = joe", HERE, 0 },
    { "comment = x \\ \t\nauth users = joe", HERE, RO },
    { "comment = x \\\r\nauth users = joe", HERE, RO },
    { "\\\nauth users = joe", HERE, 0 },
    { "auth\\\n users = joe", HERE, 0 },
};
enum { CASES = sizeof cases / sizeof cases[0] };

START_TEST(gives_no_more_than_rsync)
{
    static const char *const forms[] = { "[m]\npath = /srv/x\n%s\n", "%s\n[m]\npath = /srv/x\n", "[m]\npath = /srv/x\n%s\n[n]\npath=/y\n",
                                         "[n]\npath=/y\n[global]\n%s\n[m]\npath = /srv/x\n" };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        char text[1000];
        const char *at = strstr(forms[i], "%s");
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - forms[i]), forms[i], cases[_i].lines, at + 2);
        convert(text);
        uint32_t rights = given(module("m"), cases[_i].addr, NULL);
        ck_assert_msg(rights == cases[_i].rights, "%s\ngives %x\n%s", text, rights, out);
        /* Whoever is closed out is so over SSH too. */
        if (!rights)
            ck_assert_msg(!given(module("m"), cases[_i].addr, "joe"), "over SSH: %s\n%s", text, out);
    }
}
END_TEST

START_TEST(closes_what_a_proxy_would_open)
{
    convert("proxy protocol = yes\n[a]\npath=/a\nhosts allow = 10.0.0.0/8\n[b]\npath=/b\n[c]\npath=/c\nhosts deny = 10.0.0.1\n");
    ck_assert_uint_eq(given(module("a"), "10.0.0.1", NULL), 0);
    ck_assert_uint_eq(given(module("b"), "10.0.0.1", NULL), RO);
    ck_assert_uint_eq(given(module("c"), "10.0.0.2", NULL), 0);
    ck_assert(has("# CLOSED") && has("# proxy protocol = yes (line 1): here all would come from"));
    convert("proxy protocol = on\n[a]\npath=/a\nhosts allow = 10.0.0.0/8\n");
    ck_assert_uint_eq(given(module("a"), "10.0.0.1", NULL), 0);
}
END_TEST

START_TEST(keeps_a_mapped_network_out_of_what_is_let_in)
{
    convert("[m]\npath=/x\nhosts allow = ::ffff:0.0.0.0/80 10.0.0.1\n");
    ck_assert_uint_eq(given(module("m"), "192.0.2.1", NULL), 0);
    ck_assert_uint_eq(given(module("m"), "10.0.0.1", NULL), RO);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, gives_no_more_than_rsync, 0, CASES);
    tcase_add_test(tc, closes_what_a_proxy_would_open);
    tcase_add_test(tc, keeps_a_mapped_network_out_of_what_is_let_in);
}

int main(void)
{
    return scratch_run("rsyncd", add);
}
