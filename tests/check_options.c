/* SPDX-License-Identifier: ISC */
/* check_options - the command line: what options come to together, and what is said of those that can't be taken. */
#include "config.h"
#include "client/completion.h"
#include "client/info.h"
#include "client/options.h"
#include "client/stop.h"
#include "scratch.h"

#include <sys/socket.h>

#define MAX_WORDS 16

static struct sl_options o;
static struct sl_error err;

/* Words are separated by single spaces. */
static enum sl_options_result parse(const char *line)
{
    static char text[512], *words[MAX_WORDS + 1];
    int n = 0;
    words[n++] = (char *)(uintptr_t)"superlifter";
    snprintf(text, sizeof text, "%s", line);
    for (char *p = *text ? text : NULL; p && n < MAX_WORDS; n++) {
        words[n] = p;
        p = strchr(p, ' ');
        if (p)
            *p++ = '\0';
    }
    words[n] = NULL;
    err.text[0] = '\0';
    return sl_options_parse(&o, n, words, &err);
}

static void good(const char *line)
{
    enum sl_options_result rc = parse(line);
    ck_assert_msg(rc == SL_OPTIONS_RUN, "%s: %s", line, err.text);
}

static void bad(const char *line, const char *says)
{
    ck_assert_msg(parse(line) == SL_OPTIONS_BAD, "%s was taken", line);
    ck_assert_msg(strstr(err.text, says) != NULL, "%s: '%s' lacks '%s'", line, err.text, says);
    sl_options_clear(&o);
}

/* "rlptgoDd" with '-' for each that is off. */
static const char *what(void)
{
    static char out[9];
    snprintf(out, sizeof out, "%c%c%c%c%c%c%c%c", o.recurse ? 'r' : '-', o.links ? 'l' : '-', o.perms ? 'p' : '-',
             o.times ? 't' : '-', o.group ? 'g' : '-', o.owner ? 'o' : '-', o.devices && o.specials ? 'D' : '-',
             o.dirs ? 'd' : '-');
    return out;
}

/* Every word that completion offers is taken. */
START_TEST(completion_words)
{
    char *table = sl_completion_table(), *rest = table, *row;
    size_t words = 0;
    while ((row = strsep(&rest, "\n")) && *row) {
        char *f[5], line[200];
        for (size_t i = 0; i < 5; i++)
            ck_assert_ptr_nonnull(f[i] = strsep(&row, "\t"));
        ck_assert_ptr_null(row);
        for (char *word, *at = f[3] + 1; *f[3] == '=' && (word = strsep(&at, " ")); words++) {
            snprintf(line, sizeof line, "--%s=%s a b", f[1], word);
            enum sl_options_result rc = parse(line);
            bool built = strcmp(word, "sha256") != 0 && strcmp(word, "zstd") != 0;
            ck_assert_msg(rc == SL_OPTIONS_RUN || rc == SL_OPTIONS_SHOW || !built, "%s: %s", line, err.text);
            sl_options_clear(&o);
        }
    }
    ck_assert_uint_gt(words, 30);
    free(table);
}
END_TEST

static const struct { const char *line, *what; } archives[] = {
    { "a b", "rlptgoD-" },            { "-a a b", "rlptgoD-" },         { "-v a b", "rlptgoD-" },
    { "-r a b", "r-------" },         { "-t a b", "---t----" },         { "-d a b", "-------d" },
    { "-a --no-p a b", "rl-tgoD-" },  { "-a --no-perms --no-o a b", "rl-tg-D-" }, { "-a --no-D a b", "rlptgo--" },
    { "--no-owner a b", "rlptg-D-" }, { "--no-r a b", "-lptgoD-" },     { "--no-D a b", "rlptgo--" },
    { "-rD a b", "r-----D-" },        { "-p --no-p -a a b", "rlptgoD-" },{ "a", "--------" },
    { "-r a", "r-------" },           { "--devices --specials a b", "------D-" },
    { "--old-dirs a b", "-------d" }, { "-a --no-devices a b", "rlptgo--" }, { "--no-specials a b", "rlptgo--" },
};

START_TEST(archive)
{
    good(archives[_i].line);
    ck_assert_msg(strcmp(what(), archives[_i].what) == 0, "%s: %s", archives[_i].line, what());
    sl_options_clear(&o);
}
END_TEST

