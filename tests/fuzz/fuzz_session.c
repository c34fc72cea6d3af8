/* SPDX-License-Identifier: ISC */
/* fuzz_session - whatever a client may send to a server's session, on an empty tree that it can't leave. */
#include "config.h"
#include "subsystem/session.h"

#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char root[] = "/tmp/slfuzzXXXXXX";
    struct sl_error err = { 0 };
    size_t n = 0;
    if (!mkdtemp(root))
        abort();
    struct sl_policy policy = { .account = true, .root = root, .rights = 3 };      /* list and read: nothing is left behind */
    struct sl_session *s = sl_session_new(&policy);
    if (sl_session_feed(s, data, size, &err) == 0)
        while (sl_session_step(s, &err) == 0)
            while (sl_session_output(s, &n), n)
                sl_session_sent(s, n);
    sl_session_free(s);
    rmdir(root);
    return 0;
}
