/* SPDX-License-Identifier: ISC */
/* check_report - lines as rsync prints them, and the lines of --json. */
#include "config.h"
#include "base/mem.h"
#include "client/info.h"
#include "client/report.h"
#include "client/report_priv.h"
#include "scratch.h"

#include <jansson.h>
#include <time.h>

static struct sl_options o;
static struct sl_report *r;
static FILE *out, *err_out;
static char *text;

static void set_up(bool push)
{
    out = tmpfile();
    err_out = tmpfile();
    r = sl_report_new(&o, push);
    sl_report_set_streams(r, out, err_out);
}

static char *drain(FILE *f)
{
    long n;
    fflush(f);
    n = ftell(f);
    rewind(f);
    char *s = sl_calloc(1, (size_t)n + 1);
    ck_assert_uint_eq(fread(s, 1, (size_t)n, f), (size_t)n);
    fclose(f);
    return s;
}

/* Ends the report; what it printed must be `expected`. */
static void says(const char *expected)
{
    sl_report_free(r);
    text = drain(out);
    ck_assert_str_eq(text, expected);
    free(text);
    fclose(err_out);
}

static struct sl_entry entry_of(enum sl_type type, uint32_t mode, uint64_t size)
{
    struct sl_entry e = { .type = type, .mode = mode, .size = size, .mtime_s = 1769860800, .uid = 5, .gid = 6 };
    if (type == SL_TYPE_LINK) {
        e.target = "to\nwhere";
        e.target_len = 8;
    }
    return e;
}

static void item(enum sl_type type, const char *path, enum sl_update update, uint32_t changes)
{
    struct sl_entry e = entry_of(type, 0644, type == SL_TYPE_FILE ? 1234567 : 0);
    struct sl_report_item it = { .update = update, .changes = changes, .entry = &e, .path = path, .bytes = 99 };
    sl_report_item(r, &it);
}

/* One of each kind of outcome. */
static void items(void)
{
    item(SL_TYPE_FILE, "gone", SL_UPDATE_DELETED, 0);
    item(SL_TYPE_DIR, "god", SL_UPDATE_DELETED, 0);
    item(SL_TYPE_DIR, ".", SL_UPDATE_NONE, SL_CHANGE_TIME);
    item(SL_TYPE_FILE, "new", SL_UPDATE_RECEIVED, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "sub/old", SL_UPDATE_SENT, SL_CHANGE_SIZE | SL_CHANGE_TIME);
    item(SL_TYPE_DIR, "sub", SL_UPDATE_LOCAL, SL_CHANGE_NEW);
    item(SL_TYPE_LINK, "l", SL_UPDATE_LOCAL, SL_CHANGE_TARGET | SL_CHANGE_SIZE | SL_CHANGE_TIME);
    item(SL_TYPE_FIFO, "p", SL_UPDATE_LOCAL, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "attr", SL_UPDATE_NONE, SL_CHANGE_PERMS | SL_CHANGE_OWNER | SL_CHANGE_GROUP);
    item(SL_TYPE_FILE, "same", SL_UPDATE_NONE, 0);
    item(SL_TYPE_DIR, "samedir", SL_UPDATE_NONE, 0);
}

START_TEST(silent)
{
    o = (struct sl_options){ 0 };
    set_up(true);
    sl_report_start(r);
    items();
    sl_report_end(r, &(struct sl_stats){ 0 }, 0);
    says("");
}
END_TEST

START_TEST(quiet_beats_all)
{
    o = (struct sl_options){ .quiet = true, .verbose = 2, .itemize = 2, .stats = true };
    set_up(true);
    sl_report_start(r);
    items();
    sl_report_note(r, 0, "skipping directory %s", "x");
    sl_report_end(r, &(struct sl_stats){ 0 }, 0);
    says("");
}
END_TEST

START_TEST(itemized)
{
    o = (struct sl_options){ .itemize = 1 };
    set_up(true);
    sl_report_start(r);
    items();
    says("*deleting   gone\n*deleting   god/\n.d..t...... ./\n>f+++++++++ new\n<f.st...... sub/old\ncd+++++++++ sub/\n"
         "cLc.t...... l -> to\\#012where\ncS+++++++++ p\n.f...pog... attr\n");
}
END_TEST