START_TEST(defaults)
{
    unsetenv("RSYNC_RSH");
    unsetenv("SUPERLIFTER_RSH");
    good("a b c");
    ck_assert_uint_eq(o.source_count, 2);
    ck_assert_str_eq(o.sources[1], "b");
    ck_assert_str_eq(o.dest, "c");
    ck_assert(o.implied_dirs && o.motd && !o.del && !o.dry_run);
    ck_assert_str_eq(o.subsystem, "superlifter");
    ck_assert_int_eq(o.address_family, AF_UNSPEC);
    ck_assert_int_eq(o.compress, SL_COMPRESS_AUTO);
    ck_assert(!o.bwlimit && !o.sha256 && sl_suffixes_match(o.as_is, "a.gz"));
    ck_assert_ptr_null(o.rsh);
    ck_assert_ptr_null(o.remote_path);
    ck_assert(sl_filters_empty(o.filters));
    sl_options_clear(&o);
}
END_TEST

START_TEST(combined)
{
    good("-aRvvnixuc -e ssh a b --port=99 --timeout 5 --retries=7 -zP4 --stats --max-delete=0 -hh");
    ck_assert(o.relative && o.dry_run && o.one_fs && o.update && o.checksum && o.partial && o.progress && o.stats);
    ck_assert_int_eq(o.verbose, 2);
    ck_assert_int_eq(o.itemize, 1);
    ck_assert_int_eq(o.human, 2);
    ck_assert_str_eq(o.rsh, "ssh");
    ck_assert_int_eq(o.port, 99);
    ck_assert_int_eq(o.timeout_s, 5);
    ck_assert_int_eq(o.retries, 7);
    ck_assert_int_eq(o.compress, -1);
    ck_assert_int_eq(o.address_family, AF_INET);
    ck_assert(o.max_delete_given && o.max_delete == 0);
    ck_assert_str_eq(o.dest, "b");
    sl_options_clear(&o);
}
END_TEST

START_TEST(turned_off_again)
{
    good("-avz --progress --no-v --no-progress --no-z --no-motd --no-implied-dirs --timeout=9 --no-timeout a b");
    ck_assert(!o.verbose && !o.progress && !o.compress && !o.motd && !o.implied_dirs && !o.timeout_s);
    sl_options_clear(&o);
}
END_TEST

START_TEST(rates)
{
    static const struct { const char *text; uint64_t rate; } good_ones[] = {
        { "100", 102400 }, { "1.5m", 1572864 }, { "1.5MB", 1500160 }, { "0", 0 }, { "512b", 1024 }, { "1g", 1073741824 }, { "2KiB", 2048 },
    };
    for (size_t i = 0; i < sizeof good_ones / sizeof good_ones[0]; i++) {
        char line[80];
        snprintf(line, sizeof line, "--bwlimit=%s a b", good_ones[i].text);
        good(line);
        ck_assert_msg(o.bwlimit == good_ones[i].rate, "%s: %llu", good_ones[i].text, (unsigned long long)o.bwlimit);
        sl_options_clear(&o);
    }
    good("--bwlimit=100 --no-bwlimit a b");
    ck_assert_uint_eq(o.bwlimit, 0);
    sl_options_clear(&o);
    bad("--bwlimit=fast a b", "'fast'");
    bad("--bwlimit=-1 a b", "'-1'");
    bad("--bwlimit=511b a b", "512 bytes");
    bad("--bwlimit=9000000t a b", "not a rate");
}
END_TEST

START_TEST(hash_choice)
{
    good("--checksum-choice=auto a b");
    ck_assert(!o.sha256);
    sl_options_clear(&o);
    good("--cc=xxh128,xxh128 a b");
    ck_assert(!o.sha256);
    sl_options_clear(&o);
#ifdef HAVE_LIBCRYPTO
    good("--cc=sha256 a b");
    ck_assert(o.sha256);
    sl_options_clear(&o);
    good("--cc=sha256 --cc=auto a b");
    ck_assert(!o.sha256);
    sl_options_clear(&o);
#else
    bad("--cc=sha256 a b", "libcrypto");
#endif
    bad("--cc=sha256,xxh128 a b", "one hash");
    bad("--cc=none a b", "every file is verified");
    bad("--cc=md5 a b", "use xxh128, sha256 or auto");
    bad("--cc= a b", "not known");
}
END_TEST

