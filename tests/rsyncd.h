/* SPDX-License-Identifier: ISC */
/* rsyncd - for tests: an rsyncd.conf converted, read by our own parser, and asked who gets in. */
#ifndef SL_TESTS_RSYNCD_H
#define SL_TESTS_RSYNCD_H

#include "base/mem.h"
#include "proto/msg.h"
#include "subsystem/principals.h"
#include "subsystem/rsyncd.h"
#include "tests/scratch.h"

#include <netinet/in.h>

#define HERE "192.0.2.1"

enum { RO = SL_RIGHT_LIST | SL_RIGHT_READ | SL_RIGHT_HASH, RW = SL_RIGHT_ALL };

static struct sl_config c;
static struct sl_error err;
static char *out;

SCRATCH_UNUSED static enum sl_code convert_n(const char *text, size_t n)
{
    free(out);
    out = NULL;
    sl_config_clear(&c);
    sl_config_init(&c);
    enum sl_code rc = sl_rsyncd_convert("rsyncd.conf", text, n, &out, &err);
    if (rc == SL_OK)
        ck_assert_msg(sl_config_parse(&c, "out", out, strlen(out), &err) == SL_OK, "%s\n%.2000s", err.text, out);
    return rc;
}

SCRATCH_UNUSED static void convert(const char *text)
{
    ck_assert_msg(convert_n(text, strlen(text)) == SL_OK, "%s\n%s", err.text, text);
}

SCRATCH_UNUSED static void setup(void)
{
    sl_config_init(&c);
}

SCRATCH_UNUSED static void teardown(void)
{
    sl_config_clear(&c);
    free(out);
    out = NULL;
}

SCRATCH_UNUSED static bool has(const char *line)
{
    return strstr(out, line) != NULL;
}

SCRATCH_UNUSED static const struct sl_module *module(const char *name)
{
    const struct sl_module *m = sl_config_module(&c, name, strlen(name));
    ck_assert_msg(m != NULL, "no [%s] in\n%s", name, out);
    return m;
}

/* What a peer from there gets in the module: over TCP, or as a user over SSH. */
SCRATCH_UNUSED static uint32_t given(const struct sl_module *m, const char *addr, const char *user)
{
    struct sl_who w = { .anonymous = !user, .user = user ? sl_strdup(user) : NULL };
    struct sl_decision d;
    ck_assert(!addr || sl_who_set_addr(&w, addr));
    sl_decide(m, &w, &d);
    sl_who_clear(&w);
    return d.rights;
}

#endif
