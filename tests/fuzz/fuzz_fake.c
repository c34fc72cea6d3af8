/* SPDX-License-Identifier: ISC */
/*
 * fuzz_fake - what a tree says of itself that stands for another one (--fake-super): texts, ACLs and names of attributes, which any user of
 * that tree can write. What was taken reads the same when it is written again, and can be sent.
 */
#include "config.h"
#include "base/attrs.h"
#include "base/mem.h"
#include "tree/attrs.h"
#include "tree/attrs_acl.h"
#include "tree/fake.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void as_text(const uint8_t *data, size_t size, mode_t real)
{
    char text[SL_FAKE_TEXT_MAX];
    struct stat st = { 0 }, again = { 0 };
    if (!sl_fake_parse((const char *)data, size, real, &st))
        return;
    size_t n = sl_fake_text(text, &st);
    if (n >= sizeof text || !sl_fake_parse(text, n, real, &again) || again.st_mode != st.st_mode || again.st_rdev != st.st_rdev ||
        again.st_uid != st.st_uid || again.st_gid != st.st_gid)
        abort();
}

static void as_acl(const uint8_t *data, size_t size, bool access)
{
    const char *name = access ? SL_ACL_ACCESS : SL_ACL_DEFAULT;
    struct sl_buf acl = { 0 }, set = { 0 }, kept = { 0 }, again = { 0 };
    if (sl_acl_of_fake(&acl, &(struct sl_acl_kept){ data, size, access, 0640 }, NULL) && sl_buf_len(&acl)) {
        struct sl_attr a = { name, strlen(name), sl_buf_ptr(&acl), sl_buf_len(&acl) };
        sl_attrs_add(&set, &a);
        if (a.value_len <= SL_ATTR_VALUE_MAX && !sl_attrs_ok(sl_buf_ptr(&set), sl_buf_len(&set)))
            abort();
        sl_acl_to_fake(&kept, &a, 0640, NULL);
        if (!sl_acl_of_fake(&again, &(struct sl_acl_kept){ sl_buf_ptr(&kept), sl_buf_len(&kept), access, 0640 }, NULL) ||
            sl_buf_len(&again) != a.value_len || memcmp(sl_buf_ptr(&again), a.value, a.value_len) != 0)
            abort();
    }
    sl_buf_clear(&acl);
    sl_buf_clear(&set);
    sl_buf_clear(&kept);
    sl_buf_clear(&again);
}

static void as_name(const uint8_t *data, size_t size, uint32_t flags)
{
    char *real = sl_memdup0(data, size), kept[SL_ATTR_NAME_MAX + 1];
    const char *as = strlen(real) <= SL_ATTR_NAME_MAX ? sl_fake_stands_for(real, flags) : NULL;
    if (as && as != real && (!sl_fake_keeps(kept, sizeof kept, as) || strcmp(kept, real) != 0))
        abort();
    free(real);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t how = size ? data[0] : 0;
    const uint8_t *rest = data + (size > 0);
    size_t left = size - (size > 0);
    if (how % 3 == 0)
        as_text(rest, left, how & 64 ? S_IFDIR | 0755 : S_IFREG | 0644);
    else if (how % 3 == 1)
        as_acl(rest, left, how & 64);
    else
        as_name(rest, left, SL_ATTRS_ALL | SL_FAKE | (how & 64 ? SL_FAKE_ONLY : 0));
    return 0;
}
