/* SPDX-License-Identifier: ISC */
/*
 * ssh_sharing - see ssh_sharing.h. A master of the user's that is alive is used as any ssh would use it. One that is
 * only configured is not started, and its socket not touched: it would outlive the run, or end others' sessions with
 * it. What the words of -e say of ControlMaster is done as they say.
 */
#include "config.h"
#include "client/ssh_sharing.h"
#include "client/ssh_words.h"
#include "client/transport_priv.h"

#include <stdio.h>
#include <string.h>

enum { ANSWER_MS = 2000 };

/* What ssh makes of ControlMaster: whether it goes through a master that is there, and whether it becomes one. */
struct mastery {
    bool joins, starts;
};

static struct mastery mastery_of(const char *said)
{
    char value[16];
    sl_ssh_setting(said, "controlmaster", value, sizeof value);
    bool off = !*value || strcmp(value, "false") == 0 || strcmp(value, "no") == 0;
    return (struct mastery){ .joins = off || strncmp(value, "auto", 4) == 0, .starts = !off };
}

static void decide(struct sl_ssh_shared *s, const char *said, bool words_say)
{
    struct mastery m = mastery_of(said);
    sl_ssh_setting(said, "controlpath", s->socket, sizeof s->socket);
    bool named = *s->socket && strcmp(s->socket, "none") != 0, lives = named && sl_ssh_socket_lives(s->socket);
    if (lives && (m.joins || words_say)) {
        s->how = SL_SHARING_USERS;
        snprintf(s->why, sizeof s->why, "further connections go through the shared one that is alive");
    } else if (!words_say) {
        s->how = SL_SHARING_OWN;
    } else if (named && m.starts) {
        s->how = SL_SHARING_USERS;
        snprintf(s->why, sizeof s->why, "further connections go through the master that the words of -e ask for");
    } else {
        snprintf(s->why, sizeof s->why,
                 "one connection only: by the words of -e (-M, -S, ControlMaster) none is shared");
    }
}

void sl_ssh_share(struct sl_ssh_shared *s, struct sl_ssh_question *q)
{
    const struct sl_options *o = q->options;
    char **words = NULL;
    struct sl_error ignored;
    *s = (struct sl_ssh_shared){ .how = SL_SHARING_UNKNOWN };
    if (sl_rsh_words(o->rsh ? o->rsh : "ssh", &words, &ignored) != SL_OK)
        return;
    if (sl_ssh_is_openssh(words[0])) {
        const char *said = o->lanes == 1 ? NULL : sl_ssh_said(q, ANSWER_MS);
        s->how = SL_SHARING_NONE;
        if (said)
            decide(s, said, sl_ssh_words_share(words + 1));
        else if (o->lanes == 1)
            snprintf(s->why, sizeof s->why, "one connection only: --lanes=1");
        else
            snprintf(s->why, sizeof s->why, "one connection only: %.160s", q->why);
    }
    sl_argv_free(words);
}
