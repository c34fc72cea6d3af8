/* SPDX-License-Identifier: ISC */
/* check_principals - fingerprints of keys, who a peer is by what sshd leaves in the environment, and what modules let whom do. */
#include "config.h"
#include "subsystem/principals.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/explain.h"
#include "subsystem/sshkeys.h"
#include "tests/scratch.h"

#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>

/* Public keys and certificates of the same keys, and what ssh-keygen -l says of both. */
static const char ed[] = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPvDVRTv0Lu7Ktu2MyRj5jz08tkAZrwvn0YgwEb1bcpv";
static const char ed_cert[] = "ssh-ed25519-cert-v01@openssh.com AAAAIHNzaC1lZDI1NTE5LWNlcnQtdjAxQG9wZW5zc2guY29tAAAAIK+LWTeMpZGds8HreZ4wWspSSmNs3ZS9E1otmIAyxmSmAAAAIPvDVRTv0Lu7Ktu2MyRj5jz08tkAZrwvn0YgwEb1bcpvAAAAAAAAAAAAAAABAAAAAmlkAAAABQAAAAF1AAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIN5tHXmhAS2FtqmEq6DDpPQ3VK3OBPbxyqp4f+1ju596AAAAUwAAAAtzc2gtZWQyNTUxOQAAAECbTlWtQhcNU+I2eh2qxV8zBw4vGiJ7Mr+goZjLROulseeICpUJlPltgy+krvuFypvGaCQRfGMCp2YM2JAP5t4F";
static const char ed_print[] = "SHA256:deFolnzdUY6mNTSb6/1B/2DdaIBEfjUYjQSmZH4xjBE";
static const char rsa[] = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQDM8cLwKSQUAe1fZSi78Jn9XYrnlYcw/JOWX29HdIEmL6GmfixHzafb5RaiOYMAoqcq+5+htlMRP3FkQfE9q16Mlx1OMQ5d79jq0TOyAUJXCP7i5MUALl8zUIdhqyOo7Pj5yXcMEqibH60vlo4zHggTwTPomkOCNWoGu1mgD+Fhe7u6UrsuFnEKp5LlkvliiF3PSwHx7DEEirc5GIGoTisqyurrT6YVwHTRqAo502ZjPG9r4F4K+RCOEuxafP0ESrjxx1zJWos1da3FuO8gDRFF44qpJ2WcBBbORelagoQ2aeobRUb6MuAlTMBwlxgR9U0Z1VocTZTNhhWBUGhVoG/3";
static const char rsa_cert[] = "ssh-rsa-cert-v01@openssh.com AAAAHHNzaC1yc2EtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgiDaU7A9BpGEN4P83TCj73y+0F2ToBT8bBN2FkdLPluUAAAADAQABAAABAQDM8cLwKSQUAe1fZSi78Jn9XYrnlYcw/JOWX29HdIEmL6GmfixHzafb5RaiOYMAoqcq+5+htlMRP3FkQfE9q16Mlx1OMQ5d79jq0TOyAUJXCP7i5MUALl8zUIdhqyOo7Pj5yXcMEqibH60vlo4zHggTwTPomkOCNWoGu1mgD+Fhe7u6UrsuFnEKp5LlkvliiF3PSwHx7DEEirc5GIGoTisqyurrT6YVwHTRqAo502ZjPG9r4F4K+RCOEuxafP0ESrjxx1zJWos1da3FuO8gDRFF44qpJ2WcBBbORelagoQ2aeobRUb6MuAlTMBwlxgR9U0Z1VocTZTNhhWBUGhVoG/3AAAAAAAAAAAAAAABAAAAAmlkAAAABQAAAAF1AAAAAAAAAAD//////////wAAAAAAAACCAAAAFXBlcm1pdC1YMTEtZm9yd2FyZGluZwAAAAAAAAAXcGVybWl0LWFnZW50LWZvcndhcmRpbmcAAAAAAAAAFnBlcm1pdC1wb3J0LWZvcndhcmRpbmcAAAAAAAAACnBlcm1pdC1wdHkAAAAAAAAADnBlcm1pdC11c2VyLXJjAAAAAAAAAAAAAAAzAAAAC3NzaC1lZDI1NTE5AAAAIN5tHXmhAS2FtqmEq6DDpPQ3VK3OBPbxyqp4f+1ju596AAAAUwAAAAtzc2gtZWQyNTUxOQAAAEA8MjDIfrqsWQf7DjngLpxpl7uaV+7w8aUS4YZo4QSwqovGLNRi4A1KcYonj1ObEy+yLtLqtbG2B6Ucj0IwcjwK";
static const char rsa_print[] = "SHA256:sTzMLifxGKLrNgEjkKRGrNxSGIn5Bb/y9GuVhA+m588";
static const char ec[] = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBL38DsU7mo40uGmO+KGnipxARKJD6ZcDHMxwoMiUfkgaFuyCAyWBUR/pSdFo32c5aN5K6paFuep/0FVTz63Fl+g=";
static const char ec_cert[] = "ecdsa-sha2-nistp256-cert-v01@openssh.com AAAAKGVjZHNhLXNoYTItbmlzdHAyNTYtY2VydC12MDFAb3BlbnNzaC5jb20AAAAgvwEKQwVydc9l2p1JTK87RyKE8FDJR59rUJFJqOoIl3QAAAAIbmlzdHAyNTYAAABBBL38DsU7mo40uGmO+KGnipxARKJD6ZcDHMxwoMiUfkgaFuyCAyWBUR/pSdFo32c5aN5K6paFuep/0FVTz63Fl+gAAAAAAAAAAAAAAAEAAAACaWQAAAAFAAAAAXUAAAAAAAAAAP//////////AAAAAAAAAIIAAAAVcGVybWl0LVgxMS1mb3J3YXJkaW5nAAAAAAAAABdwZXJtaXQtYWdlbnQtZm9yd2FyZGluZwAAAAAAAAAWcGVybWl0LXBvcnQtZm9yd2FyZGluZwAAAAAAAAAKcGVybWl0LXB0eQAAAAAAAAAOcGVybWl0LXVzZXItcmMAAAAAAAAAAAAAADMAAAALc3NoLWVkMjU1MTkAAAAg3m0deaEBLYW2qYSroMOk9DdUrc4E9vHKqnh/7WO7n3oAAABTAAAAC3NzaC1lZDI1NTE5AAAAQJMa3OWvoRZ14bYg8d9Pqz+2sd0DCTyxsq0bRMUIH3pPU5uYhbwwGOIJBIVr1EDUfGdsINNecq3tMh5Hs8NrlgE=";
static const char ec_print[] = "SHA256:m/MoQ0mMHX/xlxWXGW5eF4S007vQ7d4TmFg9Epn87qg";

