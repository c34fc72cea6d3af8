/* SPDX-License-Identifier: ISC */
/*
 * ssh_keywords - the table of ssh_config's keywords: which ones the transport by libssh honours, and how. A keyword that is not in
 * it is treated like SL_SSH_PROGRAM, so that what a later ssh brings is never passed over in silence.
 */
#include "config.h"
#include "client/ssh_settings.h"
#include "base/mem.h"
#include "base/num.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

enum { SECONDS_MAX = 1000000, PORT_MAX = 65535 };

static bool is_on(const char *value)
{
    return strcmp(value, "yes") == 0 || strcmp(value, "true") == 0;
}

static bool is_off(const char *value)
{
    return strcmp(value, "no") == 0 || strcmp(value, "false") == 0;
}

static const char *keep_text(char **to, const char *value)
{
    free(*to);
    *to = sl_strdup(value);
    return NULL;
}

static const char *keep_switch(bool *to, const char *value)
{
    if (!is_on(value) && !is_off(value))
        return "it is neither yes nor no";
    *to = is_on(value);
    return NULL;
}

static const char *keep_number(int *to, const char *value)
{
    return sl_num_int(value, 0, SECONDS_MAX, to) == SL_OK ? NULL : "it is not a number";
}

/* Names between blanks. */
static const char *keep_names(struct sl_ssh_names *to, const char *value)
{
    while (*value) {
        size_t n = strcspn(value, " ");
        if (n)
            sl_ssh_names_add(to, value, n);
        value += n + strspn(value + n, " ");
    }
    return NULL;
}

#define TEXT_ROW(function, member) \
    static const char *function(struct sl_ssh_settings *s, const char *value) { return keep_text(&s->member, value); }
#define SWITCH_ROW(function, member) \
    static const char *function(struct sl_ssh_settings *s, const char *value) { return keep_switch(&s->member, value); }
#define NUMBER_ROW(function, member) \
    static const char *function(struct sl_ssh_settings *s, const char *value) { return keep_number(&s->member, value); }
#define NAMES_ROW(function, member) \
    static const char *function(struct sl_ssh_settings *s, const char *value) { return keep_names(&s->member, value); }

TEXT_ROW(take_hostname, hostname)
TEXT_ROW(take_user, user)
TEXT_ROW(take_agent, agent)
TEXT_ROW(take_ciphers, ciphers)
TEXT_ROW(take_macs, macs)
TEXT_ROW(take_kex, kex)
TEXT_ROW(take_host_keys, host_keys)
TEXT_ROW(take_pubkey_types, pubkey_types)
SWITCH_ROW(take_batch, batch)
SWITCH_ROW(take_password, password)
SWITCH_ROW(take_keyboard, keyboard)
SWITCH_ROW(take_identities_only, identities_only)
SWITCH_ROW(take_hash, hash_hosts)
SWITCH_ROW(take_tcp_keepalive, tcp_keepalive)
SWITCH_ROW(take_gssapi, gssapi)
NUMBER_ROW(take_prompts, prompts)
NUMBER_ROW(take_alive_interval, alive_interval_s)
NUMBER_ROW(take_alive_max, alive_max)
NAMES_ROW(take_known_user, known_user)
NAMES_ROW(take_known_global, known_global)

static const char *take_port(struct sl_ssh_settings *s, const char *value)
{
    return sl_num_int(value, 1, PORT_MAX, &s->port) == SL_OK ? NULL : "it is not a port";
}

static const char *take_family(struct sl_ssh_settings *s, const char *value)
{
    s->family = strcmp(value, "inet") == 0 ? AF_INET : strcmp(value, "inet6") == 0 ? AF_INET6 : AF_UNSPEC;
    return NULL;
}

static const char *take_connect_timeout(struct sl_ssh_settings *s, const char *value)
{
    s->connect_timeout_s = 0;
    return strcmp(value, "none") == 0 ? NULL : keep_number(&s->connect_timeout_s, value);
}

/* The whole line: a name with blanks is one. */
static const char *take_identity(struct sl_ssh_settings *s, const char *value)
{
    if (strcmp(value, "none") != 0)
        sl_ssh_names_add(&s->identities, value, strlen(value));
    return NULL;
}

static const char *take_strict(struct sl_ssh_settings *s, const char *value)
{
    s->strict = is_on(value)                        ? SL_STRICT_YES
                : strcmp(value, "accept-new") == 0  ? SL_STRICT_NEW
                : is_off(value) || strcmp(value, "off") == 0 ? SL_STRICT_NO
                                                    : SL_STRICT_ASK;
    return NULL;
}

static const char *take_pubkey(struct sl_ssh_settings *s, const char *value)
{
    s->pubkey = !is_off(value);
    return is_on(value) || is_off(value) ? NULL : "libssh binds no key to a host";
}

