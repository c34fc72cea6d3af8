/* SPDX-License-Identifier: ISC */
/* check_configuration - what a configuration file may say, what it may not, and who is let in; names of rights, networks, paths
 * with %u and %h. */
#include "config.h"
#include "subsystem/configuration.h"
#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/doubts.h"
#include "subsystem/policy.h"
#include "subsystem/principals.h"
#include "subsystem/rights.h"
#include "tests/scratch.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pwd.h>

static struct sl_config c;
static struct sl_error err;

static enum sl_code parse_n(const char *text, size_t n)
{
    sl_config_clear(&c);
    sl_config_init(&c);
    err = (struct sl_error){ 0 };
    return sl_config_parse(&c, "f", text, n, &err);
}

static enum sl_code parse(const char *text)
{
    return parse_n(text, strlen(text));
}

static void setup(void)
{
    sl_config_init(&c);
}

static void teardown(void)
{
    sl_config_clear(&c);
}

static struct sockaddr_storage peer(const char *text)
{
    struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
    struct sockaddr_in v4 = { .sin_family = AF_INET };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &v4.sin_addr) == 1)
        memcpy(&a, &v4, sizeof v4);
    else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1)
        memcpy(&a, &v6, sizeof v6);
    return a;
}

START_TEST(reads_a_whole_file)
{
    ck_assert_msg(parse("# comment\nlisten = 127.0.0.1:8731\nlisten=[::1]:9\n; other\nUSER = mirror # who\nmotd = /etc/motd\n"
                        "ssh  namespace = modules\nmax connections = 7\nhandshake timeout=1\nidle timeout = 0\n\n[ deb ]\r\n"
                        "path = /srv/my mirror\ncomment = all # of it\nallow = list,read\nanonymous = Yes\nhosts allow = 192.0.2.0/24, ::1\n"
                        "hosts deny = 0.0.0.0/0\nmax connections = 3\n[two]\npath=%h/x\n") == SL_OK, "%s", err.text);
    ck_assert_uint_eq(c.listen_count, 2);
    ck_assert_str_eq(c.user, "mirror");
    ck_assert(c.namespace_modules && c.user_given);
    ck_assert_uint_eq(c.max_connections, 7);
    ck_assert_uint_eq(c.handshake_timeout_s, 1);
    ck_assert_uint_eq(c.idle_timeout_s, 0);
    ck_assert_uint_eq(c.module_count, 2);
    const struct sl_module *m = sl_config_module(&c, "deb", 3);
    ck_assert_ptr_nonnull(m);
    ck_assert_str_eq(m->path, "/srv/my mirror");
    ck_assert_str_eq(m->comment, "all");
    ck_assert_uint_eq(m->rights, SL_RIGHT_LIST | SL_RIGHT_READ);
    ck_assert(m->anonymous);
    ck_assert_uint_eq(m->max_connections, 3);
    ck_assert_uint_eq(c.modules[1].rights, SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH);
    ck_assert(!c.modules[1].anonymous);
}
END_TEST

START_TEST(prints_what_it_would_read)
{
    ck_assert_int_eq(parse("listen = 127.0.0.1:1\nconfinement = required\nbwlimit = 10M\ntotal bwlimit = 1G\nmax files = 9\n"
                           "log level = verbose\nlog facility = local3\nmax connections per address = 3\n"
                           "[m]\npath = /p\nallow = full\nhosts deny = 10.0.0.0/8\ngrant = none to user:eve,as:x\n"
                           "grant = read-only to group:staff addr:2001:db8::/32\nexclude = /a b/\nexclude = *.key\n"
                           "list = no\nmax sent = 1K\nmax stored = 2K\nmax hashed = 3K\n[n]\npath=/q\nanonymous=1\n"),
                     SL_OK);
    char *once = sl_config_text(&c);
    ck_assert_msg(parse(once) == SL_OK, "%s", err.text);
    char *twice = sl_config_text(&c);
    ck_assert_str_eq(once, twice);
    free(once);
    free(twice);
}
END_TEST