static struct sl_config c;
static struct sl_error err;

static void setup(void)
{
    sl_config_init(&c);
}

static void teardown(void)
{
    sl_config_clear(&c);
}

static void parse(const char *text)
{
    ck_assert_msg(sl_config_parse(&c, "f", text, strlen(text), &err) == SL_OK, "%s", err.text);
}

START_TEST(knows_fingerprints)
{
    static const struct { const char *line, *print; } good[] = {
        { ed, ed_print }, { ed_cert, ed_print }, { rsa, rsa_print }, { rsa_cert, rsa_print }, { ec, ec_print }, { ec_cert, ec_print } };
    char out[SL_FINGERPRINT_SIZE];
    if (!sl_fingerprints_there())
        return;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(sl_fingerprint(good[i].line, strlen(good[i].line), out), "case %zu", i);
        ck_assert_str_eq(out, good[i].print);
    }
}
END_TEST

START_TEST(knows_no_fingerprint_of_noise)
{
    static const char *const bad[] = { "", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAAA", "ssh-ed25519 AAAAC3Nz", "ssh-ed25519 ====",
                                       "ssh-ed25519 !!!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAA", "a b c" };
    char out[SL_FINGERPRINT_SIZE];
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!sl_fingerprint(bad[i], strlen(bad[i]), out), "case %zu", i);
    /* The name in front is not the blob's own. */
    char *other = sl_asprintf("ssh-rsa %s", strchr(ed, ' ') + 1);
    ck_assert(!sl_fingerprint(other, strlen(other), out));
    free(other);
    /* Cut anywhere, it is no key, or at least not this one. */
    for (size_t n = 0; n < strlen(ed_cert); n += 3)
        ck_assert(!sl_fingerprint(ed_cert, n, out) || strcmp(out, ed_print) == 0 || n < strlen(ed_cert));
}
END_TEST