START_TEST(itemized_twice)
{
    o = (struct sl_options){ .itemize = 2 };
    set_up(true);
    item(SL_TYPE_FILE, "same", SL_UPDATE_NONE, 0);
    item(SL_TYPE_FILE, "c", SL_UPDATE_RECEIVED, SL_CHANGE_CHECKSUM);
    item(SL_TYPE_FILE, "t", SL_UPDATE_RECEIVED, SL_CHANGE_TIME_NOW);
    item(SL_TYPE_CHAR, "dev", SL_UPDATE_LOCAL, SL_CHANGE_TARGET);
    says(".f          same\n>fc........ c\n>f..T...... t\ncDc........ dev\n");
}
END_TEST

START_TEST(verbose)
{
    o = (struct sl_options){ .verbose = 1 };
    set_up(true);
    sl_report_start(r);
    sl_report_created_dir(r, "a/new/", 1);
    items();
    sl_report_note(r, 2, "too much");
    sl_report_note(r, 1, "skipping %s", "\033[2J");
    says("sending incremental file list\ncreated directory a/new\ndeleting gone\ndeleting god/\n./\nnew\nsub/old\nsub/\n"
         "l -> to\\#012where\np\nskipping \\#033[2J\n");
}
END_TEST

START_TEST(verbose_twice)
{
    o = (struct sl_options){ .verbose = 2 };
    set_up(false);
    sl_report_start(r);
    item(SL_TYPE_FILE, "attr", SL_UPDATE_NONE, SL_CHANGE_PERMS);
    item(SL_TYPE_FILE, "same", SL_UPDATE_NONE, 0);
    item(SL_TYPE_DIR, "samedir", SL_UPDATE_NONE, 0);
    says("receiving incremental file list\nattr\nsame is uptodate\n");
}
END_TEST

START_TEST(own_format)
{
    o = (struct sl_options){ .out_format = "%o|%n|%f|%l|%'l|%''l|%9l|%-9l|%b|%B|%U|%G|%L|%%|%Q|%5Q|%" };
    setenv("TZ", "UTC", 1);
    tzset();
    set_up(true);
    item(SL_TYPE_DIR, "d", SL_UPDATE_LOCAL, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "f", SL_UPDATE_SENT, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "x", SL_UPDATE_DELETED, 0);
    item(SL_TYPE_FILE, "attr", SL_UPDATE_NONE, SL_CHANGE_PERMS);
    says("send|d/|d|0|0|0|        0|0        |99|rw-r--r--|5|6||%|%Q|%5Q|%\n"
         "send|f|f|1234567|1,234,567|1.23M|  1234567|1234567  |99|rw-r--r--|5|6||%|%Q|%5Q|%\n"
         "del.|x|x|1234567|1,234,567|1.23M|  1234567|1234567  |99|rw-r--r--|5|6||%|%Q|%5Q|%\n");
}
END_TEST

START_TEST(format_with_names_only)
{
    o = (struct sl_options){ .out_format = "[%n] %M" };
    setenv("TZ", "UTC", 1);
    tzset();
    set_up(false);
    item(SL_TYPE_FILE, "x", SL_UPDATE_DELETED, 0);
    item(SL_TYPE_FILE, "f", SL_UPDATE_RECEIVED, SL_CHANGE_NEW);
    says("deleting x\n[f] 2026/01/31-12:00:00\n");
}
END_TEST

START_TEST(high_bytes)
{
    o = (struct sl_options){ .verbose = 1 };
    set_up(true);
    item(SL_TYPE_FILE, "\303\244\377", SL_UPDATE_SENT, SL_CHANGE_NEW);
    says("\303\244\\#377\n");
    o.eight_bit = true;
    set_up(true);
    item(SL_TYPE_FILE, "\377\001", SL_UPDATE_SENT, SL_CHANGE_NEW);
    says("\377\\#001\n");
    set_up(true);                /* C1, as a byte and as UTF-8, moves the cursor as well as C0 does */
    item(SL_TYPE_FILE, "\233J\302\233J\303\244", SL_UPDATE_SENT, SL_CHANGE_NEW);
    says("\\#233J\\#302\\#233J\303\244\n");
}
END_TEST

/* What looks like an escape in a name is told apart from one. */
START_TEST(names_can_be_had_back)
{
    o = (struct sl_options){ .verbose = 1 };
    set_up(true);
    item(SL_TYPE_FILE, "\\#012", SL_UPDATE_SENT, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "\\#01", SL_UPDATE_SENT, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "\n", SL_UPDATE_SENT, SL_CHANGE_NEW);
    says("\\#134#012\n\\#01\n\\#012\n");
}
END_TEST