START_TEST(suffixes)
{
    static const char *const usual[] = { "a.gz", "x/b.tar.zst", "c.MP4", "d.z", ".jpg" };
    static const char *const not[] = { "gz", "a.gzz", "a.g", "a.", "a.txt", "", "a.gz.txt", "a./gz" };
    good("-a a b");
    for (size_t i = 0; i < sizeof usual / sizeof usual[0]; i++)
        ck_assert_msg(sl_suffixes_match(o.as_is, usual[i]), "%s", usual[i]);
    for (size_t i = 0; i < sizeof not / sizeof not[0]; i++)
        ck_assert_msg(!sl_suffixes_match(o.as_is, not[i]), "%s", not[i]);
    sl_options_clear(&o);
    good("--skip-compress=txt/mp[34]/[ab][cd]x a b");
    ck_assert(sl_suffixes_match(o.as_is, "1.mp3") && sl_suffixes_match(o.as_is, "1.MP4") && sl_suffixes_match(o.as_is, "1.adx"));
    ck_assert(!sl_suffixes_match(o.as_is, "1.mp5") && !sl_suffixes_match(o.as_is, "1.mp") && !sl_suffixes_match(o.as_is, "1.gz"));
    ck_assert(!sl_suffixes_match(o.as_is, "1.mp34") && !sl_suffixes_match(o.as_is, "1.ad"));
    sl_options_clear(&o);
    good("--skip-compress= a b");
    ck_assert(!sl_suffixes_match(o.as_is, "1.gz") && !sl_suffixes_match(o.as_is, "1."));
    sl_options_clear(&o);
    bad("--skip-compress=mp[34 a b", "bracket");
    bad("--skip-compress=mp[3/4] a b", "bracket");
    bad("--skip-compress=mp[] a b", "bracket");
    bad("--skip-compress=mp3] a b", "bracket");
}
END_TEST

START_TEST(double_dash)
{
    good("-a -- -a -b");
    ck_assert_str_eq(o.sources[0], "-a");
    ck_assert_str_eq(o.dest, "-b");
    sl_options_clear(&o);
}
END_TEST

START_TEST(filters_keep_their_order)
{
    good("-a --include=*.c --exclude * a b --exclude=!x");
    ck_assert_uint_eq(o.filters->rules.len, 3);
    ck_assert(o.filters->rules.at[0].flags & SL_RULE_INCLUDE);
    ck_assert(!(o.filters->rules.at[1].flags & SL_RULE_INCLUDE));
    ck_assert_str_eq(o.filters->rules.at[2].where, "--exclude '!x'");
    sl_options_clear(&o);
    bad("-a --exclude-from=/nonexistent/file a b", "/nonexistent/file");
    bad("-a --filter=x a b", "--filter 'x': a rule is expected");
    bad("-a --filter=-z_x a b", "--filter '-z_x': behind '-' are expected modifiers");
    bad("-a --exclude=-_ -f - a b", "--filter '-': a pattern is expected");
}
END_TEST

START_TEST(deletion)
{
    static const char *const names[] = { "--delete", "--del", "--delete-after", "--delete-delay", "--delete-during" };
    char line[64];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(line, sizeof line, "%s a b", names[i]);
        good(line);
        ck_assert(o.del);
        sl_options_clear(&o);
    }
    good("-d --delete a b");
    sl_options_clear(&o);
    good("-a --delete --max-delete=-1 a b");
    ck_assert(!o.max_delete_given);
    sl_options_clear(&o);
    bad("-t --delete a b", "--delete does not work without --recursive (-r) or --dirs (-d)");
    bad("-a --delete-before --delete-after a b", "--delete-before and --delete-after");
    good("-a --delete --max-delete=7% a b");
    ck_assert(o.max_delete_given && o.max_delete_percent && o.max_delete == 7);
    sl_options_clear(&o);
    bad("-a --delete --max-delete=101% a b", "--max-delete");
    bad("-a --delete --max-delete=% a b", "--max-delete");
}
END_TEST