START_TEST(learns_from_sshd)
{
    int dir = scratch_make();
    struct sl_who w;
    char *path = sl_asprintf("%s/auth", scratch_path), *text = sl_asprintf("publickey %s\nkeyboard-interactive/pam\n", ed);
    char addr[64];
    scratch_file(dir, "auth", text, strlen(text));
    setenv("SSH_USER_AUTH", path, 1);
    setenv("SSH_CONNECTION", "2001:db8::7 4711 192.0.2.1 22", 1);
    sl_who_of_login(&w, "laptop");
    ck_assert(!w.anonymous && w.keys_known && w.addr_known);
    ck_assert_str_eq(w.as, "laptop");
    ck_assert_str_eq(sl_who_addr(&w, addr, sizeof addr), "2001:db8::7");
    if (sl_fingerprints_there()) {
        ck_assert_uint_eq(w.key_count, 1);
        ck_assert_str_eq(w.keys[0], ed_print);
    }
    ck_assert_ptr_nonnull(strstr(w.methods, "keyboard-interactive/pam"));
    sl_who_clear(&w);
    /* A link is not what sshd writes. */
    ck_assert_int_eq(symlinkat("auth", dir, "link"), 0);
    char *link = sl_asprintf("%s/link", scratch_path);
    setenv("SSH_USER_AUTH", link, 1);
    setenv("SSH_CONNECTION", "fe80::1%eth0 1 fe80::2%eth0 22", 1);
    sl_who_of_login(&w, NULL);
    ck_assert(!w.keys_known && w.addr_known && !w.as);
    sl_who_clear(&w);
    unsetenv("SSH_USER_AUTH");
    setenv("SSH_CONNECTION", "UNKNOWN 65535 UNKNOWN 65535", 1);
    sl_who_of_login(&w, NULL);
    ck_assert(!w.addr_known);
    ck_assert_str_eq(sl_who_addr(&w, addr, sizeof addr), "unknown");
    sl_who_clear(&w);
    unsetenv("SSH_CONNECTION");
    free(path);
    free(link);
    free(text);
    scratch_remove(dir);
}
END_TEST

/* ---- who may do what ---- */

static const char *text_of(const struct sl_decision *d)
{
    return !d->admitted ? "no" : d->rights == SL_RIGHT_ALL ? "full" : d->rights == (SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH)
                                                                            ? "read-only" : "some";
}

static void decide(const struct sl_who *w, struct sl_decision *d, const char *rules)
{
    char *text = sl_asprintf("[m]\npath = /\n%s\n", rules);
    sl_config_clear(&c);
    sl_config_init(&c);
    parse(text);
    sl_decide(&c.modules[0], w, d);
    free(text);
}

#define K "key:SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define ADDR 1
#define KEYS 2
#define TCP 4
static const struct { const char *rules; int known; const char *want, *rule; unsigned line; } table[] = {
    { "", 0, "read-only", "allow", 0 },
    { "allow = full", 0, "full", "allow", 3 },
    { "allow = none", 0, "no", "allow", 3 },
    { "grant = full to user:bob", 0, "full", "grant", 3 },
    { "grant = full to user:eve", 0, "read-only", "allow", 0 },
    { "allow = none\ngrant = full to user:eve user:bob", 0, "full", "grant", 4 },
    { "grant = none to user:bob\ngrant = full to user:bob", 0, "no", "grant", 3 },
    { "grant = full to as:laptop", 0, "full", "grant", 3 },
    { "grant = full to as:other", 0, "read-only", "allow", 0 },
    { "grant = full to group:root", 0, "full", "grant", 3 },
    { "grant = full to group:daemon", 0, "read-only", "allow", 0 },
    { "grant = none to group:nosuchgroup\nallow = full", 0, "no", "grant", 3 },      /* can't be judged: refused */
    { "grant = none to " K "\nallow = full", 0, "no", "grant", 3 },
    { "grant = none to " K "\nallow = full", KEYS, "no", "grant", 3 },
    { "grant = none to key:SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB\nallow = full", KEYS, "full", "allow", 4 },
    { "grant = full to addr:192.0.2.0/24", ADDR, "full", "grant", 3 },
    { "grant = full to addr:198.51.100.0/24", ADDR, "read-only", "allow", 0 },
    { "grant = full to addr:192.0.2.0/24", 0, "no", "grant", 3 },
    { "hosts allow = 192.0.2.0/24", ADDR, "read-only", "allow", 0 },
    { "hosts allow = 198.51.100.0/24", ADDR, "no", "hosts allow", 3 },
    { "hosts deny = 192.0.2.0/24", ADDR, "no", "hosts deny", 3 },
    { "hosts deny = 198.51.100.0/24", 0, "no", "hosts deny", 3 },                    /* not known where from: refused */
    { "hosts deny = ::ffff:192.0.2.0/120", ADDR, "no", "hosts deny", 3 },
    { "", TCP | ADDR, "no", "anonymous", 0 },
    { "anonymous = no", TCP | ADDR, "no", "anonymous", 3 },
    { "anonymous = yes", TCP | ADDR, "read-only", "allow", 0 },
    { "anonymous = yes\ngrant = full to user:bob group:root as:laptop " K, TCP | ADDR, "read-only", "allow", 0 },
    { "anonymous = yes\ngrant = full to addr:192.0.2.7", TCP | ADDR, "full", "grant", 4 },
};
enum { ROWS = sizeof table / sizeof table[0] };