/* ---- --info ---- */

static void info(const char *flags)
{
    struct sl_error e;
    ck_assert_msg(sl_info_take(&o, flags, &e) == SL_OK, "%s: %s", flags, e.text);
}

START_TEST(info_of_names)
{
    o = (struct sl_options){ .verbose = 1 };
    info("name0,FLIST0");
    set_up(true);
    sl_report_start(r);
    item(SL_TYPE_FILE, "new", SL_UPDATE_SENT, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "gone", SL_UPDATE_DELETED, 0);
    says("deleting gone\n");
    o = (struct sl_options){ 0 };
    info("name2");
    set_up(true);
    sl_report_start(r);
    item(SL_TYPE_FILE, "same", SL_UPDATE_NONE, 0);
    item(SL_TYPE_FILE, "new", SL_UPDATE_SENT, SL_CHANGE_NEW);
    sl_report_end(r, &(struct sl_stats){ 0 }, 0);
    says("same is uptodate\nnew\n");
}
END_TEST

START_TEST(info_of_notes)
{
    o = (struct sl_options){ .verbose = 2 };
    info("none");
    set_up(true);
    sl_report_info(r, SL_INFO_NONREG, "special");
    sl_report_info(r, SL_INFO_SKIP, "x exists");
    says("");
    o = (struct sl_options){ 0 };
    set_up(true);
    sl_report_info(r, SL_INFO_NONREG, "special");
    sl_report_info(r, SL_INFO_SKIP, "x exists");
    says("special\n");
    info("skip,nonreg0");
    set_up(true);
    sl_report_info(r, SL_INFO_NONREG, "special");
    sl_report_info(r, SL_INFO_SKIP, "x exists");
    says("x exists\n");
}
END_TEST

START_TEST(info_words)
{
    struct sl_error e;
    o = (struct sl_options){ .stats = true };
    info("stats0,progress2,del4,,misc0");
    ck_assert_int_eq(sl_info_level(&o, SL_INFO_STATS), 0);
    ck_assert_int_eq(sl_info_level(&o, SL_INFO_PROGRESS), 2);
    ck_assert_int_eq(sl_info_level(&o, SL_INFO_DEL), 4);
    info("all3");
    ck_assert_int_eq(sl_info_level(&o, SL_INFO_SKIP), 3);
    info("name99999999999999999999");
    ck_assert_int_eq(sl_info_level(&o, SL_INFO_NAME), 4);
    ck_assert_int_eq(sl_info_take(&o, "name2x", &e), SL_E_CONFIG);
    ck_assert_int_eq(sl_info_take(&o, "nam", &e), SL_E_CONFIG);
    ck_assert_int_eq(sl_info_take(&o, "mount", &e), SL_E_CONFIG);
    ck_assert_str_eq(e.text, "--info: there is nothing of mount to tell here; --info=help lists what there is");
    ck_assert_int_eq(sl_debug_take("none,flist0,ALL0", &e), SL_OK);
    ck_assert_int_eq(sl_debug_take("FLIST2", &e), SL_E_CONFIG);
    ck_assert_int_eq(sl_debug_take("nonsense0", &e), SL_E_CONFIG);
    ck_assert(sl_info_asks_help("name,help") && !sl_info_asks_help("helper"));
}
END_TEST

/* ---- --log-file ---- */

