/* SPDX-License-Identifier: ISC */
/* ssh_question - see ssh_question.h. */
#include "config.h"
#include "client/ssh_question.h"
#include "base/buf.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/text.h"
#include "client/transport_priv.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { COMPRESSION_MS = 2000 };

void sl_ssh_question_init(struct sl_ssh_question *q, const struct sl_address *a, const struct sl_options *o)
{
    *q = (struct sl_ssh_question){ .address = a, .options = o, .run.fd = -1 };
}

void sl_ssh_question_clear(struct sl_ssh_question *q)
{
    sl_io_close(&q->run.fd);
    if (q->run.pid) {
        kill(q->run.pid, SIGKILL);
        while (waitpid(q->run.pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    q->run.pid = 0;
    free(q->said);
    q->said = NULL;
}

void sl_ssh_ask(struct sl_ssh_question *q)
{
    struct sl_error err;
    if (q->asked)
        return;
    q->asked = true;
    char **argv = sl_ssh_question_argv(q->address, q->options);
    if (!argv)
        snprintf(q->why, sizeof q->why, "the program is not OpenSSH's");
    else if (sl_capture_start(&q->run, argv, SL_CAPTURE_ERRORS_TOO, &err) != SL_OK)
        snprintf(q->why, sizeof q->why, "there is no ssh program that could say what its configuration files mean");
    sl_argv_free(argv);
}

static void take_answer(struct sl_ssh_question *q, unsigned timeout_ms)
{
    struct sl_buf out = { 0 };
    char line[120];
    int status = -1;
    enum sl_code rc = sl_capture_end(&q->run, timeout_ms, &out, &status);
    char *text = sl_memdup0(sl_buf_len(&out) ? (const char *)sl_buf_ptr(&out) : "", sl_buf_len(&out));
    sl_buf_clear(&out);
    if (rc == SL_OK && status == 0) {
        q->said = text;
        return;
    }
    sl_text_last_line(text, strlen(text), line, sizeof line);
    snprintf(q->why, sizeof q->why, rc == SL_E_TIMEOUT ? "ssh -G did not end" : "ssh -G failed (%s)", line);
    free(text);
}

const char *sl_ssh_said(struct sl_ssh_question *q, unsigned timeout_ms)
{
    sl_ssh_ask(q);
    if (q->run.pid)
        take_answer(q, timeout_ms);
    return q->said;
}

void sl_ssh_setting(const char *said, const char *keyword, char *out, size_t size)
{
    size_t n = strlen(keyword);
    out[0] = '\0';
    for (const char *p = said; *p; p += strcspn(p, "\n"), p += *p == '\n')
        if (strncmp(p, keyword, n) == 0 && p[n] == ' ') {
            size_t len = strcspn(p + n + 1, "\n");
            snprintf(out, size, "%.*s", len < size ? (int)len : 0, p + n + 1);
            return;
        }
}

bool sl_ssh_compresses(struct sl_ssh_question *q)
{
    const char *said = sl_ssh_said(q, COMPRESSION_MS);
    char value[8] = "";
    if (said)
        sl_ssh_setting(said, "compression", value, sizeof value);
    return strcmp(value, "yes") == 0;
}