START_TEST(decides)
{
    char *keys[] = { (char *)(uintptr_t)K + 4 };
    gid_t groups[] = { 0 };
    char bob[] = "bob", laptop[] = "laptop";
    struct sl_who w = { .user = bob, .as = laptop, .groups = groups, .group_count = 1 };
    struct sl_decision d;
    if (table[_i].known & TCP)
        w = (struct sl_who){ .anonymous = true };
    if (table[_i].known & ADDR)
        ck_assert(sl_who_set_addr(&w, "192.0.2.7"));
    if (table[_i].known & KEYS) {
        w.keys = keys;
        w.key_count = 1;
        w.keys_known = true;
    }
    if (!sl_fingerprints_there() && strstr(table[_i].rules, "key:"))
        return;
    decide(&w, &d, table[_i].rules);
    ck_assert_msg(strcmp(text_of(&d), table[_i].want) == 0, "case %d: %s", _i, text_of(&d));
    ck_assert_str_eq(d.rule, table[_i].rule);
    ck_assert_uint_eq(d.line, table[_i].line);
    ck_assert(d.admitted || d.rights == 0);
}
END_TEST

START_TEST(knows_what_forces)
{
    ck_assert(sl_forces_only_us("/usr/local/bin/superlifter-server --root=/srv/%u --allow=append-only\n"));
    ck_assert(sl_forces_only_us("superlifter-server"));
    ck_assert(!sl_forces_only_us("none"));
    ck_assert(!sl_forces_only_us(""));
    ck_assert(!sl_forces_only_us("/usr/bin/nice superlifter-server"));
    ck_assert(!sl_forces_only_us("/x/not-superlifter-server"));
    ck_assert(!sl_forces_only_us("superlifter-server-2"));
    ck_assert(!sl_forces_only_us("superlifter-server; exec $SHELL"));
    ck_assert(!sl_forces_only_us("superlifter-server || $SSH_ORIGINAL_COMMAND"));
    ck_assert(!sl_forces_only_us("internal-sftp # superlifter-server"));
}
END_TEST

START_TEST(explains)
{
    char *out = NULL;
    parse("[m]\npath = /srv\nallow = none\ngrant = append-only to as:laptop\nexclude = /private/\nexclude = *.key\nhosts deny = 198.51.100.0/24\n");
    ck_assert_msg(sl_explain(&c, "module=m,as=laptop,addr=192.0.2.1,path=private/x", &out, &err) == SL_OK, "%s", err.text);
    ck_assert_msg(strstr(out, "rights: append-only\nrule: grant (options:4)\n"), "%s", out);
    ck_assert_msg(strstr(out, "excluded: yes ('private' is"), "%s", out);
    ck_assert_msg(strstr(out, "enforced: yes"), "%s", out);
    free(out);
    ck_assert_int_eq(sl_explain(&c, "module=m,as=x,addr=192.0.2.1,path=a/b.key", &out, &err), SL_OK);
    ck_assert_msg(strstr(out, "admitted: no\nrights: none\nrule: allow (options:3)\n"), "%s", out);
    ck_assert_msg(strstr(out, "excluded: yes ('a/b.key' is"), "%s", out);
    free(out);
    ck_assert_int_eq(sl_explain(&c, "module=m,path=/a/b", &out, &err), SL_OK);
    ck_assert_msg(strstr(out, "rule: anonymous") && strstr(out, "excluded: no"), "%s", out);
    free(out);
    ck_assert_int_eq(sl_explain(&c, "user=root", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_explain(&c, "module=x", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_explain(&c, "module=m,colour=red", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_explain(&c, "module=m,addr=example.org", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_explain(&c, "module=m,user=no/such/user", &out, &err), SL_E_CONFIG);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, knows_fingerprints);
    tcase_add_test(tc, knows_no_fingerprint_of_noise);
    tcase_add_test(tc, learns_from_sshd);
    tcase_add_loop_test(tc, decides, 0, ROWS);
    tcase_add_test(tc, explains);
    tcase_add_test(tc, knows_what_forces);
}

int main(void)
{
    return scratch_run("principals", add);
}