START_TEST(log_file)
{
    int top = scratch_make();
    char *file = sl_asprintf("%s/log", scratch_path), *got;
    struct sl_error e = { .code = SL_E_DENIED, .side = SL_SIDE_DEST, .text = "cannot make 'a\033'" };
    char line[200], expected[2000] = "";
    const char *lines[] = { "building file list", "<f+++++++++ new\\#012", "*deleting   gone", "skipping x", "superlifter: [dest] cannot make 'a\\#033'",
                            "sent 1 bytes  received 2 bytes  total size 3", "superlifter: exit status 23" };
    o = (struct sl_options){ .quiet = true, .log_file = file };
    set_up(true);
    ck_assert_int_eq(sl_report_log_open(r, &e), SL_OK);
    item(SL_TYPE_FILE, "new\n", SL_UPDATE_SENT, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "same", SL_UPDATE_NONE, 0);
    item(SL_TYPE_FILE, "gone", SL_UPDATE_DELETED, 0);
    sl_report_note(r, 0, "skipping %s", "x");
    sl_report_error(r, &e, NULL);
    sl_report_end(r, &(struct sl_stats){ .wire_out = 1, .wire_in = 2, .total_size = 3 }, 23);
    sl_report_conclude(r, 23);
    says("");
    FILE *f = fopen(file, "r");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        int y, mo, d, h, m, s, at = 0;
        long pid;
        ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
        ck_assert_int_eq(sscanf(line, "%4d/%2d/%2d %2d:%2d:%2d [%ld] %n", &y, &mo, &d, &h, &m, &s, &pid, &at), 7);
        ck_assert_int_eq(pid, getpid());
        snprintf(expected, sizeof expected, "%s\n", lines[i]);
        ck_assert_str_eq(line + at, expected);
    }
    got = fgets(line, sizeof line, f);
    ck_assert_ptr_null(got);
    fclose(f);
    o.log_file = scratch_path;
    set_up(true);
    ck_assert_int_ne(sl_report_log_open(r, &e), SL_OK);
    says("");
    scratch_remove(top);
    free(file);
}
END_TEST

static const struct { uint64_t n; int human; const char *text; } numbers[] = {
    { 0, 0, "0" },              { 999, 0, "999" },          { 1000, 0, "1,000" },       { 1234567, 0, "1,234,567" },
    { 999, 1, "999" },          { 1000, 1, "1.00K" },       { 4096, 1, "4.10K" },       { 1234567, 1, "1.23M" },
    { 1000, 2, "1,000" },       { 1024, 2, "1.00K" },       { 1073741824, 2, "1.00G" }, { 5000000000000, 1, "5.00T" },
    { UINT64_MAX, 0, "18,446,744,073,709,551,615" },        { UINT64_MAX, 1, "18446.74P" },
};

START_TEST(number)
{
    char buf[SL_NUMBER_LEN];
    ck_assert_str_eq(sl_number(numbers[_i].n, numbers[_i].human, buf), numbers[_i].text);
}
END_TEST

static const struct sl_stats some = {
    .entries = { [SL_TYPE_FILE] = 1200, [SL_TYPE_DIR] = 30, [SL_TYPE_LINK] = 4, [SL_TYPE_BLOCK] = 1, [SL_TYPE_FIFO] = 1 },
    .created = { [SL_TYPE_DIR] = 2 }, .files_sent = 8, .total_size = 1000000, .sent_size = 5000, .literal = 4000,
    .matched = 1000, .list_bytes = 77, .list_ms = 1500, .wire_out = 5000, .wire_in = 5000, .elapsed_ms = 1500, .errors = 1,
};

START_TEST(summary)
{
    o = (struct sl_options){ .verbose = 1, .dry_run = true };
    set_up(true);
    sl_report_end(r, &some, 0);
    says("\nsent 5,000 bytes  received 5,000 bytes  5,000.00 bytes/sec\ntotal size is 1,000,000  speedup is 100.00 (DRY RUN)\n");
    o = (struct sl_options){ .verbose = 1, .human = 1 };
    set_up(true);
    sl_report_end(r, &some, 0);
    says("\nsent 5.00K bytes  received 5.00K bytes  5.00K bytes/sec\ntotal size is 1.00M  speedup is 100.00\n");
    o.human = 0;
    set_up(true);
    sl_report_end(r, &(struct sl_stats){ 0 }, 0);
    says("\nsent 0 bytes  received 0 bytes  0.00 bytes/sec\ntotal size is 0  speedup is 0.00\n");
}
END_TEST

START_TEST(statistics)
{
    o = (struct sl_options){ .stats = true };
    set_up(true);
    sl_report_end(r, &some, 0);
    says("\nNumber of files: 1,236 (reg: 1,200, dir: 30, link: 4, dev: 1, special: 1)\nNumber of created files: 2 (dir: 2)\n"
         "Number of deleted files: 0\nNumber of regular files transferred: 8\nTotal file size: 1,000,000 bytes\n"
         "Total transferred file size: 5,000 bytes\nLiteral data: 4,000 bytes\nMatched data: 1,000 bytes\nFile list size: 77\n"
         "File list generation time: 1.500 seconds\nFile list transfer time: 0.000 seconds\nTotal bytes sent: 5,000\n"
         "Total bytes received: 5,000\n\nsent 5,000 bytes  received 5,000 bytes  5,000.00 bytes/sec\n"
         "total size is 1,000,000  speedup is 100.00\n");
}
END_TEST

