# SPDX-License-Identifier: ISC
# For the end-to-end tests: TAP, a scratch directory, ways to reach a real server. Sourced by bash; nothing is left behind.
#
# Set here: T (scratch directory), SL and SLD (the programs), RSH (an -e command that knows the hosts of start_sshd), me,
# network_user. With E2E_TRANSPORT=ssh or libssh in the environment what goes to a server through -e goes over a real sshd by that transport
# (tests/transport.sh).

umask 022
export LC_ALL=C TZ=UTC
unset SUPERLIFTER_RSH RSYNC_RSH SUPERLIFTER_PARTIAL_DIR RSYNC_PARTIAL_DIR SUPERLIFTER_ICONV RSYNC_ICONV SSH_ORIGINAL_COMMAND LISTEN_FDS LISTEN_PID CDPATH
export XDG_CONFIG_HOME=/dev/null        # no configuration of whoever runs the tests
srcdir=$(cd "${srcdir:-$(dirname "${BASH_SOURCE[0]}")/..}" && pwd) || exit 99
top_builddir=$(cd "${top_builddir:-.}" && pwd) || exit 99
SL=${SL:-$top_builddir/client/superlifter}
SLD=${SLD:-$top_builddir/subsystem/superlifter-server}
for program in "$SL" "$SLD"; do
    [ -x "$program" ] || { echo "1..0 # SKIP not built: ${program##*/}"; exit 0; }
done
T=$(mktemp -d "${TMPDIR:-/tmp}/sle2eXXXXXX") && T=$(cd "$T" && pwd -P) || exit 99
me=$(id -un)
RSH="ssh -F $T/ssh_config"
PATH=$PATH:/usr/sbin:/sbin
tests_run=0 tests_failed=0
pids=() mounts=()

