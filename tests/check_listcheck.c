/* SPDX-License-Identifier: ISC */
/* check_listcheck - listings that keep to their shape, and those of a server that wants something else written. */
#include "config.h"
#include "client/listcheck.h"
#include "tests/scratch.h"

/* A listing in short: a name is a file, "name/" a directory, "." END, "!" an error; "/" is the directory itself. */
static enum sl_code check(const char *asked, const char *text)
{
    struct sl_listcheck c = { 0 };
    struct sl_error err;
    enum sl_code rc = SL_OK;
    char *copy = strdup(text), *save = NULL;
    for (char *w = strtok_r(copy, " ", &save); w && rc == SL_OK; w = strtok_r(NULL, " ", &save)) {
        struct sl_list_record m = { .kind = SL_LIST_ENTRY, .name = "" };
        size_t n = strlen(w);
        bool dir = w[n - 1] == '/';
        if (dir)
            w[--n] = '\0';
        m.entry = (struct sl_entry){ .type = dir ? SL_TYPE_DIR : SL_TYPE_FILE, .name = w, .name_len = n };
        if (strcmp(w, ".") == 0)
            m.kind = SL_LIST_END;
        if (strcmp(w, "!") == 0)
            m.kind = SL_LIST_ERROR;
        rc = sl_listcheck_record(&c, asked, &m, &err);
    }
    if (rc == SL_OK)
        rc = sl_listcheck_end(&c, &err);
    sl_listcheck_clear(&c);
    free(copy);
    return rc;
}

START_TEST(takes_what_is_right)
{
    ck_assert_int_eq(check("", "/ ."), SL_OK);
    ck_assert_int_eq(check("", "/ ! ."), SL_OK);
    ck_assert_int_eq(check("", "/ a b/ a b . c/ ! . d ."), SL_OK);
    ck_assert_int_eq(check("docs", "docs/ a ."), SL_OK);
    ck_assert_int_eq(check("f", "f"), SL_OK);
    ck_assert_int_eq(check("", "/ a/ b/ c/ . . . b/ . ."), SL_OK);
    ck_assert_int_eq(check("", "/ a a! aa \xc3\xa9 \xff ."), SL_OK);
}
END_TEST

START_TEST(refuses_what_is_not)
{
    static const struct { const char *asked, *text; } bad[] = {
        { "docs", ".ssh/ authorized_keys ." },      { "docs", "docs/ . .ssh/ ." }, { "", "docs/ ." }, { "f", "/ ." },
        { "", "/ b a ." },   { "", "/ a a ." },     { "", "/ a/ . a ." },          { "", "/ a" },     { "", "/ a/ ." },
        { "", "/ . a" },     { "", "/ . ." },       { "", "." },                   { "", "!" },       { "f", "f ." },
        { "f", "f g" },      { "f", "g" },          { "", "" },                    { "f", "" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(check(bad[i].asked, bad[i].text) == SL_E_PROTOCOL, "'%s': %s", bad[i].asked, bad[i].text);
}
END_TEST

static void add(TCase *tc)
{
    tcase_add_test(tc, takes_what_is_right);
    tcase_add_test(tc, refuses_what_is_not);
}

int main(void)
{
    return scratch_run("listcheck", add);
}