START_TEST(listing)
{
    struct sl_entry f = entry_of(SL_TYPE_FILE, 06755, 4096), d = entry_of(SL_TYPE_DIR, 01777, 0), l = entry_of(SL_TYPE_LINK, 0777, 8);
    setenv("TZ", "UTC", 1);
    tzset();
    o = (struct sl_options){ .links = true };
    set_up(false);
    sl_report_list(r, &f, "a b");
    sl_report_list(r, &d, ".");
    sl_report_list(r, &l, "l");
    sl_report_module(r, "debian", 6, "the\tarchive", 11);
    says("-rwsr-sr-x          4,096 2026/01/31 12:00:00 a b\ndrwxrwxrwt              0 2026/01/31 12:00:00 .\n"
         "lrwxrwxrwx              8 2026/01/31 12:00:00 l -> to\\#012where\ndebian         \tthe\\#011archive\n");
}
END_TEST

START_TEST(motd)
{
    o = (struct sl_options){ 0 };
    set_up(false);
    sl_report_motd(r, "hello\nyou\033!", 11);
    says("hello\nyou\\#033!\n");
}
END_TEST

static void error_line(const char *path, const char *message, enum sl_side side, const char *expected)
{
    struct sl_error e = { .code = SL_E_DENIED, .side = side };
    o = (struct sl_options){ 0 };
    set_up(true);
    snprintf(e.text, sizeof e.text, "%s", message);
    sl_report_error(r, &e, path);
    sl_report_free(r);
    text = drain(err_out);
    ck_assert_str_eq(text, expected);
    free(text);
    fclose(out);
}

START_TEST(errors)
{
    error_line("a/b/x", "cannot open 'x': Permission denied", SL_SIDE_SOURCE,
               "superlifter: [source] cannot open 'a/b/x': Permission denied\n");
    error_line("a/x", "cannot open 'a/x': Permission denied", SL_SIDE_DEST,
               "superlifter: [dest] cannot open 'a/x': Permission denied\n");
    error_line("a/x", "out of luck", SL_SIDE_SERVER, "superlifter: [server] 'a/x': out of luck\n");
    error_line(NULL, "a\nb", SL_SIDE_HERE, "superlifter: a\\#012b\n");
    error_line(NULL, "", SL_SIDE_HERE, "superlifter: permission denied\n");
}
END_TEST

START_TEST(warnings)
{
    struct sl_error e = { .code = SL_E_NOT_FOUND, .side = SL_SIDE_SOURCE, .text = "file has vanished: 'x'" };
    o = (struct sl_options){ 0 };
    set_up(true);
    sl_report_warning(r, &e, "x");
    sl_report_free(r);
    text = drain(err_out);
    ck_assert_str_eq(text, "superlifter: [source] warning: file has vanished: 'x'\n");
    free(text);
    fclose(out);
}
END_TEST

/* ---- --json ---- */

/* Each line is an object; returns them as an array. */
static json_t *json_lines(void)
{
    json_t *all = json_array();
    sl_report_free(r);
    text = drain(out);
    fclose(err_out);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        json_error_t why;
        json_t *object = json_loads(line, 0, &why);
        ck_assert_msg(json_is_object(object), "%s: %s", line, why.text);
        json_array_append_new(all, object);
    }
    free(text);
    return all;
}

static const char *member(json_t *all, size_t at, const char *key)
{
    return json_string_value(json_object_get(json_array_get(all, at), key));
}

START_TEST(json_entries)
{
    o = (struct sl_options){ .json = true, .verbose = 2, .stats = true };
    set_up(true);
    sl_report_start(r);
    sl_report_created_dir(r, "x", 1);
    item(SL_TYPE_FILE, "a\n\"\303\244", SL_UPDATE_SENT, SL_CHANGE_SIZE);
    item(SL_TYPE_DIR, "\377", SL_UPDATE_DELETED, 0);
    item(SL_TYPE_LINK, "l", SL_UPDATE_LOCAL, SL_CHANGE_NEW);
    item(SL_TYPE_FILE, "m", SL_UPDATE_NONE, SL_CHANGE_PERMS);
    json_t *all = json_lines();
    ck_assert_uint_eq(json_array_size(all), 4);
    ck_assert_str_eq(member(all, 0, "type"), "entry");
    ck_assert_str_eq(member(all, 0, "path"), "a\n\"\303\244");
    ck_assert_str_eq(member(all, 0, "action"), "send");
    ck_assert_str_eq(member(all, 0, "kind"), "file");
    ck_assert_str_eq(member(all, 0, "itemize"), "<f.s.......");
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(all, 0), "size")), 1234567);
    ck_assert_ptr_null(member(all, 0, "path_b64"));
    ck_assert_str_eq(member(all, 1, "path"), "\\#377");
    ck_assert_str_eq(member(all, 1, "path_b64"), "/w==");
    ck_assert_str_eq(member(all, 1, "action"), "delete");
    ck_assert_str_eq(member(all, 2, "kind"), "symlink");
    ck_assert_str_eq(member(all, 2, "target"), "to\nwhere");
    ck_assert_str_eq(member(all, 3, "action"), "meta");
    json_decref(all);
}
END_TEST

