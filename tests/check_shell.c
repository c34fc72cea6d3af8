/* SPDX-License-Identifier: ISC */
/* check_shell - what the restricted login shell takes from sshd, and what it refuses. */
#include "config.h"
#include "subsystem/shell.h"
#include "tests/scratch.h"

static const struct { const char *command; bool forced; int words; } good[] = {
    { "superlifter-server", false, 1 },
    { "/usr/bin/superlifter-server", false, 1 },
    { "  superlifter-server  ", false, 1 },
    { "superlifter-server", true, 1 },
    { "/usr/local/bin/superlifter-server --root=/srv/%u --allow=append-only", true, 3 },
    { "superlifter-server --module=backup --as=laptop", true, 3 },
};

START_TEST(takes)
{
    struct sl_words w = { 0 };
    struct sl_error err;
    ck_assert_msg(sl_shell_words(good[_i].command, good[_i].forced, &w, &err) == SL_OK, "%s", err.text);
    ck_assert_int_eq(w.argc, good[_i].words);
    ck_assert_ptr_null(w.argv[w.argc]);
    sl_words_clear(&w);
}
END_TEST

static const struct { const char *command; bool forced; } bad[] = {
    { "", false }, { " ", true }, { "id", false }, { "id", true }, { "sh", false }, { "superlifter-server --root=/", false },
    { "superlifter-server; id", false }, { "superlifter-server; id", true }, { "superlifter-server\nid", true }, { "superlifter-server|sh", true },
    { "superlifter-server $(id)", true }, { "superlifter-server `id`", true }, { "superlifter-server 'x'", true }, { "superlifter-server > f", true },
    { "superlifter-server-x", true }, { "/x/superlifter-server/sh", true }, { "sftp-server", true }, { "x superlifter-server", true },
    { "env superlifter-server", true }, { "superlifter-server\t--root=/", false }, { "superlifter-server\\ --root=/", false },
};

START_TEST(refuses)
{
    struct sl_words w = { 0 };
    struct sl_error err;
    ck_assert_int_eq(sl_shell_words(bad[_i].command, bad[_i].forced, &w, &err), SL_E_DENIED);
    ck_assert_ptr_null(w.argv);
}
END_TEST

START_TEST(counts_words)
{
    struct sl_words w = { 0 };
    struct sl_error err;
    char text[400] = "superlifter-server";
    for (int i = 0; i < 63; i++)
        strcat(text, " a");
    ck_assert_int_eq(sl_shell_words(text, true, &w, &err), SL_OK);
    ck_assert_int_eq(w.argc, 64);
    sl_words_clear(&w);
    strcat(text, " a");
    ck_assert_int_eq(sl_shell_words(text, true, &w, &err), SL_E_DENIED);
}
END_TEST

START_TEST(knows_its_name)
{
    ck_assert(sl_shell_called("superlifter-shell") && sl_shell_called("-superlifter-shell") && sl_shell_called("/usr/bin/superlifter-shell"));
    ck_assert(!sl_shell_called("superlifter-server") && !sl_shell_called("") && !sl_shell_called(NULL) && !sl_shell_called("--superlifter-shell"));
}
END_TEST

START_TEST(cleans_the_environment)
{
    setenv("LD_PRELOAD", "/tmp/x.so", 1);
    setenv("BASH_ENV", "/tmp/x", 1);
    setenv("SSH_CONNECTION", "192.0.2.1 1 192.0.2.2 22", 1);
    sl_shell_environment();
    ck_assert_ptr_null(getenv("LD_PRELOAD"));
    ck_assert_ptr_null(getenv("BASH_ENV"));
    ck_assert_str_eq(getenv("SSH_CONNECTION"), "192.0.2.1 1 192.0.2.2 22");
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_loop_test(tc, takes, 0, sizeof good / sizeof good[0]);
    tcase_add_loop_test(tc, refuses, 0, sizeof bad / sizeof bad[0]);
    tcase_add_test(tc, counts_words);
    tcase_add_test(tc, knows_its_name);
    tcase_add_test(tc, cleans_the_environment);
}

int main(void)
{
    return scratch_run("shell", add);
}