cleanup() {
    local p m
    for p in "${pids[@]}"; do kill "$p" 2> /dev/null; done
    for p in "${pids[@]}"; do wait "$p" 2> /dev/null; done
    for m in "${mounts[@]}"; do umount "$m" 2> /dev/null || umount -l "$m"; done
    cd / && chmod -R u+rwx "$T" 2> /dev/null
    rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' HUP INT TERM

# ---- TAP ----

comment() { sed 's/^/#   /' | cat -v | cut -c 1-300 | head -n 40; }
ok() { tests_run=$((tests_run + 1)); echo "ok $tests_run - $*"; }
not_ok() { tests_run=$((tests_run + 1)); tests_failed=$((tests_failed + 1)); echo "not ok $tests_run - $*"; }
skip() { tests_run=$((tests_run + 1)); echo "ok $tests_run - $1 # SKIP $2"; }
done_testing() {
    [ -z "${by_dir:-}" ] || echo "# $(find "$by_dir" -name 'run.*' | wc -l) runs over $E2E_TRANSPORT"
    echo "1..$tests_run"
    [ "$tests_failed" = 0 ]
    exit
}

# check DESCRIPTION COMMAND...: COMMAND succeeds.
check() {
    local description=$1
    shift
    if "$@" > "$T/check.log" 2>&1; then ok "$description"; else not_ok "$description"; comment < "$T/check.log"; fi
}

# ---- the client ----

# run ARGUMENT...: the client, with its output in $T/out and $T/err and its exit status in $status (124: it hung).
run() {
    last_run="superlifter $*"
    timeout -k 5 "${limit:-60}" "$SL" ${EXTRA_OPTIONS:-} "$@" < /dev/null > "$T/out" 2> "$T/err"
    status=$?
}

# told: what the last run was and said, as comments.
told() { { echo "$last_run"; echo "exit status $status"; sed 's/^/out: /' "$T/out"; sed 's/^/err: /' "$T/err"; } | comment; }

# expect STATUS DESCRIPTION [ERE]...: the last run ended so, and each ERE is in what it wrote to standard error.
expect() {
    local want=$1 description=$2 ere
    shift 2
    [ "$status" = "$want" ] || { not_ok "$description: exit $status, not $want"; told; return 1; }
    for ere; do
        grep -Eq -- "$ere" "$T/err" || { not_ok "$description: standard error has no '$ere'"; told; return 1; }
    done
    ok "$description"
}

# quiet DESCRIPTION: the last run succeeded and wrote nothing to either output.
quiet() {
    if [ "$status" = 0 ] && [ ! -s "$T/out" ] && [ ! -s "$T/err" ]; then ok "$1"; else not_ok "$1"; told; return 1; fi
}

# same DESCRIPTION [-otd] A B: the trees are alike.
same() {
    local description=$1
    shift
    check "$description" "$treecmp" "$@"
}

# there DESCRIPTION DIR NAME...: DIR holds exactly these (find's %P, sorted; nothing for none).
there() {
    local description=$1 dir=$2
    shift 2
    (cd "$dir" && find . -mindepth 1 -printf '%P\n' | sort) > "$T/there.is" 2>&1
    [ $# = 0 ] && : > "$T/there.want" || printf '%s\n' "$@" | sort > "$T/there.want"
    check "$description" diff "$T/there.want" "$T/there.is"
}

# tool NAME: the path of a helper program, which is compiled where the build has not.
tool() {
    if [ -x "$top_builddir/tests/$1" ]; then
        echo "$top_builddir/tests/$1"
    else
        ${CC:-cc} -std=gnu11 -D_GNU_SOURCE -O1 -o "$T/$1" "$srcdir/tests/$1.c" >&2 && echo "$T/$1"
    fi
}

# ---- servers ----

# wait_for ERE FILE [PID]: until FILE says ERE; at most 10 seconds, and only while PID lives.
wait_for() {
    local i
    for ((i = 0; i < 300; i++)); do
        grep -Eq -- "$1" "$2" 2> /dev/null && return 0
        [ -z "${3:-}" ] || kill -0 "$3" 2> /dev/null || return 1
        sleep 0.1
    done
    return 1
}

random_port() { port=$((20000 + (RANDOM * 32768 + RANDOM) % 12000)); }

# has_sshd: whether an sshd can be run; else why_no_sshd says why not.
has_sshd() {
    why_no_sshd=
    sshd=$(command -v sshd) && command -v ssh ssh-keygen > /dev/null || { why_no_sshd="no OpenSSH server and client"; return 1; }
    # The directory that the system's own service makes; sshd insists on it when it runs as root.
    [ "$(id -u)" != 0 ] || mkdir -p -m 755 /run/sshd 2> /dev/null || { why_no_sshd="cannot make /run/sshd"; return 1; }
}

# has_libssh: whether the client was built with it.
has_libssh() { ! "$SL" --transport=libssh -e x h: 2>&1 < /dev/null | grep -q 'no libssh' ; }

ssh_keys() {
    [ ! -f "$T/host_key" ] || return 0
    ssh-keygen -q -t ed25519 -N '' -f "$T/host_key" && ssh-keygen -q -t ed25519 -N '' -f "$T/key" &&
        cp "$T/key.pub" "$T/authorized_keys"
    mkdir -p "$T/bin" && ln -sf "$SLD" "$T/bin/superlifter-server"
}

# ssh_host ALIAS PORT [ssh_config lines]: how the client's ssh calls a host.
ssh_host() {
    local alias=$1 port=$2
    shift 2
    {
        [ $# = 0 ] || { echo "Host $alias"; printf '    %s\n' "$@"; }
        printf 'Host %s\n' "$alias"
        printf '    %s\n' 'HostName 127.0.0.1' "Port $port" "User $me" "IdentityFile $T/key" IdentitiesOnly\ yes 'BatchMode yes' \
            "UserKnownHostsFile $T/known_hosts" 'GlobalKnownHostsFile /dev/null' 'StrictHostKeyChecking accept-new' \
            'LogLevel ERROR' 'IdentityAgent none' 'ControlPath none' ${ssh_usual:+"$ssh_usual"}
    } >> "$T/ssh_config"
}

# start_sshd ALIAS [sshd_config lines]: a private sshd that the client reaches as host ALIAS; sets sshd_port.
start_sshd() {
    local alias=$1 try pid
    shift
    ssh_keys || return 1
    for try in 1 2 3 4 5; do
        random_port
        printf '%s\n' "Port $port" 'ListenAddress 127.0.0.1' "HostKey $T/host_key" "PidFile none" 'UsePAM no' 'StrictModes no' \
            "AuthorizedKeysFile $T/authorized_keys" 'PermitRootLogin yes' 'PasswordAuthentication no' 'MaxStartups 100' \
            'KbdInteractiveAuthentication no' "SetEnv PATH=$T/bin:/usr/local/bin:/usr/bin:/bin" "$@" > "$T/sshd.$alias"
        "$sshd" -D -e -f "$T/sshd.$alias" 2> "$T/sshd.$alias.log" < /dev/null &
        pid=$!
        if wait_for 'Server listening' "$T/sshd.$alias.log" "$pid"; then
            pids+=("$pid")
            sshd_port=$port
            ssh_host "$alias" "$port"
            # A service account's shell, or a locked password, keeps even the right key out.
            [[ $* == *ForceCommand* ]] || timeout 20 $RSH "$alias" true < /dev/null 2> /dev/null ||
                { why_no_sshd="sshd does not let $me in"; return 1; }
            return 0
        fi
        wait "$pid" 2> /dev/null
    done
    why_no_sshd="sshd does not start: $(tail -n 1 "$T/sshd.$alias.log")"
    return 1
}

# Whom a listener serves as: never root.
network_user=$me
[ "$(id -u)" != 0 ] || network_user=nobody

# to_network PATH...: gives trees to the listener's user, who can also get at them.
to_network() {
    [ "$(id -u)" != 0 ] || { chmod 711 "$T" && chown -hR "$network_user:$(id -gn "$network_user")" "$@"; }
}

# start_daemon ARGUMENT...: superlifter-server --daemon on a free loopback port; sets daemon_port and daemon_pid.
start_daemon() {
    : > "$T/daemon.log"              # or what the one before said is taken for this one's
    "$SLD" --daemon --no-detach --listen=127.0.0.1:0 "$@" > "$T/daemon.log" 2>&1 < /dev/null &
    daemon_pid=$!
    pids+=("$daemon_pid")
    wait_for 'listening on .*:[0-9]+$' "$T/daemon.log" "$daemon_pid" || return 1
    daemon_port=$(sed -n 's/.*listening on .*:\([0-9]*\)$/\1/p' "$T/daemon.log" | head -n 1)
    [ -n "$daemon_port" ]
}

# start_socat ADDRESS: socat between a free loopback TCP port (one process a connection) and ADDRESS; sets socat_port and socat_pid.
start_socat() {
    local try pid
    command -v socat > /dev/null || return 1
    for try in 1 2 3 4 5; do
        random_port
        : > "$T/socat.log"
        socat -d -d "TCP-LISTEN:$port,bind=127.0.0.1,fork" "$1" 2> "$T/socat.log" < /dev/null &
        pid=$!
        if wait_for 'listening on' "$T/socat.log" "$pid"; then
            pids+=("$pid")
            socat_port=$port socat_pid=$pid
            return 0
        fi
        wait "$pid" 2> /dev/null
    done
    return 1
}

# rsh_script NAME [LINE]...: a program for -e that is called as [-l USER] HOST COMMAND; prints its path.
rsh_script() {
    local name=$1
    shift
    { printf '%s\n' '#!/bin/sh' '# rsh_script' "$@"; } > "$T/$name"
    chmod 755 "$T/$name"
    echo "$T/$name"
}

case ${E2E_TRANSPORT:-} in
'') ;;
ssh | libssh) . "$srcdir/tests/transport.sh" ;;
*) echo "Bail out! E2E_TRANSPORT is ssh or libssh, not '$E2E_TRANSPORT'"; exit 99 ;;
esac