/* Every code that an error may have stands in the schema, and nothing else. */
START_TEST(json_codes)
{
    const char *top = getenv("srcdir");
    char *file = sl_asprintf("%s/doc/superlifter-json.schema.json", top ? top : ".");
    json_t *schema = json_load_file(file, 0, NULL);
    ck_assert_msg(schema != NULL, "cannot read %s", file);
    json_t *codes = json_object_get(json_object_get(json_object_get(schema, "$defs"), "code"), "enum");
    size_t found = 0;
    for (int c = SL_OK + 1; c <= SL_E_MAX; c++)
        for (size_t i = 0; i < json_array_size(codes); i++)
            found += strcmp(json_string_value(json_array_get(codes, i)), sl_code_name((enum sl_code)c)) == 0;
    ck_assert_uint_eq(found, SL_E_MAX - SL_OK);
    ck_assert_uint_eq(json_array_size(codes), found);
    json_decref(schema);
    free(file);
}
END_TEST

START_TEST(json_rest)
{
    struct sl_error e = { .code = SL_E_NOT_FOUND, .side = SL_SIDE_DEST, .text = "cannot open 'x': gone" };
    struct sl_entry f = entry_of(SL_TYPE_FILE, 0644, 5);
    o = (struct sl_options){ .json = true, .dry_run = true };
    set_up(true);
    sl_report_error(r, &e, "d/x");
    sl_report_warning(r, &e, NULL);
    sl_report_list(r, &f, "p");
    sl_report_module(r, "m", 1, "c", 1);
    sl_report_note(r, 0, "note \377 %d", 5);
    sl_report_end(r, &some, 23);
    json_t *all = json_lines(), *last = json_array_get(all, 5);
    ck_assert_uint_eq(json_array_size(all), 6);
    ck_assert_str_eq(member(all, 0, "type"), "error");
    ck_assert_str_eq(member(all, 0, "code"), "not-found");
    ck_assert_str_eq(member(all, 0, "side"), "dest");
    ck_assert_str_eq(member(all, 0, "path"), "d/x");
    ck_assert_str_eq(member(all, 0, "message"), "cannot open 'd/x': gone");
    ck_assert_str_eq(member(all, 1, "type"), "warning");
    ck_assert_ptr_null(member(all, 1, "path"));
    ck_assert_str_eq(member(all, 2, "mode"), "0644");
    ck_assert_str_eq(member(all, 3, "name"), "m");
    ck_assert_str_eq(member(all, 4, "message"), "note \\#377 5");
    ck_assert_str_eq(member(all, 5, "type"), "summary");
    ck_assert_int_eq(json_integer_value(json_object_get(last, "exit_status")), 23);
    ck_assert_int_eq(json_integer_value(json_object_get(last, "total_size")), 1000000);
    ck_assert(json_is_true(json_object_get(last, "dry_run")));
    json_decref(all);
}
END_TEST

/* ---- progress ---- */

static void draw(struct sl_progress *p, bool last)
{
    r->drawn_ms = 0;                             /* not too soon */
    sl_report_progress(r, p, last);
}

static void drew(const char *expected)
{
    ck_assert_msg(strstr(text, expected) != NULL, "'%s' lacks '%s'", text, expected);
}