static const struct { const char *text, *told; } wrong[] = {
    { "colour = red\n", "f:1: unknown key 'colour'" },
    { "\n\nuser\n", "f:3: this is neither" },
    { "path = /x\n", "f:1: 'path' belongs into a [module]" },
    { "[m]\npath=/x\nlisten = 1\n", "f:3: 'listen' belongs before" },
    { "[m]\npath=/x\npath=/y\n", "f:3: 'path' is given twice" },
    { "[m]\npath=x\n", "f:2: path: 'x' is not an absolute path" },
    { "[m]\npath=/%d\n", "f:2: path: '/%d': only" },
    { "[m]\npath=/%\n", "f:2: path: '/%': only" },
    { "[m]\ncomment=x\n[n]\npath=/\n", "f:1: module 'm' has no path" },
    { "[m]\n", "f:1: module 'm' has no path" },
    { "[m]\npath=/a\n[m]\npath=/b\n", "f:3: module 'm' is there already, in line 1" },
    { "[m\npath=/\n", "f:1: a section" },
    { "[]\n", "f:1: ''" },
    { "[a/b]\n", "f:1: 'a/b' is no name" },
    { "[..]\n", "f:1: '..' is no name" },
    { "[m]\npath=/\nallow=everything\n", "f:3: allow: 'everything' is not a right" },
    { "[m]\npath=/\nanonymous=maybe\n", "f:3: anonymous: 'maybe' is neither" },
    { "[m]\npath=/\nhosts allow = example.org\n", "f:3: hosts allow: 'example.org' is not an address" },
    { "[m]\npath=/\nhosts allow = 10.0.0.1/8\n", "f:3: hosts allow: '10.0.0.1/8': bits" },
    { "[m]\npath=/\nhosts allow = 10.0.0.0/33\n", "f:3: hosts allow: '10.0.0.0/33': the prefix" },
    { "[m]\npath=/\nhosts allow =\n", "f:3: 'hosts allow' has no value" },
    { "[m]\npath=/\ngrant = full\n", "f:3: grant: it is written" },
    { "[m]\npath=/\ngrant = full to\n", "f:3: grant: it is written" },
    { "[m]\npath=/\ngrant = full to ,\n", "f:3: grant: nobody is named" },
    { "[m]\npath=/\ngrant = all to user:bob\n", "f:3: grant: 'all' is not a right" },
    { "[m]\npath=/\ngrant = to user:bob\n", "f:3: grant: it is written" },
    { "[m]\npath=/\ngrant = full to bob\n", "f:3: grant: 'bob' is nobody" },
    { "[m]\npath=/\ngrant = full to user:\n", "f:3: grant: 'user:' has nothing" },
    { "[m]\npath=/\ngrant = full to key:SHA256:short\n", "f:3: grant: 'key:SHA256:short' is no fingerprint" },
    { "[m]\npath=/\ngrant = full to addr:example.org\n", "f:3: grant: 'example.org' is not an address" },
    { "[m]\npath=/\nexclude = + *.c\n", "f:3: exclude: '+ *.c' is a filter rule" },
    { "[m]\npath=/\nallow = none\nanonymous = yes\n", "f:4: module 'm' is anonymous, but nobody" },
    { "[m]\npath=/\nmax sent = lots\n", "f:3: max sent: 'lots' is not a size" },
    { "[m]\npath=/\nmax files = -1\n", "f:3: max files: '-1' is not a size" },
    { "confinement = maybe\n", "f:1: confinement: 'maybe' is not one of available, required, off" },
    { "log level = LOUD\n", "f:1: log level: 'LOUD' is no level" },
    { "log facility = KERN\n", "f:1: log facility: 'KERN' is no facility" },
    { "retry after = 0\n", "f:1: retry after: '0' is not a number from 1" },
    { "max connections = many\n", "f:1: max connections: 'many' is not a number" },
    { "max connections = 0\n", "f:1: max connections: '0' is not a number from 1" },
    { "max connections = 10001\n", "f:1: max connections: '10001' is not a number" },
    { "max connections = -1\n", "f:1: max connections: '-1' is not a number" },
    { "ssh namespace = both\n", "f:1: ssh namespace: 'both' is neither" },
    { "listen = 127.0.0.1:99999\n", "f:1: listen: '127.0.0.1:99999': a port" },
    { "motd = motd.txt\n", "f:1: motd: 'motd.txt' is not an absolute path" },
    { "user =#a\n", "f:1: the value of 'user' begins with '#'" },
    { "user =\n", "f:1: 'user' has no value" },
    { "[m]\npath=/\nexclude = [a-\n", "f:3: exclude: '[a-' can match nothing" },
    { "[m]\npath=/\nexclude = *\\\n", "f:3: exclude: '*\\' can match nothing" },
    { "session memory = 1M\n", "f:1: session memory: '1M' is neither 0 nor at least 128M" },
};

static char doubts[2000];

static void note_doubt(const char *text)
{
    size_t n = strlen(doubts);
    snprintf(doubts + n, sizeof doubts - n, "%s\n", text);
}