START_TEST(when_to_stop)
{
    static const struct { const char *text; int64_t at; } times[] = {      /* from 2024-02-29 12:30:30 UTC on */
        { "14:00", 1709215200 }, { "12:30", 1709296200 }, { "12", 1710201600 }, { ":31", 1709209860 }, { ":30", 1709213400 }, { "T13", 1709211600 },
        { "1", 1709251200 }, { "31", 1711843200 }, { "30", 1711756800 }, { "1-30", 1738195200 }, { "12/31", 1735603200 }, { "2-29", 1835395200 },
        { "2024-03-01T00:01", 1709251260 }, { "24/3/1", 1709251200 }, { "3-1t7", 1709276400 } };
    static const char *const wrong[] = { "", "x", "T", "24:00", "12:60", "1-", "-1", "2024-02-29", "2023-01-01T00:00", "1/2-3", "1-2-3-4", "13-1", "0-1",
                                         "2024-02-30", "12:30:30", "14:", "99999-1-1" };
    int64_t at = 0;
    setenv("TZ", "UTC", 1);
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        ck_assert_msg(sl_stop_parse(times[i].text, 1709209830, &at, &err) == SL_OK, "%s: %s", times[i].text, err.text);
        ck_assert_msg(at == times[i].at, "%s: %lld", times[i].text, (long long)at);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        ck_assert_msg(sl_stop_parse(wrong[i], 1709209830, &at, &err) == SL_E_CONFIG, "%s was taken", wrong[i]);
    bad("-a --stop-after=0 a b", "--stop-after");
    bad("-a --stop-at=never a b", "--stop-at");
}
END_TEST

START_TEST(help_and_version)
{
    ck_assert_int_eq(parse("-h"), SL_OPTIONS_HELP);
    sl_options_clear(&o);
    ck_assert_int_eq(parse("--help"), SL_OPTIONS_HELP);
    sl_options_clear(&o);
    ck_assert_int_eq(parse("-V"), SL_OPTIONS_VERSION);
    sl_options_clear(&o);
    good("-h a b");
    ck_assert_int_eq(o.human, 1);
    sl_options_clear(&o);
    char *text = NULL;
    sl_options_help(&text);
    ck_assert_ptr_nonnull(strstr(text, "--recursive"));
    ck_assert_ptr_nonnull(strstr(text, "-P"));
    ck_assert_ptr_null(strstr(text, "--test-without"));
    ck_assert_ptr_null(strstr(text, "--write-batch"));
    free(text);
}
END_TEST

START_TEST(refused)
{
    bad("-aN a b", "option --crtimes (-N) is not supported by this version of superlifter");
    bad("-a --link-dest= a b", "--link-dest");
    bad("-a --link-dest=5 --copy-dest=6 a b", "--copy-dest doesn't go with --link-dest");
    bad("-a --write-batch=5 a b", "--write-batch");
    bad("-a --write-batch 5 a b", "--write-batch");
    bad("--daemon", "superlifter-server --daemon");
    bad("-a -f merge_/nonexistent/x a b", "/nonexistent/x");
    bad("--info=symsafe a b", "nothing of symsafe");
    bad("--info=nonsense a b", "'nonsense' is not known");
    bad("--debug=flist a b", "--doctor");
    bad("--stderr=x a b", "'x' is not one of");
    bad("--outbuf= a b", "not one of");
    bad("--out-format=%-3C a b", "no %C here");
    bad("--log-file-format=%c a b", "no %c here");
    bad("--json --msgs2stderr a b", "--json");
    bad("--log-file= a b", "needs a value");
    bad("--doctor h a", "'a' doesn't go with it");
    bad("--doctor h --delete", "--delete doesn't go with it");
    bad("--doctor", "--doctor needs a value");
    good("--doctor h --json -4 --transport=ssh");
    ck_assert_str_eq(o.doctor, "h");
    sl_options_clear(&o);
    good("-a --no-H --no-acls --info=progress2 -s -W a b");
    ck_assert_int_eq(sl_info_level(&o, SL_INFO_PROGRESS), 2);
    sl_options_clear(&o);
}
END_TEST