START_TEST(progress)
{
    struct sl_progress p = { .bytes_done = 500, .bytes_total = 1000, .files_done = 1, .files_total = 2 };
    o = (struct sl_options){ .info = { [SL_INFO_PROGRESS] = 3 } };
    set_up(false);
    ck_assert(!sl_report_draws(r));
    sl_report_progress(r, &p, false);
    ck_assert_int_eq(ftell(out), 0);             /* a file is no terminal */
    r->terminal = true;
    ck_assert(sl_report_draws(r));
    sl_report_progress(r, &p, false);
    sl_report_progress(r, &p, false);            /* too soon */
    sl_report_note(r, 0, "hello");
    p.total_final = true;
    draw(&p, false);
    p.bytes_done = 1000;
    draw(&p, true);
    sl_report_free(r);
    text = drain(out);
    fclose(err_out);
    drew("            500   ?%");
    drew("  ??:??:?? (1/2+, 1,000+ bytes)\r\033[Khello\n");
    drew("            500  50%");
    drew("          1,000 100%");
    drew(" (1/2, 1,000 bytes)\n");
    free(text);
}
END_TEST

/* A file that is sent again, one that is not sent after all. */
START_TEST(progress_never_goes_back)
{
    struct sl_progress p = { .bytes_done = 500, .bytes_total = 1000, .files_done = 5, .files_total = 9, .total_final = true };
    o = (struct sl_options){ .progress = true };
    set_up(false);
    r->terminal = true;
    draw(&p, false);
    p.bytes_done = 400;
    p.files_done = 4;
    p.bytes_total = 2000;
    p.path = "a\033[2J";
    p.file_size = 200;
    p.file_done = 50;
    draw(&p, false);
    p.bytes_done = 2100;
    draw(&p, false);
    draw(&p, true);
    sl_report_free(r);
    text = drain(out);
    fclose(err_out);
    drew("            500  50%");
    ck_assert_ptr_null(strstr(text, "            400"));
    ck_assert_ptr_null(strstr(text, " 20%"));
    drew("(5/9, 2,000 bytes) 25% of a\\#033[2J\r");
    drew("          2,100  99%");
    drew(" (5/9, 2,100 bytes)");
    drew("          2,100 100%");
    free(text);
}
END_TEST

/* A name of characters that are two columns wide each ends where the terminal does. */
START_TEST(progress_is_cut_by_columns)
{
    char name[200 * 3 + 1] = "";
    size_t wide = 0, narrow = 0;
    struct sl_progress p = { .bytes_done = 500, .bytes_total = 1000, .files_done = 5, .files_total = 9, .path = name, .file_size = 1 };
    o = (struct sl_options){ .progress = true };
    for (size_t i = 0; i < 200; i++)
        memcpy(name + 3 * i, "\xe4\xb8\xad", 4);
    set_up(false);
    r->terminal = true;
    draw(&p, false);
    ck_assert_int_eq(fflush(out), 0);
    text = drain(out);
    for (const char *at = text; *at; at++) {
        wide += (*at & 0xc0) == 0xc0;
        narrow += (unsigned char)*at < 0x80;
    }
    ck_assert_uint_gt(wide, 0);
    ck_assert_uint_le(narrow + 2 * wide, 79);
    ck_assert_uint_ge(narrow + 2 * wide, 78);
    r->drawn = false;
    r->out = stdout;
    sl_report_free(r);
    fclose(err_out);
    free(text);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, silent);
    tcase_add_test(tc, quiet_beats_all);
    tcase_add_test(tc, itemized);
    tcase_add_test(tc, itemized_twice);
    tcase_add_test(tc, verbose);
    tcase_add_test(tc, verbose_twice);
    tcase_add_test(tc, own_format);
    tcase_add_test(tc, format_with_names_only);
    tcase_add_test(tc, high_bytes);
    tcase_add_test(tc, names_can_be_had_back);
    tcase_add_test(tc, info_of_names);
    tcase_add_test(tc, info_of_notes);
    tcase_add_test(tc, info_words);
    tcase_add_test(tc, log_file);
    tcase_add_loop_test(tc, number, 0, sizeof numbers / sizeof numbers[0]);
    tcase_add_test(tc, summary);
    tcase_add_test(tc, statistics);
    tcase_add_test(tc, listing);
    tcase_add_test(tc, motd);
    tcase_add_test(tc, errors);
    tcase_add_test(tc, warnings);
    tcase_add_test(tc, json_entries);
    tcase_add_test(tc, json_codes);
    tcase_add_test(tc, json_rest);
    tcase_add_test(tc, progress);
    tcase_add_test(tc, progress_never_goes_back);
    tcase_add_test(tc, progress_is_cut_by_columns);
}

int main(void)
{
    return scratch_run("report", add);
}