START_TEST(doubts_what_is_not_there)
{
    ck_assert_int_eq(parse("user = slt-nobody\nmotd = /nowhere/motd\n[m]\npath = /nowhere\ngrant = full to user:root group:slt-none\n"
                           "grant = full to user:slt-none\n[n]\npath = /etc/passwd\n[o]\npath = /srv/%u\n"), SL_OK);
    doubts[0] = '\0';
    sl_config_doubts(&c, note_doubt);
    ck_assert_str_eq(doubts, "user: there is no user 'slt-nobody', and a listener started by root would not start\n"
                             "motd: cannot open '/nowhere/motd': No such file or directory\n"
                             "module 'm': '/nowhere': No such file or directory\n"
                             "module 'm', line 5: there is no group 'slt-none', and whoever comes to this line is refused\n"
                             "module 'm', line 6: there is no user 'slt-none'\n"
                             "module 'n': '/etc/passwd' is not a directory\n");
    ck_assert_int_eq(parse("user = root\n[m]\npath = /\n"), SL_OK);
    doubts[0] = '\0';
    sl_config_doubts(&c, note_doubt);
    ck_assert_str_eq(doubts, "");
}
END_TEST

START_TEST(tells_what_is_wrong)
{
    ck_assert_int_eq(parse(wrong[_i].text), SL_E_CONFIG);
    ck_assert_msg(strncmp(err.text, wrong[_i].told, strlen(wrong[_i].told)) == 0, "%s", err.text);
}
END_TEST

START_TEST(takes_the_least)
{
    struct sl_quota a = { 1, 0, 5, 7, 0 }, b = { 2, 3, 0, 6, 0 }, q = sl_quota_least(&a, &b);
    ck_assert(q.sent == 1 && q.stored == 3 && q.hashed == 5 && q.files == 6 && q.rate == 0);
}
END_TEST

START_TEST(refuses_bytes_that_no_editor_writes)
{
    char text[5000];
    ck_assert_int_eq(parse_n("user = a\0b\n", 11), SL_E_CONFIG);
    memset(text, '#', sizeof text);
    ck_assert_int_eq(parse_n(text, 4096), SL_OK);
    ck_assert_int_eq(parse_n(text, 4097), SL_E_CONFIG);
    ck_assert_int_eq(parse_n("", 0), SL_OK);
}
END_TEST

START_TEST(reads_from_a_file)
{
    int dir = scratch_make();
    char *path = sl_asprintf("%s/c", scratch_path);
    ck_assert_int_eq(sl_config_read(&c, path, &err), SL_E_NOT_FOUND);
    scratch_file(dir, "c", "[m]\npath=/x", 11);
    ck_assert_int_eq(sl_config_read(&c, path, &err), SL_OK);
    ck_assert_str_eq(c.file, path);
    scratch_file(dir, "c", "nonsense", 8);
    ck_assert_int_eq(sl_config_read(&c, path, &err), SL_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.text, "/c:1: "));
    free(path);
    scratch_remove(dir);
}
END_TEST