static const char *take_log_level(struct sl_ssh_settings *s, const char *value)
{
    s->banner = strcasecmp(value, "QUIET") != 0 && strcasecmp(value, "FATAL") != 0 && strcasecmp(value, "ERROR") != 0;
    return NULL;
}

static const char *take_master(struct sl_ssh_settings *s, const char *value)
{
    (void)s;
    return is_off(value) ? NULL : "a shared connection is the program's";
}

static const char *take_control_path(struct sl_ssh_settings *s, const char *value)
{
    s->control_path = strcmp(value, "none") != 0;
    return NULL;
}

#define HONOURED(name, take, text) { name, SL_SSH_HONOURED, text, take }
#define DEPENDS(name, take, text) { name, SL_SSH_DEPENDS, text, take }
#define NO_MATTER(name, text) { name, SL_SSH_NO_MATTER, text, NULL }
#define PROGRAM(name, text) { name, SL_SSH_PROGRAM, text, NULL }

const struct sl_ssh_keyword sl_ssh_keywords[] = {
    HONOURED("AddressFamily", take_family, "the connection is made here"),
    HONOURED("BatchMode", take_batch, "nothing is asked"),
    HONOURED("Ciphers", take_ciphers, "a list of the user's own keeps its order, and every name in it has to be known to libssh; ssh's default is put into the order of what this processor does fast"),
    HONOURED("ConnectTimeout", take_connect_timeout, "for the connection and for the key exchange"),
    HONOURED("GlobalKnownHostsFile", take_known_global, "the first that exists; more than one is for the ssh program, and so is a line with a marker (@revoked, @cert-authority)"),
    HONOURED("HashKnownHosts", take_hash, "a new line is hashed by ssh-keygen"),
    HONOURED("Host", NULL, "resolved by ssh -G"),
    HONOURED("HostKeyAlgorithms", take_host_keys, "of a list of the user's own libssh has to know every name; of ssh's default it takes what it knows"),
    HONOURED("HostName", take_hostname, "resolved by ssh -G"),
    HONOURED("IdentityFile", take_identity, "with the certificate ID-cert.pub beside it; a key that others can read is not used"),
    HONOURED("Include", NULL, "resolved by ssh -G"),
    HONOURED("KbdInteractiveAuthentication", take_keyboard, "asked on the terminal or by SSH_ASKPASS"),
    HONOURED("KexAlgorithms", take_kex, "as HostKeyAlgorithms; libssh 0.10 and 0.11 have no post-quantum exchange"),
    HONOURED("LogLevel", take_log_level, "whether the server's banner is shown"),
    HONOURED("MACs", take_macs, "as HostKeyAlgorithms"),
    HONOURED("Match", NULL, "resolved by ssh -G"),
    HONOURED("NumberOfPasswordPrompts", take_prompts, ""),
    HONOURED("PasswordAuthentication", take_password, "asked on the terminal or by SSH_ASKPASS"),
    HONOURED("Port", take_port, ""),
    HONOURED("PubkeyAcceptedAlgorithms", take_pubkey_types, "as HostKeyAlgorithms"),
    HONOURED("ServerAliveCountMax", take_alive_max, ""),
    HONOURED("ServerAliveInterval", take_alive_interval, ""),
    HONOURED("StrictHostKeyChecking", take_strict, "yes, accept-new, ask and no; with auto a host that is not known yet is left to the ssh program"),
    HONOURED("TCPKeepAlive", take_tcp_keepalive, ""),
    HONOURED("User", take_user, ""),
    HONOURED("UserKnownHostsFile", take_known_user, "as GlobalKnownHostsFile"),

    DEPENDS("ControlMaster", take_master, "no; a shared connection is for the ssh program"),
    DEPENDS("ControlPath", take_control_path, "as long as no master listens there"),
    DEPENDS("GSSAPIAuthentication", take_gssapi, "as long as there is no ticket to be used: no KRB5CCNAME, no /tmp/krb5cc_UID, no default_ccache_name in /etc/krb5.conf"),
    DEPENDS("IdentitiesOnly", take_identities_only, "as long as there is no agent: libssh cannot be kept to some of an agent's keys"),
    DEPENDS("IdentityAgent", take_agent, "none, SSH_AUTH_SOCK or a path"),
    DEPENDS("PubkeyAuthentication", take_pubkey, "yes and no"),

    NO_MATTER("CASignatureAlgorithms", "no certificate of a host is ever accepted"),
    NO_MATTER("CanonicalizeFallbackLocal", "CanonicalizeHostname is not on"),
    NO_MATTER("CanonicalizeMaxDots", "CanonicalizeHostname is not on"),
    NO_MATTER("CanonicalDomains", "CanonicalizeHostname is not on"),
    NO_MATTER("CanonicalizePermittedCNAMEs", "CanonicalizeHostname is not on"),
    NO_MATTER("ClearAllForwardings", "nothing is forwarded"),
    NO_MATTER("ControlPersist", "there is no master"),
    NO_MATTER("DynamicForward", "nothing is forwarded"),
    NO_MATTER("EnableEscapeCommandline", "there is no terminal"),
    NO_MATTER("EnableSSHKeysign", "HostbasedAuthentication is not on"),
    NO_MATTER("EscapeChar", "there is no terminal"),
    NO_MATTER("ExitOnForwardFailure", "nothing is forwarded"),
    NO_MATTER("ForwardAgent", "nothing is forwarded"),
    NO_MATTER("ForwardX11", "nothing is forwarded"),
    NO_MATTER("ForwardX11Timeout", "nothing is forwarded"),
    NO_MATTER("ForwardX11Trusted", "nothing is forwarded"),
    NO_MATTER("GatewayPorts", "nothing is forwarded"),
    NO_MATTER("GSSAPIDelegateCredentials", "no GSSAPI is used"),
    NO_MATTER("HostbasedAcceptedAlgorithms", "HostbasedAuthentication is not on"),
    NO_MATTER("LocalForward", "nothing is forwarded"),
    NO_MATTER("LogVerbose", "it is ssh's own log"),
    NO_MATTER("PermitRemoteOpen", "nothing is forwarded"),
    NO_MATTER("RemoteForward", "nothing is forwarded"),
    NO_MATTER("RequestTTY", "there is no terminal"),
    NO_MATTER("SendEnv", "the server's words don't depend on the language"),
    NO_MATTER("StreamLocalBindMask", "nothing is forwarded"),
    NO_MATTER("StreamLocalBindUnlink", "nothing is forwarded"),
    NO_MATTER("SyslogFacility", "it is ssh's own log"),
    NO_MATTER("UpdateHostKeys", "keys that a known server adds are not learned; what is checked is the same"),
    NO_MATTER("XAuthLocation", "nothing is forwarded"),

    PROGRAM("AddKeysToAgent", "libssh adds none"),
    PROGRAM("BindAddress", "not set here"),
    PROGRAM("BindInterface", "not set here"),
    PROGRAM("CanonicalizeHostname", "ssh -G shows the host before that"),
    PROGRAM("CertificateFile", "libssh 0.10 passes over it"),
    PROGRAM("CheckHostIP", "libssh looks for the name only"),
    PROGRAM("Compression", "superlifter compresses better"),
    PROGRAM("ConnectionAttempts", "one is made here"),
    PROGRAM("FingerprintHash", "SHA256 is shown here"),
    PROGRAM("ForkAfterAuthentication", ""),
    PROGRAM("GSSAPIKeyExchange", "libssh 0.10 and 0.11 have none"),
    PROGRAM("HostKeyAlias", "libssh looks for the name only"),
    PROGRAM("HostbasedAuthentication", "libssh has none"),
    PROGRAM("IPQoS", "not set here"),
    PROGRAM("KbdInteractiveDevices", "not told to the server"),
    PROGRAM("KnownHostsCommand", "libssh reads files only"),
    PROGRAM("LocalCommand", ""),
    PROGRAM("NoHostAuthenticationForLocalhost", "every host is checked here"),
    PROGRAM("ObscureKeystrokeTiming", ""),
    PROGRAM("PermitLocalCommand", ""),
    PROGRAM("PKCS11Provider", "libssh 0.10 passes over it"),
    PROGRAM("PreferredAuthentications", "libssh 0.10 passes over it"),
    PROGRAM("ProxyCommand", "ssh knows when its proxy died, and how"),
    PROGRAM("ProxyJump", "libssh would run the ssh program for it"),
    PROGRAM("ProxyUseFdpass", ""),
    PROGRAM("RekeyLimit", "libssh's own is used"),
    PROGRAM("RemoteCommand", ""),
    PROGRAM("RequiredRSASize", "libssh's own is used"),
    PROGRAM("RevokedHostKeys", "libssh passes over it"),
    PROGRAM("SecurityKeyProvider", "libssh 0.10 has no keys on tokens but those of an agent"),
    PROGRAM("SessionType", ""),
    PROGRAM("SetEnv", "not sent here"),
    PROGRAM("StdinNull", ""),
    PROGRAM("Tunnel", ""),
    PROGRAM("TunnelDevice", ""),
    PROGRAM("VerifyHostKeyDNS", "libssh has none"),
    PROGRAM("VisualHostKey", "libssh draws none"),
};
const size_t sl_ssh_keyword_count = sizeof sl_ssh_keywords / sizeof sl_ssh_keywords[0];

const char *sl_ssh_how_word(enum sl_ssh_how how)
{
    switch (how) {
    case SL_SSH_HONOURED:
        return "honoured";
    case SL_SSH_NO_MATTER:
        return "no matter";
    case SL_SSH_DEPENDS:
        return "depends";
    case SL_SSH_PROGRAM:
        break;
    }
    return "ssh program";
}
