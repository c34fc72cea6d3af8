/* SPDX-License-Identifier: ISC */
/*
 * doctor_failure - which step of --doctor a failed opening belongs to, and what to do. The transports and the handshake
 * put a failure into a code and one line of ours (autopsy.c, libssh_*.c, remote_net.c); where a code alone does not
 * decide, a part of that line does.
 */
#include "config.h"
#include "client/doctor_priv.h"

#include <string.h>

struct row {
    enum sl_code code;
    const char *words;
    struct sl_doctor_verdict verdict;
};

static const char host_key[] = "compare the fingerprint with what its administrator says; log in once with ssh to "
                               "accept a new host's key, and only if "
                               "the change is explained remove the old one with ssh-keygen -R";
static const char log_in[] = "try ssh with the same host (ssh -v shows each key that is offered); the public key has "
                             "to be in authorized_keys there, and the "
                             "right key in the agent or the ssh configuration here";
static const char start[] = "switch the subsystem on there (superlifter-sshd enable), or have superlifter-server in "
                            "the account's PATH, or name it with "
                            "--remote-path";
static const char ended[] =
    "look into the log of that machine; a full MaxStartups, a firewall or a proxy that gave up does this too";

/* The first that fits is taken. */
static const struct row rows[] = {
    { SL_E_CONFIG, "", { SL_STEP_TRANSPORT, "change the option or the line of the ssh configuration that is named" } },
    { SL_E_DENIED, "host key", { SL_STEP_HOST_KEY, host_key } },
    { SL_E_DENIED, "is not known yet", { SL_STEP_HOST_KEY, host_key } },
    { SL_E_DENIED, "log in", { SL_STEP_LOGIN, log_in } },
    { SL_E_DENIED, "logging in", { SL_STEP_LOGIN, log_in } },
    { SL_E_DENIED,
      "may not run",
      { SL_STEP_START, "give the account a shell that may run commands, or superlifter-shell" } },
    { SL_E_DENIED, "it can't start", { SL_STEP_START, "mend there what it names; superlifter-server --check-config looks at the configuration" } },
    { SL_E_DENIED, "cannot be executed", { SL_STEP_START, start } },
    { SL_E_DENIED, "refuses the subsystem", { SL_STEP_START, start } },
    { SL_E_UNSUPPORTED, "subsystem", { SL_STEP_START, start } },
    { SL_E_NOT_FOUND, "superlifter-server", { SL_STEP_START, start } },
    { SL_E_LIMIT, "refuses a channel", { SL_STEP_START, "let that sshd grant a session (MaxSessions is not 0)" } },
    { SL_E_LIMIT, "", { SL_STEP_GREETING, "come again later, or use --wait=SECONDS" } },
    { SL_E_CONNECT,
      "",
      { SL_STEP_SSH, "check the address, the port and the ssh configuration; ssh -v with the same host says more" } },
    { SL_E_CLOSED, "ssh server ended", { SL_STEP_SSH, ended } },
    { SL_E_TIMEOUT, "ssh server", { SL_STEP_SSH, ended } },
    { SL_E_CLOSED, "before a server answered", { SL_STEP_START, start } },
    { SL_E_CLOSED, "", { SL_STEP_GREETING, ended } },
    { SL_E_TIMEOUT, "", { SL_STEP_GREETING, "see what listens there, and give it more time with --timeout=SECONDS" } },
    { SL_E_VERSION, "", { SL_STEP_GREETING, "install a newer version on the side that is older" } },
    { SL_E_PROTOCOL, "", { SL_STEP_GREETING, "install the same version on both sides" } },
    { SL_E_NO_MODULE, "", { SL_STEP_TREE, "list the modules that are offered to you: the address without a module" } },
};

static const struct sl_doctor_verdict stranger_ssh = { SL_STEP_GREETING,
                                                       "let the login scripts there (.bashrc, .profile) print nothing "
                                                       "unless they are interactive; what was printed is shown above" };
static const struct sl_doctor_verdict stranger_tcp = {
    SL_STEP_GREETING, "use the port on which superlifter-server listens (8730 unless told)"
};
static const struct sl_doctor_verdict other = { SL_STEP_TREE,
                                                "ask the administrator what this account or address may reach there" };

struct sl_doctor_verdict sl_doctor_judge(const struct sl_address *a, const struct sl_error *err)
{
    if (err->code == SL_E_PEER)
        return a->kind == SL_ADDR_SSH ? stranger_ssh : stranger_tcp;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code != err->code || !strstr(err->text, rows[i].words))
            continue;
        struct sl_doctor_verdict v = rows[i].verdict;
        if (a->kind == SL_ADDR_TCP && v.step == SL_STEP_SSH)
            v = (struct sl_doctor_verdict){ SL_STEP_PORT,
                                            "see whether superlifter-server listens there, and what is between" };
        return v;
    }
    return other;
}