START_TEST(exports_a_directory)
{
    int dir = scratch_make();
    char *spec = sl_asprintf("x=%s", scratch_path);
    ck_assert_int_eq(sl_config_export(&c, spec, &err), SL_OK);
    ck_assert(c.modules[0].anonymous);
    ck_assert_uint_eq(c.modules[0].rights & (SL_RIGHT_CREATE | SL_RIGHT_DELETE), 0);
    ck_assert_int_eq(sl_config_export(&c, spec, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_config_export(&c, "x", &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_config_export(&c, "a/b=/", &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_config_export(&c, "y=/nonexistent/x", &err), SL_E_NOT_FOUND);
    ck_assert_int_eq(sl_config_export(&c, "y=/dev/null", &err), SL_E_CONFIG);
    free(spec);
    scratch_remove(dir);
}
END_TEST

START_TEST(takes_addresses_to_listen_on)
{
    static const char *const good[] = { "8730", "127.0.0.1:0", "[::1]:80", "*:81", "127.0.0.1", "::1", "[::1]" };
    static const char *const bad[] = { "127.0.0.1:", "127.0.0.1:x", "[::1]:70000", "127.0.0.1:-1", "no such host:1" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(sl_config_listen(&c, good[i], &err) == SL_OK, "%s: %s", good[i], err.text);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(sl_config_listen(&c, bad[i], &err) == SL_E_CONFIG, "%s", bad[i]);
    ck_assert_uint_eq(c.listen_count, sizeof good / sizeof good[0]);
}
END_TEST

/* In rsync's order: allow, then deny, then whether there is an allow list at all. */
START_TEST(admits_by_address)
{
    static const struct { const char *allow, *deny, *who; bool in; } cases[] = {
        { NULL, NULL, "192.0.2.1", true },
        { "192.0.2.0/24", NULL, "192.0.2.255", true },
        { "192.0.2.0/24", NULL, "192.0.3.0", false },
        { "192.0.2.0/25", NULL, "192.0.2.128", false },
        { NULL, "192.0.2.0/24", "192.0.2.1", false },
        { NULL, "192.0.2.0/24", "192.0.3.1", true },
        { "192.0.2.1", "0.0.0.0/0", "192.0.2.1", true },
        { "192.0.2.1", "0.0.0.0/0", "192.0.2.2", false },
        { "192.0.2.0/24", NULL, "::ffff:192.0.2.7", true },
        { "2001:db8::/33", NULL, "2001:db8:7fff::1", true },
        { "2001:db8::/33", NULL, "2001:db8:8000::1", false },
        { "::/0", NULL, "192.0.2.1", false },
        { NULL, "0.0.0.0/0", "::1", true },
        { "127.0.0.1", NULL, "no address", false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct sl_module m = { .anonymous = true, .rights = SL_RIGHT_READ };
        struct sl_decision d;
        struct sl_who w;
        struct sockaddr_storage a = peer(cases[i].who);
        sl_who_of_socket(&w, (struct sockaddr *)&a, sizeof a);
        if (cases[i].allow)
            ck_assert_int_eq(sl_net_list_parse(&m.hosts_allow, cases[i].allow, &err), SL_OK);
        if (cases[i].deny)
            ck_assert_int_eq(sl_net_list_parse(&m.hosts_deny, cases[i].deny, &err), SL_OK);
        sl_decide(&m, &w, &d);
        ck_assert_msg(d.admitted == cases[i].in, "case %zu", i);
        sl_who_clear(&w);
        sl_net_list_clear(&m.hosts_allow);
        sl_net_list_clear(&m.hosts_deny);
    }
}
END_TEST

START_TEST(names_rights)
{
    static const char *const texts[] = { "full", "read-only", "append-only", "drop-box", "list", "list,read", "read,create,delete" };
    uint32_t rights = 0;
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ck_assert_int_eq(sl_rights_parse(texts[i], &rights, &err), SL_OK);
        char *back = sl_rights_text(rights);
        if (i != 3)                      /* a set of one right is called by the right or by the set */
            ck_assert_str_eq(back, texts[i]);
        free(back);
    }
    ck_assert_int_eq(sl_rights_parse("append-only", &rights, &err), SL_OK);
    ck_assert_uint_eq(rights & (SL_RIGHT_OVERWRITE | SL_RIGHT_DELETE | SL_RIGHT_META | SL_RIGHT_RENAME), 0);
    ck_assert_int_eq(sl_rights_parse("", &rights, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_rights_parse("list,,read", &rights, &err), SL_OK);
    ck_assert_int_eq(sl_rights_parse("List", &rights, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_rights_parse("read-onlyx", &rights, &err), SL_E_CONFIG);
}
END_TEST

START_TEST(expands_paths)
{
    const struct passwd *pw = getpwuid(geteuid());
    char *out = NULL;
    ck_assert_int_eq(sl_policy_expand("/a%%b", &out, &err), SL_OK);
    ck_assert_str_eq(out, "/a%b");
    free(out);
    ck_assert_int_eq(sl_policy_expand("a", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_policy_expand("", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_policy_expand("/x%", &out, &err), SL_E_CONFIG);
    ck_assert_int_eq(sl_policy_expand("/%n", &out, &err), SL_E_CONFIG);
    if (!pw)
        return;
    char *want = sl_asprintf("/srv/%s/x", pw->pw_name);
    ck_assert_int_eq(sl_policy_expand("/srv/%u/x", &out, &err), SL_OK);
    ck_assert_str_eq(out, want);
    free(out);
    free(want);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, reads_a_whole_file);
    tcase_add_test(tc, prints_what_it_would_read);
    tcase_add_test(tc, doubts_what_is_not_there);
    tcase_add_loop_test(tc, tells_what_is_wrong, 0, (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(tc, takes_the_least);
    tcase_add_test(tc, refuses_bytes_that_no_editor_writes);
    tcase_add_test(tc, reads_from_a_file);
    tcase_add_test(tc, exports_a_directory);
    tcase_add_test(tc, takes_addresses_to_listen_on);
    tcase_add_test(tc, admits_by_address);
    tcase_add_test(tc, names_rights);
    tcase_add_test(tc, expands_paths);
}

int main(void)
{
    return scratch_run("configuration", add);
}