START_TEST(counts_lanes)
{
    good("--lanes=32 a b");
    ck_assert_int_eq(o.lanes, 32);
    sl_options_clear(&o);
    good("--lanes 1 a b");
    ck_assert_int_eq(o.lanes, 1);
    sl_options_clear(&o);
    good("--lanes=4 --lanes=auto a b");
    ck_assert_int_eq(o.lanes, 0);
    sl_options_clear(&o);
    bad("--lanes=0 a b", "neither auto nor a number from 1 to 32");
    bad("--lanes=33 a b", "'33'");
    bad("--lanes=many a b", "'many'");
    bad("--lanes= a b", "''");
    bad("--lanes", "--lanes needs a value");
    bad("--no-lanes a b", "--no-lanes");
}
END_TEST

START_TEST(already_so)
{
    good("-as --secluded-args --protect-args --old-args --trust-sender --inc-recursive --no-inc-recursive --no-i-r a b");
    ck_assert_str_eq(what(), "rlptgoD-");
    sl_options_clear(&o);
    good("-a --blocking-io --outbuf=L --partial a b");
    sl_options_clear(&o);
}
END_TEST

START_TEST(how_much_is_compressed)
{
    static const struct { const char *line; int level; } cases[] = {
        { "-z --compress-choice=none a b", 0 }, { "--zc=none -z --zl=3 a b", 0 }, { "--zc=none --zc=zlib a b", -1 },
        { "--zl=999999999 a b", 22 }, { "--zl=-1 a b", -1 }, { "--zl=-131072 a b", 1 }, { "--zl=0 a b", 0 },
    };
    good(cases[_i].line);
    ck_assert_int_eq(o.compress, cases[_i].level);
    sl_options_clear(&o);
}
END_TEST

START_TEST(unknown_and_misused)
{
    bad("--frobnicate a b", "unknown option --frobnicate (see superlifter --help)");
    bad("--stats -Yab a b", "unknown option -Y");
    bad("-aY a b", "unknown option -Y");
    bad("--recurs a b", "unknown option --recurs ");
    bad("--no-recurs a b", "unknown option --no-recurs ");
    bad("--no-rsh a b", "unknown option --no-rsh");
    bad("--timeout", "option --timeout needs a value");
    bad("-e", "option -e needs a value");
    bad("--recursive=yes a b", "--recursive");
    bad("--timeout=x a b", "'x'");
    bad("--port=65536 a b", "65536");
    bad("--max-delete=few a b", "few");
    bad("--compress-level=ten a b", "ten");
    bad("--compress-level=1.5 a b", "1.5");
    bad("", "no source");
    bad("-a", "no source");
}
END_TEST

START_TEST(remote_shell_from_the_environment)
{
    setenv("RSYNC_RSH", "one", 1);
    good("a b");
    ck_assert_str_eq(o.rsh, "one");
    sl_options_clear(&o);
    setenv("SUPERLIFTER_RSH", "two", 1);
    good("a b");
    ck_assert_str_eq(o.rsh, "two");
    sl_options_clear(&o);
    good("-e three a b");
    ck_assert_str_eq(o.rsh, "three");
    sl_options_clear(&o);
    unsetenv("RSYNC_RSH");
    unsetenv("SUPERLIFTER_RSH");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, archive, 0, sizeof archives / sizeof archives[0]);
    tcase_add_test(tc, completion_words);
    tcase_add_test(tc, defaults);
    tcase_add_test(tc, combined);
    tcase_add_test(tc, turned_off_again);
    tcase_add_test(tc, rates);
    tcase_add_test(tc, hash_choice);
    tcase_add_test(tc, suffixes);
    tcase_add_test(tc, double_dash);
    tcase_add_test(tc, filters_keep_their_order);
    tcase_add_test(tc, deletion);
    tcase_add_test(tc, help_and_version);
    tcase_add_test(tc, when_to_stop);
    tcase_add_test(tc, refused);
    tcase_add_test(tc, already_so);
    tcase_add_test(tc, counts_lanes);
    tcase_add_loop_test(tc, how_much_is_compressed, 0, 7);
    tcase_add_test(tc, unknown_and_misused);
    tcase_add_test(tc, remote_shell_from_the_environment);
}

int main(void)
{
    return scratch_run("options", add);
}
